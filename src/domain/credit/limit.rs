//! Credit limits: which of those recorded governs on a day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::dates::NO_DATE;
use crate::domain::money::Money;
use crate::domain::personal::Personal;
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

/// What a caller says of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitTerms {
    /// Empty: all companies.
    pub segment: String,
    pub kind: LimitKind,
    /// Of [`LimitKind::Amount`] only.
    pub amount: Option<Money>,
    pub temporary: bool,
    pub overdue_amount_max: Option<Money>,
    pub overdue_days_max: Option<i32>,
}

/// A limit as recorded. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub id: Uuid,
    pub account_id: String,
    /// Flat in what is stored of decisions and answers, as it was before they were one struct.
    #[serde(flatten)]
    pub terms: LimitTerms,
    pub valid_from: NaiveDate,
    /// Last day; `NO_DATE` for no end.
    pub valid_to: NaiveDate,
    pub approver: Personal,
    pub reason: Personal,
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

    /// Whether `other`, of the same account and segment, governs on no day from `day` on
    /// because this one was recorded later and has begun wherever that one has.
    fn hides(&self, other: &Self, day: NaiveDate) -> bool {
        self.terms.temporary == other.terms.temporary
            && (other.recorded_us, other.id) < (self.recorded_us, self.id)
            && self.valid_from <= other.valid_from.max(day)
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
        let of = if limit.terms.temporary { &mut temporary } else { &mut lasting };
        if of.is_none_or(|other| (other.recorded_us, other.id) < (limit.recorded_us, limit.id)) {
            *of = Some(limit);
        }
    }
    // A temporary INHERIT ends a temporary limit before its time.
    let temporary = temporary.filter(|t| !t.has_expired(day) && t.terms.kind != LimitKind::Inherit);
    temporary.or(lasting)
}

/// A limit with where it stands among those of its account and segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingLimit {
    pub limit: Limit,
    pub state: LimitState,
    /// Version of the limits of its account and segment.
    pub version: i64,
}

/// Version of the limits of an account and segment: when the last of them was recorded.
/// `None` if there is none.
pub fn version<'a>(limits: impl IntoIterator<Item = &'a Limit>, segment: &str) -> Option<i64> {
    let same = limits.into_iter().filter(|l| l.terms.segment == segment);
    same.map(|l| l.recorded_us).max()
}

/// Where a limit stands among all limits of its account.
pub fn state(limit: &Limit, all: &[Limit], day: NaiveDate) -> LimitState {
    let same = all.iter().filter(|l| l.terms.segment == limit.terms.segment);
    if same.clone().any(|other| other.hides(limit, day)) {
        LimitState::Replaced
    } else if !limit.has_begun(day) {
        LimitState::Scheduled
    } else if limit.has_expired(day) {
        LimitState::Expired
    } else if governing(same, day).is_some_and(|governing| governing.id == limit.id) {
        LimitState::Active
    } else {
        LimitState::Replaced
    }
}

