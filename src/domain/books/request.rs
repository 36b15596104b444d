//! What documents ask to be cleared. It belongs to the document: it is kept with it, waits while
//! it cannot be done, and is tried again whenever something comes that may let it through.

use chrono::NaiveDate;
use uuid::Uuid;

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
    /// Key of the credit.
    pub key: DocumentKey,
    pub position: i32,
    /// `None`: settle the oldest due first.
    pub target: Option<ClearingTarget>,
    pub state: RequestState,
}
