//! What an import that writes nothing would have brought, so that what names it is not told to be
//! wrong. Kept as hashes: a file of a million rows takes a few megabytes.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::domain::record::Record;

#[derive(Debug, Default)]
pub(super) struct Rehearsal {
    names: HashSet<u64>,
    hasher: RandomState,
}

impl Rehearsal {
    /// Notes what a record brings.
    pub fn note(&mut self, record: &Record) {
        let names = record.brings();
        self.names.extend(names.iter().map(|name| self.hasher.hash_one(name)));
    }

    /// Whether something of this name was noted.
    pub fn brings(&self, name: &str) -> bool {
        self.names.contains(&self.hasher.hash_one(name))
    }

    /// Whether one of the same key was noted.
    pub fn knows(&self, record: &Record) -> bool {
        record.brings().first().is_some_and(|name| self.brings(name))
    }
}
