//! Lists as systems and people leave them: encodings, separators, forms of numbers and days,
//! noise, damage. What loses nothing gives what the clean list gives; what loses something is
//! refused, that row and no other, with its line.

use std::collections::BTreeSet;
use std::io::Write as _;

use encoding_rs::{GB18030, UTF_8, WINDOWS_1252};
use fastrand::Rng;

use super::file::Content;
use super::mapping::Mapping;
use super::prepare::{Prepared, prepare};
use super::row::{Read, Reader};
use super::run::Run;
use super::sink::Sink;
use crate::domain::dates;
use crate::domain::import::ImportHeader;
use crate::service::Settings;
use crate::service::ledger::Ledger;
use crate::store::seed::{Fresh, fresh};

/// In each of four parts, which run beside each other.
const FILES: u64 = 500;
const HEADERS: [&str; 9] = [
    "document_no",
    "payer",
    "payer_name",
    "document_date",
    "due_date",
    "amount",
    "currency",
    "kind",
    "note",
];
const AMOUNT: usize = 5;

/// A row before it is written: days as days, amounts in cents.
#[derive(Clone)]
struct Plain {
    no: String,
    payer: String,
    name: String,
    days: [chrono::NaiveDate; 2],
    cents: i64,
    kind: &'static str,
    note: String,
}

/// How a list is written.
#[derive(Debug, Clone)]
struct Style {
    encoding: &'static str,
    delimiter: char,
    decimal: char,
    group: &'static str,
    date: &'static str,
    negative: usize,
    quote_all: bool,
    line_end: &'static str,
    titles: usize,
    gzip: bool,
}

impl Style {
    fn plain() -> Self {
        Self {
            encoding: "UTF-8",
            delimiter: ',',
            decimal: '.',
            group: "",
            date: "iso",
            negative: 0,
            quote_all: false,
            line_end: "\n",
            titles: 0,
            gzip: false,
        }
    }

    fn random(rng: &mut Rng, chinese: bool) -> Self {
        fn one<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
            of[rng.usize(..of.len())].clone()
        }
        let encodings: &[&'static str] = match chinese {
            true => &["UTF-8", "marked", "UTF-16LE", "UTF-16BE", "GB18030"],
            false => &["UTF-8", "marked", "UTF-16LE", "UTF-16BE", "windows-1252"],
        };
        let encoding = one(rng, encodings);
        let decimal = one(rng, &['.', ',']);
        let other = if decimal == '.' { "," } else { "." };
        let mut dates = vec!["iso", "dmy.", "mdy/", "dmy/", "ymd", "ymd/", "name"];
        if encoding != "windows-1252" {
            dates.push("年月日");
        }
        Self {
            encoding,
            delimiter: one(rng, &[',', ';', '\t', '|']),
            decimal,
            group: one(rng, &["", other, " ", "\u{a0}", "'"]),
            date: one(rng, &dates),
            negative: rng.usize(..3),
            quote_all: rng.bool(),
            line_end: one(rng, &["\n", "\r\n"]),
            titles: rng.usize(..4),
            gzip: rng.u8(..8) == 0,
        }
    }

    fn day(&self, day: chrono::NaiveDate) -> String {
        let form = match self.date {
            "dmy." => "%d.%m.%Y",
            "mdy/" => "%-m/%-d/%Y",
            "dmy/" => "%d/%m/%Y",
            "ymd" => "%Y%m%d",
            "ymd/" => "%Y/%m/%d",
            "name" => "%-d %b %Y",
            "年月日" => "%Y年%-m月%-d日",
            _ => "%Y-%m-%d",
        };
        day.format(form).to_string()
    }

    fn amount(&self, cents: i64) -> String {
        let whole = (cents.abs() / 100).to_string();
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push_str(self.group);
            }
            grouped.push(digit);
        }
        let number = format!("{grouped}{}{:02}", self.decimal, cents.abs() % 100);
        match (cents < 0, self.negative) {
            (false, _) => number,
            (true, 0) => format!("-{number}"),
            (true, 1) => format!("{number}-"),
            (true, _) => format!("({number})"),
        }
    }

    fn cell(&self, text: &str) -> String {
        let needs = text.contains([self.delimiter, '"', '\n']) || self.quote_all;
        if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    }

    fn cells(&self, row: &Plain) -> Vec<String> {
        let Plain { no, payer, name, days, cents, kind, note } = row;
        [
            no.clone(),
            payer.clone(),
            name.clone(),
            self.day(days[0]),
            self.day(days[1]),
            self.amount(*cents),
            "USD".into(),
            (*kind).into(),
            note.clone(),
        ]
        .into()
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        let wide = |big: bool| -> Vec<u8> {
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let encoded = match self.encoding {
            "marked" => format!("\u{feff}{text}").into_bytes(),
            "UTF-16LE" => wide(false),
            "UTF-16BE" => wide(true),
            "GB18030" => GB18030.encode(text).0.into_owned(),
            "windows-1252" => {
                let (bytes, _, unmappable) = WINDOWS_1252.encode(text);
                assert!(!unmappable, "{text}");
                bytes.into_owned()
            }
            _ => UTF_8.encode(text).0.into_owned(),
        };
        if !self.gzip {
            return encoded;
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&encoded).unwrap();
        gzip.finish().unwrap()
    }
}

