//! Which days are worked, and when. Nothing about holidays is compiled in: a calendar has the hours
//! of each weekday and the days that differ, in both directions (a working Saturday as well as a
//! Monday that is closed).

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::dates::NO_DATE;
use super::policy::{PolicyKind, Terms};
use super::stored::stored_enum;

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;
/// Id of the calendar that is there from the start.
const BUILT_IN: &str = "default";

stored_enum! {
    /// A day of the week.
    pub enum Weekday {
        Monday => "MONDAY",
        Tuesday => "TUESDAY",
        Wednesday => "WEDNESDAY",
        Thursday => "THURSDAY",
        Friday => "FRIDAY",
        Saturday => "SATURDAY",
        Sunday => "SUNDAY",
    }
}

impl Weekday {
    pub fn of(day: NaiveDate) -> Self {
        match day.weekday() {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// Hours at a stretch, in minutes from the beginning of the day: from `open` up to, not including,
/// `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    pub open: u16,
    pub close: u16,
}

/// The working days of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCalendar {
    pub description: String,
    /// By its IANA name: where its hours are read off the clock. Empty for the built-in one, which
    /// has whole days of the business.
    pub time_zone: String,
    /// At least one weekday; one that is not named is closed.
    pub week: BTreeMap<Weekday, Vec<Hours>>,
    /// Days that are not as their weekday; without hours they are closed.
    pub exceptions: BTreeMap<NaiveDate, Vec<Hours>>,
    /// The last day whose exceptions are known; `None` where none are.
    pub known_through: Option<NaiveDate>,
}

impl Terms for WorkCalendar {
    const KIND: PolicyKind = PolicyKind::WorkCalendar;
    const RESOURCE: &'static str = "workCalendar";
    const COLLECTION: &'static str = "workCalendars";
    const FIRST: &'static str = BUILT_IN;

    fn built_in() -> Vec<(&'static str, Self)> {
        vec![(BUILT_IN, Self::default())]
    }
}

/// Monday to Friday, all day.
impl Default for WorkCalendar {
    fn default() -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        let all_day = || vec![Hours { open: 0, close: DAY_MINUTES }];
        let days = [Monday, Tuesday, Wednesday, Thursday, Friday];
        Self {
            description: "Built in: Monday to Friday, no holidays.".into(),
            time_zone: String::new(),
            week: days.map(|day| (day, all_day())).into(),
            exceptions: BTreeMap::new(),
            known_through: None,
        }
    }
}

impl WorkCalendar {
    fn hours(&self, day: NaiveDate) -> &[Hours] {
        let of_week = || self.week.get(&Weekday::of(day));
        self.exceptions.get(&day).or_else(of_week).map_or(&[], Vec::as_slice)
    }

