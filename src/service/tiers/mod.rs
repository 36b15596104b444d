//! Use cases of tiers: the calendars that days are counted by.

mod event;
mod policies;

use crate::store::Store;

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Tiers {
    store: Store,
}

impl Tiers {
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}
