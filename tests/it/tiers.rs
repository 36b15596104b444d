//! Tiers, and what they rest on, as callers see them.

mod calendars;
mod classes;
mod overrides;
pub mod policies;
mod portfolio;
mod repeats;
mod retail;
pub mod runs;
mod service;
pub mod values;
