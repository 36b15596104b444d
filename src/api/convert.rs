//! The common types of the contract (money, dates, times, numbers, the point in both times)
//! to and from the domain's: once, for every service.
//!
//! `read` refuses with the path of the field that is wrong; `write` only fails where the books
//! would not fit the wire. What belongs to one resource is in that resource's own files.

pub(crate) mod closed_set;
pub mod coverage;
pub mod parts;
pub mod people;
pub mod read;
pub mod request;
pub mod write;
pub mod year_day;

#[cfg(test)]
mod tests;
