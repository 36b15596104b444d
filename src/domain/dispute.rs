//! Disputes: what may become of one, and how much of an item can still be disputed.

use chrono::NaiveDate;

use super::machine::Transition;
use super::stored::stored_enum;

stored_enum! {
    pub enum DisputeState {
        Open => "OPEN",
        Resolved => "RESOLVED",
    }
}

stored_enum! {
    pub enum DisputeVerb {
        Resolve => "RESOLVE",
    }
}

/// What may become of a dispute.
pub const STATES: &[Transition<DisputeState, DisputeVerb>] = &[Transition {
    verb: DisputeVerb::Resolve,
    from: &[DisputeState::Open],
    to: DisputeState::Resolved,
}];

/// What a dispute takes of an item: from its first day to the day before it was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contested {
    /// Positive, in minor units.
    pub amount: i64,
    pub open_date: NaiveDate,
    /// First day it no longer counts.
    pub resolve_date: Option<NaiveDate>,
}

/// The largest amount of a debit item that can be disputed from `from` on: the least that is
/// open, and not disputed already, on that day and after every later change. In minor units,
/// never negative.
///
/// `open_now` is the sum of all entries of the item, `future` those that take effect after
/// `from`, summed by date.
pub fn disputable(
    open_now: i64,
    future: &[(NaiveDate, i64)],
    others: &[Contested],
    from: NaiveDate,
) -> i64 {
    let lasting = others.iter().filter(|o| o.resolve_date.is_none()).map(|o| o.amount);
    let free_now = open_now - lasting.sum::<i64>();
    let mut changes = future.to_vec();
    for other in others {
        changes.push((other.open_date, -other.amount));
        changes.extend(other.resolve_date.map(|end| (end, other.amount)));
    }
    changes.retain(|&(date, _)| date > from);
    changes.sort_unstable();
    // All changes of one day are one: in between them nobody looks.
    let mut by_day: Vec<(NaiveDate, i64)> = Vec::with_capacity(changes.len());
    for (date, change) in changes {
        match by_day.last_mut() {
            Some((last, sum)) if *last == date => *sum += change,
            _ => by_day.push((date, change)),
        }
    }
    least(free_now, &by_day)
}

/// The least that is free on the day in question and after each later change; never negative.
fn least(free_now: i64, later: &[(NaiveDate, i64)]) -> i64 {
    let mut free = free_now - later.iter().map(|&(_, minor)| minor).sum::<i64>();
    let mut least = free;
    for (_, minor) in later {
        free += minor;
        least = least.min(free);
    }
    least.max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, d).unwrap()
    }

    fn contested(amount: i64, open: u32, end: Option<u32>) -> Contested {
        Contested { amount, open_date: day(open), resolve_date: end.map(day) }
    }

    #[test]
    fn all_that_is_open_can_be_disputed_and_not_a_cent_twice() {
        assert_eq!(disputable(100, &[], &[], day(1)), 100);
        assert_eq!(disputable(100, &[], &[contested(60, 1, None)], day(1)), 40);
        assert_eq!(disputable(100, &[], &[contested(60, 5, None)], day(1)), 40);
    }

    #[test]
    fn a_resolved_dispute_frees_its_amount_on_the_day_it_is_resolved() {
        let other = [contested(60, 1, Some(5))];
        assert_eq!(disputable(100, &[], &other, day(4)), 40);
        assert_eq!(disputable(100, &[], &other, day(5)), 100);
    }

    #[test]
    fn what_is_paid_later_cannot_be_disputed_now() {
        assert_eq!(disputable(30, &[(day(9), -70)], &[], day(1)), 30);
        assert_eq!(disputable(0, &[(day(9), -100)], &[], day(1)), 0);
    }

    #[test]
    fn before_its_posting_nothing_of_an_item_can_be_disputed() {
        assert_eq!(disputable(100, &[(day(9), 100)], &[], day(1)), 0);
    }

    #[test]
    fn disputes_that_outgrew_the_open_amount_leave_nothing() {
        assert_eq!(disputable(20, &[], &[contested(60, 1, None)], day(2)), 0);
    }

    #[test]
    fn one_dispute_ending_as_another_begins_takes_its_place() {
        let others = [contested(60, 1, Some(5)), contested(60, 5, None)];
        assert_eq!(disputable(100, &[], &others, day(1)), 40);
    }
}
