//! The run itself: rows to chunks, chunks to where they go, faults to the error file.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::chunks::Chunk;
use super::errors::{ErrorFile, Fault, Refused};
use super::file::{Cell, Content, Row};
use super::noise::Noise;
use super::prepare::Prepared;
use super::report::{self, Counts, Notices};
use super::row::{Documents, Read, Reader};
use super::sink::Sink;
use crate::cli::say::say;
use crate::domain::document::PostOutcome;
use crate::domain::error::Violation;

pub(super) struct Run {
    pub import_id: String,
    pub files: Vec<Prepared>,
    pub source_system: String,
    pub until: Option<NaiveDate>,
    /// Version of the documents of rows that have none.
    pub source_version: i64,
    /// The files list all that is open.
    pub is_complete: bool,
    /// Nothing is kept.
    pub is_dry: bool,
    pub errors: PathBuf,
    pub chunk_documents: usize,
}

/// What became of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    /// Nothing was refused.
    pub is_complete: bool,
    /// And nothing is missing, or was taken with a notice.
    pub is_strict: bool,
}

struct Going<'a> {
    sink: &'a mut Sink,
    errors: ErrorFile,
    counts: Counts,
    chunk: Chunk,
    chunk_documents: usize,
    sequence: i64,
    /// Documents refused in this session; all of them in a dry run.
    refused: u64,
    /// Documents that were taken and may be mistaken.
    notices: Notices,
    /// Rows that were passed over.
    passed: BTreeMap<Noise, u64>,
    bar: ProgressBar,
}

impl Run {
    /// Imports the files and prints what came of it.
    pub async fn into(self, sink: &mut Sink) -> Result<Done, String> {
        let before = sink.acknowledged();
        let mut going = Going {
            errors: ErrorFile::new(&self.errors, before > 0)?,
            sink,
            counts: Counts { chunks_before: before, ..Counts::default() },
            chunk: Chunk::default(),
            chunk_documents: self.chunk_documents,
            sequence: 0,
            refused: 0,
            notices: Notices::default(),
            passed: BTreeMap::new(),
            bar: bar(self.files.iter().map(|file| file.reading.rows).sum()),
        };
        for file in self.files {
            let Prepared { source, format, header, reading } = file;
            let mut rows = header.rows(&source, &format)?;
            let reader = Reader {
                mapping: header.mapping,
                layout: header.layout,
                reading,
                source_system: self.source_system.clone(),
                until: self.until,
                source_version: self.source_version,
                is_complete: self.is_complete,
            };
            let (reader, name) = (Arc::new(reader), Arc::from(source.name.as_str()));
            while let Some(row) = rows.next()? {
                going.row(row, &reader, &name).await?;
            }
        }
        going.send().await?;
        if self.is_complete && going.counts.documents == 0 {
            return Err(
                "no row is a document, and a list of nothing settles all that is open: if \
                        that is meant, settle it by documents"
                    .into(),
            );
        }
        going.finish(&self.import_id, self.is_dry).await
    }
}

/// What came of one row: documents, or why there are none.
type Came = Result<Documents, Vec<Fault>>;

fn read(content: Content, reader: &Reader) -> Result<(Came, Vec<Cell>), Noise> {
    match content {
        Content::Empty => Err(Noise::Empty),
        Content::Broken { why, text } => {
            let fault =
                Fault { reason: "ROW_MALFORMED".into(), field: String::new(), description: why };
            Ok((Err(vec![fault]), vec![Cell::written(text)]))
        }
        Content::Cells(cells) => match reader.read(&cells) {
            Ok(Read::Passed(noise)) => Err(noise),
            Ok(Read::Documents(documents)) => Ok((Ok(*documents), cells)),
            Err(violations) => Ok((Err(faults(violations)), cells)),
        },
    }
}

