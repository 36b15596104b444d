//! What was decided, with everything it rests on. Stored as it is, and read back years later:
//! fields are added, never renamed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::component::Component;
use super::limit::Limit;
use super::reservation::Reservation;
use crate::domain::money::{Currency, Money};
use crate::domain::names::OrderKey;
use crate::domain::personal::Personal;
use crate::domain::rates::UsedRate;
use crate::domain::stored::stored_enum;

stored_enum! {
    pub enum Verdict {
        Approved => "APPROVED",
        Referred => "REFERRED",
        Declined => "DECLINED",
    }
}

stored_enum! {
    /// What a reason leads to; the worst of them is the verdict.
    pub enum Disposition {
        Ignore => "IGNORE",
        Refer => "REFER",
        Decline => "DECLINE",
    }
}

stored_enum! {
    /// Why an order is not simply approved.
    pub enum ReasonCode {
        LimitExceeded => "LIMIT_EXCEEDED",
        GroupLimitExceeded => "GROUP_LIMIT_EXCEEDED",
        OverdueAmount => "OVERDUE_AMOUNT",
        OverdueDays => "OVERDUE_DAYS",
        OnHold => "ON_HOLD",
        LimitExpired => "LIMIT_EXPIRED",
        NoLimit => "NO_LIMIT",
        RateMissing => "RATE_MISSING",
        Utilization => "UTILIZATION",
        AccountBlocked => "ACCOUNT_BLOCKED",
        NoLiveFinanceContact => "NO_LIVE_FINANCE_CONTACT",
    }
}

stored_enum! {
    pub enum RemedyAction {
        ReduceOrder => "REDUCE_ORDER",
        Prepay => "PREPAY",
        PayOverdue => "PAY_OVERDUE",
        RaiseLimit => "RAISE_LIMIT",
        SetLimit => "SET_LIMIT",
        ReleaseHold => "RELEASE_HOLD",
        UnblockAccount => "UNBLOCK_ACCOUNT",
        RecordRate => "RECORD_RATE",
        ConnectContact => "CONNECT_CONTACT",
    }
}

stored_enum! {
    pub enum DecisionKind {
        Check => "CHECK",
        Reserve => "RESERVE",
        Amend => "AMEND",
        Referral => "REFERRAL",
    }
}

impl ReasonCode {
    /// What it leads to where the policy does not say.
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::LimitExceeded
            | Self::GroupLimitExceeded
            | Self::OnHold
            | Self::AccountBlocked => Disposition::Decline,
            Self::OverdueAmount
            | Self::OverdueDays
            | Self::LimitExpired
            | Self::NoLimit
            | Self::RateMissing
            | Self::Utilization => Disposition::Refer,
            Self::NoLiveFinanceContact => Disposition::Ignore,
        }
    }
}

/// A reason with the figures behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub code: ReasonCode,
    pub disposition: Disposition,
    /// Resource name.
    pub subject: String,
    pub summary: String,
    /// Why the hold was placed, which stands in the row of the hold alone; empty for other codes.
    #[serde(skip)]
    pub hold_reason: Personal,
    pub segment: String,
    pub limit: Option<Money>,
    pub exposure: Option<Money>,
    pub shortfall: Option<Money>,
    pub overdue_days: i32,
    pub overdue_days_max: i32,
    /// Resource name of what says how much may be overdue; empty for other codes, and in what was
    /// decided before it was told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub terms_source: String,
    /// Resource names.
    pub documents: Vec<String>,
    /// Resource names of people and positions; empty for reasons that rest on amounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The first day on which it applied; `None` where that is not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    pub remedies: Vec<Remedy>,
}

/// Something that alone would remove a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    pub action: RemedyAction,
    pub amount: Option<Money>,
    /// Resource name, or a pair of currencies.
    pub subject: String,
}

/// A part of an exposure in the currency of the limit; cover is negative and apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `None` is cover.
    pub component: Option<Component>,
    pub amount: i64,
    pub counted: bool,
}

/// A limit with the exposure that counts against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    pub account_id: String,
    /// `None` for an account without one; its exposure is shown for information.
    pub limit: Option<Limit>,
    /// Version of the limits of the account and segment: what replacing it needs. 0 without.
    pub version: i64,
    pub segment: String,
    pub currency: Currency,
    /// `None` without a rate to tell it, or beyond what can be told; as `available`.
    pub exposure: Option<i64>,
    pub parts: Vec<Part>,
    /// Of an amount only.
    pub available: Option<i64>,
    pub utilization_bp: Option<i32>,
}

/// A decision. It stays as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Nil for a check.
    pub id: Uuid,
    pub account_id: String,
    pub kind: DecisionKind,
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
    pub order: Option<OrderKey>,
    pub company_code: String,
    pub amount: Money,
    /// In the currency of the amount; negative if the order counts less than before.
    pub counted: i64,
    pub limits: Vec<LimitUse>,
    /// In the currency of the amount; `None` if nothing bounds it or it cannot be told.
    pub available: Option<i64>,
    pub rates: Vec<(Currency, Currency, UsedRate)>,
    pub policy: String,
    /// Microseconds since the epoch.
    pub evaluate_us: i64,
    pub business_date: NaiveDate,
    /// As the decision left it.
    pub reservation: Option<Reservation>,
    pub overridden: bool,
    /// Stands beside the decision, and not within what is stored of it as JSON.
    pub override_reason: Personal,
    pub decided_by: String,
}
