//! Answers about receivables: aging, risk, statements, and the facts beside the ledger
//! (disputes, promises, rates, control totals).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::aging::{Aging, Basis, Edges};
use super::calendar::WorkCalendar;
use super::coverage::finance::FinanceContact;
use super::dates::BusinessDayConvention;
use super::days_to_pay::DaysToPay;
use super::dispute::DisputeState;
use super::document::DocumentKey;
use super::item::DocumentKind;
use super::ledger::{LedgerPoint, Narrow, OpenItem, PointQuery, Scope};
use super::money::{Currency, Money};
use super::names::{AccountRef, ChildName, ContactRef};
use super::page::Page;
use super::personal::Personal;
use super::policy::Policy;
use super::promise::PromiseState;
use super::rates::{Quote, UsedRate};
use super::stored::stored_enum;
use crate::domain::naming::NamesContacts;

/// GetAging.
#[derive(Debug, Clone)]
pub struct AgingQuery {
    pub scope: Scope<AccountRef>,
    pub point: PointQuery,
    pub narrow: Narrow,
    pub basis: Basis,
    pub edges: Edges,
    pub convention: BusinessDayConvention,
    pub display_currency: Option<Currency>,
}

#[derive(Debug, Clone)]
pub struct AgingAnswer {
    pub point: LedgerPoint,
    /// By currency code.
    pub currencies: Vec<(Currency, Aging)>,
    pub converted: Option<(Currency, Aging)>,
    pub rates: Vec<(Currency, Currency, UsedRate)>,
    pub control_totals: Vec<ControlTotalCheck>,
    /// From when on all of the group is known, if that is later than the day asked about.
    pub known_from: Option<NaiveDate>,
    /// By which due dates were rolled; `None` where they stand.
    pub calendar: Option<Policy<WorkCalendar>>,
}

stored_enum! {
    /// How much of the risk to answer.
    pub enum RiskView { Basic => "BASIC", Full => "FULL", }
}

/// What an account owes and what is at risk with it.
#[derive(Debug, Clone)]
pub struct Risk {
    pub account_id: String,
    pub point: LedgerPoint,
    /// By currency code.
    pub currencies: Vec<CurrencyRisk>,
    pub converted: Option<ConvertedRisk>,
    /// Whether we know who answers for money there; `None` where that is not looked for.
    pub finance_contact: Option<FinanceContact>,
}

impl Risk {
    /// Whether anything is open that the account is to pay.
    pub fn owes(&self) -> bool {
        // Credits are negative.
        let debit = |of: &CurrencyRisk| of.aging.columns().any(|(_, minor, _)| minor > 0);
        self.currencies.iter().any(debit)
    }
}

#[derive(Debug, Clone)]
pub struct CurrencyRisk {
    pub currency: Currency,
    pub aging: Aging,
    pub worst_overdue_days: i64,
    pub disputed: i128,
    pub promised: i128,
    pub expected: i128,
    pub last_receipt: Option<LastReceipt>,
    pub days_to_pay: Option<DaysToPay>,
    pub portfolio_share_bp: Option<i32>,
    pub worst_items: Vec<OpenItem>,
    pub worst_disputes: Vec<Dispute>,
    pub promises: Vec<Promise>,
}

#[derive(Debug, Clone)]
pub struct LastReceipt {
    pub document_id: Uuid,
    pub date: NaiveDate,
    pub amount: i64,
}

/// Totals in one currency, in minor units, each rounded on its own.
#[derive(Debug, Clone)]
pub struct ConvertedRisk {
    pub currency: Currency,
    pub balance: i128,
    pub overdue: i128,
    pub disputed: i128,
    pub promised: i128,
    pub expected: i128,
    pub rates: Vec<(Currency, Currency, UsedRate)>,
}

stored_enum! {
    /// What makes an account worse than another.
    pub enum RiskOrder {
        Overdue => "OVERDUE",
        Balance => "BALANCE",
        WorstOverdueDays => "WORST_OVERDUE_DAYS",
    }
}

/// One account in the list of the worst, in the currency of the list.
#[derive(Debug, Clone)]
pub struct AccountRisk {
    pub account_id: String,
    pub display_name: String,
    pub worst_overdue_days: i64,
    pub aging: Aging,
}

