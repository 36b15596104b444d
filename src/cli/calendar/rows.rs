//! The lines of files of days. What is not clear is told and never guessed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;

use super::date;
use crate::domain::text::quote;
use crate::pb;

const OPEN: &str = "OPEN";
const CLOSED: &str = "CLOSED";

/// A file as it is told of, with what it says.
#[derive(Debug)]
pub(super) struct File {
    pub name: String,
    pub text: String,
}

/// Days that are not as their weekday, by day, with their hours.
#[derive(Debug, PartialEq)]
pub(super) struct Days(BTreeMap<NaiveDate, Vec<pb::WorkHours>>);

/// What a line says of a day.
struct Said<'a> {
    file: &'a File,
    line: u64,
    hours: Vec<pb::WorkHours>,
}

impl Days {
    /// What all files say together, in whatever order they come. Files may overlap: a day is there
    /// once, of which each says the same.
    ///
    /// # Errors
    /// Every line that is wrong, with its file and its number.
    pub fn read(
        files: &[File],
        usual: &[pb::WorkHours],
        known_through: NaiveDate,
    ) -> Result<Self, Vec<String>> {
        let (mut days, mut faults) = (BTreeMap::new(), Vec::new());
        for file in files {
            let lines = match lines(&file.text, usual, known_through) {
                Ok(lines) => lines,
                Err(what) => vec![(1, Err(vec![what]))],
            };
            for (line, read) in lines {
                let told = match read {
                    Err(told) => told,
                    Ok((day, hours)) => {
                        let told = add(&mut days, day, Said { file, line, hours });
                        told.into_iter().collect()
                    }
                };
                let name = &file.name;
                faults.extend(told.into_iter().map(|what| format!("{name}: line {line}: {what}")));
            }
        }
        let hours = |(day, said): (NaiveDate, Said<'_>)| (day, said.hours);
        if faults.is_empty() {
            Ok(Self(days.into_iter().map(hours).collect()))
        } else {
            Err(faults)
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&NaiveDate, &Vec<pb::WorkHours>)> {
        self.0.iter()
    }

    pub fn exceptions(&self) -> Vec<pb::WorkCalendarException> {
        let exception = |(day, hours): (&NaiveDate, &Vec<pb::WorkHours>)| {
            pb::WorkCalendarException { date: Some(date(*day)), hours: hours.clone() }
        };
        self.0.iter().map(exception).collect()
    }
}

/// Adds what a line says of a day; answers what is wrong if another one says something else.
fn add<'a>(
    days: &mut BTreeMap<NaiveDate, Said<'a>>,
    day: NaiveDate,
    said: Said<'a>,
) -> Option<String> {
    match days.entry(day) {
        Entry::Vacant(new) => {
            new.insert(said);
            None
        }
        Entry::Occupied(before) => {
            let Said { file, line, hours } = before.get();
            match (std::ptr::eq(*file, said.file), *hours == said.hours) {
                (true, _) => Some(format!("{day} is on line {line}")),
                (false, true) => None,
                (false, false) => {
                    Some(format!("{day} is otherwise on line {line} of {}", file.name))
                }
            }
        }
    }
}

type Read = Result<(NaiveDate, Vec<pb::WorkHours>), Vec<String>>;

/// The lines of a file behind its head, each with its number.
///
/// # Errors
/// What is wrong with the head.
fn lines(
    text: &str,
    usual: &[pb::WorkHours],
    known_through: NaiveDate,
) -> Result<Vec<(u64, Read)>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let head = rows.next().and_then(Result::ok).unwrap_or_default();
    let head: Vec<&str> = head.iter().collect();
    if head != ["date", "hours"] && head != ["date", "hours", "note"] {
        let what = "must be date,hours or date,hours,note";
        return Err(format!("{what}, not {}", quote(&head.join(","))));
    }
    let read = |row: csv::Result<csv::StringRecord>| match row {
        Ok(row) => {
            let line = row.position().map_or(0, csv::Position::line);
            (line, day(&row, head.len(), usual, known_through))
        }
        Err(e) => (e.position().map_or(0, csv::Position::line), Err(vec![e.to_string()])),
    };
    Ok(rows.map(read).collect())
}

fn day(
    row: &csv::StringRecord,
    columns: usize,
    usual: &[pb::WorkHours],
    known_through: NaiveDate,
) -> Read {
    if row.len() != columns {
        return Err(vec![format!("has {} cells, not {columns}", row.len())]);
    }
    let cell = |n: usize| row.get(n).unwrap_or_default();
    let mut faults = Vec::new();
    let day = iso(cell(0));
    match day {
        None => faults.push(format!("date: {} is not a day as YYYY-MM-DD", quote(cell(0)))),
        Some(day) if day > known_through => {
            faults.push(format!("date: {day} lies after --known-through, {known_through}"));
        }
        Some(_) => {}
    }
    let hours = match cell(1) {
        OPEN => Ok(usual.to_vec()),
        CLOSED => Ok(Vec::new()),
        own => hours(own),
    };
    if let Err(what) = &hours {
        faults.push(format!("hours: {what}"));
    }
    match (day, hours) {
        (Some(day), Ok(hours)) if faults.is_empty() => Ok((day, hours)),
        _ => Err(faults),
    }
}

