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
mod whose;

use std::sync::Arc;

use uuid::Uuid;

use crate::domain::error::{Error, Reason, Result};
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

/// A page token whose key is not one of ours.
fn bad_key() -> Error {
    let description = "is not a token of this list";
    Error::invalid("page_token", Reason::PageTokenInvalid, description)
}

fn date_key(text: &str) -> Result<chrono::NaiveDate> {
    text.parse().map_err(|_| bad_key())
}

fn id_key(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| bad_key())
}

/// Cuts what was read one row too far: the rows of the page, and the key of its last row if
/// something comes after it.
fn cut<T>(
    mut rows: Vec<T>,
    size: usize,
    key: impl Fn(&T) -> Vec<String>,
) -> (Vec<T>, Option<Vec<String>>) {
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(key);
    (rows, next)
}
