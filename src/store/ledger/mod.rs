//! The receivables ledger: locking accounts, loading the items a change touches, writing what
//! it adds and the projections that follow.

mod clearing_status;
mod clearings;
mod items;
mod keys;
pub(in crate::store) mod requests;
mod write;

pub use clearings::KnownClearing;
pub use requests::DueRequest;
