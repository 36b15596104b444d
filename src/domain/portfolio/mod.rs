//! The book as a whole: on how few it rests, and whether customers come back.

pub mod concentration;
pub mod repurchase;
pub mod rhythm;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use self::concentration::{Concentration, Share};
use self::repurchase::{Model, Repurchase};
use crate::domain::money::Currency;
use crate::domain::tier::policy::Measure;

/// How many of the largest groups a stress takes away.
pub const STRESSES: [usize; 3] = [1, 3, 5];

/// GetPortfolio.
#[derive(Debug, Clone)]
pub struct PortfolioQuery {
    /// `None` is the business date.
    pub as_of: Option<NaiveDate>,
    /// How many groups and accounts to tell one by one.
    pub groups_max: usize,
    pub model: Option<Model>,
}

/// What the book looks like on a day.
#[derive(Debug, Clone)]
pub struct Portfolio {
    pub as_of: NaiveDate,
    pub policy_id: String,
    pub measure: Measure,
    pub currency: Currency,
    pub revenue: Side,
    pub receivables: Side,
    pub stresses: Vec<Stress>,
    /// The largest by revenue, then those that owe without having any.
    pub groups: Vec<GroupRow>,
    pub repurchase: Option<Repurchase>,
}

/// One of the two figures the book is looked at by, over groups, in minor units.
#[derive(Debug, Clone)]
pub struct Side {
    pub concentration: Concentration,
    /// Accounts with an amount that no rate is known for, which are left out.
    pub unknown: usize,
}

/// What is left without the largest groups by revenue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stress {
    pub groups: usize,
    pub revenue: i128,
    pub receivables: i128,
}

/// A group, by the id of its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    pub root_id: String,
    /// Empty until it is read.
    pub display_name: String,
    /// How many accounts of it count.
    pub accounts: usize,
    pub revenue: i128,
    pub receivables: i128,
    /// Of the revenue of all, in basis points; `None` without any.
    pub revenue_bp: Option<i32>,
    pub receivables_bp: Option<i32>,
}

/// What accounts count for, one of the two figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts {
    pub known: BTreeMap<String, i128>,
    pub unknown: BTreeSet<String>,
}

/// Both figures by group: those that have one of them above zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    pub revenue: Vec<Share>,
    pub receivables: Vec<Share>,
    accounts: BTreeMap<String, BTreeSet<String>>,
}

impl Groups {
    /// The accounts by the root of each. A group that nothing is left of does not count.
    pub fn of(revenue: &Amounts, receivables: &Amounts, root_of: impl Fn(&str) -> String) -> Self {
        let mut accounts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut by_root = |amounts: &Amounts| {
            let mut sums: BTreeMap<String, i128> = BTreeMap::new();
            for (id, amount) in &amounts.known {
                if amounts.unknown.contains(id) {
                    continue;
                }
                let root = root_of(id);
                *sums.entry(root.clone()).or_default() += amount;
                accounts.entry(root).or_default().insert(id.clone());
            }
            concentration::ranked(sums)
        };
        let (revenue, receivables) = (by_root(revenue), by_root(receivables));
        Self { revenue, receivables, accounts }
    }

    /// What is left of both figures without the largest groups by revenue.
    pub fn stresses(&self) -> Vec<Stress> {
        let stress = |groups: usize| {
            let gone = &self.revenue[..groups.min(self.revenue.len())];
            let gone: BTreeSet<&str> = gone.iter().map(|share| share.id.as_str()).collect();
            let left = |shares: &[Share]| {
                let left = shares.iter().filter(|share| !gone.contains(share.id.as_str()));
                left.map(|share| share.value).sum()
            };
            Stress { groups, revenue: left(&self.revenue), receivables: left(&self.receivables) }
        };
        STRESSES.into_iter().map(stress).collect()
    }

    /// The largest groups by revenue, then those that only owe.
    pub fn rows(&self, max: usize) -> Vec<GroupRow> {
        let values = |shares: &[Share]| -> BTreeMap<String, i128> {
            shares.iter().map(|share| (share.id.clone(), share.value)).collect()
        };
        let (revenue, receivables) = (values(&self.revenue), values(&self.receivables));
        let totals = [&self.revenue, &self.receivables]
            .map(|shares| shares.iter().map(|share| share.value).sum::<i128>());
        let only_owe = self.receivables.iter().filter(|share| !revenue.contains_key(&share.id));
        let all = self.revenue.iter().chain(only_owe).take(max);
        all.map(|Share { id, .. }| {
            let of = |values: &BTreeMap<String, i128>| values.get(id).copied().unwrap_or_default();
            let (sold, owed) = (of(&revenue), of(&receivables));
            GroupRow {
                root_id: id.clone(),
                display_name: String::new(),
                accounts: self.accounts.get(id).map_or(0, BTreeSet::len),
                revenue: sold,
                receivables: owed,
                revenue_bp: concentration::share_bp(sold, totals[0]),
                receivables_bp: concentration::share_bp(owed, totals[1]),
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d4_23b_a_stress_takes_the_largest_groups_from_both_figures() {
        let amounts = |of: &[(&str, i128)]| Amounts {
            known: of.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect(),
            unknown: BTreeSet::from(["u".to_owned()]),
        };
        let revenue = amounts(&[("a", 40), ("a2", 20), ("b", 30), ("c", 10), ("u", 99), ("d", -5)]);
        let receivables = amounts(&[("a", 5), ("b", 7), ("e", 3), ("f", -2)]);
        let root = |id: &str| if id == "a2" { "a".to_owned() } else { id.to_owned() };
        let groups = Groups::of(&revenue, &receivables, root);
        let left: Vec<_> =
            groups.stresses().into_iter().map(|s| (s.revenue, s.receivables)).collect();
        assert_eq!(left, [(40, 10), (0, 3), (0, 3)]);
        let rows = groups.rows(9);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (&*row.root_id, row.accounts, row.revenue, row.receivables, row.revenue_bp))
            .collect();
        assert_eq!(
            told,
            [
                ("a", 2, 60, 5, Some(6_000)),
                ("b", 1, 30, 7, Some(3_000)),
                ("c", 1, 10, 0, Some(1_000)),
                ("e", 1, 0, 3, Some(0)),
            ]
        );
    }
}
