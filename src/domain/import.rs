//! Imports: documents in numbered chunks, nothing cleared before the finish step.

use std::collections::HashMap;

use uuid::Uuid;

use super::document::{DocumentKey, Draft, Notice, PostOutcome};
use super::error::{Reason, Violation};
use super::names::{AccountRef, CanonicalForm};

/// Opens or resumes an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportHeader {
    /// Chosen by the caller.
    pub import_id: String,
    pub create_missing_accounts: bool,
    /// How ids of source systems met for the first time are compared; `None` is
    /// [`CanonicalForm::Exact`].
    pub canonical_form: Option<CanonicalForm>,
    /// At the finish, credits that name nothing settle the oldest due first.
    pub clear_oldest_first: bool,
    /// What is sent, as the caller says it: the same id is for the same content. Empty: not said.
    pub content: String,
}

/// Some documents of an import.
#[derive(Debug, Clone)]
pub struct ImportChunk {
    /// From 1 up by 1; one that was acknowledged before may come again.
    pub sequence: i64,
    /// In the order they came; what cannot be read is reported in its place.
    pub documents: Vec<Result<Draft<AccountRef>, Vec<Violation>>>,
    /// Names of accounts that may have to be created.
    pub display_names: HashMap<AccountRef, String>,
}

/// What became of one document of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportResult {
    pub outcome: PostOutcome,
    /// The account's id and the document; `None` if it was refused.
    pub document: Option<(String, Uuid)>,
    /// Why it was refused.
    pub faults: Vec<ImportFault>,
    /// What was taken and may be a mistake.
    pub notices: Vec<Notice>,
}

/// Why a document was refused, or a clearing not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFault {
    pub reason: Reason,
    /// Path within the document; empty where no field is to blame.
    pub field: String,
    pub description: String,
}

impl From<Violation> for ImportFault {
    fn from(Violation { field, reason, description, metadata: _ }: Violation) -> Self {
        Self { reason, field, description }
    }
}

/// One step towards the end of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishStep {
    /// Clearings applied so far, and those that still wait.
    Progress {
        applied: i64,
        waiting: i64,
    },
    Done(ImportSummary),
}

/// What an import did in all, over every session of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    pub posted: i64,
    pub revised: i64,
    /// There already, superseded or reversed.
    pub unchanged: i64,
    pub refused: i64,
    pub accounts_created: i64,
    pub clearings_applied: i64,
    pub clearing_faults: Vec<ClearingFault>,
    /// Documents that others name and that are still missing.
    pub waiting_for: Vec<DocumentKey>,
}

/// A clearing that could not be applied. Its documents stay open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingFault {
    /// The document that asked for it: the account's id and its own.
    pub document: (String, Uuid),
    /// The document it named.
    pub target: DocumentKey,
    pub fault: ImportFault,
}