/// GetStatement, one page.
#[derive(Debug, Clone)]
pub struct Statement {
    pub account_id: String,
    pub point: LedgerPoint,
    /// By currency code.
    pub balances: Vec<StatementBalance>,
    pub lines: Page<StatementLine, MovementKey>,
}

#[derive(Debug, Clone)]
pub struct StatementBalance {
    pub currency: Currency,
    pub opening: i128,
    pub debits: i128,
    /// Negative.
    pub credits: i128,
}

impl StatementBalance {
    pub fn closing(&self) -> i128 {
        self.opening + self.debits + self.credits
    }
}

stored_enum! {
    /// What moved a balance.
    pub enum Movement {
        Posting => "POSTING",
        Reversal => "REVERSAL",
        Clearing => "CLEARING",
        Reset => "RESET",
        Recovery => "RECOVERY",
    }
}

/// Where a line of a statement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementKey {
    pub currency: Currency,
    pub date: NaiveDate,
    pub recorded_us: i64,
    pub document_id: Uuid,
    pub movement: Movement,
}

#[derive(Debug, Clone)]
pub struct StatementLine {
    pub date: NaiveDate,
    pub document_id: Uuid,
    pub key: DocumentKey,
    pub kind: DocumentKind,
    pub movement: Movement,
    pub currency: Currency,
    pub amount: i64,
    pub balance: i128,
}

stored_enum! {
    /// How a dispute ended.
    pub enum DisputeOutcome {
        Accepted => "ACCEPTED",
        Rejected => "REJECTED",
        Withdrawn => "WITHDRAWN",
    }
}

/// A dispute over an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    pub id: Uuid,
    pub account_id: String,
    pub item_id: Uuid,
    pub currency: Currency,
    pub amount: i64,
    pub reason_code: String,
    pub note: Personal,
    pub open_date: NaiveDate,
    pub resolved: Option<(NaiveDate, DisputeOutcome)>,
    pub recorded_us: i64,
}

impl Dispute {
    pub fn state(&self) -> DisputeState {
        if self.resolved.is_some() { DisputeState::Resolved } else { DisputeState::Open }
    }
}

/// A promise to pay, with its state at a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub id: Uuid,
    pub account_id: String,
    pub items: Vec<Uuid>,
    pub currency: Currency,
    pub amount: i64,
    pub promise_date: NaiveDate,
    pub pay_by_date: NaiveDate,
    pub grace_days: i32,
    /// Who promised; `None` if that is no contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// What is written of who promised, where it is no contact.
    pub promised_by: Personal,
    pub received: i64,
    /// The part of the amount that was no longer owed by the deadline.
    #[serde(default)]
    pub lapsed: i64,
    pub state: PromiseState,
    pub recorded_us: i64,
}

/// A balance of the general ledger against this ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlTotalCheck {
    pub company_code: String,
    pub date: NaiveDate,
    pub currency: Currency,
    pub control_total: i64,
    pub ledger_balance: i64,
    pub point: LedgerPoint,
}

/// Commands about the facts beside the ledger.
pub mod command {
    use super::*;

    #[derive(Debug, Clone, Serialize)]
    pub struct ClosePeriod {
        pub company_code: String,
        pub through_date: NaiveDate,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct OpenDispute {
        pub item: ChildName,
        pub amount: Option<Money>,
        pub reason_code: String,
        pub note: String,
        pub open_date: Option<NaiveDate>,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct ResolveDispute {
        pub dispute: ChildName,
        pub outcome: DisputeOutcome,
        pub resolve_date: Option<NaiveDate>,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct RecordPromise {
        pub account: AccountRef,
        pub items: Vec<Uuid>,
        pub amount: Money,
        pub promise_date: Option<NaiveDate>,
        pub pay_by_date: NaiveDate,
        pub grace_days: i32,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub contact: Option<ContactRef>,
        pub promised_by: String,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct WithdrawPromise {
        pub promise: ChildName,
        pub withdraw_date: Option<NaiveDate>,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct SetRates {
        pub rates: Vec<Quote>,
    }

    #[derive(Debug, Clone, Serialize)]
    pub struct SetControlTotal {
        pub company_code: String,
        pub date: NaiveDate,
        pub amount: Money,
    }
}

pub mod query;

impl NamesContacts for Promise {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        self.contact_id.iter_mut().for_each(take);
    }
}
