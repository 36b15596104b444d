//! Facts beside the ledger.

mod period;
