//! The evidence behind the figures of some accounts, in one statement: the oldest overdue
//! items, disputes, promises with what came in on them, the last receipts, and payments.
//!
//! Each kind is an arm of one UNION with the same columns; what a column holds differs by arm
//! and is told at the arm and at the foot, where its rows become domain types. Where only the
//! first few rows count, an index gives them in order and a LIMIT ends the scan, so that the
//! cost does not follow the size of the account.

mod arms;
mod rows;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::moves::Template;
use super::params::{Params, Slice};
use super::{At, Whose};
use crate::domain::error::Result;
use crate::domain::ledger::{Narrow, OpenItem};
use crate::domain::money::Currency;
use crate::domain::promise::Payment;
use crate::domain::receivables::{Dispute, LastReceipt};
use crate::store::{Store, sql};
use arms::{Arms, Overdue, Which};
use rows::Row;

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
        self.of_kinds(whose, overdue, at, Which::All).await
    }

    /// As [`Store::evidence`], without what was paid.
    pub async fn open_evidence(
        &self,
        whose: &Whose,
        overdue: &[(&str, Currency)],
        at: At,
    ) -> Result<Evidence> {
        self.of_kinds(whose, overdue, at, Which::Open).await
    }

    async fn of_kinds(
        &self,
        whose: &Whose,
        overdue: &[(&str, Currency)],
        at: At,
        which: Which,
    ) -> Result<Evidence> {
        let conn = &self.reader;
        let mut params = Params::default();
        let slice = Slice::bind(conn, &mut params, whose, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let day = |back: u64| at.as_of.checked_sub_days(Days::new(back)).unwrap_or(NaiveDate::MIN);
        let arms = Arms {
            slice: &slice,
            template: &template,
            // What a statement does not name must not be bound.
            payments_from: match which {
                Which::All => params.bind(day(DAYS - 1)),
                Which::Open => String::new(),
            },
            promises_from: params.bind(day(DAYS + GRACE_DAYS_MAX)),
            overdue: Overdue::bind(conn, &mut params, overdue),
        };
        let rows: Vec<Row> = sql::all(conn, arms.text(which), params.into_values()).await?;
        rows::assemble(rows)
    }
}
