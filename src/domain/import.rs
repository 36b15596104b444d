//! Imports: documents in numbered chunks, nothing cleared before the finish step.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::document::{DocumentKey, Draft, Notice, PostOutcome};
use super::error::{Reason, Violation};
use super::item::Side;
use super::money::Currency;
use super::names::{AccountRef, CanonicalForm};
use super::stored::stored_enum;

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
    /// The day that the source is of; `None`: today.
    pub as_of: Option<NaiveDate>,
    /// The documents are all that is open on that day.
    pub is_complete: bool,
    /// Nothing is kept.
    pub validate_only: bool,
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
    pub statuses: Vec<ClearingStatus>,
}

/// Whether the source takes a document as cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingStatus {
    pub key: DocumentKey,
    /// Since when; `None`: it is open.
    pub clearing_date: Option<NaiveDate>,
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
    /// How many there are of each; not all are named.
    pub clearing_faults_count: i64,
    pub waiting_for_count: i64,
    /// Settled because the source says so, or a complete list leaves them out.
    pub settled: i64,
    /// Open again because the source says so.
    pub reopened: i64,
    pub totals: ImportTotals,
    /// The list was to be complete and is not: what it leaves out stays open.
    pub list_is_incomplete: bool,
    /// What a complete list names no document of, though something is open there.
    pub companies_not_listed: Vec<String>,
}

stored_enum! {
    /// What became of a document, over every session of an import.
    pub enum ImportOutcome {
        Posted => "POSTED",
        Revised => "REVISED",
        Unchanged => "UNCHANGED",
        Refused => "REFUSED",
        Settled => "SETTLED",
        Reopened => "REOPENED",
    }
}

/// Counts and amounts by what became of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTotals(Vec<ImportTotal>);

/// What became of documents in one currency. Amounts are minor units and positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTotal {
    pub outcome: ImportOutcome,
    pub currency: Currency,
    pub documents: i64,
    pub debits: i128,
    pub credits: i128,
}

impl ImportTotals {
    /// Counts a document, or the part of it that it happened to.
    pub fn add(&mut self, outcome: ImportOutcome, currency: Currency, side: Side, amount: i64) {
        let place = |total: &ImportTotal| (total.outcome, total.currency.code());
        let at = self.0.binary_search_by_key(&(outcome, currency.code()), place);
        let at = at.unwrap_or_else(|at| {
            let none = ImportTotal { outcome, currency, documents: 0, debits: 0, credits: 0 };
            self.0.insert(at, none);
            at
        });
        let total = &mut self.0[at];
        total.documents += 1;
        match side {
            Side::Debit => total.debits += i128::from(amount),
            Side::Credit => total.credits += i128::from(amount),
        }
    }

    /// By outcome, then by currency.
    pub fn iter(&self) -> impl Iterator<Item = &ImportTotal> {
        self.0.iter()
    }
}

impl From<PostOutcome> for ImportOutcome {
    fn from(outcome: PostOutcome) -> Self {
        match outcome {
            PostOutcome::Posted => Self::Posted,
            PostOutcome::Revised => Self::Revised,
            PostOutcome::Refused => Self::Refused,
            PostOutcome::AlreadyPosted | PostOutcome::Superseded | PostOutcome::AlreadyReversed => {
                Self::Unchanged
            }
        }
    }
}

/// A clearing that could not be applied. Its documents stay open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingFault {
    /// The document that asked for it: the account's id and its own; `None`: the source said that
    /// the other is cleared.
    pub document: Option<(String, Uuid)>,
    /// The document it named.
    pub target: DocumentKey,
    pub fault: ImportFault,
}
