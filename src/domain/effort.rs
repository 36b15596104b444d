//! How much of all effort the accounts of each class take, held against what is meant for them
//! (definition 4.30).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::rounding::div_half_even;
use super::tier::policy::TierPolicy;

/// Days that are looked at together.
const DAYS: u64 = 90;
/// How far a share may be above what is meant for its class.
const OVER_BP: i32 = 500;
/// Fewer minutes in all say nothing.
const MINUTES_MIN: i64 = 20 * 60;
/// Accounts told with it.
const LARGEST_MAX: usize = 10;

/// The first of the days that are looked at on a day.
pub fn first_day(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(NaiveDate::MIN)
}

/// A share of all minutes, in basis points; `None` of nothing.
pub fn share_bp(minutes: i64, all: i64) -> Option<i32> {
    let share = (all > 0).then(|| div_half_even(i128::from(minutes) * 10_000, all.into()))?;
    i32::try_from(share).ok()
}

/// What ours worked for an account in a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    pub account_id: String,
    /// Empty for none.
    pub class: String,
    pub minutes: i64,
}

/// What ours worked in some days, and which share is meant for which class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Efforts {
    spent: Vec<Spent>,
    budgets_bp: BTreeMap<String, i32>,
}

/// A class that takes more than is meant for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over<'a> {
    pub class: &'a str,
    pub share_bp: i32,
    /// How far its share is above its budget.
    pub over_bp: i32,
}

impl Efforts {
    pub fn of(spent: Vec<Spent>, policy: Option<&TierPolicy>) -> Self {
        let classes = policy.map(|policy| policy.classes.as_slice()).unwrap_or_default().iter();
        let budget = classes.filter_map(|of| Some((of.code.clone(), of.service.effort_share_bp?)));
        Self { spent, budgets_bp: budget.collect() }
    }

    /// The classes that take more than is meant for them, by their codes.
    pub fn over_budget(&self) -> Vec<Over<'_>> {
        let all: i64 = self.spent.iter().map(|one| one.minutes).sum();
        if all < MINUTES_MIN {
            return Vec::new();
        }
        let share = |class: &str| {
            let his = self.spent.iter().filter(|one| one.class == class);
            share_bp(his.map(|one| one.minutes).sum(), all).unwrap_or_default()
        };
        let budgets = self.budgets_bp.iter().map(|(class, bp)| (class.as_str(), share(class), bp));
        let over =
            budgets.map(|(class, share_bp, bp)| Over { class, share_bp, over_bp: share_bp - bp });
        over.filter(|over| over.over_bp > OVER_BP).collect()
    }

    /// The accounts of these classes for which ours worked the longest.
    pub fn largest(&self, classes: &[&str]) -> impl Iterator<Item = &str> {
        // One that changed its class within the days is one account.
        let mut minutes: BTreeMap<&str, i64> = BTreeMap::new();
        for one in self.spent.iter().filter(|one| classes.contains(&one.class.as_str())) {
            *minutes.entry(&one.account_id).or_default() += one.minutes;
        }
        let mut of: Vec<(&str, i64)> = minutes.into_iter().collect();
        of.sort_by_key(|(id, minutes)| (Reverse(*minutes), *id));
        of.into_iter().take(LARGEST_MAX).map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Terms;
    use crate::domain::tier::service::ServicePolicy;

    fn policy(budgets: [Option<i32>; 3]) -> TierPolicy {
        let (_, mut policy) = TierPolicy::built_in().remove(0);
        for (class, effort_share_bp) in policy.classes.iter_mut().zip(budgets) {
            class.service = ServicePolicy { effort_share_bp, ..ServicePolicy::default() };
        }
        policy
    }

    fn hours(account: &str, class: &str, hours: i64) -> Spent {
        Spent { account_id: account.into(), class: class.into(), minutes: 60 * hours }
    }

    #[test]
    fn d4_30_forty_of_a_hundred_hours_on_a_budget_of_15_percent_are_25_points_over() {
        let budgets = policy([None, Some(5_500), Some(1_500)]);
        let spent = vec![
            hours("big", "A", 10),
            hours("mid", "B", 45),
            hours("low", "C", 15),
            hours("least", "C", 25),
            hours("new", "", 5),
        ];
        let efforts = Efforts::of(spent, Some(&budgets));
        let over = Over { class: "C", share_bp: 4_000, over_bp: 2_500 };
        assert_eq!(efforts.over_budget(), [over]);
        assert_eq!(efforts.largest(&["C"]).collect::<Vec<_>>(), ["least", "low"]);
    }

    #[test]
    fn five_points_over_are_nothing_and_neither_are_fewer_than_20_hours() {
        let budgets = policy([None, None, Some(1_500)]);
        let efforts = |c, others| {
            Efforts::of(vec![hours("low", "C", c), hours("big", "A", others)], Some(&budgets))
        };
        assert_eq!(efforts(20, 80).over_budget(), []);
        assert_eq!(efforts(21, 79).over_budget().len(), 1);
        assert_eq!(efforts(19, 0).over_budget(), []);
        assert_eq!(efforts(20, 0).over_budget().len(), 1);
        assert_eq!(Efforts::of(vec![hours("low", "C", 20)], None).over_budget(), []);
    }
}
