//! Facts that hold from a day on, in two shapes. Of *change points* one value holds at a time: who
//! owns an account. *Intervals* may hold side by side: who else works for it. Both are only added
//! to, and each carries the time it was recorded, so that a past day reads as it was known then.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// From a day on the value is this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePoint<T> {
    pub from_date: NaiveDate,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    pub value: T,
}

/// The days on which one value of change points holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch<'a, T> {
    pub first_day: NaiveDate,
    /// `None` while nothing follows.
    pub last_day: Option<NaiveDate>,
    pub value: &'a T,
}

/// The change point that holds on a day as known at an instant: the latest that is effective by
/// then, and of several from one day the one recorded last.
pub fn at<T>(points: &[ChangePoint<T>], day: NaiveDate, known_us: i64) -> Option<&ChangePoint<T>> {
    let counts = |p: &&ChangePoint<T>| p.from_date <= day && p.recorded_us <= known_us;
    points.iter().filter(counts).max_by_key(|p| (p.from_date, p.recorded_us))
}

/// What change points say as known at an instant, in the order of days: no day has two values, and
/// none from the first on has no value.
pub fn stretches<T>(points: &[ChangePoint<T>], known_us: i64) -> Vec<Stretch<'_, T>> {
    let mut known: Vec<_> = points.iter().filter(|p| p.recorded_us <= known_us).collect();
    known.sort_by_key(|p| (p.from_date, p.recorded_us));
    let mut stretches: Vec<Stretch<'_, T>> = Vec::new();
    for point in known {
        // Another value from the same day on corrects it.
        stretches.pop_if(|last| last.first_day == point.from_date);
        if let Some(last) = stretches.last_mut() {
            last.last_day = Some(day_before(point.from_date));
        }
        let first_day = point.from_date;
        stretches.push(Stretch { first_day, last_day: None, value: &point.value });
    }
    stretches
}

/// The days on which something holds that others may hold beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub first_day: NaiveDate,
    /// As said when it was recorded; `None` for no end.
    pub last_day: Option<NaiveDate>,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    /// `None` until somebody ends it.
    pub end: Option<End>,
}

/// That an interval ends earlier than was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The day before the first if it never held.
    pub last_day: NaiveDate,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
}

/// Why an interval cannot end on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotEnd {
    /// It was ended before.
    Ended,
    /// The earliest it can end is this day, by which it never held.
    TooEarly(NaiveDate),
    /// It ends on this day anyway.
    TooLate(NaiveDate),
}

impl Interval {
    /// The last day as known at an instant; `None` for no end.
    pub fn last_day_known(&self, known_us: i64) -> Option<NaiveDate> {
        let end = self.end.filter(|end| end.recorded_us <= known_us);
        end.map_or(self.last_day, |end| Some(end.last_day))
    }

    /// Whether it holds on a day as known at an instant.
    pub fn holds(&self, day: NaiveDate, known_us: i64) -> bool {
        self.recorded_us <= known_us
            && self.first_day <= day
            && self.last_day_known(known_us).is_none_or(|last| day <= last)
    }

    /// Ends it: it holds through `last_day`, which may be the day before its first where it was
    /// recorded in error.
    ///
    /// # Errors
    /// Why it cannot end then.
    pub fn end(&mut self, last_day: NaiveDate, recorded_us: i64) -> Result<(), CannotEnd> {
        if self.end.is_some() {
            return Err(CannotEnd::Ended);
        }
        let earliest = day_before(self.first_day);
        if last_day < earliest {
            return Err(CannotEnd::TooEarly(earliest));
        }
        if let Some(said) = self.last_day.filter(|said| *said <= last_day) {
            return Err(CannotEnd::TooLate(said));
        }
        self.end = Some(End { last_day, recorded_us });
        Ok(())
    }
}

/// The day before, or the first there is.
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n.into())
    }

    fn point(from: u32, recorded_us: i64, value: u32) -> ChangePoint<u32> {
        ChangePoint { from_date: day(from), recorded_us, value }
    }

    #[test]
    fn a_value_holds_until_the_next_one_and_a_correction_of_its_day_replaces_it() {
        let points = [point(10, 1, 7), point(20, 2, 8), point(10, 3, 9)];
        let values =
            |known| [9, 10, 19, 20].map(|n| at(&points, day(n), known).map(|point| point.value));
        assert_eq!(values(1), [None, Some(7), Some(7), Some(7)]);
        assert_eq!(values(2), [None, Some(7), Some(7), Some(8)]);
        assert_eq!(values(3), [None, Some(9), Some(9), Some(8)]);
        let said: Vec<_> = stretches(&points, 3)
            .into_iter()
            .map(|s| (s.first_day, s.last_day, *s.value))
            .collect();
        assert_eq!(said, [(day(10), Some(day(19)), 9), (day(20), None, 8)]);
    }

    #[test]
    fn an_interval_ends_once_within_its_days_and_past_knowledge_stays() {
        let open = Interval { first_day: day(5), last_day: None, recorded_us: 1, end: None };
        let mut ended = open.clone();
        assert_eq!(ended.end(day(3), 2), Err(CannotEnd::TooEarly(day(4))));
        assert_eq!(ended.end(day(8), 2), Ok(()));
        assert_eq!(ended.end(day(7), 3), Err(CannotEnd::Ended));
        assert_eq!([4, 5, 8, 9].map(|n| ended.holds(day(n), 2)), [false, true, true, false]);
        assert_eq!([4, 5, 8, 9].map(|n| ended.holds(day(n), 1)), [false, true, true, true]);
        assert!(!ended.holds(day(6), 0), "it was not known then");

        let mut bounded = Interval { last_day: Some(day(8)), ..open.clone() };
        assert_eq!(bounded.end(day(8), 2), Err(CannotEnd::TooLate(day(8))));
        let mut wrong = open;
        assert_eq!(wrong.end(day(4), 2), Ok(()));
        assert!((0..20).all(|n| !wrong.holds(day(n), 2)), "an error never held");
    }

    proptest! {
        #[test]
        fn the_stretches_say_of_every_day_what_is_answered_for_it(
            facts in prop::collection::vec((0u32..12, 0u32..4), 0..12),
            known in 0i64..12,
        ) {
            let facts = facts.into_iter().zip(0i64..);
            let points: Vec<_> = facts.map(|((from, v), us)| point(from, us, v)).collect();
            let said = stretches(&points, known);
            for n in 0..16 {
                let covers = |s: &&Stretch<'_, u32>| {
                    s.first_day <= day(n) && s.last_day.is_none_or(|last| day(n) <= last)
                };
                let on_day: Vec<u32> = said.iter().filter(covers).map(|s| *s.value).collect();
                let one: Vec<u32> = at(&points, day(n), known).map(|p| p.value).into_iter().collect();
                prop_assert_eq!(on_day, one);
            }
        }
    }
}
