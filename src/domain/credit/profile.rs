//! How an account stands with its credit, now.

use chrono::NaiveDate;

use super::decision::{LimitUse, Reason, Verdict};
use super::hold::Hold;
use super::security::Security;
use crate::domain::money::{Currency, Money};
use crate::domain::rates::UsedRate;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub account_id: String,
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
    pub limits: Vec<LimitUse>,
    /// In the currency of the tightest limit; `None` if nothing bounds it.
    pub available: Option<Money>,
    pub holds: Vec<Hold>,
    pub securities: Vec<SecurityUse>,
    /// By currency.
    pub overdue: Vec<Overdue>,
    pub policy: String,
    pub rates: Vec<(Currency, Currency, UsedRate)>,
    pub evaluate_us: i64,
    pub business_date: NaiveDate,
}

/// A security with what it covers, in its own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityUse {
    pub security: Security,
    pub eligible: i64,
    pub cover: i64,
    pub at_risk: bool,
}

/// What is overdue in one currency, for the rules of credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// `None` if it is more than can be told.
    pub amount: Option<Money>,
    pub days: i32,
}
