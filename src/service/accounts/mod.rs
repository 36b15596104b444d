//! Use cases of accounts.

pub mod resolve;
