//! Findings: what should not be so. Each rule is a step function of time given the facts, so that any
//! day can be asked about and nothing has to happen at midnight.

pub mod code;
pub mod duplicate;
pub mod found;
pub mod people;
pub mod rules;
pub mod stake;
pub mod visits;

pub use code::{Code, Scope};
pub use found::{Finding, State, Turn};
