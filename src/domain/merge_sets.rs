//! Which accounts were ever merged with each other: whose items may be settled with whose, and as which each
//! counts.

use std::collections::{BTreeMap, BTreeSet};

/// Which accounts were ever merged with each other, and as which each counts now. Accounts that never
/// were are not in it.
#[derive(Debug, Clone, Default)]
pub struct MergeSets(BTreeMap<String, Place>);

#[derive(Debug, Clone)]
struct Place {
    set: String,
    counts_as: String,
}

impl MergeSets {
    /// Adds an account of a set.
    pub fn add(&mut self, id: String, set: String, merged_into: Option<String>) {
        let counts_as = merged_into.unwrap_or_else(|| id.clone());
        self.0.insert(id, Place { set, counts_as });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// These accounts, and those that were ever merged with one of them.
    pub fn with(&self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        let sets: BTreeSet<&str> =
            ids.iter().filter_map(|id| self.0.get(id)).map(|place| place.set.as_str()).collect();
        let of_these = self.0.iter().filter(|(_, place)| sets.contains(place.set.as_str()));
        of_these.map(|(id, _)| id).chain(ids).cloned().collect()
    }

    /// Whether these are one account, or were merged with each other at any time.
    pub fn were_one(&self, one: &str, other: &str) -> bool {
        one == other
            || self
                .0
                .get(one)
                .zip(self.0.get(other))
                .is_some_and(|(one, other)| one.set == other.set)
    }

    /// As which an account counts.
    pub fn counts_as<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, |place| place.counts_as.as_str())
    }

    /// The accounts that count as the same one as this does, itself among them.
    pub fn counting_as(&self, id: &str) -> BTreeSet<String> {
        let survivor = self.counts_as(id).to_owned();
        let same = self.0.iter().filter(|(_, place)| place.counts_as == survivor);
        same.map(|(id, _)| id.clone()).chain([id.to_owned()]).collect()
    }

    /// Only which count as one now: of merges that were undone, nothing.
    pub fn of_now(&self) -> Self {
        let now = |place: &Place| Place { set: place.counts_as.clone(), ..place.clone() };
        Self(self.0.iter().map(|(id, place)| (id.clone(), now(place))).collect())
    }
}
