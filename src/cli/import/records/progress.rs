//! What became of each row. A row is told once, when all its records are.

use std::collections::HashMap;
use std::path::Path;

use super::sink::{Came, Waited};
use crate::cli::import::errors::{ErrorFile, Fault, Refused};
use crate::pb::RecordOutcome;

/// What is told one by one of records that may be the same as others, at most.
const DUPLICATES_TOLD_MAX: usize = 50;

/// What came of all of it.
#[derive(Debug, Default)]
pub(super) struct Counts {
    rows: i64,
    empty: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    /// Of a dry run: they name what the run would have brought.
    untried: i64,
    pub duplicates: i64,
    /// Rows, whatever their records are.
    pub refused: i64,
}

impl Counts {
    pub fn lines(&self, is_dry: bool) -> Vec<(&'static str, i64)> {
        let told = |done, would| if is_dry { would } else { done };
        let mut lines = vec![
            ("rows read", self.rows),
            ("passed over: empty lines", self.empty),
            (told("records created", "records that would be created"), self.created),
            (told("records changed", "records that would be changed"), self.updated),
            ("records that were so already", self.unchanged),
            ("records that may be there already", self.duplicates),
            (told("rows refused", "rows that would be refused"), self.refused),
        ];
        if is_dry {
            lines.push(("records that name what these rows bring: not tried", self.untried));
        }
        lines
    }
}

/// A row whose records are on their way.
struct Row {
    row: Refused,
    left: usize,
    faults: Vec<Fault>,
}

pub(super) struct Progress {
    pub counts: Counts,
    pub errors: ErrorFile,
    /// In words, what may be there already: the first of it.
    pub duplicates: Vec<String>,
    rows: HashMap<u64, Row>,
    begun: u64,
    /// Rows of records that wait for others, by chunk and place.
    waiting: HashMap<(i64, i32), u64>,
}

impl Progress {
    pub fn new(errors: &Path) -> Result<Self, String> {
        Ok(Self {
            counts: Counts::default(),
            errors: ErrorFile::new(errors, false)?,
            duplicates: Vec::new(),
            rows: HashMap::new(),
            begun: 0,
            waiting: HashMap::new(),
        })
    }

    pub fn passed_over(&mut self) {
        self.counts.rows += 1;
        self.counts.empty += 1;
    }

    pub fn unreadable(&mut self, row: &Refused, faults: &[Fault]) -> Result<(), String> {
        self.counts.rows += 1;
        self.counts.refused += 1;
        self.errors.add(row, faults)
    }

    /// A row of so many records is sent; answers its number.
    pub fn begin(&mut self, row: Refused, records: usize) -> u64 {
        self.counts.rows += 1;
        self.begun += 1;
        self.rows.insert(self.begun, Row { row, left: records, faults: Vec::new() });
        self.begun
    }

    /// What became of a record of a row; one that waits is told later.
    pub fn came(&mut self, at: (i64, i32), row: u64, came: Came) -> Result<(), String> {
        if came.outcome == RecordOutcome::Waiting {
            self.waiting.insert(at, row);
            return Ok(());
        }
        self.done(row, came)
    }

    pub fn waited(&mut self, waited: Waited) -> Result<(), String> {
        let row = self.waiting.remove(&(waited.sequence, waited.position));
        let row = row.ok_or("the answer is about a record that was not sent")?;
        self.done(row, waited.came)
    }

    fn done(&mut self, number: u64, came: Came) -> Result<(), String> {
        let Came { outcome, name, faults, duplicates } = came;
        let row = self.rows.get_mut(&number);
        let row = row.ok_or("the answer is about a row that was told already")?;
        match outcome {
            RecordOutcome::Created => self.counts.created += 1,
            RecordOutcome::Updated => self.counts.updated += 1,
            RecordOutcome::Waiting => self.counts.untried += 1,
            RecordOutcome::Refused => row.faults.extend(faults),
            RecordOutcome::Unchanged | RecordOutcome::Unspecified => self.counts.unchanged += 1,
        }
        if !duplicates.is_empty() {
            self.counts.duplicates += 1;
            if self.duplicates.len() < DUPLICATES_TOLD_MAX {
                let what = if name.is_empty() { "it".to_owned() } else { name };
                let line = row.row.line;
                let others = duplicates.join(", ");
                self.duplicates.push(format!("line {line}: {what} may be the same as {others}"));
            }
        }
        row.left -= 1;
        if row.left > 0 {
            return Ok(());
        }
        let Some(Row { row, faults, .. }) = self.rows.remove(&number) else { return Ok(()) };
        if faults.is_empty() {
            return Ok(());
        }
        self.counts.refused += 1;
        self.errors.add(&row, &faults)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cli::import::records::Kind;
    use crate::cli::import::records::list::List;

    #[test]
    fn of_what_may_be_there_already_the_first_are_told_and_all_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::new(&folder.path().join("errors.csv")).unwrap();
        let columns = Arc::new(List::exported(Kind::Contacts, &["contact_id"]));
        for n in 0..60 {
            let row = Refused {
                file: "people.csv".into(),
                line: n,
                key: n.to_string(),
                cells: vec![n.to_string()],
                columns: columns.clone(),
            };
            let number = progress.begin(row, 1);
            let came = Came {
                outcome: RecordOutcome::Created,
                name: format!("contacts/{n}"),
                faults: Vec::new(),
                duplicates: vec!["contacts/x".to_owned()],
            };
            progress.came((1, 0), number, came).unwrap();
        }
        assert_eq!(progress.duplicates.len(), DUPLICATES_TOLD_MAX);
        assert_eq!(progress.counts.duplicates, 60);
    }
}
