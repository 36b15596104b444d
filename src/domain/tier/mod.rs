//! Tiers: how the book is cut into classes, and what a class means for the service of an account.

pub mod applied;
pub mod assignment;
pub mod classify;
pub mod evaluate;
pub mod groups;
pub mod loyalty;
pub mod overrides;
pub mod policy;
pub mod ruling;
pub mod run;
pub mod service;
pub mod values;
