//! Use cases of credit: limits, holds, securities and policies, and the decisions they rule.

mod decisions;
mod entry;
mod holds;
mod limits;
mod policies;
mod rule_event;
#[cfg(test)]
mod rule_tests;
mod securities;

use crate::service::Settings;
use crate::store::Store;

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Credit {
    store: Store,
    settings: Settings,
}

impl Credit {
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store, settings }
    }
}
