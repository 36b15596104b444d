//! Credit: what counts against limits, and whether an order may go out.

pub mod component;
pub mod order;
