//! Securities, and what they cover.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::machine::Transition;
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::domain::rounding::div_half_even;
use crate::domain::stored::stored_enum;

stored_enum! {
    pub enum SecurityKind {
        CreditInsurance => "CREDIT_INSURANCE",
        BankGuarantee => "BANK_GUARANTEE",
        ParentGuarantee => "PARENT_GUARANTEE",
        LetterOfCredit => "LETTER_OF_CREDIT",
        Deposit => "DEPOSIT",
        Collateral => "COLLATERAL",
    }
}

stored_enum! {
    pub enum SecurityState {
        Live => "LIVE",
        Ended => "ENDED",
    }
}

stored_enum! {
    pub enum SecurityVerb {
        End => "END",
    }
}

/// What may become of a security.
pub const STATES: &[Transition<SecurityState, SecurityVerb>] = &[Transition {
    verb: SecurityVerb::End,
    from: &[SecurityState::Live],
    to: SecurityState::Ended,
}];

/// What a caller says of a security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityTerms {
    pub kind: SecurityKind,
    pub issuer: String,
    pub reference: String,
    pub cover_limit: Money,
    pub insured_bp: i32,
    /// Minor units of the cover limit's currency.
    pub deductible: i64,
    /// Longer terms are not eligible; 0: any.
    pub terms_days_max: i32,
    /// What is longer overdue is not eligible; 0: any.
    pub overdue_days_max: i32,
    pub covers_disputed: bool,
    /// Days overdue at which the issuer has to be told; 0: never.
    pub notification_days: i32,
}

/// A security as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    pub id: Uuid,
    pub account_id: String,
    pub terms: SecurityTerms,
    pub valid_from: NaiveDate,
    /// Last day; `NO_DATE` for no end.
    pub valid_to: NaiveDate,
    pub recorded_us: i64,
    pub end: Option<SecurityEnd>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEnd {
    pub us: i64,
    pub by: String,
    pub reason: Personal,
}

/// Open items that a security may cover, as far as they are eligible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligible {
    pub company_code: String,
    pub currency: Currency,
    pub open: i128,
}

impl Security {
    pub fn state(&self) -> SecurityState {
        if self.end.is_some() { SecurityState::Ended } else { SecurityState::Live }
    }
}

impl SecurityTerms {
    /// What it takes off an exposure of which `eligible` (in the currency of the cover limit)
    /// may be covered: `min(cover limit, eligible) × insured share − deductible`, not below zero.
    pub fn cover(&self, eligible: i128) -> i128 {
        let insured = eligible.min(self.cover_limit.minor.into()).max(0);
        let share = div_half_even(insured * i128::from(self.insured_bp), 10_000);
        (share - i128::from(self.deductible)).max(0)
    }

    /// The first due date that is not too long overdue to be eligible.
    pub fn oldest_eligible(&self, today: NaiveDate) -> NaiveDate {
        match u64::try_from(self.overdue_days_max) {
            Ok(days @ 1..) => today.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN),
            _ => NaiveDate::MIN,
        }
    }

    /// Whether an item due on that day is so long overdue that the issuer has to be told.
    pub fn must_notify(&self, oldest_due: NaiveDate, today: NaiveDate) -> bool {
        self.notification_days > 0
            && (today - oldest_due).num_days() >= i64::from(self.notification_days)
    }
}
