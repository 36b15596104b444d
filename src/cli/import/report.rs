//! What an import did, as it is printed at its end.

use comfy_table::{CellAlignment, Table};

use crate::domain::import::ImportSummary;

/// Faults of clearings and missing documents that are printed one by one.
const NAMED_MAX: usize = 10;

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
    /// All that documents asked to be cleared is.
    pub fn is_settled(&self) -> bool {
        self.clearing_faults.is_empty() && self.waiting_for.is_empty()
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

/// Prints the counts and the first of the faults.
pub(super) fn print(import_id: &str, counts: Counts, summary: &Summary, notices: &[String]) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    let mut line = |what: &str, count: String| {
        table.add_row(vec![what.to_owned(), count]);
    };
    line("rows read", counts.rows.to_string());
    line("documents in them", counts.documents.to_string());
    line("rows refused as they are", counts.unreadable.to_string());
    if counts.chunks_before > 0 {
        line("chunks committed before", counts.chunks_before.to_string());
    }
    line("documents posted", summary.posted.to_string());
    line("documents revised", summary.revised.to_string());
    line("documents unchanged", summary.unchanged.to_string());
    line("documents refused by the ledger", summary.refused.to_string());
    line("accounts created", summary.accounts_created.to_string());
    line("clearings applied", summary.clearings_applied.to_string());
    line("clearings refused", summary.clearing_faults.len().to_string());
    line("documents named and missing", summary.waiting_for.len().to_string());
    if !notices.is_empty() {
        line("documents taken with a notice", notices.len().to_string());
    }
    if let Some(numbers) = table.column_mut(1) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    println!("import {import_id}\n{table}");
    named("clearings refused", &summary.clearing_faults);
    named("documents named and missing", &summary.waiting_for);
    named("documents taken with a notice", notices);
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
