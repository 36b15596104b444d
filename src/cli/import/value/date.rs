//! Days as exports write them.

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

use super::half_width;
use crate::domain::dates;
use crate::domain::error::{Reason, Result, Violation};
use crate::domain::text::quote;

/// Forms that can be read in one way only, whatever else a file holds.
const PLAIN: [&str; 13] = [
    "YYYY-M-D",
    "YYYYMMDD",
    "D.M.YYYY",
    "YYYY/M/D",
    "YYYY.M.D",
    "YYYY年M月D日",
    "D MMM YYYY",
    "D-MMM-YYYY",
    "D. MMM YYYY",
    "D.MMM.YYYY",
    "D/MMM/YYYY",
    "MMM D, YYYY",
    "MMM D YYYY",
];
/// Years of two digits below this are of this century.
const CENTURY_BEGINS: i32 = 80;
/// Months by the beginnings of their names in English, German, French and Spanish.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän", "ene"],
    &["feb", "fév", "fev"],
    &["mar", "mär", "mrz"],
    &["apr", "avr", "abr"],
    &["may", "mai"],
    &["jun", "juin"],
    &["jul", "juil"],
    &["aug", "aoû", "aou", "ago"],
    &["sep"],
    &["oct", "okt"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

/// A form of dates: `YYYY-MM-DD`, `YYYYMMDD`, `M/D/YYYY`, `D.M.YY` … `MM` and `DD` are two
/// digits, `M` and `D` one or two, `MMM` the name of a month. `SERIAL` counts days as
/// spreadsheets do, `SERIAL1904` as some for the Macintosh did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(in crate::cli::import) struct DatePattern {
    text: String,
    parts: Parts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    Written(Vec<Part>),
    /// The day before the first.
    Serial(NaiveDate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year { digits: usize },
    Month { digits: Option<usize> },
    MonthName,
    Day { digits: Option<usize> },
    Literal(char),
}

impl DatePattern {
    /// The forms that need no decision.
    pub fn plain() -> Vec<Self> {
        PLAIN.iter().filter_map(|text| Self::try_from((*text).to_owned()).ok()).collect()
    }

    /// `D/M/YYYY` or `M/D/YYYY`, with the separator.
    pub fn ordered(separator: char, day_first: bool) -> Option<Self> {
        let (one, two) = if day_first { ('D', 'M') } else { ('M', 'D') };
        Self::try_from(format!("{one}{separator}{two}{separator}YYYY")).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day, if the value is in this form; a time of day behind it is dropped, and the `.0` of
    /// a number that a program took for a float.
    fn read(&self, field: &str, value: &str) -> Option<Result<NaiveDate, Violation>> {
        let parts = match &self.parts {
            Parts::Written(parts) => parts,
            Parts::Serial(before) => return serial(field, value, *before),
        };
        let (mut date, mut rest) = ([0; 3], value);
        for part in parts {
            let (at, digits) = match *part {
                Part::Literal(c) => {
                    rest = rest.strip_prefix(c)?;
                    continue;
                }
                Part::MonthName => {
                    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
                    (date[1], rest) = (month(&rest[..end])?, &rest[end..]);
                    // Some write a point behind a name that they cut.
                    rest = rest.strip_prefix(". ").map_or(rest, |_| &rest[1..]);
                    continue;
                }
                Part::Year { digits } => (0, Some(digits)),
                Part::Month { digits } => (1, digits),
                Part::Day { digits } => (2, digits),
            };
            let found = rest.bytes().take(digits.unwrap_or(2)).take_while(u8::is_ascii_digit);
            let length = found.count();
            if length == 0 || digits.is_some_and(|digits| digits != length) {
                return None;
            }
            date[at] = rest[..length].parse().ok()?;
            if let Part::Year { digits: 2 } = part {
                date[at] += if date[at] < CENTURY_BEGINS { 2_000 } else { 1_900 };
            }
            rest = &rest[length..];
        }
        let [year, month, day] = date;
        (rest.is_empty() || rest == ".0" || is_time(rest))
            .then(|| dates::from_parts(field, year, month, day))
    }
}

/// A number of days; a fraction is the time of day.
fn serial(field: &str, value: &str, before: NaiveDate) -> Option<Result<NaiveDate, Violation>> {
    let (days, time) = value.split_once(['.', ',']).unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if days.is_empty() || days.len() > 6 || !digits(days) || !digits(time) {
        return None;
    }
    let day = before.checked_add_days(Days::new(days.parse().ok()?))?;
    let part = |n: u32| i32::try_from(n).unwrap_or_default();
    Some(dates::from_parts(field, day.year(), part(day.month()), part(day.day())))
}

/// The time of day that a day counted as spreadsheets count them has behind its point, to the second;
/// `None` if it is none, or midnight.
pub(in crate::cli::import) fn serial_time(cell: &str) -> Option<NaiveTime> {
    let (days, fraction) = cell.split_once(['.', ','])?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if days.len() > 6 || !digits(days) || !digits(fraction) {
        return None;
    }
    let of_day: Decimal = format!("0.{fraction}").parse().ok()?;
    let seconds = of_day.checked_mul(Decimal::from(DAY_SECONDS))?.round().to_u32()?;
    // What rounds to the end of a day is its last second.
    let seconds = Some(seconds.min(DAY_SECONDS - 1)).filter(|seconds| *seconds > 0)?;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)
}

/// Seconds of a day by the clock.
const DAY_SECONDS: u32 = 24 * 60 * 60;

fn month(name: &str) -> Option<i32> {
    let name = name.to_lowercase();
    let at = MONTHS.iter().position(|begins| begins.iter().any(|begin| name.starts_with(begin)))?;
    i32::try_from(at + 1).ok()
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(c).len();
        parts.push(match (c, run) {
            ('Y', 4 | 2) => Part::Year { digits: run },
            ('M', 1) => Part::Month { digits: None },
            ('M', 2) => Part::Month { digits: Some(2) },
            ('M', 3) => Part::MonthName,
            ('D', 1) => Part::Day { digits: None },
            ('D', 2) => Part::Day { digits: Some(2) },
            ('-' | '/' | '.' | ' ' | ',' | '年' | '月' | '日', _) if run == c.len_utf8() => {
                Part::Literal(c)
            }
            _ => return None,
        });
        rest = &rest[run..];
    }
    let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
    let whole = count(|p| matches!(p, Part::Year { .. })) == 1
        && count(|p| matches!(p, Part::Month { .. } | Part::MonthName)) == 1
        && count(|p| matches!(p, Part::Day { .. })) == 1;
    whole.then_some(parts)
}

