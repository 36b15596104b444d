//! `ballast import --kind …`: lists of accounts, of our people and of those at customers, and of what
//! was said, promised and given. A row is one record of `ImportRecords` or several, each known again
//! by its key; an empty cell leaves what is there.

mod back;
mod columns;
mod history;
mod list;
mod mapping;
mod people;
mod progress;
mod row;
mod seats;
mod sink;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::list::List;
use self::mapping::Mapping;
use self::progress::Progress;
use self::row::Row;
use self::sink::Sink;
use super::errors::{Fault, Refused};
use super::file::{Cell, Content, Format, Source, encoding};
use super::report;
use super::value::date::DatePattern;
use super::value::number::Decimal;
use crate::cli::say::say;
use crate::pb;
use crate::pb::record::Content as RecordContent;

/// What a file lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Kind {
    /// Invoices, payments and the like.
    Documents,
    /// Profiles of accounts.
    Accounts,
    /// Our people.
    Members,
    /// Who looks after which account.
    Teams,
    /// People at customers, with where they sit and who of ours is there for them.
    Contacts,
    /// Seats at customers.
    Positions,
    /// Who has to do with whom.
    Ties,
    /// Visits, calls, messages.
    Interactions,
    /// What was promised.
    Commitments,
    /// What was given.
    Gifts,
}

pub(super) struct Run<'a> {
    pub kind: Kind,
    pub files: &'a [PathBuf],
    pub mapping: Mapping,
    pub encoding: Option<&'a str>,
    pub delimiter: Option<char>,
    pub sheet: Option<&'a str>,
    pub decimal: Option<Decimal>,
    pub dates: Option<&'a [DatePattern]>,
    pub source_system: &'a str,
    pub errors: PathBuf,
    pub chunk: usize,
    pub is_dry: bool,
}

/// A mapping file, if there is one.
///
/// # Errors
/// In words: it can't be read, or is none of this kind.
pub(super) fn read_mapping(path: Option<&Path>, kind: Kind) -> Result<Mapping, String> {
    let Some(path) = path else { return Ok(Mapping::default()) };
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Mapping::parse(&text, kind).map_err(|e| format!("{}: {e}", path.display()))
}

/// Says how files would be read.
///
/// # Errors
/// In words: one can't be read.
pub(super) fn explain(run: &Run<'_>) -> Result<(), String> {
    for path in run.files {
        let (_, _, list) = open(run, path)?;
        for line in list.explained() {
            say!("  {line}");
        }
    }
    Ok(())
}

/// Opens a file, and says how it is read.
fn open(run: &Run<'_>, path: &Path) -> Result<(Source, Format, List), String> {
    let source = Source::open(path)?;
    let set = run.encoding.or(run.mapping.encoding.as_deref());
    let format = source.format(set.map(encoding::named).transpose()?)?;
    let list = List::find(run, &source, &format)?;
    say!("{}: read as {}", source.name, list.told());
    let unread = list.unread();
    if !unread.is_empty() {
        say!("  columns that are not read: {}", super::layout::shown(&unread));
    }
    Ok((source, format, list))
}

struct Going<'a> {
    sink: &'a mut Sink,
    progress: Progress,
    sequence: i64,
    records: Vec<pb::Record>,
    /// The row of each, by its number.
    rows: Vec<u64>,
}

