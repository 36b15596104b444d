//! Questions about receivables: which point they are about, which rows answer them, and what
//! the rows mean.
//!
//! What must not be here: SQL, and rules that a rule of `domain` already states.

mod aging;
mod columns;
mod conversion;
mod documents;
mod open_items;
mod point;
mod ranking;
mod risk;
mod share;
mod statement;
#[cfg(test)]
mod tests;
mod waiting;
mod whose;

use std::sync::Arc;

use crate::service::Settings;
use crate::store::Store;
use point::Watermark;
use share::BookCache;

/// The use cases that read the ledger. Cheap to clone; clones share what they remember.
#[derive(Debug, Clone)]
pub struct Receivables {
    store: Store,
    settings: Settings,
    watermark: Arc<Watermark>,
    book: Arc<BookCache>,
}

impl Receivables {
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store, settings, watermark: Arc::default(), book: Arc::default() }
    }
}
