//! The facts beside the ledger: closing periods, disputes, promises, exchange rates and
//! control totals. None of them moves a balance.

mod control_total;
mod dispute;
mod event;
mod period;
mod promise;
mod rates;
#[cfg(test)]
mod tests;

use super::Settings;
use crate::store::Store;

/// Records facts beside the ledger.
#[derive(Clone)]
pub struct Facts {
    store: Store,
}

impl Facts {
    /// The settings do not bear on any of these facts so far.
    pub fn new(store: Store, _settings: Settings) -> Self {
        Self { store }
    }
}
