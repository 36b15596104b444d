//! What an import did, as it is printed at its end.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table};

use super::file::Content;
use super::noise::Noise;
use super::prepare::Prepared;
use super::row::{Read, Reader};
use crate::domain::document::Draft;
use crate::domain::import::ImportSummary;
use crate::domain::money::Money;
use crate::domain::names::AccountRef;

/// Faults of clearings and missing documents that are printed one by one.
const NAMED_MAX: usize = 10;
/// Rows that are shown as understood.
const FIRST_ROWS: usize = 5;

/// What an import did in all, over every session of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub posted: i64,
    pub revised: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub accounts_created: i64,
    pub clearings_applied: i64,
    /// In words.
    pub clearing_faults: Vec<String>,
    /// Numbers of documents that others name and that are still missing.
    pub waiting_for: Vec<String>,
}

impl From<ImportSummary> for Summary {
    fn from(summary: ImportSummary) -> Self {
        let ImportSummary {
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            clearing_faults,
            waiting_for,
        } = summary;
        Self {
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            clearing_faults: clearing_faults
                .into_iter()
                .map(|f| {
                    let (number, fault) = (f.target.document_no, f.fault);
                    format!("{number}: {} ({})", fault.description, fault.reason)
                })
                .collect(),
            waiting_for: waiting_for.into_iter().map(|key| key.document_no).collect(),
        }
    }
}

impl Summary {
    /// Whether anything of it is new in the books.
    fn is_news(&self) -> bool {
        self.posted + self.revised + self.clearings_applied + self.refused > 0
    }
}

/// What was read here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub rows: u64,
    pub documents: u64,
    /// Rows that are no documents, whatever the ledger says.
    pub unreadable: u64,
    /// Chunks that an earlier session had committed.
    pub chunks_before: i64,
}

/// Prints how the files are read.
pub(super) fn print_readings(files: &[Prepared]) {
    for file in files {
        let Prepared { source, header, reading, .. } = file;
        println!("{}: read as {}", source.name, reading.told.join(", "));
        println!("  by the mapping {}", header.mapping.name);
        let unread = header.layout.unread();
        if !unread.is_empty() {
            let unread: Vec<String> = unread.into_iter().map(str::to_owned).collect();
            println!("  columns that are not read: {}", super::layout::shown(&unread));
        }
    }
}

/// Prints which column is which field, and the first rows as they are understood.
pub(super) fn print_rows(files: Vec<Prepared>, source_system: &str) -> Result<(), String> {
    for Prepared { source, format, header, reading } in files {
        for (field, column) in header.layout.columns() {
            println!("  {} is {column:?}", field.name());
        }
        let mut rows = header.rows(&source, &format)?;
        let reader = Reader {
            mapping: header.mapping,
            layout: header.layout,
            reading,
            source_system: source_system.to_owned(),
            until: None,
        };
        let mut left = FIRST_ROWS;
        while let Some(row) = rows.next()? {
            if left == 0 {
                break;
            }
            let Content::Cells(cells) = row.content else { continue };
            left -= 1;
            match reader.read(&cells) {
                Ok(Read::Documents(documents)) => {
                    documents
                        .drafts
                        .iter()
                        .for_each(|draft| println!("  {}", shown(row.line, draft)));
                }
                Ok(Read::Passed(noise)) => println!("  line {}: {}", row.line, noise.told()),
                Err(violations) => {
                    for v in violations {
                        println!(
                            "  line {}: {}: {}",
                            row.line,
                            reader.column(&v.field),
                            v.description
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

fn shown(line: u64, draft: &Draft<AccountRef>) -> String {
    let due = draft.parts().first().and_then(|part| part.due_date);
    let due = due.map(|day| format!(", due {day}")).unwrap_or_default();
    format!(
        "line {line}: {} {} of {}, {} ({}), {}{due}",
        draft.kind,
        draft.key.document_no,
        draft.payer,
        Money { minor: draft.gross, currency: draft.currency },
        draft.side,
        draft.document_date
    )
}

/// Prints the counts and the first of the faults.
pub(super) fn print(
    import_id: &str,
    counts: Counts,
    passed: &BTreeMap<Noise, u64>,
    summary: &Summary,
    notices: &[String],
) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    let mut line = |what: &str, count: i64| {
        table.add_row(vec![what.to_owned(), grouped(count)]);
    };
    let of = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let length = |list: &[String]| i64::try_from(list.len()).unwrap_or(i64::MAX);
    line("rows read", of(counts.rows));
    for (noise, count) in passed {
        line(&format!("passed over: {}", noise.told()), of(*count));
    }
    line("documents in them", of(counts.documents));
    line("rows refused as they are", of(counts.unreadable));
    if counts.chunks_before > 0 {
        line("chunks committed before", counts.chunks_before);
    }
    line("documents posted", summary.posted);
    line("documents revised", summary.revised);
    line("documents unchanged", summary.unchanged);
    line("documents refused by the ledger", summary.refused);
    line("accounts created", summary.accounts_created);
    line("clearings applied", summary.clearings_applied);
    line("clearings refused", length(&summary.clearing_faults));
    line("documents named and missing", length(&summary.waiting_for));
    if !notices.is_empty() {
        line("documents taken with a notice", length(notices));
    }
    if let Some(numbers) = table.column_mut(1) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    println!("import {import_id}\n{table}");
    if !summary.is_news() && summary.unchanged > 0 {
        println!("nothing new: {} documents were posted before", grouped(summary.unchanged));
    }
    named("clearings refused", &summary.clearing_faults);
    named("documents named and missing", &summary.waiting_for);
    named("documents taken with a notice", notices);
}

/// `1,234,567`
fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn named(what: &str, list: &[String]) {
    if list.is_empty() {
        return;
    }
    println!("{what}:");
    for text in list.iter().take(NAMED_MAX) {
        println!("  {text}");
    }
    if list.len() > NAMED_MAX {
        println!("  and {} more", list.len() - NAMED_MAX);
    }
}
