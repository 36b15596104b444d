//! The contract as Rust: generated from `proto/ballast/v1` at build time. Only `api`, `app`
//! and `cli` may look in here.

#![allow(clippy::all, clippy::pedantic, missing_docs)]

tonic::include_proto!("ballast.v1");

/// Every file of the contract, comments and our own options included: reflection serves it,
/// and the access layer reads the scope of each method from it.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/ballast_descriptor.bin"));
