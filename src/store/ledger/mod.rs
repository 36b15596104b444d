//! The receivables ledger: locking accounts, loading the items a change touches, writing what
//! it adds and the projections that follow.

mod clearings;
mod companies;
mod items;
mod keys;
mod lock;
mod quotes;
mod waiting_clearings;
mod write;

pub(in crate::store) use keys::key_set;
pub(in crate::store) use quotes::quotes_of;
pub use waiting_clearings::WaitingClearing;