impl TryFrom<String> for DatePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let before = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        let read = match &*text {
            // Two days before 1900: the first is 1, and spreadsheets know a 29 February 1900.
            "SERIAL" => before(1899, 12, 30).map(Parts::Serial),
            "SERIAL1904" => before(1904, 1, 1).map(Parts::Serial),
            _ => parts(&text).map(Parts::Written),
        };
        match read {
            Some(parts) => Ok(Self { text, parts }),
            None => Err(format!("{text:?} is not a form of dates like YYYY-MM-DD or M/D/YYYY")),
        }
    }
}

impl std::str::FromStr for DatePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl From<DatePattern> for String {
    fn from(pattern: DatePattern) -> Self {
        pattern.text
    }
}

/// Reads a date in the first form that fits.
pub(in crate::cli::import) fn date(
    field: &str,
    value: &str,
    patterns: &[DatePattern],
) -> Result<NaiveDate, Violation> {
    let written = half_width(value);
    if let Some(read) = patterns.iter().find_map(|pattern| pattern.read(field, &written)) {
        return read;
    }
    let forms: Vec<&str> = patterns.iter().map(DatePattern::as_str).collect();
    let description = format!("{} is not a date in the form {}", quote(value), forms.join(" or "));
    Err(Violation::new(field, Reason::DateInvalid, description))
}

/// As [`date`], of a cell that may be a day by its type; a number by its type may count days.
pub(in crate::cli::import) fn of_cell(
    field: &str,
    cell: &str,
    typed: bool,
    patterns: &[DatePattern],
) -> Result<NaiveDate, Violation> {
    if typed && cell.contains('-') {
        let day = cell.split_once([' ', 'T']).map_or(cell, |(day, _)| day);
        return dates::parse_iso(field, day);
    }
    date(field, cell, patterns)
}

/// Whether a value is in one of the forms, be it a day of the calendar or not.
pub(in crate::cli::import) fn is_in_form(value: &str, patterns: &[DatePattern]) -> bool {
    let written = half_width(value);
    patterns.iter().any(|pattern| pattern.read("", &written).is_some())
}

/// ` 00:00:00`, `T12:30:00.000Z`
fn is_time(rest: &str) -> bool {
    let Some(time) = rest.strip_prefix([' ', 'T']) else { return false };
    let time = time.strip_suffix(" AM").or_else(|| time.strip_suffix(" PM")).unwrap_or(time);
    time.len() >= 4
        && time.starts_with(|c: char| c.is_ascii_digit())
        && time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+' | '-'))
}

