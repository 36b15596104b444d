//! The facts beside the ledger: closed periods, disputes, promises, exchange rates and control
//! totals. They are added and ended, never changed; whether one is allowed is decided by the
//! service.

mod control_total;
mod dispute;
mod follow;
mod period;
mod promise;
mod rates;

pub use control_total::BookBalance;
pub use dispute::DisputedItem;
pub use promise::PromisedItem;
