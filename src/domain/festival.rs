//! Days of the year that people at customers are greeted on, by the calendar of which they are.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use icu_calendar::Date;
use icu_calendar::cal::ChineseTraditional;
use serde::{Deserialize, Serialize};

use super::dates::add_days;
use super::stored::stored_enum;

pub const FESTIVALS_MAX: usize = 50;
/// Days before it from which on somebody sees to it.
pub const NOTICE_DAYS: u32 = 7;

stored_enum! {
    pub enum YearCalendar {
        Gregorian => "GREGORIAN",
        /// The lunisolar one that is used in China (GB/T 33661-2017).
        Chinese => "CHINESE",
    }
}

impl YearCalendar {
    /// The most days that a month of it can have.
    pub fn month_days_max(self, month: u32) -> u32 {
        match (self, month) {
            (Self::Gregorian, 2) => 29,
            (Self::Gregorian, 4 | 6 | 9 | 11) | (Self::Chinese, _) => 30,
            (Self::Gregorian, _) => 31,
        }
    }
}

/// A day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearDay {
    pub calendar: YearCalendar,
    /// 1 to 12.
    pub month: u32,
    pub day: u32,
}

/// A month and a day of it, and how long the month is that year.
struct Placed {
    month: u32,
    day: u32,
    month_days: u32,
}

fn gregorian(on: NaiveDate) -> Placed {
    Placed { month: on.month(), day: on.day(), month_days: on.num_days_in_month().into() }
}

/// `None` within a leap month.
fn chinese(on: NaiveDate) -> Option<Placed> {
    let narrow = |n: u32| u8::try_from(n).ok();
    let iso = Date::try_new_iso(on.year(), narrow(on.month())?, narrow(on.day())?).ok()?;
    let told = iso.to_calendar(ChineseTraditional::new());
    let month = told.month();
    let placed = Placed {
        month: month.number().into(),
        day: told.day_of_month().0.into(),
        month_days: told.days_in_month().into(),
    };
    (!month.to_input().is_leap()).then_some(placed)
}

impl YearDay {
    /// Whether it is on that day. What its month is too short for that year is on its last day, and
    /// nothing is in a leap month of the Chinese calendar.
    pub fn is_on(&self, on: NaiveDate) -> bool {
        let placed = match self.calendar {
            YearCalendar::Gregorian => Some(gregorian(on)),
            YearCalendar::Chinese => chinese(on),
        };
        placed.is_some_and(|Placed { month, day, month_days }| {
            month == self.month && day == self.day.min(month_days)
        })
    }

    /// The days of the year that are on a day: what its month is too short for is on its last day.
    pub fn falling_on(on: NaiveDate) -> Vec<Self> {
        let placed =
            [(YearCalendar::Gregorian, Some(gregorian(on))), (YearCalendar::Chinese, chinese(on))];
        let mut falling = Vec::new();
        for (calendar, placed) in placed {
            let Some(Placed { month, day, month_days }) = placed else { continue };
            let last = if day == month_days { calendar.month_days_max(month) } else { day };
            falling.extend((day..=last.max(day)).map(|day| Self { calendar, month, day }));
        }
        falling
    }

    /// The day on which it is, if that is one of the next [`NOTICE_DAYS`] or this one.
    pub fn soon(&self, on: NaiveDate) -> Option<NaiveDate> {
        (0..=NOTICE_DAYS).map(|n| add_days(on, n)).find(|day| self.is_on(*day))
    }
}

/// What is on one of the next [`NOTICE_DAYS`] or this one, with the first day on which it is.
pub fn soon(on: NaiveDate) -> Vec<(YearDay, NaiveDate)> {
    let mut soon: Vec<(YearDay, NaiveDate)> = Vec::new();
    for day in (0..=NOTICE_DAYS).map(|n| add_days(on, n)) {
        let new = YearDay::falling_on(day).into_iter();
        let new: Vec<YearDay> =
            new.filter(|of| soon.iter().all(|(known, _)| known != of)).collect();
        soon.extend(new.into_iter().map(|of| (of, day)));
    }
    soon
}

/// A day of the year on which accounts of some classes are greeted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Festival {
    pub code: String,
    #[serde(flatten)]
    pub on: YearDay,
    /// Codes of the classes.
    pub classes: Vec<String>,
}

/// An occasion to greet somebody, in the week before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    pub day: NaiveDate,
    /// Codes of what is on that day.
    pub codes: Vec<String>,
}

/// On which of the next days an account of a class is greeted, in their order, each once.
pub fn greetings(festivals: &[Festival], class: &str, on: NaiveDate) -> Vec<Greeting> {
    let of_class = festivals.iter().filter(|of| of.classes.iter().any(|code| code == class));
    let mut days: BTreeMap<NaiveDate, Vec<String>> = BTreeMap::new();
    for (of, day) in of_class.filter_map(|of| Some((of, of.on.soon(on)?))) {
        days.entry(day).or_default().push(of.code.clone());
    }
    days.into_iter().map(|(day, codes)| Greeting { day, codes }).collect()
}

