//! Credit: what counts against limits, and whether an order may go out.

pub mod command;
pub mod component;
pub mod decide;
pub mod decision;
pub mod hold;
pub mod limit;
pub mod policy;
pub mod profile;
pub mod reservation;
pub mod rules;
pub mod security;
pub mod standing;
