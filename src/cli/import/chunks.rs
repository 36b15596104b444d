//! Rows into chunks. The same files with the same options give the same chunks, so that an
//! import that broke off knows by their numbers which ones were acknowledged.

use std::collections::HashMap;

use super::errors::{Fault, Refused};
use super::row::Documents;
use crate::domain::document::Draft;
use crate::domain::import::ClearingStatus;
use crate::domain::names::AccountRef;

/// Bounds what is kept of rows that are no documents.
const ROWS_MAX: usize = 5_000;

/// Some rows: the documents of those that can be read, the faults of the others.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub documents: Vec<Draft<AccountRef>>,
    pub statuses: Vec<ClearingStatus>,
    /// The row that each document comes from, by its place in `rows`.
    pub row_of: Vec<usize>,
    pub rows: Vec<Refused>,
    /// Rows that are refused here, by their place.
    pub unreadable: Vec<(usize, Vec<Fault>)>,
    pub names: HashMap<AccountRef, String>,
    /// What was changed to take a row.
    pub notices: Vec<String>,
}

impl Chunk {
    /// Whether one more row fits.
    pub fn takes_more(&self, most: usize) -> bool {
        self.rows.len() < ROWS_MAX && self.documents.len() < most
    }

    pub fn add(&mut self, row: Refused, read: Result<Documents, Vec<Fault>>) {
        let at = self.rows.len();
        self.rows.push(row);
        match read {
            Err(faults) => self.unreadable.push((at, faults)),
            Ok(Documents { draft, status, names, notices }) => {
                let key = &self.rows[at].key;
                self.notices.extend(notices.into_iter().map(|told| format!("{key}: {told}")));
                for (account, name) in names {
                    // The first spelling stays.
                    self.names.entry(account).or_insert(name);
                }
                self.row_of.extend(draft.iter().map(|_| at));
                self.documents.extend(draft);
                self.statuses.extend(status);
            }
        }
    }
}