/// Only as it is written: `2026-2-3` and `20260203` may be something else.
fn iso(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (day.format("%Y-%m-%d").to_string() == text).then_some(day)
}

/// `09:00-12:00 13:00-18:00`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn hours(text: &str) -> Result<Vec<pb::WorkHours>, String> {
    let refuse = || {
        format!("{} is neither {OPEN}, {CLOSED}, nor hours as 09:00-12:00 13:00-18:00", quote(text))
    };
    let mut read: Vec<pb::WorkHours> = Vec::new();
    for part in text.split_whitespace() {
        let (open, close) = part.split_once('-').ok_or_else(refuse)?;
        let is_time = |text: &str| {
            let minutes = text.split_once(':').map(|(h, m)| (h.parse::<u8>(), m.parse::<u8>()));
            let known = matches!(minutes, Some((Ok(0..=23), Ok(0..=59)) | (Ok(24), Ok(0))));
            known && text.len() == 5
        };
        // Text of one length: it is compared as the times are.
        if !is_time(open) || !is_time(close) {
            return Err(refuse());
        }
        if open >= close || read.last().is_some_and(|before| open < before.close.as_str()) {
            return Err(format!("{} does not ascend", quote(text)));
        }
        read.push(pb::WorkHours { open: open.into(), close: close.into() });
    }
    if read.is_empty() { Err(refuse()) } else { Ok(read) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        iso(text).unwrap()
    }

    fn read_all(files: &[(&str, &str)]) -> Result<Days, Vec<String>> {
        let file =
            |(name, text): &(&str, &str)| File { name: (*name).into(), text: (*text).into() };
        let files: Vec<File> = files.iter().map(file).collect();
        Days::read(&files, &hours("09:00-18:00").unwrap(), day("2026-12-31"))
    }

    fn read(text: &str) -> Result<Days, Vec<String>> {
        read_all(&[("f", text)])
    }

    #[test]
    fn files_make_one_calendar_in_whatever_order_and_none_where_they_differ() {
        let last = ("2025", "date,hours\n2025-10-01,CLOSED\n2026-01-01,CLOSED\n2026-01-04,OPEN\n");
        let this = ("2026", "date,hours,note\n2026-01-01,CLOSED,\n2026-01-04,09:00-18:00,\n");
        let days = read_all(&[last, this]).unwrap();
        assert_eq!(read_all(&[this, last]).unwrap(), days);
        let told: Vec<_> = days.iter().map(|(day, hours)| (*day, hours.len())).collect();
        let expected = [("2025-10-01", 0), ("2026-01-01", 0), ("2026-01-04", 1)];
        assert_eq!(told, expected.map(|(iso, hours)| (day(iso), hours)));

        let other =
            ("other", "date,hours\n2026-01-01,OPEN\n2026-01-04,09:00-12:00\n2026-13-01,OPEN\n");
        let faults = read_all(&[this, last, other]).unwrap_err();
        let expected = [
            "other: line 2: 2026-01-01 is otherwise on line 2 of 2026",
            "other: line 3: 2026-01-04 is otherwise on line 3 of 2026",
        ];
        assert_eq!(faults[..2], expected);
        assert!(faults[2].starts_with("other: line 4: date: "), "{faults:?}");
        let headless = read_all(&[("a", "day\n"), ("b", "")]).unwrap_err();
        let told: Vec<_> = headless.iter().map(|fault| &fault[..10]).collect();
        assert_eq!(told, ["a: line 1:", "b: line 1:"]);
    }

    #[test]
    fn d4_2_days_are_closed_worked_as_usual_or_with_hours_of_their_own() {
        let text = "\u{feff}date,hours,note\r\n2026-02-14,OPEN,调休上班\n2026-02-16, CLOSED ,\n\
                    2026-12-31,09:00-12:00 13:00-15:00,\"half, and early\"\n";
        let days = read(text).unwrap();
        let told: Vec<_> = days.iter().map(|(day, hours)| (*day, hours.len())).collect();
        assert_eq!(told, [(day("2026-02-14"), 1), (day("2026-02-16"), 0), (day("2026-12-31"), 2)]);
        assert_eq!(days.exceptions()[0].hours, hours("09:00-18:00").unwrap());
        assert_eq!(read("date,hours\n").unwrap().exceptions(), []);
    }

    #[test]
    fn every_line_that_is_not_clear_is_told() {
        let text = "date,hours\n14/02/2026,OPEN\n2026-2-14,OPEN\n2026-02-30,OPEN\n2027-01-01,CLOSED\n\
                    2026-03-01,open\n2026-03-02,\n2026-03-03,18:00-09:00\n2026-03-04,9:00-12:00\n\
                    2026-03-05,OPEN,x\n2026-03-06,OPEN\n2026-03-06,CLOSED\n20260307,25:00-26:00\n";
        let faults = read(text).unwrap_err();
        let lines: Vec<_> =
            faults.iter().map(|fault| fault.split(':').nth(1).unwrap_or_default()).collect();
        let expected = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 13].map(|n| format!(" line {n}"));
        assert_eq!(lines, expected, "{faults:#?}");
        assert!(faults[9].contains("2026-03-06 is on line 11"), "{}", faults[9]);
        assert_eq!(read("day,hours\n").unwrap_err().len(), 1);
        assert_eq!(read("").unwrap_err().len(), 1);
    }
}
