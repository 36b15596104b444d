//! Ballast: key accounts and what they owe, as a gRPC service.
//!
//! `api → service → domain ← store`, `service → store`, `app → everything`:
//!
//! - [`domain`]: pure rules; knows nobody
//! - [`store`]: the only place with SQL
//! - [`api`]: handlers that parse, call and encode, and the layers around them
//! - [`app`]: puts all of it together and serves it
//! - [`issuer`]: callers by tokens of another system
//! - [`cli`]: the commands; [`config`], [`telemetry`], [`shutdown`]: the process
//! - [`demo`]: a made-up company to try things out on
//! - [`ctx`]: what every use case is told about its call; [`presence`]: whether the database is there
//! - [`service`]: use cases: lock, load, ask `domain`, write
//! - [`pb`]: the contract as generated code

// Money never touches a float.
#![deny(clippy::float_arithmetic)]

// Unit tests take their databases from a file of the integration tests, which says `ballast`.
#[cfg(test)]
extern crate self as ballast;

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod ctx;
pub mod demo;
pub mod domain;
pub mod issuer;
pub mod pb;
pub mod presence;
pub mod service;
pub mod shutdown;
pub mod store;
#[cfg(test)]
mod stored_files;
pub mod telemetry;