const WESTERN: [&str; 6] = [
    "Müller & Söhne",
    "Bäckerei Groß",
    "Acme \"Best\" Ltd",
    "Smith, Jones",
    "Café Électrique",
    "Two\nLines",
];
const CHINESE: [&str; 5] = [
    "宁波远洋集装箱有限公司",
    "上海明珠贸易公司",
    "北京, 东方",
    "广州市白云区\n机电厂",
    "Acme 中国",
];

fn book(rng: &mut Rng, chinese: bool) -> Vec<Plain> {
    let names: &[&str] = if chinese { &CHINESE } else { &WESTERN };
    let start = dates::parse_iso("", "2024-01-01").unwrap();
    let day = |rng: &mut Rng| dates::add_days(start, rng.u32(..700));
    (0..60)
        .map(|n| Plain {
            no: format!("{}{n}", rng.u32(1_000..9_999)),
            payer: format!("C{}", rng.u32(..20)),
            name: names[rng.usize(..names.len())].into(),
            days: [day(rng), day(rng)],
            cents: (rng.i64(1..30_000_000)) * if rng.u8(..6) == 0 { -1 } else { 1 },
            kind: ["INVOICE", "INVOICE", "credit note", "Opening_Balance"][rng.usize(..4)],
            note: if rng.bool() { String::new() } else { names[rng.usize(..names.len())].into() },
        })
        // Credit notes are positive; the negative ones among them would be something else.
        .map(|row| Plain {
            cents: if row.kind == "credit note" { row.cents.abs() } else { row.cents },
            ..row
        })
        .collect()
}

/// Makes a row something that is no document any more.
fn damage(rng: &mut Rng, style: &Style, cells: &mut Vec<String>) {
    let other = if style.decimal == '.' { ',' } else { '.' };
    match rng.u8(..8) {
        7 => cells.truncate(1),
        0 => cells.push("more".into()),
        1 => cells.truncate(4),
        2 => cells[2] = format!("\"{}", "Foo"),
        3 => cells[AMOUNT] = style.cell("12..5,,"),
        4 => cells[AMOUNT] = style.cell(&format!("12{other}5")),
        5 => cells[3] = style.cell("30 Feb 2024"),
        _ => cells[0] = style.cell("NULL"),
    }
}