    /// Whether a day is worked at all.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        !self.hours(day).is_empty()
    }

    /// Whether the hours of a day were known when the calendar was made.
    pub fn knows(&self, day: NaiveDate) -> bool {
        self.known_through.is_some_and(|through| day <= through)
    }

    /// The last of so many working days after a day; the day itself for none.
    pub fn working_days_after(&self, day: NaiveDate, days: u32) -> NaiveDate {
        let next = |from: NaiveDate| from.succ_opt().map_or(from, |next| self.following(next));
        (0..days).fold(day, |from, _| next(from))
    }

    /// The day itself, or the first working day after it. "No date" stays no date.
    pub fn following(&self, day: NaiveDate) -> NaiveDate {
        // Each exception closes at most one of the days of the week that are worked.
        let within = (self.exceptions.len() + 1) * 7;
        let mut days = day.iter_days().take_while(|next| *next < NO_DATE).take(within);
        days.find(|next| self.is_working(*next)).unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dates::{add_days, parse_iso};
    use proptest::prelude::*;

    fn day(iso: &str) -> NaiveDate {
        parse_iso("date", iso).unwrap()
    }

    /// February 2026 in China: the spring festival, with two Saturdays worked for it.
    fn china() -> WorkCalendar {
        let hours = || vec![Hours { open: 540, close: 1_080 }];
        let closed = (15..=23).map(|n| (NaiveDate::from_ymd_opt(2026, 2, n).unwrap(), vec![]));
        let worked = ["2026-02-14", "2026-02-28"].map(|iso| (day(iso), hours()));
        WorkCalendar {
            exceptions: closed.chain(worked).collect(),
            known_through: Some(day("2026-12-31")),
            ..WorkCalendar::default()
        }
    }

    #[test]
    fn a_vacancy_is_to_be_closed_within_ten_working_days() {
        let friday = day("2026-02-13");
        let calendar = china();
        assert_eq!(calendar.working_days_after(friday, 10), day("2026-03-05"));
        let weekends = WorkCalendar::default();
        assert_eq!(weekends.working_days_after(friday, 10), day("2026-02-27"));
        let mut holidays = calendar.clone();
        holidays.exceptions.retain(|_, hours| hours.is_empty());
        assert_eq!(holidays.working_days_after(friday, 10), day("2026-03-09"));
        assert_eq!(calendar.working_days_after(friday, 0), friday);
        assert!(!weekends.knows(friday), "nobody said which days are holidays");
    }

    #[test]
    fn a_weekend_rolls_to_monday_and_a_weekday_stands() {
        let plain = WorkCalendar::default();
        for (from, to) in [
            ("2026-01-02", "2026-01-02"),
            ("2026-01-03", "2026-01-05"),
            ("2026-01-04", "2026-01-05"),
            ("2026-02-14", "2026-02-16"),
        ] {
            assert_eq!(plain.following(day(from)), day(to), "{from}");
        }
        assert_eq!(plain.following(NO_DATE), NO_DATE);
    }

    #[test]
    fn exceptions_win_over_the_week_both_ways() {
        for (from, to) in [
            ("2026-02-14", "2026-02-14"),
            ("2026-02-15", "2026-02-24"),
            ("2026-02-23", "2026-02-24"),
            ("2026-02-28", "2026-02-28"),
            ("2026-03-01", "2026-03-02"),
        ] {
            assert_eq!(china().following(day(from)), day(to), "{from}");
        }
    }

    /// Ten working days from Friday 13 February: 5 March; without the working Saturdays 9 March,
    /// with weekends alone 27 February.
    #[test]
    fn d4_2_working_days_are_those_of_the_calendar() {
        let tenth = |calendar: &WorkCalendar| {
            let after = day("2026-02-13").succ_opt().unwrap();
            let mut worked = after.iter_days().filter(|day| calendar.is_working(*day));
            worked.nth(9).unwrap()
        };
        assert_eq!(tenth(&china()), day("2026-03-05"));
        assert_eq!(tenth(&WorkCalendar::default()), day("2026-02-27"));
        let mut rigid = china();
        rigid.exceptions.retain(|_, hours| hours.is_empty());
        assert_eq!(tenth(&rigid), day("2026-03-09"));
    }

    proptest! {
        #[test]
        fn a_day_rolls_to_the_first_that_is_worked_and_no_further(
            exceptions in prop::collection::btree_map(0u32..60, any::<bool>(), 0..40),
            from in 0u32..60,
        ) {
            let start = day("2026-01-01");
            let hours = |worked| if worked { vec![Hours { open: 0, close: 1 }] } else { vec![] };
            let exceptions = exceptions.into_iter().map(|(n, worked)| (add_days(start, n), hours(worked)));
            let calendar =
                WorkCalendar { exceptions: exceptions.collect(), ..WorkCalendar::default() };
            let from = add_days(start, from);
            let to = calendar.following(from);
            prop_assert!(calendar.is_working(to));
            prop_assert!(from.iter_days().take_while(|day| *day < to).all(|day| !calendar.is_working(day)));
        }
    }
}
