//! Pure rules: no I/O, no clock, no transport, no SQL. Everything here is a function of
//! its arguments and is tested beside the code.

pub mod error;
