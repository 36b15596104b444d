//! Promises to pay.

use chrono::NaiveDate;

use super::machine::Transition;
use super::stored::stored_enum;

stored_enum! {
    /// What became of a promise.
    pub enum PromiseState {
        /// Its deadline has not passed.
        Open => "OPEN",
        /// Receipts on the named items reached the amount in time.
        Kept => "KEPT",
        /// Some of the amount came in time.
        PartiallyKept => "PARTIALLY_KEPT",
        /// Nothing came in time.
        Broken => "BROKEN",
        Withdrawn => "WITHDRAWN",
    }
}

stored_enum! {
    pub enum PromiseVerb {
        Withdraw => "WITHDRAW",
    }
}

/// What people may make of a promise; the rest is told by receipts and time.
pub const STATES: &[Transition<PromiseState, PromiseVerb>] = &[Transition {
    verb: PromiseVerb::Withdraw,
    from: &[
        PromiseState::Open,
        PromiseState::Kept,
        PromiseState::PartiallyKept,
        PromiseState::Broken,
    ],
    to: PromiseState::Withdrawn,
}];

/// The state of a promise of `amount` as of a day.
///
/// `received` is what receipts on the named items came to by the earlier of `as_of` and
/// `deadline`, in the same minor units; `deadline` is the promised date plus grace, and still
/// in time itself. Money after it never mends a promise. A withdrawn promise stays withdrawn.
pub fn state(
    amount: i64,
    received: i64,
    deadline: NaiveDate,
    as_of: NaiveDate,
    withdrawn: bool,
) -> PromiseState {
    if withdrawn {
        PromiseState::Withdrawn
    } else if received >= amount {
        PromiseState::Kept
    } else if as_of <= deadline {
        PromiseState::Open
    } else if received > 0 {
        PromiseState::PartiallyKept
    } else {
        PromiseState::Broken
    }
}

/// Promises kept per promise decided, `KEPT / (KEPT + PARTIALLY_KEPT + BROKEN)`, as numerator
/// and denominator. `None` while none is decided: unknown is not zero.
pub fn keep_rate(kept: i64, partially_kept: i64, broken: i64) -> Option<(i64, i64)> {
    let decided = kept + partially_kept + broken;
    (decided > 0).then_some((kept, decided))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_day(received: i64, day: u32) -> PromiseState {
        let date = |d| NaiveDate::from_ymd_opt(2026, 3, d).unwrap();
        state(100, received, date(10), date(day), false)
    }

    #[test]
    fn a_promise_is_open_until_its_deadline_has_passed() {
        assert_eq!(on_day(0, 1), PromiseState::Open);
        assert_eq!(on_day(99, 10), PromiseState::Open);
        assert_eq!(on_day(0, 11), PromiseState::Broken);
    }

    #[test]
    fn a_promise_is_kept_as_soon_as_its_amount_is_in() {
        assert_eq!(on_day(100, 1), PromiseState::Kept);
        assert_eq!(on_day(250, 11), PromiseState::Kept);
    }

    #[test]
    fn part_of_the_amount_in_time_keeps_a_promise_partially() {
        assert_eq!(on_day(1, 11), PromiseState::PartiallyKept);
        assert_eq!(on_day(99, 11), PromiseState::PartiallyKept);
    }

    #[test]
    fn receipts_taken_back_below_zero_do_not_keep_anything() {
        assert_eq!(on_day(-5, 11), PromiseState::Broken);
    }

    #[test]
    fn a_withdrawn_promise_stays_withdrawn_whatever_comes_in() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        assert_eq!(state(100, 100, day, day, true), PromiseState::Withdrawn);
    }

    #[test]
    fn the_keep_rate_counts_partial_promises_as_not_kept_and_none_as_unknown() {
        assert_eq!(keep_rate(8, 1, 1), Some((8, 10)));
        assert_eq!(keep_rate(0, 0, 3), Some((0, 3)));
        assert_eq!(keep_rate(0, 0, 0), None);
    }
}
