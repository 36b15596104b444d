//! The run itself: rows to chunks, chunks to where they go, faults to the error file.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::chunks::Chunk;
use super::errors::{ErrorFile, Fault, Refused};
use super::file::Rows;
use super::layout::Layout;
use super::mapping::Mapping;
use super::report::{self, Counts};
use super::row::Reader;
use super::sink::Sink;
use crate::domain::document::PostOutcome;
use crate::domain::error::Violation;

pub(super) struct Run {
    pub import_id: String,
    pub files: Vec<PathBuf>,
    pub mapping: Mapping,
    pub source_system: String,
    pub until: Option<NaiveDate>,
    pub errors: PathBuf,
    pub chunk_documents: usize,
    /// Size of the files, for the progress bar.
    pub bytes: u64,
}

struct Going<'a> {
    sink: &'a mut Sink,
    errors: ErrorFile,
    counts: Counts,
    chunk: Chunk,
    sequence: i64,
    /// Documents refused in this session; all of them in a dry run.
    refused: u64,
    /// Documents that were taken and may be mistaken.
    notices: Vec<String>,
    bar: ProgressBar,
}

impl Run {
    /// Imports the files and prints what came of it; answers whether nothing was refused and
    /// nothing is missing.
    pub async fn into(self, sink: &mut Sink) -> Result<bool, String> {
        let before = sink.acknowledged();
        let mut going = Going {
            errors: ErrorFile::new(&self.errors, before > 0)?,
            sink,
            counts: Counts { chunks_before: before, ..Counts::default() },
            chunk: Chunk::default(),
            sequence: 0,
            refused: 0,
            notices: Vec::new(),
            bar: bar(self.bytes),
        };
        let mut bytes = 0;
        for path in &self.files {
            bytes += self.file(path, bytes, &mut going).await?;
        }
        going.send().await?;
        going.finish(&self.import_id).await
    }

    async fn file(&self, path: &Path, before: u64, going: &mut Going<'_>) -> Result<u64, String> {
        let mut rows = Rows::open(path, self.mapping.delimiter)?;
        let layout = Layout::new(&self.mapping, &rows.headers)
            .map_err(|e| format!("{}: {e}", path.display()))?;
        let reader = Reader {
            mapping: self.mapping.clone(),
            layout,
            source_system: self.source_system.clone(),
            until: self.until,
        };
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        while let Some((line, row)) = rows.next()? {
            let read = reader.read(row);
            let refused = Refused {
                file: file.clone(),
                line,
                key: reader.key(row).to_owned(),
                cells: row.iter().map(str::to_owned).collect(),
            };
            going.counts.rows += 1;
            let documents = match &read {
                Ok(read) => read.drafts.len(),
                Err(_) => {
                    going.counts.unreadable += 1;
                    0
                }
            };
            going.counts.documents += documents as u64;
            if !going.chunk.takes(documents, self.chunk_documents) {
                going.send().await?;
                going.bar.set_position(before + rows.bytes_read());
            }
            going.chunk.add(refused, read.map_err(faults));
        }
        Ok(rows.bytes_read())
    }
}

impl Going<'_> {
    /// Sends the chunk, unless an earlier session did, and notes what was refused in it.
    async fn send(&mut self) -> Result<(), String> {
        let chunk = std::mem::take(&mut self.chunk);
        if chunk.documents.is_empty() {
            // A chunk without documents is never acknowledged: no earlier session is known to have
            // written its faults.
            for (at, faults) in &chunk.unreadable {
                self.errors.add(&chunk.rows[*at], faults)?;
            }
            return self.errors.flush();
        }
        self.sequence += 1;
        if self.sequence <= self.counts.chunks_before {
            return Ok(());
        }
        let results = self.sink.chunk(self.sequence, chunk.documents, chunk.names).await?;
        let mut told = chunk.unreadable;
        for (row, result) in chunk.row_of.into_iter().zip(results) {
            let key = &chunk.rows[row].key;
            self.notices.extend(result.notices.iter().map(|told| format!("{key}: {told}")));
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

    async fn finish(self, import_id: &str) -> Result<bool, String> {
        self.bar.finish_and_clear();
        let waiting = bar(0);
        let summary = self
            .sink
            .finish(&mut |applied, left| {
                waiting.set_length(u64::try_from(applied + left).unwrap_or(0));
                waiting.set_position(u64::try_from(applied).unwrap_or(0));
                waiting.set_message("clearing");
            })
            .await?;
        waiting.finish_and_clear();
        report::print(import_id, self.counts, &summary, &self.notices);
        let refused = self.counts.unreadable + self.refused;
        if refused > 0 {
            println!("refused rows: {}", self.errors.path().display());
        }
        Ok(refused == 0 && summary.refused == 0 && summary.is_settled())
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
