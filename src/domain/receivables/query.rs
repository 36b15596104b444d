//! Questions about receivables that are answered page by page.
//!
//! A page begins after the keyset key of the last row of the page before it. The key is opaque
//! to everybody but the store that made it; it travels in page tokens as it is. A page after
//! the first is asked for at the point of the first, so that all of them tell one truth.

use chrono::NaiveDate;

use super::{AccountRisk, RiskOrder};
use crate::domain::document::DocumentKey;
use crate::domain::item::DocumentKind;
use crate::domain::ledger::{LedgerPoint, Narrow, PointQuery, Scope};
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, ChildName};
use crate::domain::rates::UsedRate;

/// Some rows of an answer.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// The key of the last row; `None` if nothing comes after it.
    pub next: Option<Vec<String>>,
    pub point: LedgerPoint,
}

/// ListOpenItems, in order of due date; ExportOpenItems, in order of account and item.
#[derive(Debug, Clone)]
pub struct OpenItemsQuery {
    pub scope: Scope<AccountRef>,
    pub point: PointQuery,
    pub narrow: Narrow,
    /// Only ordinary items past their due date.
    pub overdue_only: bool,
    /// Positive.
    pub page_size: usize,
    pub after: Option<Vec<String>>,
}

/// ListDocuments, in order of posting date.
#[derive(Debug, Clone)]
pub struct DocumentsQuery {
    pub account: AccountRef,
    pub kind: Option<DocumentKind>,
    pub company_code: Option<String>,
    pub order_ref: Option<String>,
    /// First posting date, included.
    pub from: Option<NaiveDate>,
    /// Last posting date, included.
    pub to: Option<NaiveDate>,
    pub descending: bool,
    /// Positive.
    pub page_size: usize,
    pub after: Option<Vec<String>>,
}

/// ListReceivablesRisk, the worst first.
#[derive(Debug, Clone)]
pub struct RiskListQuery {
    pub point: PointQuery,
    pub company_code: Option<String>,
    /// Every account is converted to it.
    pub currency: Currency,
    pub order: RiskOrder,
    /// Positive.
    pub page_size: usize,
    pub after: Option<Vec<String>>,
}

/// A page of the worst accounts, and how their figures were converted.
#[derive(Debug, Clone)]
pub struct RiskPage {
    pub page: Page<AccountRisk>,
    /// From, to, and the rate between them.
    pub rates: Vec<(Currency, Currency, UsedRate)>,
}

/// GetStatement, by currency, day and recorded time.
#[derive(Debug, Clone)]
pub struct StatementQuery {
    pub account: AccountRef,
    /// First day, included.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: NaiveDate,
    /// Microseconds since the epoch; `None` is now.
    pub known_at: Option<i64>,
    pub narrow: Narrow,
    /// Positive; counts lines.
    pub page_size: usize,
    pub after: Option<Vec<String>>,
}

/// How a request names a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentName {
    Name(ChildName),
    /// By its key in the source system.
    Key(DocumentKey),
}
