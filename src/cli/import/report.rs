//! What an import did, as it is printed at its end.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table};
use rust_decimal::Decimal;

use super::errors::Columns as _;
use super::file::Content;
use super::noise::Noise;
use super::prepare::Prepared;
use super::row::{Read, Reader};
use crate::cli::say::say;
use crate::domain::document::Draft;
use crate::domain::import::{ClearingStatus, ImportOutcome, ImportSummary, ImportTotal};
use crate::domain::money::{Currency, Money};
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
    /// Settled because the file says so, or a complete list leaves them out.
    pub settled: i64,
    /// Open again because the file says so.
    pub reopened: i64,
    pub totals: Vec<ImportTotal>,
    pub list_is_incomplete: bool,
    pub companies_not_listed: Vec<String>,
    /// How many there are of each; not all are named.
    pub clearing_faults_count: i64,
    pub waiting_for_count: i64,
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
            settled,
            reopened,
            totals,
            list_is_incomplete,
            companies_not_listed,
            clearing_faults_count,
            waiting_for_count,
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
            settled,
            reopened,
            totals: totals.iter().copied().collect(),
            list_is_incomplete,
            companies_not_listed,
            clearing_faults_count,
            waiting_for_count,
        }
    }
}

impl Summary {
    /// Whether anything of it is new in the books.
    fn is_news(&self) -> bool {
        let moved = self.clearings_applied + self.settled + self.reopened;
        self.posted + self.revised + self.refused + moved > 0
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

/// What was taken with a word about it: all are counted, and the first are kept.
#[derive(Debug, Default)]
pub(super) struct Notices {
    pub count: u64,
    first: Vec<String>,
}

impl Notices {
    pub fn add(&mut self, told: String) {
        self.count += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(told);
        }
    }
}

/// Prints how the files are read.
pub(super) fn print_readings(files: &[Prepared]) {
    for file in files {
        let Prepared { source, header, reading, .. } = file;
        say!("{}: read as {}", source.name, reading.told.join(", "));
        say!("  by the mapping {}", header.mapping.name);
        let unread = header.layout.unread();
        if !unread.is_empty() {
            let unread: Vec<String> = unread.into_iter().map(str::to_owned).collect();
            say!("  columns that are not read: {}", super::layout::shown(&unread));
        }
    }
}

/// Prints which column is which field, and the first rows as they are understood.
pub(super) fn print_rows(files: Vec<Prepared>, source_system: &str) -> Result<(), String> {
    for Prepared { source, format, header, reading } in files {
        for (field, column) in header.layout.columns() {
            say!("  {} is {column:?}", field.name());
        }
        let mut rows = header.rows(&source, &format)?;
        let reader = Reader {
            mapping: header.mapping,
            layout: header.layout,
            reading,
            source_system: source_system.to_owned(),
            until: None,
            source_version: 0,
            is_complete: false,
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
                    if let Some(draft) = &documents.draft {
                        say!("  {}", shown(row.line, draft, documents.status.as_ref()));
                    }
                }
                Ok(Read::Passed(noise)) => say!("  line {}: {}", row.line, noise.told()),
                Err(violations) => {
                    for v in violations {
                        say!("  line {}: {}: {}", row.line, reader.column(&v.field), v.description);
                    }
                }
            }
        }
    }
    Ok(())
}

fn shown(line: u64, draft: &Draft<AccountRef>, status: Option<&ClearingStatus>) -> String {
    let cleared = status.and_then(|status| status.clearing_date);
    let cleared = cleared.map(|day| format!(", cleared {day}")).unwrap_or_default();
    let due = draft.parts().first().and_then(|part| part.due_date);
    let due = due.map(|day| format!(", due {day}")).unwrap_or_default();
    format!(
        "line {line}: {} {} of {}, {} ({}), {}{due}{cleared}",
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
    title: &str,
    counts: Counts,
    passed: &BTreeMap<Noise, u64>,
    summary: &Summary,
    notices: &Notices,
) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    let mut line = |what: &str, count: i64| {
        table.add_row(vec![what.to_owned(), grouped(count)]);
    };
    let of = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
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
    line("documents settled as the file says", summary.settled);
    line("documents open again as the file says", summary.reopened);
    line("clearings refused", summary.clearing_faults_count);
    line("documents named and missing", summary.waiting_for_count);
    if notices.count > 0 {
        line("documents taken with a notice", of(notices.count));
    }
    if let Some(numbers) = table.column_mut(1) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    say!("{title}\n{table}");
    print_totals(&summary.totals);
    if !summary.is_news() && summary.unchanged > 0 {
        say!("nothing new: {} documents were posted before", grouped(summary.unchanged));
    }
    if summary.list_is_incomplete {
        say!(
            "rows were refused, so the list is not complete: what it leaves out stays open. Mend \
             them and import the list again."
        );
    }
    if !summary.companies_not_listed.is_empty() {
        say!(
            "nothing is listed of the company codes {}: what is open there stays open",
            summary.companies_not_listed.join(", ")
        );
    }
    named("clearings refused", &summary.clearing_faults, summary.clearing_faults_count);
    named("documents named and missing", &summary.waiting_for, summary.waiting_for_count);
    named("documents taken with a notice", &notices.first, of(notices.count));
}

/// Prints counts, a line each.
pub(super) fn print_counts(lines: &[(&str, i64)]) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    for (what, count) in lines {
        table.add_row([(*what).to_owned(), grouped(*count)]);
    }
    if let Some(numbers) = table.column_mut(1) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
}

/// What became of documents, by count and amount.
fn print_totals(totals: &[ImportTotal]) {
    if totals.is_empty() {
        return;
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["", "currency", "documents", "owed", "to their credit"]);
    for ImportTotal { outcome, currency, documents, debits, credits } in totals {
        let what = match outcome {
            ImportOutcome::Posted => "posted",
            ImportOutcome::Revised => "revised",
            ImportOutcome::Unchanged => "unchanged",
            ImportOutcome::Refused => "refused by the ledger",
            ImportOutcome::Settled => "settled as the file says",
            ImportOutcome::Reopened => "open again as the file says",
        };
        let [debits, credits] = [*debits, *credits].map(|minor| amount(minor, *currency));
        table.add_row([what, currency.code(), &grouped(*documents), &debits, &credits]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
}

/// `1,234,567.89`
fn amount(minor: i128, currency: Currency) -> String {
    let text = Decimal::from_i128_with_scale(minor, currency.minor_digits()).to_string();
    match text.split_once('.') {
        Some((units, minor)) => format!("{}.{minor}", separated(units)),
        None => separated(&text),
    }
}

/// `1,234,567`
fn grouped(count: i64) -> String {
    separated(&count.to_string())
}

fn separated(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn named(what: &str, list: &[String], count: i64) {
    if list.is_empty() {
        return;
    }
    say!("{what}:");
    for text in list.iter().take(NAMED_MAX) {
        say!("  {text}");
    }
    let left = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(NAMED_MAX);
    if left > 0 {
        say!("  and {} more", left);
    }
}
