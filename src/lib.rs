//! Ballast: key accounts and what they owe.

pub mod domain;