/// A list as text, and the lines of the rows that are damaged.
fn list(
    rng: &mut Rng,
    style: &Style,
    rows: &[Plain],
    damaged: &BTreeSet<usize>,
) -> (String, BTreeSet<u64>) {
    let delimiter = style.delimiter.to_string();
    let header = HEADERS.map(|h| style.cell(h)).join(&delimiter);
    let (mut text, mut lines) = (String::new(), BTreeSet::new());
    let put = |text: &mut String, line: &str| {
        text.push_str(line);
        text.push_str(style.line_end);
    };
    for title in ["Open items", "as of 31.12.2025", ""].iter().take(style.titles) {
        put(&mut text, title);
    }
    put(&mut text, &header);
    for (at, row) in rows.iter().enumerate() {
        match rng.u8(..20) {
            0 => put(&mut text, ""),
            1 => put(&mut text, &delimiter.repeat(HEADERS.len() - 1)),
            2 => put(&mut text, "----------"),
            3 => put(&mut text, &header),
            4 => {
                let total = format!("Total{}{}", delimiter.repeat(AMOUNT), style.cell("5"));
                put(&mut text, &format!("{total}{}", delimiter.repeat(HEADERS.len() - 1 - AMOUNT)));
            }
            _ => {}
        }
        let mut cells: Vec<String> = style.cells(row).iter().map(|c| style.cell(c)).collect();
        if damaged.contains(&at) {
            lines.insert(text.matches('\n').count() as u64 + 1);
            // Without a line end of its own in a cell: the rest would be told as another row.
            for cell in [2, HEADERS.len() - 1] {
                cells[cell] = String::new();
            }
            damage(rng, style, &mut cells);
        }
        put(&mut text, &cells.join(&delimiter));
    }
    (text, lines)
}

/// The documents of a file, as text, and the lines of the rows that are refused.
fn read(style: &Style, text: &str) -> Result<(Vec<String>, BTreeSet<u64>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    std::fs::write(&path, style.bytes(text)).unwrap();
    let mut prepared = prepare(&[path], &Mapping::built_in().unwrap())?;
    let Prepared { source, format, header, reading } = prepared.remove(0);
    let mut rows = header.rows(&source, &format)?;
    let (mapping, layout) = (header.mapping, header.layout);
    let reader = Reader {
        mapping,
        layout,
        reading,
        source_system: "ERP".into(),
        until: None,
        source_version: 0,
        is_complete: false,
    };
    let (mut documents, mut refused) = (Vec::new(), BTreeSet::new());
    while let Some(row) = rows.next()? {
        match row.content {
            Content::Empty => {}
            Content::Broken { .. } => {
                refused.insert(row.line);
            }
            Content::Cells(cells) => match reader.read(&cells) {
                Ok(Read::Passed(_)) => {}
                Ok(Read::Documents(read)) => {
                    let names = read.names.iter().map(|(_, name)| name.as_str());
                    let names = names.collect::<Vec<_>>().join("|");
                    documents.extend(read.draft.iter().map(|draft| {
                        format!("{draft:?} {:?} {} {names}", read.status, draft.note.expose())
                    }));
                }
                Err(_) => {
                    refused.insert(row.line);
                }
            },
        }
    }
    documents.sort();
    Ok((documents, refused))
}

fn numbered(text: &str) -> String {
    text.lines().enumerate().map(|(at, line)| format!("{}: {line:?}\n", at + 1)).collect()
}

/// A list that went through something, and what is left of it, written plainly.
struct Case {
    style: Style,
    text: String,
    /// Of rows that were damaged.
    lines: BTreeSet<u64>,
    clean: String,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let chinese = rng.bool();
        let mut rows = book(&mut rng, chinese);
        let damaged: BTreeSet<usize> = match rng.u8(..6) {
            0 => BTreeSet::from([rng.usize(..rows.len())]),
            _ => BTreeSet::new(),
        };
        let style = Style::random(&mut rng, chinese);
        rng.shuffle(&mut rows);
        let (text, lines) = list(&mut rng, &style, &rows, &damaged);
        let plain = Style::plain();
        let mut clean = HEADERS.join(",");
        clean.push('\n');
        for (_, row) in rows.iter().enumerate().filter(|(at, _)| !damaged.contains(at)) {
            let cells: Vec<String> = plain.cells(row).iter().map(|c| plain.cell(c)).collect();
            clean.push_str(&cells.join(","));
            clean.push('\n');
        }
        Self { style, text, lines, clean }
    }
}

