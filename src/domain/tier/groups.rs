//! Runs over groups: all accounts below one root count as one, by its head. So do accounts of one customer,
//! by the one that survived.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::customers::Customers;
use crate::domain::group;

/// Who counts with whom: the head of each account that is not one itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads(BTreeMap<String, String>);

impl Heads {
    /// By the parent of each account that has one. Whoever takes no part belongs to no group; the head
    /// is the root or, if that takes no part, the first of the others by id that counts as itself.
    pub fn of(
        parents: &HashMap<String, String>,
        excluded: &BTreeSet<String>,
        customers: &Customers,
    ) -> Self {
        let mut groups: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for id in parents.keys().filter(|id| !excluded.contains(*id)) {
            let above = group::ancestors(id, |id| parents.get(id).cloned());
            let root = above.into_iter().next_back();
            groups.entry(root.unwrap_or_else(|| id.clone())).or_default().insert(id);
        }
        let mut heads = BTreeMap::new();
        for (root, members) in groups {
            let first = members.iter().find(|id| !customers.is_loser(id));
            let first = first.map(|id| (*id).to_owned());
            let head = if excluded.contains(&root) { first } else { Some(root) };
            let Some(head) = head else { continue };
            let others = members.into_iter().filter(|id| **id != head);
            heads.extend(others.map(|id| (id.to_owned(), head.clone())));
        }
        Self(heads)
    }

    /// Where each account counts on its own, but for those that count as another.
    pub fn of_customers(customers: &Customers, excluded: &BTreeSet<String>) -> Self {
        let owned = |(id, survivor): (&str, &str)| (id.to_owned(), survivor.to_owned());
        Self::of(&customers.losers().map(owned).collect(), excluded, customers)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The head of an account, which may be itself.
    pub fn head<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    /// Accounts that are no heads, in the order of ids, each with its head.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(id, head)| (id.as_str(), head.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customers::CountsAs;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn heads(links: &[(&str, &str)], excluded: &[&str]) -> Heads {
        let links = links.iter().map(|(id, parent)| ((*id).to_owned(), (*parent).to_owned()));
        Heads::of(&links.collect(), &set(excluded), &Customers::default())
    }

    #[test]
    fn whoever_counts_as_another_is_no_head() {
        let counts = |id: &str, survivor: &str| {
            let from = chrono::NaiveDate::MIN;
            (id.to_owned(), CountsAs { survivor_id: survivor.into(), from })
        };
        let customers = [counts("b", "c"), counts("f", "e")].into_iter().collect();
        let links = [("b", "c"), ("c", "a")].map(|(id, parent)| (id.to_owned(), parent.to_owned()));
        let heads = Heads::of(&links.into(), &set(&["a"]), &customers);
        assert_eq!(["b", "c"].map(|id| heads.head(id)), ["c", "c"]);
        let heads = Heads::of_customers(&customers, &set(&["e", "f"]));
        assert_eq!(heads.members().collect::<Vec<_>>(), [("b", "c")]);
    }

    #[test]
    fn a_group_counts_by_its_root_or_by_the_first_that_takes_part() {
        let links = [("b", "a"), ("c", "b"), ("e", "d"), ("f", "d")];
        let told =
            |heads: &Heads| ["a", "b", "c", "d", "e", "f", "g"].map(|id| heads.head(id).to_owned());
        assert_eq!(told(&heads(&links, &[])), ["a", "a", "a", "d", "d", "d", "g"]);
        // Whoever is left out belongs to none, and those below it still to one.
        assert_eq!(told(&heads(&links, &["b", "d"])), ["a", "b", "a", "d", "e", "e", "g"]);
    }
}
