//! Questions about receivables that are answered page by page.
//!
//! A page after the first is asked for at the point of the first, so that all of them tell one
//! truth.

use std::cmp::Reverse;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{AccountRisk, MovementKey, RiskOrder};
use crate::domain::document::DocumentKey;
use crate::domain::item::DocumentKind;
use crate::domain::ledger::{LedgerPoint, Narrow, PointQuery, Scope};
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, ChildName};
use crate::domain::page::{Page, PageOf};
use crate::domain::rates::UsedRate;

/// A page, and the point that it tells of.
#[derive(Debug, Clone)]
pub struct PageAt<T, K> {
    pub page: Page<T, K>,
    pub point: LedgerPoint,
    /// From when on all of the group is known that was asked about, if that is later than its day.
    pub known_from: Option<NaiveDate>,
}

/// Due date and item.
pub type DueKey = (NaiveDate, Uuid);
/// Account, due date and item.
pub type ExportKey = (String, NaiveDate, Uuid);
/// Posting date and document.
pub type PostingKey = (NaiveDate, Uuid);

/// ListOpenItems by [`DueKey`], ExportOpenItems by [`ExportKey`].
#[derive(Debug, Clone)]
pub struct OpenItemsQuery<K> {
    pub scope: Scope<AccountRef>,
    pub point: PointQuery,
    pub narrow: Narrow,
    /// Only ordinary items past their due date.
    pub overdue_only: bool,
    pub page: PageOf<K>,
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
    pub page: PageOf<PostingKey>,
}

/// Where an account stands in ListReceivablesRisk; the lesser is the worse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RiskKey {
    pub value: Reverse<i128>,
    pub account_id: String,
}

/// ListReceivablesRisk, the worst first.
#[derive(Debug, Clone)]
pub struct RiskListQuery {
    pub point: PointQuery,
    pub company_code: Option<String>,
    /// Every account is converted to it.
    pub currency: Currency,
    pub order: RiskOrder,
    pub page: PageOf<RiskKey>,
}

/// A page of the worst accounts, and how their figures were converted.
#[derive(Debug, Clone)]
pub struct RiskPage {
    pub page: PageAt<AccountRisk, RiskKey>,
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
    /// Counts lines.
    pub page: PageOf<MovementKey>,
}

/// How a request names a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentName {
    Name(ChildName),
    /// By its key in the source system.
    Key(DocumentKey),
}
