//! Sheets of a workbook (XLSX) as rows, read as a stream on a thread of their own.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{Cell, Content, Row};

/// Rows that are read ahead.
const AHEAD: usize = 256;
/// Significant digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;
/// Columns beyond these are not looked at.
const COLUMNS_MAX: usize = 2_000;

/// `None`: that was the last row.
type Read = Result<Option<Row>, String>;

pub(super) struct SheetRows {
    rows: Receiver<Read>,
    width: Option<usize>,
}

/// The sheets that a person sees, in their order.
pub(super) fn names(path: &Path) -> Result<Vec<String>, String> {
    let book = open(path)?;
    let visible = book.sheets_metadata().iter().filter(|sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    });
    Ok(visible.map(|sheet| sheet.name.clone()).collect())
}

fn open(path: &Path) -> Result<Xlsx<BufReader<File>>, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    Xlsx::new(BufReader::new(file)).map_err(|e| format!("it is no workbook that can be read: {e}"))
}

impl SheetRows {
    pub fn open(path: &Path, sheet: &str) -> Result<Self, String> {
        let mut book = open(path)?;
        let (sender, rows) = sync_channel(AHEAD);
        let sheet = sheet.to_owned();
        std::thread::Builder::new()
            .name("sheet".into())
            .spawn(move || {
                // Who no longer reads has dropped the receiver.
                let end = send(&mut book, &sheet, &sender).map(|()| None);
                sender.send(end).ok();
            })
            .map_err(|e| e.to_string())?;
        Ok(Self { rows, width: None })
    }

    pub fn set_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    pub fn next(&mut self) -> Result<Option<Row>, String> {
        let read = self.rows.recv().map_err(|_| "the reader of the sheet broke off".to_owned())?;
        let Some(mut row) = read? else { return Ok(None) };
        if let (Some(width), Content::Cells(cells)) = (self.width, &mut row.content) {
            if cells.len() > width {
                let why = format!("has {} cells where the headers are {width}", cells.len());
                let text = cells.iter().map(|cell| &*cell.text).collect::<Vec<_>>().join(" | ");
                row.content = Content::Broken { why, text };
            } else {
                cells.resize_with(width, Cell::default);
            }
        }
        Ok(Some(row))
    }
}

/// Sends the rows that are not empty, until all are sent or nobody wants them.
fn send(
    book: &mut Xlsx<BufReader<File>>,
    sheet: &str,
    rows: &SyncSender<Read>,
) -> Result<(), String> {
    let failed = |e: calamine::XlsxError| format!("the sheet {sheet:?} cannot be read: {e}");
    let mut reader = book.worksheet_cells_reader(sheet).map_err(failed)?;
    let mut cells: Vec<Cell> = Vec::new();
    let mut line = 0;
    while let Some(cell) = reader.next_cell().map_err(failed)? {
        let (row, column) = cell.get_position();
        let number = u64::from(row) + 1;
        if number != line && !give(line, &mut cells, rows) {
            return Ok(());
        }
        line = number;
        let column = column as usize;
        let read = read(cell.get_value());
        if read.text.trim().is_empty() || column >= COLUMNS_MAX {
            continue;
        }
        cells.resize_with(column.max(cells.len()), Cell::default);
        cells.push(read);
    }
    give(line, &mut cells, rows);
    Ok(())
}

fn give(line: u64, cells: &mut Vec<Cell>, rows: &SyncSender<Read>) -> bool {
    let cells = std::mem::take(cells);
    cells.is_empty() || rows.send(Ok(Some(Row { line, content: Content::Cells(cells) }))).is_ok()
}

fn read(value: &DataRef<'_>) -> Cell {
    let typed = |text: String| Cell { text, typed: true };
    match value {
        DataRef::Empty => Cell::default(),
        DataRef::Int(number) => typed(number.to_string()),
        DataRef::Float(number) => typed(plain(&format!("{number:.*e}", DIGITS - 1))),
        DataRef::String(text) => Cell::written(text.clone()),
        DataRef::SharedString(text) => Cell::written((*text).to_owned()),
        DataRef::Bool(value) => Cell::written(value.to_string().to_uppercase()),
        DataRef::DateTime(time) if time.is_datetime() => {
            let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
            // A time is a part of a day as a float: the second is the one that is nearest.
            let day = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
            let told = day.and_then(|day| {
                let time = day.and_hms_opt(hour.into(), minute.into(), second.into())?;
                time.checked_add_signed(TimeDelta::seconds(i64::from(milli >= 500)))
            });
            match told {
                Some(time) if time.time() == NaiveTime::MIN => typed(time.date().to_string()),
                Some(time) => typed(time.format("%Y-%m-%d %H:%M:%S").to_string()),
                // 1900 had no 29 February, and spreadsheets have one.
                None => typed(plain(&format!("{:.*e}", DIGITS - 1, time.as_f64()))),
            }
        }
        DataRef::DateTime(time) => typed(plain(&format!("{:.*e}", DIGITS - 1, time.as_f64()))),
        DataRef::DateTimeIso(text) => typed(text.clone()),
        DataRef::DurationIso(text) => Cell::written(text.clone()),
        DataRef::Error(error) => Cell::written(error.to_string()),
    }
}

/// `1.23456000000000e3` without its exponent: `1234.56`. A workbook keeps numbers as floats, of
/// which as many digits are meant as it shows.
fn plain(scientific: &str) -> String {
    let (sign, number) = match scientific.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", scientific),
    };
    let Some((mantissa, exponent)) = number.split_once('e') else { return scientific.to_owned() };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific.to_owned() };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".into();
    }
    let point = exponent + 1;
    match usize::try_from(point) {
        Err(_) | Ok(0) => {
            let zeros = "0".repeat(point.unsigned_abs() as usize);
            format!("{sign}0.{zeros}{digits}")
        }
        Ok(point) if point >= digits.len() => {
            format!("{sign}{digits}{}", "0".repeat(point - digits.len()))
        }
        Ok(point) => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_many_digits_as_a_sheet_shows() {
        let of = |number: f64| read(&DataRef::Float(number)).text;
        assert_eq!(of(1234.56), "1234.56");
        assert_eq!(of("1234.5599999999999".parse().unwrap()), "1234.56");
        assert_eq!(of(0.1 + 0.2), "0.3");
        assert_eq!(of(-0.05), "-0.05");
        assert_eq!(of(45_657.0), "45657");
        assert_eq!(of(200_769_623.0), "200769623");
        assert_eq!(of(12_345_678_901_234.5), "12345678901234.5");
        assert_eq!(of(1e21), "1000000000000000000000");
        assert_eq!(of(0.0), "0");
    }

    #[test]
    fn a_time_of_day_is_the_nearest_second() {
        let of = |serial: f64| {
            let kind = calamine::ExcelDateTimeType::DateTime;
            read(&DataRef::DateTime(calamine::ExcelDateTime::new(serial, kind, false))).text
        };
        assert_eq!(of(43_587.395_833_333), "2019-05-02 09:30:00");
        assert_eq!(of(43_587.0), "2019-05-02");
        assert_eq!(of(43_587.999_999_9), "2019-05-03");
    }
}
