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
    /// A lasting limit that allows less than the lasting one before it ([`is_cut`]).
    #[serde(default)]
    pub cut: bool,
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

    fn is_after(&self, other: &Self) -> bool {
        (other.recorded_us, other.id) < (self.recorded_us, self.id)
    }

    /// Whether it allows less than `other`, or the two cannot be compared.
    fn allows_less(&self, other: &Self) -> bool {
        match (self.terms.amount, other.terms.amount) {
            (Some(own), Some(other)) if own.currency == other.currency => own.minor < other.minor,
            (Some(_), _) => true,
            (None, _) => false,
        }
    }

    /// Whether `other`, of the same account and segment, governs on no day from `day` on
    /// because this one was recorded later and has begun wherever that one has. `all` are those
    /// of the account and segment.
    fn hides(&self, other: &Self, all: &[&Self], day: NaiveDate) -> bool {
        let replaces = match (self.terms.temporary, other.terms.temporary) {
            (false, false) => true,
            (true, true) => !self.never_begins(all),
            _ => self.ends(other, all),
        };
        replaces && self.is_after(other) && self.valid_from <= other.valid_from.max(day)
    }

    /// Whether it hides `other` whatever is recorded later. What a cut will end, and what a
    /// temporary limit will replace, may still stay if that one never begins.
    fn hides_for_good(&self, other: &Self, all: &[&Self], today: NaiveDate) -> bool {
        let is_certain = !other.terms.temporary || self.has_begun(today);
        is_certain && self.hides(other, all, today)
    }

    /// Whether a cut ends a temporary limit before it begins: what it would have replaced stays.
    fn never_begins(&self, all: &[&Self]) -> bool {
        all.iter().any(|cut| cut.ends(self, all) && cut.valid_from <= self.valid_from)
    }

    /// Whether it is a cut that ends a temporary limit from its first day on. One that was
    /// replaced before it began ends nothing. What one has ended that has begun stays so, because
    /// it is gone by the time anything else is recorded ([`superseded_by`]).
    fn ends(&self, temporary: &Self, all: &[&Self]) -> bool {
        let replaced = || {
            let mut lasting = all.iter().filter(|other| !other.terms.temporary);
            lasting.any(|other| other.is_after(self) && other.valid_from <= self.valid_from)
        };
        self.cut
            && !self.terms.temporary
            && temporary.terms.temporary
            && temporary.terms.kind != LimitKind::Inherit
            && self.is_after(temporary)
            && self.allows_less(temporary)
            && !replaced()
    }
}

/// Whether a lasting limit about to be recorded is a cut: it allows less than the lasting one
/// that would govern without it on its first day, or it is the first one and allows nothing.
/// `before` are the limits of the account and segment.
pub fn is_cut(new: &Limit, before: &[Limit], today: NaiveDate) -> bool {
    if new.terms.temporary {
        return false;
    }
    let first = new.valid_from.max(today);
    match governing(before.iter().filter(|limit| !limit.terms.temporary), first) {
        Some(expired) if expired.has_expired(first) => false,
        Some(other) => new.allows_less(other),
        None => new.terms.amount.is_some_and(|amount| amount.minor == 0),
    }
}

