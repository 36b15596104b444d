//! Credit: what counts against limits, and whether an order may go out.

pub mod command;
pub mod component;
pub mod decision;
pub mod desk;
pub mod hold;
pub mod judge;
pub mod limit;
pub mod order;
pub mod policy;
pub mod profile;
pub mod security;
pub mod standing;