impl Run<'_> {
    /// Imports the files and prints what came of it; answers whether all of it is recorded, or would
    /// be.
    pub async fn into(self, sink: &mut Sink) -> Result<bool, String> {
        let mut going = Going {
            sink,
            progress: Progress::new(&self.errors)?,
            sequence: 0,
            records: Vec::new(),
            rows: Vec::new(),
        };
        let mut headers: Option<Vec<String>> = None;
        for path in self.files {
            self.file(path, &mut headers, &mut going).await?;
        }
        going.send().await?;
        for waited in going.sink.finish().await? {
            going.progress.waited(waited)?;
        }
        let Progress { counts, errors, duplicates, .. } = &mut going.progress;
        errors.flush()?;
        report::print_counts(&counts.lines(self.is_dry));
        for told in duplicates.iter() {
            say!("  {told}");
        }
        let told = i64::try_from(duplicates.len()).unwrap_or(i64::MAX);
        let more = counts.duplicates.saturating_sub(told);
        if more > 0 {
            say!("  and {more} more that may be there already");
        }
        if counts.refused > 0 {
            say!("refused rows: {}", errors.path().display());
        }
        Ok(counts.refused == 0)
    }

    async fn file(
        &self,
        path: &Path,
        headers: &mut Option<Vec<String>>,
        going: &mut Going<'_>,
    ) -> Result<(), String> {
        let (source, format, list) = open(self, path)?;
        let known = headers.get_or_insert_with(|| list.headers.clone());
        if *known != list.headers {
            return Err(format!(
                "{} has other columns than the first file: import it by itself",
                source.name
            ));
        }
        going.progress.errors.under(&list.headers);
        let mut rows = list.rows(&source, &format)?;
        let (list, name) = (Arc::new(list), Arc::<str>::from(source.name.as_str()));
        while let Some(row) = rows.next()? {
            let (records, cells) = match row.content {
                Content::Empty => {
                    going.progress.passed_over();
                    continue;
                }
                Content::Broken { why, text } => {
                    (Err(vec![malformed(why)]), vec![Cell::written(text)])
                }
                Content::Cells(cells) => {
                    let is_blank = cells.iter().all(|cell| cell.text.trim().is_empty());
                    if is_blank || list.is_headers(&cells) {
                        going.progress.passed_over();
                        continue;
                    }
                    (read(&list, &cells), cells)
                }
            };
            let key = list.key(&cells);
            let cells = cells.into_iter().map(|cell| cell.text).collect();
            let (file, columns) = (name.clone(), list.clone());
            let row = Refused { file, line: row.line, key, cells, columns };
            match records {
                Err(faults) => going.progress.unreadable(&row, &faults)?,
                Ok(records) => going.add(row, records, self.chunk).await?,
            }
        }
        Ok(())
    }
}

/// The records of a row.
///
/// # Errors
/// What is wrong with it.
fn read(list: &List, cells: &[Cell]) -> Result<Vec<pb::Record>, Vec<Fault>> {
    let mut row = Row { list, cells, faults: Vec::new() };
    let contents: Vec<RecordContent> = match list.kind {
        // Documents are no records.
        Kind::Documents => Vec::new(),
        Kind::Accounts => people::account(&mut row),
        Kind::Members => people::member(&mut row),
        Kind::Teams => people::team(&mut row),
        Kind::Contacts => seats::contact(&mut row),
        Kind::Positions => seats::position(&mut row),
        Kind::Ties => seats::tie(&mut row),
        Kind::Interactions => history::interaction(&mut row),
        Kind::Commitments => history::commitment(&mut row),
        Kind::Gifts => history::gift(&mut row),
    };
    match row.faults.is_empty() {
        true => Ok(contents.into_iter().map(|of| pb::Record { content: Some(of) }).collect()),
        false => Err(row.faults),
    }
}

impl Going<'_> {
    async fn add(
        &mut self,
        row: Refused,
        records: Vec<pb::Record>,
        chunk: usize,
    ) -> Result<(), String> {
        if self.records.len() + records.len() > chunk {
            self.send().await?;
        }
        let number = self.progress.begin(row, records.len());
        self.rows.extend(records.iter().map(|_| number));
        self.records.extend(records);
        Ok(())
    }

    async fn send(&mut self) -> Result<(), String> {
        if self.records.is_empty() {
            return Ok(());
        }
        self.sequence += 1;
        let records = std::mem::take(&mut self.records);
        let results = self.sink.chunk(self.sequence, records).await?;
        for (position, (row, came)) in
            (0..).zip(std::mem::take(&mut self.rows).into_iter().zip(results))
        {
            self.progress.came((self.sequence, position), row, came)?;
        }
        self.progress.errors.flush()
    }
}

fn malformed(description: String) -> Fault {
    Fault { reason: "ROW_MALFORMED".into(), field: String::new(), description }
}

pub(in crate::cli) use self::back::{Meant, ReadBack};
pub(super) use self::sink::{Local, Sink as RecordSink};