fn read_right_or_told(part: u64) {
    let (mut whole, mut told) = (0, 0);
    for seed in part * FILES..(part + 1) * FILES {
        let Case { style, text, lines, clean } = Case::new(seed);
        let expected = read(&Style::plain(), &clean).unwrap();
        assert_eq!(expected.1, BTreeSet::new(), "{seed}");
        let (documents, refused) =
            read(&style, &text).unwrap_or_else(|e| panic!("{seed} {style:?}: {e}\n{text}"));
        assert_eq!(refused, lines, "{seed} {style:?}\n{}", numbered(&text));
        match lines.is_empty() {
            true => whole += 1,
            false => told += 1,
        }
        assert_eq!(documents.len(), expected.0.len(), "{seed} {style:?}\n{text}");
        for (read, expected) in documents.iter().zip(&expected.0) {
            assert_eq!(read, expected, "{seed} {style:?}\n{text}");
        }
    }
    assert!(whole >= 400 && told >= 50, "{whole} {told}");
}

/// Imports a list under a system of its own; answers whether nothing was refused.
async fn import(db: &Fresh, style: &Style, text: &str, system: &str, id: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    std::fs::write(&path, style.bytes(text)).unwrap();
    let files = prepare(&[path], &Mapping::built_in().unwrap()).unwrap();
    let header = ImportHeader {
        import_id: id.into(),
        create_missing_accounts: true,
        canonical_form: None,
        clear_oldest_first: false,
        content: String::new(),
        as_of: None,
        is_complete: false,
        validate_only: false,
    };
    let ledger = Ledger::new(db.store.clone(), Settings::default());
    let mut sink = Sink::local(&ledger, db.ctx.clone(), header).await.unwrap();
    let run = Run {
        import_id: id.into(),
        files,
        source_system: system.into(),
        until: None,
        source_version: 0,
        is_complete: false,
        is_dry: false,
        errors: folder.path().join("errors.csv"),
        chunk_documents: 7,
    };
    run.into(&mut sink).await.unwrap().is_complete
}

#[tokio::test]
async fn a_list_leaves_the_books_of_the_clean_one_whatever_it_went_through() {
    const BOOKS: u64 = 25;
    let books = |system: &str| {
        format!(
            "SELECT d.document_no, d.kind, d.gross, d.currency, d.document_date, i.due_date, i.open, \
             r.external_id FROM document d JOIN item i ON i.document_id = d.id \
             JOIN account_ref r ON r.account_id = d.account_id AND r.system = d.source_system \
             WHERE d.source_system = '{system}'"
        )
    };
    for db in fresh().await {
        for seed in 0..BOOKS {
            let Case { style, text, lines, clean } = Case::new(1_000_000 + seed);
            let [ours, plain] = ["L", "P"].map(|name| format!("{name}{seed}"));
            assert!(import(&db, &Style::plain(), &clean, &plain, &plain).await, "{seed}");
            // Once more all of it.
            for id in [ours.clone(), format!("{ours}-2")] {
                let whole = import(&db, &style, &text, &ours, &id).await;
                assert_eq!(whole, lines.is_empty(), "{seed} {style:?}");
            }
            let [ours, plain] = [&ours, &plain].map(|system| books(system));
            for (one, other) in [(&ours, &plain), (&plain, &ours)] {
                let only = format!("SELECT COUNT(*) AS v FROM ({one} EXCEPT {other}) x");
                assert_eq!(db.count(&only).await, 0, "{seed} {style:?}");
            }
            let count = format!("SELECT COUNT(*) AS v FROM ({ours}) x");
            let expected = clean.lines().count();
            assert!(db.count(&count).await > 0 && expected > 50, "{seed}");
        }
    }
}

#[test]
fn whatever_a_list_went_through_it_is_read_right_or_told() {
    read_right_or_told(0);
}

#[test]
fn whatever_a_list_went_through_it_is_read_right_or_told_2() {
    read_right_or_told(1);
}

#[test]
fn whatever_a_list_went_through_it_is_read_right_or_told_3() {
    read_right_or_told(2);
}

#[test]
fn whatever_a_list_went_through_it_is_read_right_or_told_4() {
    read_right_or_told(3);
}
