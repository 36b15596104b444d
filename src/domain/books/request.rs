//! What documents ask to be cleared. It belongs to the document: it is kept with it, waits while
//! it cannot be done, and is tried again whenever something comes that may let it through.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::KnownKey;
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::stored::stored_enum;

stored_enum! {
    /// Where a request stands.
    pub enum RequestState {
        /// To be tried at the next finish of an import: it is new, or something moved that it
        /// may settle.
        Due => "DUE",
        /// Waits for its document, or for something to be open.
        Waiting => "WAITING",
        /// Nothing is left to be settled by it.
        Settled => "SETTLED",
        /// A person reset what it settled: it is not tried again.
        Withdrawn => "WITHDRAWN",
    }
}

/// One thing that a credit asks to be cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingRequest {
    pub id: Uuid,
    pub account_id: String,
    /// The credit, in the version that counts.
    pub document: Uuid,
    /// The import that brought it; empty for a call.
    pub import_id: String,
    /// Posting date of the credit.
    pub effective: NaiveDate,
    /// The day of its place, as it was stored last.
    pub apply: NaiveDate,
    /// Key of the credit.
    pub key: DocumentKey,
    pub position: i32,
    /// `None`: settle the oldest due first.
    pub target: Option<ClearingTarget>,
    pub state: RequestState,
}

/// Where a request comes among those of its account.
pub type Place = (NaiveDate, DocumentKey, i32);

impl ClearingRequest {
    /// The place in which it is done: nothing in it depends on when a document arrived.
    pub fn place(&self, keys: &HashMap<DocumentKey, KnownKey>) -> Place {
        (self.day(keys), self.key.clone(), self.position)
    }

    /// The day of its place: neither document counts before.
    pub fn day(&self, keys: &HashMap<DocumentKey, KnownKey>) -> NaiveDate {
        self.day_by(|key| keys.get(key).map(|known| (&*known.account_id, known.posting_date)))
    }

    /// The day of its place, by the account and posting date of documents, as far as they are known. One
    /// of another account moves nothing: it is settled only if the accounts were merged, and then in the
    /// place of the credit.
    pub fn day_by<'a>(
        &self,
        posted: impl FnOnce(&DocumentKey) -> Option<(&'a str, NaiveDate)>,
    ) -> NaiveDate {
        let target = self.target.as_ref().and_then(|target| posted(&target.key));
        let target = target.filter(|(account, _)| *account == self.account_id);
        target.map_or(self.effective, |(_, day)| day.max(self.effective))
    }

    /// Whether an import brought it: what a call brought is settled on arrival, and stays.
    pub fn is_imported(&self) -> bool {
        !self.import_id.is_empty()
    }
}
