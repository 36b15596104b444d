//! Ballast: key accounts and what they owe.

pub mod api;
pub mod config;
pub mod ctx;
pub mod domain;
pub mod pb;
pub mod service;
pub mod shutdown;
pub mod store;
