//! Use cases of tiers: the policies that cut the book, the runs that classify it, and the calendars
//! that days are counted by.

mod classes;
mod evaluate;
mod event;
mod overrides;
mod policies;
mod portfolio;
mod runs;
mod uploads;
mod values;

use super::Settings;
use crate::store::Store;

pub(in crate::service) use self::values::Converter;

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Tiers {
    store: Store,
    settings: Settings,
}

impl Tiers {
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store, settings }
    }
}
