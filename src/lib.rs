//! Ballast: key accounts and what they owe.

pub mod ctx;
pub mod domain;
pub mod pb;
pub mod service;
pub mod store;
