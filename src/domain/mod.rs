//! Pure rules: no I/O, no clock, no transport, no SQL. Everything here is a function of
//! its arguments and is tested beside the code.

pub mod currency;
pub mod error;
pub mod money;
pub mod rounding;
pub mod text;
