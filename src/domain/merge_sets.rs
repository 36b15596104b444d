//! Which accounts were ever merged with each other, from when until when: whose items may be settled with
//! whose, and as which each counts.

use std::collections::{BTreeMap, BTreeSet};

/// Which accounts were ever merged with each other, and as which each counts now. Accounts that never
/// were are not in it.
#[derive(Debug, Clone, Default)]
pub struct MergeSets {
    places: BTreeMap<String, Place>,
    merges: Vec<Lasting>,
}

#[derive(Debug, Clone)]
struct Place {
    set: String,
    counts_as: String,
}

/// That an account counted as another, from one recorded time until another.
#[derive(Debug, Clone)]
pub struct Lasting {
    pub loser: String,
    pub survivor: String,
    pub from_us: i64,
    /// `None`: it still does.
    pub until_us: Option<i64>,
}

impl MergeSets {
    /// Adds an account of a set.
    pub fn add(&mut self, id: String, set: String, merged_into: Option<String>) {
        let counts_as = merged_into.unwrap_or_else(|| id.clone());
        self.places.insert(id, Place { set, counts_as });
    }

    /// Adds when accounts of a set counted as others.
    pub fn know(&mut self, merges: impl IntoIterator<Item = Lasting>) {
        self.merges.extend(merges);
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.places.keys()
    }

    /// These accounts, and those that were ever merged with one of them.
    pub fn with(&self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        let sets: BTreeSet<&str> = ids
            .iter()
            .filter_map(|id| self.places.get(id))
            .map(|place| place.set.as_str())
            .collect();
        let of_these = self.places.iter().filter(|(_, place)| sets.contains(place.set.as_str()));
        of_these.map(|(id, _)| id).chain(ids).cloned().collect()
    }

    /// Whether these are one account, or were merged with each other at any time.
    pub fn were_one(&self, one: &str, other: &str) -> bool {
        one == other
            || self
                .places
                .get(one)
                .zip(self.places.get(other))
                .is_some_and(|(one, other)| one.set == other.set)
    }

    /// As which an account counts.
    pub fn counts_as<'a>(&'a self, id: &'a str) -> &'a str {
        self.places.get(id).map_or(id, |place| place.counts_as.as_str())
    }

    /// As which an account counted at a recorded time.
    fn counted_as<'a>(&'a self, id: &'a str, us: i64) -> &'a str {
        let lasts = |of: &&Lasting| {
            of.loser == id && of.from_us <= us && of.until_us.is_none_or(|until| us < until)
        };
        self.merges.iter().find(lasts).map_or(id, |of| of.survivor.as_str())
    }

    /// Whether two accounts count as one, or did when something was recorded.
    pub fn are_one(&self, one: &str, other: &str, recorded_us: i64) -> bool {
        let did = self.counted_as(one, recorded_us) == self.counted_as(other, recorded_us);
        did || self.counts_as(one) == self.counts_as(other)
    }

    /// The accounts that count as the same one as this does, itself among them.
    pub fn counting_as(&self, id: &str) -> BTreeSet<String> {
        let survivor = self.counts_as(id).to_owned();
        let same = self.places.iter().filter(|(_, place)| place.counts_as == survivor);
        same.map(|(id, _)| id.clone()).chain([id.to_owned()]).collect()
    }

    /// Only which count as one now: of merges that were undone, nothing.
    pub fn of_now(&self) -> Self {
        let now = |place: &Place| Place { set: place.counts_as.clone(), ..place.clone() };
        let places = self.places.iter().map(|(id, place)| (id.clone(), now(place)));
        Self { places: places.collect(), merges: Vec::new() }
    }
}