/// What a date says about the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::import) enum Order {
    DayFirst,
    MonthFirst,
    /// Both fit, and are different days.
    Either,
    /// Both fit, and are the same day.
    Same,
}

/// The order of a date like `01/02/2025`, with its separator; `None` if it is written otherwise.
pub(in crate::cli::import) fn order(value: &str) -> Option<(char, Order)> {
    let value = half_width(value);
    let separator = value.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '/' | '-') {
        return None;
    }
    let mut parts = value.splitn(3, separator);
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let whole = end == part.len() || is_time(&part[end..]);
        (digits.contains(&end) && whole).then(|| part[..end].parse::<u32>().ok()).flatten()
    };
    let (one, two) = (number(1..=2)?, number(1..=2)?);
    number(4..=4)?;
    Some((
        separator,
        match (one, two) {
            (13..=31, 1..=12) => Order::DayFirst,
            (1..=12, 13..=31) => Order::MonthFirst,
            (1..=12, 1..=12) if one == two => Order::Same,
            (1..=12, 1..=12) => Order::Either,
            _ => return None,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<DatePattern> {
        texts.iter().map(|text| DatePattern::try_from((*text).to_owned()).unwrap()).collect()
    }

    #[test]
    fn dates_are_read_in_the_forms_of_exports() {
        let patterns = [DatePattern::plain(), patterns(&["M/D/YYYY", "D.M.YY", "SERIAL"])].concat();
        for text in [
            "2019-04-05",
            "2019-4-5",
            "2019-04-05 00:00:00",
            "2019-04-05T12:30:00.000Z",
            "20190405",
            "20190405.0",
            "4/5/2019",
            "04/05/2019",
            "4/5/2019 0:00",
            "4/5/2019 12:00:00 AM",
            "2019年4月5日",
            "２０１９／０４／０５",
            "05.04.2019",
            "5.4.19",
            "5 April 2019",
            "05-APR-2019",
            "5. Apr. 2019",
            "5 avr 2019",
            "April 5, 2019",
            "43560",
            "43560.75",
        ] {
            assert_eq!(date("d", text, &patterns).unwrap().to_string(), "2019-04-05", "{text}");
        }
        assert_eq!(date("d", "3. März 2019", &patterns).unwrap().to_string(), "2019-03-03");
        assert_eq!(date("d", "3.3.85", &patterns).unwrap().to_string(), "1985-03-03");
    }

    #[test]
    fn a_date_that_does_not_exist_or_has_more_to_it_is_refused() {
        let patterns = patterns(&["YYYY-MM-DD", "YYYYMMDD", "M/D/YYYY"]);
        for text in [
            "",
            "2019-02-29",
            "2019-4-5",
            "201904",
            "20190405.5",
            "13/1/2019",
            "2019-04-05x",
            "NaT",
        ] {
            let violation = date("d", text, &patterns).unwrap_err();
            assert_eq!(violation.reason, Reason::DateInvalid, "{text}");
        }
    }

    #[test]
    fn forms_that_are_not_whole_are_refused() {
        for text in ["YYYY-MM", "YYY-MM-DD", "YYYY-MM-DD-DD", "YYYY--MM-DD", "DD MMMM YYYY", ""] {
            assert!(DatePattern::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_serial_day_has_its_time_behind_the_point() {
        let of = |cell: &str| serial_time(cell).map(|time| time.to_string());
        assert_eq!(of("43587.395833333336").as_deref(), Some("09:30:00"));
        assert_eq!(of("43587,5").as_deref(), Some("12:00:00"));
        assert_eq!(of("43587.9999999").as_deref(), Some("23:59:59"));
        for none in ["43587", "43587.0", "20240301.0", "2.5.2019", "9:30", "1.5x"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_date_says_what_it_can_about_its_order() {
        for (text, told) in [
            ("13/01/2025", Some(('/', Order::DayFirst))),
            ("1/31/2025 0:00", Some(('/', Order::MonthFirst))),
            ("01/02/2025", Some(('/', Order::Either))),
            ("02-02-2025", Some(('-', Order::Same))),
            ("2025/01/13", None),
            ("13.01.2025", None),
            ("13/13/2025", None),
            ("1/2/25", None),
        ] {
            assert_eq!(order(text), told, "{text}");
        }
    }
}
