//! `ballast import --kind members` and `--kind teams`: lists of our people, and of who looks after
//! which account, from files whose columns are named as the fields are. Each row is a record of
//! `ImportRecords`, known again by its key; an empty cell leaves what is there.

mod read;
mod sink;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::read::List;
use self::sink::{Came, Sink};
use super::errors::{ErrorFile, Fault, Refused};
use super::file::{Content, Source, encoding};
use super::report;
use crate::cli::say::say;
use crate::pb;

/// What a file lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// Invoices, payments and the like.
    Documents,
    /// Our people.
    Members,
    /// Who looks after which account.
    Teams,
}

pub(super) struct Run<'a> {
    pub kind: Kind,
    pub files: &'a [PathBuf],
    pub encoding: Option<&'a str>,
    pub delimiter: Option<char>,
    pub sheet: Option<&'a str>,
    pub source_system: &'a str,
    pub errors: PathBuf,
    pub chunk: usize,
}

/// What came of all of it.
#[derive(Debug, Default)]
struct Counts {
    rows: i64,
    empty: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
}

struct Going<'a> {
    sink: &'a mut Sink,
    errors: ErrorFile,
    counts: Counts,
    sequence: i64,
    records: Vec<pb::Record>,
    rows: Vec<Refused>,
    /// Rows of records that wait for others, by chunk and place.
    waiting: std::collections::HashMap<(i64, i32), Refused>,
}

impl Run<'_> {
    /// Imports the files and prints what came of it; answers whether all of it is recorded.
    pub async fn into(self, sink: &mut Sink) -> Result<bool, String> {
        let mut going = Going {
            sink,
            errors: ErrorFile::new(&self.errors, false)?,
            counts: Counts::default(),
            sequence: 0,
            records: Vec::new(),
            rows: Vec::new(),
            waiting: std::collections::HashMap::new(),
        };
        for path in self.files {
            self.file(path, &mut going).await?;
        }
        going.send().await?;
        for waited in going.sink.finish().await? {
            let row = going.waiting.remove(&(waited.sequence, waited.position));
            let row = row.ok_or("the answer is about a record that was not sent")?;
            going.came(row, waited.came)?;
        }
        going.errors.flush()?;
        report::print_counts(&going.counts.lines());
        if going.counts.refused > 0 {
            say!("refused rows: {}", going.errors.path().display());
        }
        Ok(going.counts.refused == 0)
    }

    async fn file(&self, path: &Path, going: &mut Going<'_>) -> Result<(), String> {
        let source = Source::open(path)?;
        let format = source.format(self.encoding.map(encoding::named).transpose()?)?;
        let list = List::find(self, &source, &format)?;
        say!("{}: read as {}", source.name, list.told(&format));
        let unread = list.unread();
        if !unread.is_empty() {
            say!("  columns that are not read: {}", super::layout::shown(&unread));
        }
        let mut rows = list.rows(&source, &format)?;
        let (list, name) = (Arc::new(list), Arc::<str>::from(source.name.as_str()));
        while let Some(row) = rows.next()? {
            going.counts.rows += 1;
            let (record, cells) = match row.content {
                Content::Empty => {
                    going.counts.empty += 1;
                    continue;
                }
                Content::Broken { why, text } => (Err(vec![malformed(why)]), vec![text]),
                Content::Cells(cells) => {
                    let cells: Vec<String> = cells.into_iter().map(|cell| cell.text).collect();
                    if cells.iter().all(|cell| cell.trim().is_empty()) {
                        going.counts.empty += 1;
                        continue;
                    }
                    (list.record(&cells), cells)
                }
            };
            let key = list.key(&cells);
            let (file, columns) = (name.clone(), list.clone());
            let refused = Refused { file, line: row.line, key, cells, columns };
            match record {
                Err(faults) => {
                    going.counts.refused += 1;
                    going.errors.add(&refused, &faults)?;
                }
                Ok(record) => {
                    going.records.push(record);
                    going.rows.push(refused);
                    if going.records.len() == self.chunk {
                        going.send().await?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Going<'_> {
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
            match came {
                Came::Waiting => drop(self.waiting.insert((self.sequence, position), row)),
                came => self.came(row, came)?,
            }
        }
        self.errors.flush()
    }

    fn came(&mut self, row: Refused, came: Came) -> Result<(), String> {
        match came {
            Came::Created => self.counts.created += 1,
            Came::Updated => self.counts.updated += 1,
            Came::Unchanged | Came::Waiting => self.counts.unchanged += 1,
            Came::Refused(faults) => {
                self.counts.refused += 1;
                self.errors.add(&row, &faults)?;
            }
        }
        Ok(())
    }
}

impl Counts {
    fn lines(&self) -> [(&'static str, i64); 6] {
        [
            ("rows read", self.rows),
            ("passed over: empty lines", self.empty),
            ("records created", self.created),
            ("records changed", self.updated),
            ("records that were so already", self.unchanged),
            ("rows refused", self.refused),
        ]
    }
}

fn malformed(description: String) -> Fault {
    Fault { reason: "ROW_MALFORMED".into(), field: String::new(), description }
}

pub(super) use self::sink::{Local, Sink as RecordSink};