/// Those of the limits of an account and segment, `new` among them, that govern on no day from
/// `today` on, whatever is recorded later. What governs can be told without them.
pub fn superseded_by(all: &[Limit], new: &Limit, today: NaiveDate) -> Vec<Uuid> {
    let later = || all.iter().chain([new]);
    let hidden = |limit: &&Limit| later().any(|other| other.hides(limit, today));
    all.iter().filter(hidden).map(|limit| limit.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dates::add_days;
    use crate::domain::money::Currency;
    use proptest::prelude::*;

    fn day(offset: u32) -> NaiveDate {
        add_days(NaiveDate::from_ymd_opt(2019, 6, 1).unwrap(), offset)
    }

    fn limit(n: i64, kind: LimitKind, from: u32, to: Option<u32>, temporary: bool) -> Limit {
        let amount = Money { minor: n * 100, currency: Currency::parse("USD").unwrap() };
        Limit {
            id: Uuid::from_u128(n as u128),
            account_id: "acme".into(),
            terms: LimitTerms {
                segment: String::new(),
                kind,
                amount: (kind == LimitKind::Amount).then_some(amount),
                temporary,
                overdue_amount_max: None,
                overdue_days_max: None,
            },
            valid_from: day(from),
            valid_to: to.map_or(NO_DATE, day),
            approver: "A".into(),
            reason: "r".into(),
            recorded_us: n,
        }
    }

    fn states(all: &[Limit], on: u32) -> Vec<LimitState> {
        all.iter().map(|l| state(l, all, day(on))).collect()
    }

    #[test]
    fn an_expired_limit_does_not_fall_back_to_the_one_before_it_and_a_temporary_one_does() {
        use LimitState::{Active, Expired, Replaced, Scheduled};
        let lasting = limit(1, LimitKind::Amount, 0, None, false);
        let short = limit(2, LimitKind::Amount, 5, Some(9), false);
        let all = [lasting.clone(), short.clone()];
        assert_eq!(states(&all, 4), [Active, Scheduled]);
        assert_eq!(states(&all, 9), [Replaced, Active]);
        assert_eq!(states(&all, 10), [Replaced, Expired]);
        assert_eq!(governing(&all, day(10)), Some(&short));

        let raised = limit(2, LimitKind::Amount, 5, Some(9), true);
        let all = [lasting.clone(), raised.clone()];
        assert_eq!(states(&all, 5), [Replaced, Active]);
        assert_eq!(states(&all, 10), [Active, Expired]);

        let ended = limit(3, LimitKind::Inherit, 7, None, true);
        let all = [lasting, raised, ended];
        assert_eq!(states(&all, 6), [Replaced, Active, Scheduled]);
        assert_eq!(states(&all, 7), [Active, Replaced, Replaced]);
    }

    #[test]
    fn a_scheduled_limit_that_another_will_have_replaced_is_replaced_already() {
        use LimitState::{Active, Replaced, Scheduled};
        let all = [
            limit(1, LimitKind::Amount, 0, None, false),
            limit(2, LimitKind::Amount, 9, None, false),
            limit(3, LimitKind::Amount, 8, None, false),
        ];
        assert_eq!(states(&all, 1), [Active, Replaced, Scheduled]);
        assert_eq!(superseded_by(&all[..2], &all[2], day(1)), [Uuid::from_u128(2)]);
    }

    #[test]
    fn every_segment_has_a_version_of_its_own() {
        let first = limit(1, LimitKind::Amount, 0, None, false);
        let mut other = limit(2, LimitKind::Unlimited, 0, None, false);
        other.terms.segment = "asia".into();
        let all = [first, other];
        assert_eq!((version(&all, ""), version(&all, "asia")), (Some(1), Some(2)));
        assert_eq!(version(&all, "europe"), None);
    }

    prop_compose! {
        fn any_limits()(parts in prop::collection::vec(
            (0usize..3, 0u32..12, prop::option::of(0u32..6), any::<bool>()), 1..8,
        )) -> Vec<Limit> {
            let with = |(n, (kind, from, days, temporary)): (usize, (usize, u32, Option<u32>, bool))| {
                limit(n as i64 + 1, LimitKind::ALL[kind], from, days.map(|d| from + d), temporary)
            };
            parts.into_iter().enumerate().map(with).collect()
        }
    }

    proptest! {
        #[test]
        fn what_governs_can_be_told_without_what_is_superseded(all in any_limits(), today in 0u32..14) {
            let (new, before) = all.split_last().expect("at least one");
            let gone = superseded_by(before, new, day(today));
            prop_assert!(!gone.contains(&new.id));
            let left: Vec<Limit> = all.iter().filter(|l| !gone.contains(&l.id)).cloned().collect();
            for on in today..30 {
                prop_assert_eq!(governing(&all, day(on)), governing(&left, day(on)));
                for limit in &left {
                    prop_assert_eq!(state(limit, &all, day(on)), state(limit, &left, day(on)));
                }
            }
            for limit in all.iter().filter(|l| gone.contains(&l.id)) {
                prop_assert_eq!(state(limit, &all, day(today)), LimitState::Replaced);
            }
        }
    }
}
