//! What the ledger answers: items, documents and clearings at a point in both times.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::document::{DocumentKey, Draft, EndState};
use super::item::{DocumentKind, ItemClass};
use super::money::Currency;
use super::personal::Personal;
use super::rates::UsedRate;

/// The point in both times that an answer is true for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPoint {
    pub as_of: NaiveDate,
    /// Microseconds since the epoch.
    pub known_at: i64,
    /// `as_of` lies after the business date.
    pub projected: bool,
    /// Something had been recorded by `known_at`.
    pub known: bool,
}

/// The point asked for; absent parts mean "today" and "now".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PointQuery {
    pub as_of: Option<NaiveDate>,
    pub known_at: Option<i64>,
}

/// Whose items: one account, its group from it downwards, or the whole book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope<A> {
    Account(A),
    Group(A),
    Book,
}

/// Narrows a question; `None` is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    pub company_code: Option<String>,
    pub currency: Option<Currency>,
}

/// A part of a document with what is open of it. Amounts of credits are negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenItem {
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    pub key: DocumentKey,
    pub kind: DocumentKind,
    pub class: ItemClass,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    /// `NO_DATE` while pending and for a retention without a release date.
    pub due_date: NaiveDate,
    pub currency: Currency,
    pub amount: i64,
    pub open: i64,
    /// What entries effective after `as_of` will take off: positive takes off a debit.
    pub expected: i64,
    pub disputed: i64,
    pub disputes: Vec<Uuid>,
    pub order_ref: String,
    pub release_condition: String,
}

/// A document as posted, with its state at the point asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub id: Uuid,
    pub account_id: String,
    pub draft: Draft<String>,
    pub recorded_us: i64,
    pub end: Option<DocumentEnd>,
    /// Empty in lists.
    pub items: Vec<OpenItem>,
    /// Empty in lists.
    pub clearings: Vec<Clearing>,
    /// A cash discount was taken on it; never so in lists.
    pub discount_taken: bool,
}

impl Document {
    /// Its terms give a discount for paying early.
    pub fn offers_discount(&self) -> bool {
        self.draft.terms.as_ref().is_some_and(|terms| !terms.discounts.is_empty())
    }

    /// The cash discount its terms allow on settling all that is open on that day, in minor
    /// units; `None` without such terms, or while its items are not known. Once taken, it is
    /// not offered again.
    pub fn discount_available(&self, day: NaiveDate) -> Option<i64> {
        let terms = self.draft.terms.as_ref().filter(|terms| !terms.discounts.is_empty())?;
        let baseline = self.draft.baseline_date()?;
        let open = self.items.iter().map(|item| item.open).sum::<i64>();
        if self.items.is_empty() {
            return None;
        }
        match self.discount_taken {
            true => Some(0),
            false => Some(terms.discount_available(baseline, day, open)),
        }
    }
}

/// How and when a document stopped counting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentEnd {
    pub state: EndState,
    pub effective_date: NaiveDate,
    pub reason: Personal,
}

/// A settlement of items against each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearing {
    pub id: Uuid,
    pub account_id: String,
    pub apply_date: NaiveDate,
    pub allocations: Vec<Allocation>,
    pub recorded_us: i64,
    /// First day it no longer counts, and why.
    pub reset: Option<(NaiveDate, Personal)>,
}

/// A credit item set against a debit item; both amounts positive, each in its own currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub credit_item: Uuid,
    pub debit_item: Uuid,
    pub debit_currency: Currency,
    pub amount: i64,
    pub credit_currency: Currency,
    pub credit_amount: i64,
    pub rate: Option<UsedRate>,
    /// First day it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_date: Option<NaiveDate>,
}

/// Commands of the ledger, as the service takes them.
pub mod command {
    use super::*;
    use crate::domain::names::{AccountRef, ChildName};

    #[derive(Debug, Clone, Serialize)]
    pub struct PostDocuments {
        pub documents: Vec<Draft<AccountRef>>,
        pub create_missing_accounts: bool,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct ReverseDocument {
        pub document: ChildName,
        pub effective_date: Option<NaiveDate>,
        pub reason: String,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct ClearItems {
        pub account: AccountRef,
        pub allocations: Vec<AllocationRequest>,
        pub oldest_first_credits: Vec<Uuid>,
        pub apply_date: Option<NaiveDate>,
        /// Items that are named as those of other accounts, which may count as the same one.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub elsewhere: Vec<NamedElsewhere>,
    }

    /// An item that its name says is another account's.
    #[derive(Debug, Clone, Serialize)]
    pub struct NamedElsewhere {
        pub field: String,
        pub account_id: String,
    }

    /// Money is checked against the currencies of the items by the service.
    #[derive(Debug, Clone, Serialize)]
    pub struct AllocationRequest {
        pub credit_item: Uuid,
        pub debit_item: Uuid,
        pub amount: Option<crate::domain::money::Money>,
        pub credit_amount: Option<crate::domain::money::Money>,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct ResetClearing {
        pub clearing: ChildName,
        pub effective_date: Option<NaiveDate>,
        pub reason: String,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct WriteOffItem {
        pub item: ChildName,
        pub amount: Option<crate::domain::money::Money>,
        pub posting_date: Option<NaiveDate>,
        pub reason: String,
    }
}
