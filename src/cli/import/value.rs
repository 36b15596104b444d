//! Values as exports write them: dates in several forms, ids and numbers as floats.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::dates;
use crate::domain::error::{Reason, Result, Violation};
use crate::domain::text::quote;

/// A form of dates: `YYYY-MM-DD`, `YYYYMMDD`, `M/D/YYYY`, `D.M.YYYY` … `MM` and `DD` are two
/// digits, `M` and `D` one or two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct DatePattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month { digits: Option<usize> },
    Day { digits: Option<usize> },
    Literal(char),
}

impl DatePattern {
    pub fn iso() -> Self {
        Self { text: "YYYY-MM-DD".into(), parts: parts("YYYY-MM-DD").unwrap_or_default() }
    }

    /// Year, month and day, and what follows them.
    fn read<'a>(&self, value: &'a str) -> Option<([i32; 3], &'a str)> {
        let (mut date, mut rest) = ([0; 3], value);
        for part in &self.parts {
            let (at, digits) = match *part {
                Part::Literal(c) => {
                    rest = rest.strip_prefix(c)?;
                    continue;
                }
                Part::Year => (0, Some(4)),
                Part::Month { digits } => (1, digits),
                Part::Day { digits } => (2, digits),
            };
            let found = rest.bytes().take(digits.unwrap_or(2)).take_while(u8::is_ascii_digit);
            let length = found.count();
            if length == 0 || digits.is_some_and(|digits| digits != length) {
                return None;
            }
            date[at] = rest[..length].parse().ok()?;
            rest = &rest[length..];
        }
        Some((date, rest))
    }
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(c).len();
        parts.push(match (c, run) {
            ('Y', 4) => Part::Year,
            ('M', 1) => Part::Month { digits: None },
            ('M', 2) => Part::Month { digits: Some(2) },
            ('D', 1) => Part::Day { digits: None },
            ('D', 2) => Part::Day { digits: Some(2) },
            ('-' | '/' | '.' | ' ' | '年' | '月' | '日', _) if run == c.len_utf8() => {
                Part::Literal(c)
            }
            _ => return None,
        });
        rest = &rest[run..];
    }
    let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
    let whole = count(|p| matches!(p, Part::Year)) == 1
        && count(|p| matches!(p, Part::Month { .. })) == 1
        && count(|p| matches!(p, Part::Day { .. })) == 1;
    whole.then_some(parts)
}

impl TryFrom<String> for DatePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match parts(&text) {
            Some(parts) => Ok(Self { text, parts }),
            None => Err(format!("{text:?} is not a form of dates like YYYY-MM-DD or M/D/YYYY")),
        }
    }
}

impl From<DatePattern> for String {
    fn from(pattern: DatePattern) -> Self {
        pattern.text
    }
}

/// Reads a date in the first form that fits. A time of day behind it is dropped, and the
/// `.0` of a number that a program took for a float.
pub(super) fn date(
    field: &str,
    value: &str,
    patterns: &[DatePattern],
) -> Result<NaiveDate, Violation> {
    for pattern in patterns {
        if let Some(([year, month, day], rest)) = pattern.read(value)
            && (rest.is_empty() || rest == ".0" || is_time(rest))
        {
            return dates::from_parts(field, year, month, day);
        }
    }
    let forms: Vec<&str> = patterns.iter().map(|p| p.text.as_str()).collect();
    let description = format!("{} is not a date in the form {}", quote(value), forms.join(" or "));
    Err(Violation::new(field, Reason::DateInvalid, description))
}

/// ` 00:00:00`, `T12:30:00.000Z`
fn is_time(rest: &str) -> bool {
    let Some(time) = rest.strip_prefix([' ', 'T']) else { return false };
    time.len() >= 5
        && time.starts_with(|c: char| c.is_ascii_digit())
        && time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | 'Z' | '+' | '-'))
}

/// `1929003413.0` is `1929003413`: an id that a program took for a float.
pub(super) fn without_float(id: &str) -> &str {
    match id.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit())
                && zeros.bytes().all(|b| b == b'0') =>
        {
            whole
        }
        _ => id,
    }
}

/// A whole number, perhaps written as `2019.0`.
pub(super) fn integer<T: TryFrom<i64>>(field: &str, value: &str) -> Result<T, Violation> {
    without_float(value).parse::<i64>().ok().and_then(|n| T::try_from(n).ok()).ok_or_else(|| {
        let description = format!("{} is not a whole number in range", quote(value));
        Violation::new(field, Reason::FieldInvalid, description)
    })
}

/// The amount as a plain decimal number. Separators are given by the mapping, never guessed.
pub(super) fn plain_number(value: &str, decimal: char, thousands: Option<char>) -> String {
    value
        .chars()
        .filter(|&c| Some(c) != thousands)
        .map(|c| match c {
            c if c == decimal => '.',
            // A point that is no decimal point must not become one.
            '.' => ',',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<DatePattern> {
        texts.iter().map(|text| DatePattern::try_from((*text).to_owned()).unwrap()).collect()
    }

    #[test]
    fn dates_are_read_in_the_forms_of_exports() {
        let patterns = patterns(&["YYYY-MM-DD", "YYYYMMDD", "M/D/YYYY", "YYYY年M月D日"]);
        for text in [
            "2019-04-05",
            "2019-04-05 00:00:00",
            "2019-04-05T12:30:00.000Z",
            "20190405",
            "20190405.0",
            "4/5/2019",
            "04/05/2019",
            "4/5/2019 0:00:00",
            "2019年4月5日",
        ] {
            assert_eq!(date("d", text, &patterns).unwrap().to_string(), "2019-04-05", "{text}");
        }
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
        for text in ["YYYY-MM", "YY-MM-DD", "YYYY-MM-DD-DD", "YYYY--MM-DD", "DD MMM YYYY", ""] {
            assert!(DatePattern::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_loses_the_zero_fraction_of_a_float_and_nothing_else() {
        assert_eq!(without_float("1929003413.0"), "1929003413");
        assert_eq!(without_float("0200769623"), "0200769623");
        for id in ["1.5", "A.0", ".0", "1.0.0", "CCU013"] {
            assert_eq!(without_float(id), id);
        }
        assert_eq!(integer::<i32>("f", "2019.0"), Ok(2019));
        assert!(integer::<i32>("f", "99999999999").is_err());
    }

    #[test]
    fn separators_are_those_of_the_mapping() {
        assert_eq!(plain_number("1.234,50", ',', Some('.')), "1234.50");
        assert_eq!(plain_number("1,234.50", '.', Some(',')), "1234.50");
        assert_eq!(plain_number("1,234.50", '.', None), "1,234.50");
        assert_eq!(plain_number("1.5", ',', None), "1,5");
        assert_eq!(plain_number("１２.５", '.', None), "１２.５");
    }
}
