//! The evidence behind the figures of some accounts: the oldest overdue items, disputes, promises with
//! what came in on them, the last receipts, and payments. Each is a statement of its own, asked one after
//! the other: what is read at a point in both times stays the same in between.
//!
//! Where only the first few rows count, an index gives them in order and a LIMIT ends the scan, so that the
//! cost does not follow the size of the account. Two habits keep the plans what they are meant to be on
//! both engines, whatever is known of how many rows there are: CROSS JOIN names tables in the order they
//! are to be read (SQLite keeps it), and a condition on other rows is a COUNT compared, not an EXISTS,
//! which PostgreSQL would turn into a join with the whole table.

mod disputed;
mod overdue;
mod paid;
mod promised;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::{At, Whose};
use crate::domain::error::Result;
use crate::domain::ledger::OpenItem;
use crate::domain::money::Currency;
use crate::domain::promise::Payment;
use crate::domain::receivables::{Dispute, LastReceipt};
use crate::store::Store;

/// Items answered for each account and currency.
pub const ITEMS_MAX: usize = 5;
/// Payments looked at for each account and currency.
pub const PAYMENTS_MAX: usize = 200;
/// How far back payments and broken promises are looked at, the day asked about included.
const DAYS: u64 = 365;
/// Promises may have so many days of grace at most.
const GRACE_DAYS_MAX: u64 = 30;

/// What is behind the figures of the accounts asked for, in no particular order.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Overdue items; the oldest of each account and currency are among them.
    pub items: Vec<OpenItem>,
    pub disputes: Vec<DisputedOpen>,
    pub promises: Vec<PromiseEvidence>,
    pub receipts: Vec<ReceiptEvidence>,
    pub payments: Vec<PaymentEvidence>,
}

/// A dispute that counts, and what is open of its item.
#[derive(Debug, Clone)]
pub struct DisputedOpen {
    pub dispute: Dispute,
    pub open: i64,
}

/// A promise that was made, and what became of its items.
#[derive(Debug, Clone)]
pub struct PromiseEvidence {
    pub id: Uuid,
    pub account_id: String,
    pub currency: Currency,
    pub amount: i64,
    pub promise_date: NaiveDate,
    pub pay_by_date: NaiveDate,
    pub grace_days: i32,
    pub contact_id: Option<String>,
    pub promised_by: String,
    pub recorded_us: i64,
    pub withdrawn: bool,
    pub items: Vec<Uuid>,
    pub payments: Vec<Payment>,
    /// Effective day and amount of what moved its items.
    pub entries: Vec<(NaiveDate, i64)>,
}

/// The last receipt of an account in a currency.
#[derive(Debug, Clone)]
pub struct ReceiptEvidence {
    pub account_id: String,
    pub currency: Currency,
    pub receipt: LastReceipt,
}

/// A receipt applied to an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvidence {
    pub account_id: String,
    pub currency: Currency,
    pub document_date: NaiveDate,
    pub applied: NaiveDate,
    pub recorded_us: i64,
    pub position: i64,
    /// Positive.
    pub amount: i64,
}

impl Store {
    /// The evidence of these accounts at a point; `overdue` are those of their currencies in
    /// which anything is.
    pub async fn evidence(
        &self,
        whose: &Whose,
        overdue: &[(&str, Currency)],
        at: At,
    ) -> Result<Evidence> {
        let open = self.open_evidence(whose, overdue, at).await?;
        Ok(Evidence {
            receipts: self.last_receipts(whose, at).await?,
            payments: self.payments(whose, at).await?,
            ..open
        })
    }

    /// As [`Store::evidence`], without what was paid.
    pub async fn open_evidence(
        &self,
        whose: &Whose,
        overdue: &[(&str, Currency)],
        at: At,
    ) -> Result<Evidence> {
        Ok(Evidence {
            items: self.oldest_overdue(whose, overdue, at).await?,
            disputes: self.disputed(whose, at).await?,
            promises: self.promised(whose, at).await?,
            ..Evidence::default()
        })
    }
}

/// A day so many days before another.
fn days_before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}