/// The festivals of a policy that nobody wrote, for accounts of this class.
pub fn built_in(class: &str) -> Vec<Festival> {
    let festival = |(code, calendar, month, day): (&str, YearCalendar, u32, u32)| Festival {
        code: code.to_owned(),
        on: YearDay { calendar, month, day },
        classes: vec![class.to_owned()],
    };
    let all = [
        ("NEW_YEAR", YearCalendar::Gregorian, 1, 1),
        ("SPRING_FESTIVAL", YearCalendar::Chinese, 1, 1),
        ("MID_AUTUMN", YearCalendar::Chinese, 8, 15),
    ];
    all.map(festival).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn of(calendar: YearCalendar, month: u32, day: u32) -> YearDay {
        YearDay { calendar, month, day }
    }

    /// All days of a year that it is on.
    fn in_year(of: YearDay, year: i32) -> Vec<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let days = (0..366).map(|n| add_days(first, n)).filter(|day| day.year() == year);
        days.filter(|day| of.is_on(*day)).collect()
    }

    #[test]
    fn i4_lunar_days_are_those_of_the_published_calendar() {
        let spring = of(YearCalendar::Chinese, 1, 1);
        for day in
            ["2020-01-25", "2023-01-22", "2025-01-29", "2026-02-17", "2033-01-31", "2034-02-19"]
        {
            assert_eq!(in_year(spring, date(day).year()), [date(day)]);
        }
        let autumn = of(YearCalendar::Chinese, 8, 15);
        for day in ["2020-10-01", "2025-10-06", "2026-09-25", "2033-09-08"] {
            assert_eq!(in_year(autumn, date(day).year()), [date(day)]);
        }
    }

    #[test]
    fn i4_no_festival_is_in_a_leap_month() {
        // 2020 has a fourth month twice, 2025 a sixth, 2033 an eleventh.
        for (year, month, first) in
            [(2020, 4, "2020-04-23"), (2025, 6, "2025-06-25"), (2033, 11, "2033-11-22")]
        {
            assert_eq!(in_year(of(YearCalendar::Chinese, month, 1), year), [date(first)]);
        }
    }

    #[test]
    fn a_day_that_a_month_lacks_is_its_last_one() {
        let leap = of(YearCalendar::Gregorian, 2, 29);
        assert_eq!(in_year(leap, 2027), [date("2027-02-28")]);
        assert_eq!(in_year(leap, 2028), [date("2028-02-29")]);
        // New Year's Eve is the 29th or the 30th of the twelfth month.
        let eve = of(YearCalendar::Chinese, 12, 30);
        assert_eq!(in_year(eve, 2025), [date("2025-01-28")]);
        assert_eq!(in_year(eve, 2026), [date("2026-02-16")]);
    }

    #[test]
    fn what_falls_on_a_day_is_what_is_on_it() {
        // Every day that a year can have, on every day of seven years with leap days and months.
        let mut all = Vec::new();
        for calendar in [YearCalendar::Gregorian, YearCalendar::Chinese] {
            for month in 1..=12 {
                let days = 1..=calendar.month_days_max(month);
                all.extend(days.map(|day| of(calendar, month, day)));
            }
        }
        for n in 0..7 * 366 {
            let day = add_days(date("2024-01-01"), n);
            let is_on: Vec<YearDay> = all.iter().copied().filter(|of| of.is_on(day)).collect();
            assert_eq!(YearDay::falling_on(day), is_on, "{day}");
        }
        let found = soon(date("2026-02-10"));
        let spring = of(YearCalendar::Chinese, 1, 1);
        assert!(found.contains(&(spring, date("2026-02-17"))));
        let first: Vec<_> =
            all.iter().filter_map(|of| Some((*of, of.soon(date("2026-02-10"))?))).collect();
        assert_eq!(found.len(), first.len());
        assert!(first.iter().all(|one| found.contains(one)));
    }

    #[test]
    fn what_is_on_one_day_is_one_occasion() {
        let festival = |code: &str, month, day, class: &str| Festival {
            code: code.into(),
            on: of(YearCalendar::Gregorian, month, day),
            classes: vec![class.into()],
        };
        let all = [
            festival("B", 2, 17, "A"),
            festival("SPRING", 2, 17, "A"),
            festival("EVE", 2, 16, "A"),
            festival("OTHER", 2, 16, "C"),
        ];
        let codes = |class, on: &str| {
            let told = greetings(&all, class, date(on)).into_iter();
            told.map(|of| format!("{} {}", of.day, of.codes.join(" "))).collect::<Vec<_>>()
        };
        assert_eq!(codes("A", "2026-02-10"), ["2026-02-16 EVE", "2026-02-17 B SPRING"]);
        assert_eq!(codes("C", "2026-02-10"), ["2026-02-16 OTHER"]);
        assert_eq!(codes("A", "2026-02-09"), ["2026-02-16 EVE"]);
    }

    #[test]
    fn a_festival_is_soon_from_seven_days_before_it_through_the_day() {
        let spring = of(YearCalendar::Chinese, 1, 1);
        let soon = |day: &str| spring.soon(date(day));
        let on = Some(date("2026-02-17"));
        assert_eq!([soon("2026-02-09"), soon("2026-02-10")], [None, on]);
        assert_eq!([soon("2026-02-17"), soon("2026-02-18")], [on, None]);
    }
}
