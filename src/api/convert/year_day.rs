//! Days of every year, to and from the wire.

use crate::api::convert::request::bounded;
use crate::domain::error::Violations;
use crate::domain::festival::{YearCalendar, YearDay};

/// A month and a day of it; faults go to `violations`, at the field that `at` says of each part.
pub fn read(
    at: impl Fn(&str) -> String,
    calendar: YearCalendar,
    month: i32,
    day: i32,
    violations: &mut Violations,
) -> Option<YearDay> {
    bounded(violations, &at("month"), month, 1..=12);
    let month = u32::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let most = i32::try_from(calendar.month_days_max(month)).ok()?;
    bounded(violations, &at("day"), day, 1..=most);
    Some(YearDay { calendar, month, day: u32::try_from(day).ok()? })
}

/// The month and the day.
pub fn write(of: YearDay) -> [i32; 2] {
    [of.month, of.day].map(|number| i32::try_from(number).unwrap_or_default())
}
