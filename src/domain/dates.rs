//! Calendar arithmetic. A date is a day on the calendar, never an instant.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::error::{Reason, Result, Violation};
use super::stored::stored_enum;
use super::text::quote;

/// Stands for "no due date" in keys and columns that must not be null; sorts last.
pub const NO_DATE: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a calendar date");

/// The years a request may name.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// The same day `n` months later, or the last day of that month if it is shorter.
/// Saturates at the end of the calendar.
pub fn add_months(date: NaiveDate, n: u32) -> NaiveDate {
    date.checked_add_months(Months::new(n)).unwrap_or(NaiveDate::MAX)
}

/// `n` days later. Saturates at the end of the calendar.
pub fn add_days(date: NaiveDate, n: u32) -> NaiveDate {
    date.checked_add_days(Days::new(n.into())).unwrap_or(NaiveDate::MAX)
}

/// `n` days earlier. Saturates at the beginning of the calendar.
pub fn days_before(date: NaiveDate, n: u32) -> NaiveDate {
    date.checked_sub_days(Days::new(n.into())).unwrap_or(NaiveDate::MIN)
}

/// The last day of the date's month.
pub fn month_end(date: NaiveDate) -> NaiveDate {
    day_of_month(date, u32::from(date.num_days_in_month()))
}

/// Day `n` of the date's month, or its last day if the month is shorter; day 0 is day 1.
pub fn day_of_month(date: NaiveDate, n: u32) -> NaiveDate {
    let day = n.clamp(1, u32::from(date.num_days_in_month()));
    date.with_day(day).unwrap_or(date)
}

/// Reads `2026-01-31`, and only that form.
///
/// # Errors
/// `DATE_INVALID` if it is another form, no calendar day, or outside 1900–2199.
pub fn parse_iso(field: &str, value: &str) -> Result<NaiveDate, Violation> {
    let malformed = || {
        let description = format!("{} is not a date in the form YYYY-MM-DD", quote(value));
        Violation::new(field, Reason::DateInvalid, description)
    };
    let is_iso = value.len() == 10
        && value.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_iso {
        return Err(malformed());
    }
    let number = |range: std::ops::Range<usize>| value[range].parse().map_err(|_| malformed());
    from_parts(field, number(0..4)?, number(5..7)?, number(8..10)?)
}

/// The calendar day of year, month and day.
///
/// # Errors
/// `DATE_INVALID` if there is no such day, or the year is outside 1900–2199: such years are
/// typing errors, and they would make ages and due dates meaningless.
pub fn from_parts(field: &str, year: i32, month: i32, day: i32) -> Result<NaiveDate, Violation> {
    let refuse = |description| Violation::new(field, Reason::DateInvalid, description);
    if !YEARS.contains(&year) {
        let (first, last) = (YEARS.start(), YEARS.end());
        return Err(refuse(format!("the year {year} is outside {first}–{last}")));
    }
    let part = |n: i32| u32::try_from(n).ok();
    part(month)
        .zip(part(day))
        .and_then(|(month, day)| NaiveDate::from_ymd_opt(year, month, day))
        .ok_or_else(|| refuse(format!("{year}-{month}-{day} is not a calendar day")))
}

stored_enum! {
    /// What becomes of a due date that is not a working day.
    pub enum BusinessDayConvention {
        /// It stands.
        None => "NONE",
        /// It moves to the next working day of the work calendar in force.
        Following => "FOLLOWING",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(iso: &str) -> NaiveDate {
        parse_iso("date", iso).unwrap()
    }

    #[test]
    fn adding_months_clamps_to_the_end_of_a_shorter_month() {
        assert_eq!(add_months(day("2016-01-31"), 1), day("2016-02-29"));
        assert_eq!(add_months(day("2017-01-31"), 1), day("2017-02-28"));
        assert_eq!(add_months(day("2016-02-29"), 12), day("2017-02-28"));
        assert_eq!(add_months(day("2016-11-30"), 3), day("2017-02-28"));
    }

    #[test]
    fn a_month_ends_on_its_last_day_in_leap_years_too() {
        assert_eq!(month_end(day("2016-02-01")), day("2016-02-29"));
        assert_eq!(month_end(day("1900-02-28")), day("1900-02-28"));
        assert_eq!(month_end(day("2026-12-31")), day("2026-12-31"));
    }

    #[test]
    fn only_the_iso_form_of_a_calendar_day_is_a_date() {
        for text in [
            "",
            "2026-1-1",
            "20260101",
            "2026/01/01",
            "2026-02-29",
            "2026-00-10",
            "2026-13-01",
            "2026-01-00",
            "1899-12-31",
            "2200-01-01",
            "+026-01-01",
            "2026-01-01T",
            "２０２６-01",
        ] {
            let violation = parse_iso("date", text).unwrap_err();
            assert_eq!(violation.reason, Reason::DateInvalid, "{text:?}");
        }
        assert_eq!(day("2199-12-31").to_string(), "2199-12-31");
    }

    #[test]
    fn negative_parts_are_refused_not_wrapped() {
        assert!(from_parts("date", 2026, -1, 1).is_err());
        assert!(from_parts("date", 2026, 1, i32::MIN).is_err());
        assert!(from_parts("date", 0, 0, 0).is_err());
    }

    proptest! {
        #[test]
        fn every_date_in_range_reads_back_from_its_text(offset in 0u32..109_572) {
            let date = add_days(day("1900-01-01"), offset);
            prop_assert_eq!(day(&date.to_string()), date);
        }
    }
}
