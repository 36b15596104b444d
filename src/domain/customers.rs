//! Which accounts are one customer: as which each counts, and from which day on. What is told of the
//! customer as a whole is told of the account that survived.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

/// As which accounts count, of those that count as another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customers {
    losers: BTreeMap<String, CountsAs>,
    /// Those of each survivor.
    of: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountsAs {
    pub survivor_id: String,
    pub from: NaiveDate,
}

impl FromIterator<(String, CountsAs)> for Customers {
    fn from_iter<T: IntoIterator<Item = (String, CountsAs)>>(losers: T) -> Self {
        let mut all = Self { losers: losers.into_iter().collect(), of: BTreeMap::new() };
        for (id, CountsAs { survivor_id, .. }) in &all.losers {
            all.of.entry(survivor_id.clone()).or_default().insert(id.clone());
        }
        all
    }
}

impl Customers {
    /// Those that count as another on a day.
    #[must_use]
    pub fn on(self, day: NaiveDate) -> Self {
        self.losers.into_iter().filter(|(_, counts)| counts.from <= day).collect()
    }

    /// Those of which both accounts are told.
    #[must_use]
    pub fn among(self, is_told: impl Fn(&str) -> bool) -> Self {
        let told = |(id, counts): &(String, CountsAs)| is_told(id) && is_told(&counts.survivor_id);
        self.losers.into_iter().filter(told).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.losers.is_empty()
    }

    /// As which an account counts, if not as itself, and from which day on.
    pub fn counts_as(&self, id: &str) -> Option<&CountsAs> {
        self.losers.get(id)
    }

    /// As which an account counts, which may be itself.
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.losers.get(id).map_or(id, |counts| counts.survivor_id.as_str())
    }

    pub fn is_loser(&self, id: &str) -> bool {
        self.losers.contains_key(id)
    }

    /// Each that counts as another, with that one, in the order of ids.
    pub fn losers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.losers.iter().map(|(id, counts)| (id.as_str(), counts.survivor_id.as_str()))
    }

    /// Those that count as this one.
    pub fn losers_of<'a>(&'a self, survivor_id: &'a str) -> impl Iterator<Item = &'a str> {
        self.of.get(survivor_id).into_iter().flatten().map(String::as_str)
    }

    /// From which day on two accounts are one customer, if they are.
    pub fn one_from(&self, one: &str, other: &str) -> Option<NaiveDate> {
        let since = |id: &str| self.losers.get(id).map(|counts| counts.from);
        let is_one = one != other && self.of(one) == self.of(other);
        is_one.then(|| since(one).max(since(other))).flatten()
    }

    /// These, and all that count as one of them.
    pub fn with_losers<'a>(&'a self, ids: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let losers = ids.iter().flat_map(|id| self.losers_of(id));
        losers.chain(ids.iter().copied()).collect()
    }

    /// All accounts that are one customer with this one, itself among them.
    pub fn same_as<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let survivor = self.of(id);
        std::iter::once(survivor).chain(self.losers_of(survivor))
    }

    /// All accounts that are one customer with one of these, they among them.
    pub fn all_of<'a>(&'a self, ids: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let survivors: BTreeSet<&str> = ids.iter().map(|id| self.of(id)).collect();
        self.with_losers(&survivors)
    }

    /// The accounts of which it is told what is recorded of one: itself, and the one that it counts as.
    pub fn told_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let survivor = self.losers.get(id).map(|counts| counts.survivor_id.as_str());
        std::iter::once(id).chain(survivor)
    }

    /// What is known of each account, that of losers told of their survivors too.
    #[must_use]
    pub fn united<T: Clone>(&self, mut known: HashMap<String, Vec<T>>) -> HashMap<String, Vec<T>> {
        for (id, survivor) in self.losers() {
            if let Some(its) = known.get(id).cloned() {
                known.entry(survivor.to_owned()).or_default().extend(its);
            }
        }
        known
    }

    /// What is known of any account that is one customer with this one.
    pub fn shared<T: Clone>(&self, known: &mut HashMap<String, Vec<T>>, id: &str) -> Vec<T> {
        if self.is_empty() {
            return known.remove(id).unwrap_or_default();
        }
        self.same_as(id).filter_map(|one| known.get(one)).flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, n).unwrap()
    }

    #[test]
    fn what_is_recorded_of_a_loser_is_told_of_its_survivor_from_the_merge_on() {
        let counts =
            |id: &str, n| (id.to_owned(), CountsAs { survivor_id: "s".into(), from: day(n) });
        let all: Customers = [counts("a", 2), counts("b", 4)].into_iter().collect();
        let on = all.clone().on(day(3));
        assert_eq!((on.of("a"), on.of("b"), on.of("s"), on.of("x")), ("s", "b", "s", "x"));
        assert_eq!(all.losers_of("s").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(all.with_losers(&["s", "x"].into()), ["a", "b", "s", "x"].into());
        assert_eq!(all.with_losers(&["a"].into()), ["a"].into());
        assert_eq!(all.all_of(&["a", "x"].into()), ["a", "b", "s", "x"].into());
        assert_eq!(all.same_as("b").collect::<Vec<_>>(), ["s", "a", "b"]);
        assert_eq!(all.one_from("a", "s"), Some(day(2)));
        assert_eq!(all.one_from("a", "b"), Some(day(4)));
        assert_eq!((all.one_from("a", "x"), all.one_from("s", "s")), (None, None));
        assert_eq!(on.told_of("a").collect::<Vec<_>>(), ["a", "s"]);
        let known = ["a", "b", "s"].map(|id| (id.to_owned(), vec![id]));
        assert_eq!(on.shared(&mut known.clone().into(), "a"), ["s", "a"]);
        let mut united = on.united(known.into());
        assert_eq!(
            (united.remove("s"), united.remove("a")),
            (Some(vec!["s", "a"]), Some(vec!["a"]))
        );
    }
}