impl Going<'_> {
    async fn row(&mut self, row: Row, reader: &Arc<Reader>, name: &Arc<str>) -> Result<(), String> {
        self.bar.inc(1);
        self.counts.rows += 1;
        let (came, cells) = match read(row.content, reader) {
            Ok(read) => read,
            Err(noise) => {
                *self.passed.entry(noise).or_default() += 1;
                return Ok(());
            }
        };
        self.counts.unreadable += u64::from(came.is_err());
        self.counts.documents += u64::from(came.is_ok());
        if !self.chunk.takes_more(self.chunk_documents) {
            self.send().await?;
        }
        let refused = Refused {
            file: name.clone(),
            line: row.line,
            key: reader.key(&cells).to_owned(),
            cells: cells.into_iter().map(|cell| cell.text).collect(),
            columns: reader.clone(),
        };
        self.chunk.add(refused, came);
        Ok(())
    }

    /// Sends the chunk, unless an earlier session did, and notes what was refused in it. The last
    /// one that was acknowledged is sent again: it may have ended before that was noted.
    async fn send(&mut self) -> Result<(), String> {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.notices.drain(..).for_each(|told| self.notices.add(told));
        if chunk.documents.is_empty() {
            // A chunk without documents is never acknowledged: no earlier session is known to have
            // written its faults.
            for (at, faults) in &chunk.unreadable {
                self.errors.add(&chunk.rows[*at], faults)?;
            }
            return self.errors.flush();
        }
        self.sequence += 1;
        let noted = match self.sink.is_finished() {
            true => self.counts.chunks_before,
            false => self.counts.chunks_before - 1,
        };
        if self.sequence <= noted {
            return Ok(());
        }
        let Chunk { documents, names, statuses, .. } = &mut chunk;
        let (documents, names) = (std::mem::take(documents), std::mem::take(names));
        let statuses = std::mem::take(statuses);
        let results = self.sink.chunk(self.sequence, documents, names, statuses).await?;
        let mut told = chunk.unreadable;
        for (row, result) in chunk.row_of.into_iter().zip(results) {
            let key = &chunk.rows[row].key;
            result.notices.iter().for_each(|told| self.notices.add(format!("{key}: {told}")));
            if result.outcome == PostOutcome::Refused {
                self.refused += 1;
                told.push((row, result.faults));
            }
        }
        told.sort_by_key(|(row, _)| *row);
        for (row, faults) in told {
            self.errors.add(&chunk.rows[row], &faults)?;
        }
        self.errors.flush()
    }

    async fn finish(self, import_id: &str, is_dry: bool) -> Result<Done, String> {
        self.bar.finish_and_clear();
        let waiting = bar(0);
        let left_out = i64::try_from(self.counts.unreadable).unwrap_or(i64::MAX);
        let summary = self
            .sink
            .finish(left_out, &mut |applied, left| {
                waiting.set_length(u64::try_from(applied + left).unwrap_or(0));
                waiting.set_position(u64::try_from(applied).unwrap_or(0));
                waiting.set_message("clearing");
            })
            .await?;
        waiting.finish_and_clear();
        let title = if is_dry { "dry run" } else { "import" };
        let title = format!("{title} {import_id}");
        report::print(&title, self.counts, &self.passed, &summary, &self.notices);
        if is_dry {
            say!("nothing was kept; each chunk was tried on its own");
        }
        let refused = self.counts.unreadable + self.refused;
        if refused > 0 && self.errors.path().exists() {
            say!("refused rows: {}", self.errors.path().display());
        }
        let is_complete = refused == 0
            && summary.refused == 0
            && summary.clearing_faults.is_empty()
            && !summary.list_is_incomplete;
        let is_strict = is_complete && summary.waiting_for.is_empty() && self.notices.count == 0;
        Ok(Done { is_complete, is_strict })
    }
}

fn faults(violations: Vec<Violation>) -> Vec<Fault> {
    let fault = |v: Violation| Fault {
        reason: v.reason.to_string(),
        field: v.field,
        description: v.description,
    };
    violations.into_iter().map(fault).collect()
}

/// On a terminal only: nothing of it belongs into a log.
fn bar(length: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent} % {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length), target).with_style(style)
}
