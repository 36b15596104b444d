//! Credit limits: which of those recorded governs on a day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::dates::NO_DATE;
use crate::domain::money::Money;
use crate::domain::stored::stored_enum;

stored_enum! {
    /// What a limit allows.
    pub enum LimitKind {
        Unlimited => "UNLIMITED",
        Amount => "AMOUNT",
        /// None of its own.
        Inherit => "INHERIT",
    }
}

stored_enum! {
    /// Where a limit stands on a day.
    pub enum LimitState {
        Active => "ACTIVE",
        Scheduled => "SCHEDULED",
        Expired => "EXPIRED",
        Replaced => "REPLACED",
    }
}

/// A limit as recorded. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub id: Uuid,
    pub account_id: String,
    /// Empty: all companies.
    pub segment: String,
    pub kind: LimitKind,
    /// Of [`LimitKind::Amount`] only.
    pub amount: Option<Money>,
    pub valid_from: NaiveDate,
    /// Last day; `NO_DATE` for no end.
    pub valid_to: NaiveDate,
    pub temporary: bool,
    pub overdue_amount_max: Option<Money>,
    pub overdue_days_max: Option<i32>,
    pub approver: String,
    pub reason: String,
    /// Microseconds since the epoch; also the version of the limits of its account and segment.
    pub recorded_us: i64,
}

impl Limit {
    fn has_begun(&self, day: NaiveDate) -> bool {
        self.valid_from <= day
    }

    pub fn has_expired(&self, day: NaiveDate) -> bool {
        self.valid_to < day && self.valid_to != NO_DATE
    }
}

/// The limit that governs an account and segment on a day: a temporary one in its time, else
/// the lasting one recorded last among those that have begun, expired or not. `limits` are
/// those of the account and segment.
pub fn governing<'a>(
    limits: impl IntoIterator<Item = &'a Limit>,
    day: NaiveDate,
) -> Option<&'a Limit> {
    let (mut lasting, mut temporary): (Option<&Limit>, Option<&Limit>) = (None, None);
    for limit in limits.into_iter().filter(|limit| limit.has_begun(day)) {
        let of = if limit.temporary { &mut temporary } else { &mut lasting };
        if of.is_none_or(|other| (other.recorded_us, other.id) < (limit.recorded_us, limit.id)) {
            *of = Some(limit);
        }
    }
    // A temporary INHERIT ends a temporary limit before its time.
    let temporary = temporary.filter(|t| !t.has_expired(day) && t.kind != LimitKind::Inherit);
    temporary.or(lasting)
}

/// Where each of the limits of an account and segment stands.
pub fn state(limit: &Limit, all: &[Limit], day: NaiveDate) -> LimitState {
    let same = all.iter().filter(|l| l.segment == limit.segment);
    match governing(same.clone(), day) {
        Some(governing) if governing.id == limit.id && limit.has_expired(day) => {
            LimitState::Expired
        }
        Some(governing) if governing.id == limit.id => LimitState::Active,
        _ if !limit.has_begun(day) => LimitState::Scheduled,
        _ => LimitState::Replaced,
    }
}