/// The limit that governs an account and segment on a day: a temporary one in its time, unless
/// a cut that was recorded later has begun; else the lasting one recorded last among those that
/// have begun, expired or not. `limits` are those of the account and segment.
pub fn governing<'a>(
    limits: impl IntoIterator<Item = &'a Limit>,
    day: NaiveDate,
) -> Option<&'a Limit> {
    let all: Vec<&Limit> = limits.into_iter().collect();
    let is_ended = |t: &Limit| all.iter().any(|cut| cut.has_begun(day) && cut.ends(t, &all));
    let last = |temporary| {
        let begun = all.iter().filter(|l| l.terms.temporary == temporary && l.has_begun(day));
        let begun = begun.copied().filter(|l| !l.never_begins(&all));
        begun.max_by_key(|limit| (limit.recorded_us, limit.id))
    };
    // A temporary INHERIT ends a temporary limit before its time.
    let temporary = last(true)
        .filter(|t| !t.has_expired(day) && t.terms.kind != LimitKind::Inherit && !is_ended(t));
    temporary.or_else(|| last(false))
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
    let same: Vec<&Limit> = all.iter().filter(|l| l.terms.segment == limit.terms.segment).collect();
    if same.iter().any(|other| other.hides(limit, &same, day)) {
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

/// Those of the limits of an account and segment, in which `new` is being recorded, that govern on
/// no day from `today` on, whatever is recorded later. What governs is told without them.
///
/// What is over without the new one is over first: a raise that a cut has ended does not come
/// back because the new one replaces the cut from its first day on.
pub fn superseded_by(all: &[Limit], new: &Limit, today: NaiveDate) -> Vec<Uuid> {
    let mut gone = over(&all.iter().collect::<Vec<_>>(), today);
    let left = all.iter().filter(|limit| !gone.contains(&limit.id));
    gone.extend(over(&left.chain([new]).collect::<Vec<_>>(), today));
    gone
}

/// Those that others hide for good.
fn over(all: &[&Limit], today: NaiveDate) -> Vec<Uuid> {
    let is_over = |limit: &&&Limit| all.iter().any(|by| by.hides_for_good(limit, all, today));
    all.iter().filter(is_over).map(|limit| limit.id).collect()
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dates::add_days;
    use crate::domain::money::Currency;
    use proptest::prelude::*;

    pub(super) fn day(offset: u32) -> NaiveDate {
        add_days(NaiveDate::from_ymd_opt(2019, 6, 1).unwrap(), offset)
    }

    pub(super) fn limit(
        n: i64,
        kind: LimitKind,
        from: u32,
        to: Option<u32>,
        temporary: bool,
    ) -> Limit {
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
            cut: false,
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

    pub(super) fn amount(of: Limit, minor: i64) -> Limit {
        let amount = of.terms.amount.map(|amount| Money { minor, ..amount });
        Limit { terms: LimitTerms { amount, ..of.terms.clone() }, ..of }
    }

    /// Those that may govern yet, of limits that were recorded one after the other on a day each
    /// as SetCreditLimit does.
    pub(super) fn live(limits: &[(Limit, u32)]) -> Vec<Limit> {
        let mut live: Vec<Limit> = Vec::new();
        for (new, today) in limits {
            let new = Limit { cut: is_cut(new, &live, day(*today)), ..new.clone() };
            let gone = superseded_by(&live, &new, day(*today));
            live.retain(|limit| !gone.contains(&limit.id));
            live.push(new);
        }
        live
    }

    fn governs(limits: &[(Limit, u32)], on: u32) -> Option<i64> {
        governing(&live(limits), day(on))?.terms.amount.map(|amount| amount.minor)
    }

    #[test]
    fn a_lasting_cut_governs_from_its_first_day_also_under_a_temporary_raise() {
        let lasting =
            |n, from, minor| (amount(limit(n, LimitKind::Amount, from, None, false), minor), from);
        let raise = |n| (amount(limit(n, LimitKind::Amount, 2, Some(20), true), 5_000), 2);
        let before = [lasting(1, 0, 1_000), raise(2)];
        let then = |more: &[(Limit, u32)], on| governs(&[&before[..], more].concat(), on);
        let alone = |one: &(Limit, u32), on| then(std::slice::from_ref(one), on);
        assert_eq!((then(&[], 3), then(&[], 21)), (Some(5_000), Some(1_000)));
        let cut = lasting(3, 4, 0);
        assert_eq!((alone(&cut, 4), alone(&cut, 21)), (Some(0), Some(0)));
        // What it ended does not come back with a higher one, and a new raise is a new one.
        assert_eq!(then(&[cut.clone(), lasting(4, 6, 3_000)], 7), Some(3_000));
        assert_eq!(then(&[cut.clone(), raise(4)], 7), Some(5_000));
        assert_eq!(then(&[cut.clone(), raise(4), lasting(5, 4, 3_000)], 7), Some(5_000));
        let (backdated, _) = lasting(4, 1, 3_000);
        assert_eq!(then(&[cut, (backdated, 6)], 7), Some(3_000));
        // The first lasting one is none, unless it allows nothing.
        assert_eq!(governs(&[raise(1), lasting(2, 4, 1_000)], 5), Some(5_000));
        assert_eq!(governs(&[raise(1), lasting(2, 4, 0)], 5), Some(0));
        // A lasting raise is none.
        assert_eq!(then(&[lasting(3, 4, 2_000)], 7), Some(5_000));
        // One for later governs later, unless it is taken back before.
        let later = (amount(limit(3, LimitKind::Amount, 9, None, false), 10), 4);
        assert_eq!((alone(&later, 8), alone(&later, 9)), (Some(5_000), Some(10)));
        assert_eq!(then(&[later, lasting(4, 6, 1_000)], 9), Some(5_000));
        // Also with another raise in between, and a lasting limit from the first day of the cut.
        let later = (amount(limit(3, LimitKind::Amount, 6, None, false), 0), 4);
        let short = (amount(limit(4, LimitKind::Amount, 15, Some(18), true), 4_000), 5);
        let lasting_again = (amount(limit(5, LimitKind::Amount, 6, None, false), 3_000), 7);
        let all = [later.clone(), short.clone(), lasting_again];
        let figures = [7, 14, 15, 18, 19].map(|on| then(&all, on));
        assert_eq!(figures, [3_000, 3_000, 4_000, 4_000, 3_000].map(Some));
        // A cut that is taken back before it began ends nothing, nor what was to begin after it.
        let back = (amount(limit(5, LimitKind::Amount, 5, None, false), 1_000), 5);
        let planned = (amount(limit(2, LimitKind::Amount, 15, Some(18), true), 4_000), 2);
        assert_eq!(governs(&[lasting(1, 0, 1_000), planned, later, back], 15), Some(4_000));
        // What is tighter for a time stays so.
        let tight = (amount(limit(2, LimitKind::Amount, 2, Some(20), true), 100), 2);
        let all = [lasting(1, 0, 1_000), tight, lasting(3, 4, 500)];
        assert_eq!((governs(&all, 5), governs(&all, 21)), (Some(100), Some(500)));
        // Amounts of two currencies, and what was bounded by nothing, are cut.
        let (mut euro, day) = lasting(3, 4, 4_000);
        euro.terms.amount = Some(Money { minor: 4_000, currency: Currency::parse("EUR").unwrap() });
        assert_eq!(then(&[(euro, day)], 5), Some(4_000));
        let boundless = (limit(1, LimitKind::Unlimited, 0, None, false), 0);
        assert_eq!(governs(&[boundless, raise(2), lasting(3, 4, 4_000)], 5), Some(4_000));
    }

    prop_compose! {
        fn any_limits()(parts in prop::collection::vec(
            (0usize..3, 0u32..12, prop::option::of(0u32..6), any::<bool>(), any::<bool>(), 0i64..3),
            1..8,
        )) -> Vec<Limit> {
            let with = |(n, (kind, from, days, temporary, cut, minor))| {
                let (n, to): (usize, Option<u32>) = (n, Option::map(days, |d: u32| from + d));
                let limit = limit(n as i64 + 1, LimitKind::ALL[kind], from, to, temporary);
                Limit { cut, ..amount(limit, minor) }
            };
            parts.into_iter().enumerate().map(with).collect()
        }
    }

    proptest! {
        #[test]
        fn what_governs_can_be_told_without_what_is_over(all in any_limits(), today in 0u32..14) {
            let all: Vec<&Limit> = all.iter().collect();
            let gone = over(&all, day(today));
            let left: Vec<&Limit> =
                all.iter().copied().filter(|l| !gone.contains(&l.id)).collect();
            let owned = |limits: &[&Limit]| limits.iter().map(|l| (*l).clone()).collect::<Vec<_>>();
            let (before, after) = (owned(&all), owned(&left));
            for on in today..30 {
                prop_assert_eq!(governing(&before, day(on)), governing(&after, day(on)));
                for limit in &after {
                    prop_assert_eq!(state(limit, &before, day(on)), state(limit, &after, day(on)));
                }
            }
            for limit in before.iter().filter(|l| gone.contains(&l.id)) {
                prop_assert_eq!(state(limit, &before, day(today)), LimitState::Replaced);
            }
        }
    }
}
