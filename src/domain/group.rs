//! Groups of accounts: a tree of parents on each day, without cycles and not deep.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

/// Most levels of a group, the root's own included. Locks and limit checks walk them all.
pub const MAX_DEPTH: usize = 8;

/// A day, as known at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupAt {
    pub as_of: NaiveDate,
    /// When that day ends: an account that was there by then, and linked later only, stood under
    /// nobody. Microseconds since the epoch, as is the next.
    pub ends_us: i64,
    pub known_at: i64,
}

/// Who belongs together on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kin {
    /// By id those below, from the nearest on those above.
    pub accounts: Vec<String>,
    /// Others may belong to them of which no link is known so early: the first day from which
    /// on all are known.
    pub known_from: Option<NaiveDate>,
}

/// Under whom accounts stand from which day on: of what is recorded, what takes effect last by a
/// day counts on it, and of one day what was recorded last. `None`: under nobody.
#[derive(Debug, Clone, Default)]
pub struct Links(HashMap<String, BTreeMap<NaiveDate, Option<String>>>);

impl Links {
    /// Adds what was recorded after all that is in it.
    pub fn record(&mut self, account: String, from: NaiveDate, parent: Option<String>) {
        self.0.entry(account).or_default().insert(from, parent);
    }

    /// Under whom an account stands on a day; the outer `None`: no link is known so early.
    pub fn known_on(&self, account: &str, day: NaiveDate) -> Option<Option<&str>> {
        let (_, parent) = self.0.get(account)?.range(..=day).next_back()?;
        Some(parent.as_deref())
    }

    /// The first day after `day` from which on an account stands elsewhere.
    pub fn next_change(&self, account: &str, day: NaiveDate) -> Option<NaiveDate> {
        let after = (std::ops::Bound::Excluded(day), std::ops::Bound::Unbounded);
        self.0.get(account)?.range(after).next().map(|(day, _)| *day)
    }

    /// The accounts that are linked, and those they are linked to.
    pub fn accounts(&self) -> BTreeSet<&str> {
        let parents = self.0.values().flat_map(BTreeMap::values).flatten();
        self.0.keys().chain(parents).map(String::as_str).collect()
    }

    /// The first day on which the child would be its own ancestor if it stood under the parent
    /// from a day on, until its next change.
    pub fn would_cycle_on(&self, child: &str, parent: &str, from: NaiveDate) -> Option<NaiveDate> {
        let until = self.next_change(child, from).unwrap_or(NaiveDate::MAX);
        let changes = self.0.values().flat_map(BTreeMap::keys).copied();
        let mut days: BTreeSet<NaiveDate> =
            changes.filter(|day| *day > from && *day < until).collect();
        days.insert(from);
        days.into_iter().find(|day| {
            let parent_of = |id: &str| self.known_on(id, *day).flatten().map(str::to_owned);
            would_cycle(child, parent, parent_of)
        })
    }

    /// The first day on which the group would have more than [`MAX_DEPTH`] levels if the child
    /// stood under the parent from a day on, until its next change. There is no ring.
    pub fn would_be_too_deep_on(
        &self,
        child: &str,
        parent: &str,
        from: NaiveDate,
    ) -> Option<NaiveDate> {
        let until = self.next_change(child, from).unwrap_or(NaiveDate::MAX);
        let below = self.below();
        let mut first: Option<NaiveDate> = None;
        // Up from the parent, to the root of each stretch of days, with the levels on the way.
        let mut climbing = vec![(parent, Days { from, until }, 1)];
        while let Some((id, days, level)) = climbing.pop() {
            for (stay, above) in self.stays(id).into_iter().filter_map(|stay| stay.within(days)) {
                let found = match above {
                    Some(above) if level < MAX_DEPTH => {
                        climbing.push((above, stay, level + 1));
                        continue;
                    }
                    Some(_) => Some(stay.from),
                    None => deeper_than(&below, child, MAX_DEPTH - level, stay),
                };
                first = first.into_iter().chain(found).min();
            }
        }
        first
    }

    /// Where an account stands from when until when, on all days: before its first link, under
    /// nobody.
    fn stays(&self, account: &str) -> Vec<Stay<'_>> {
        let links = self.0.get(account).into_iter().flatten();
        let changes = std::iter::once((NaiveDate::MIN, None))
            .chain(links.map(|(day, parent)| (*day, parent.as_deref())));
        let changes: Vec<(NaiveDate, Option<&str>)> = changes.collect();
        let ends = changes.iter().skip(1).map(|(day, _)| *day).chain([NaiveDate::MAX]);
        let stays = changes.iter().zip(ends);
        stays.map(|(&(from, under), until)| Stay { days: Days { from, until }, under }).collect()
    }

    /// Who stands under each account when.
    fn below(&self) -> HashMap<&str, Vec<(&str, Days)>> {
        let mut below: HashMap<&str, Vec<(&str, Days)>> = HashMap::new();
        for account in self.0.keys() {
            for Stay { days, under } in self.stays(account) {
                if let Some(parent) = under {
                    below.entry(parent).or_default().push((account, days));
                }
            }
        }
        below
    }
}

/// Days from one on, until before another one.
#[derive(Debug, Clone, Copy)]
struct Days {
    from: NaiveDate,
    until: NaiveDate,
}

impl Days {
    fn within(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), until: self.until.min(other.until) };
        (both.from < both.until).then_some(both)
    }
}

/// Days on which an account stands under the same parent; `None`: under nobody.
#[derive(Debug, Clone, Copy)]
struct Stay<'a> {
    days: Days,
    under: Option<&'a str>,
}

impl<'a> Stay<'a> {
    fn within(self, days: Days) -> Option<(Days, Option<&'a str>)> {
        Some((self.days.within(days)?, self.under))
    }
}

/// The first of the days on which an account with what is below it has more than so many levels.
fn deeper_than(
    below: &HashMap<&str, Vec<(&str, Days)>>,
    account: &str,
    levels: usize,
    days: Days,
) -> Option<NaiveDate> {
    let Some(left) = levels.checked_sub(1) else { return Some(days.from) };
    let children = below.get(account).into_iter().flatten();
    let children = children.filter_map(|(child, stay)| Some((child, stay.within(days)?)));
    children.filter_map(|(child, days)| deeper_than(below, child, left, days)).min()
}

/// Whether the child would become its own ancestor under the new parent. `parent_of` gives
/// an account's present parent.
pub fn would_cycle(
    child: &str,
    new_parent: &str,
    parent_of: impl Fn(&str) -> Option<String>,
) -> bool {
    child == new_parent || ancestors(new_parent, parent_of).iter().any(|id| id == child)
}

/// Whether the group would exceed [`MAX_DEPTH`] levels with the child under the new parent.
/// `child_levels` counts the levels the child brings: 1 if it has no children itself.
pub fn would_be_too_deep(
    child_levels: usize,
    new_parent: &str,
    parent_of: impl Fn(&str) -> Option<String>,
) -> bool {
    level(new_parent, parent_of) + child_levels > MAX_DEPTH
}

/// The level of an account in its group: 1 for a root.
pub fn level(id: &str, parent_of: impl Fn(&str) -> Option<String>) -> usize {
    ancestors(id, parent_of).len() + 1
}

/// The account's parents, nearest first. Ends where a damaged chain returns to itself.
pub fn ancestors(id: &str, parent_of: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    while let Some(parent) = parent_of(chain.last().map_or(id, String::as_str)) {
        if parent == id || chain.contains(&parent) {
            break;
        }
        chain.push(parent);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Accounts `0`, `1`, `2` …, each under the next: `7` is the root.
    fn chain_of_eight(id: &str) -> Option<String> {
        let n: usize = id.parse().ok()?;
        (n < 7).then(|| (n + 1).to_string())
    }

    #[test]
    fn an_account_cannot_stand_under_itself_or_its_descendants() {
        assert!(would_cycle("7", "7", chain_of_eight));
        assert!(would_cycle("7", "0", chain_of_eight));
        assert!(would_cycle("3", "2", chain_of_eight));
        assert!(!would_cycle("0", "5", chain_of_eight));
        assert!(!would_cycle("x", "0", chain_of_eight));
    }

    #[test]
    fn a_group_has_at_most_eight_levels() {
        assert_eq!(level("7", chain_of_eight), 1);
        assert_eq!(level("0", chain_of_eight), MAX_DEPTH);
        assert!(would_be_too_deep(1, "0", chain_of_eight));
        assert!(!would_be_too_deep(1, "1", chain_of_eight));
        assert!(would_be_too_deep(2, "1", chain_of_eight));
        assert!(!would_be_too_deep(7, "7", chain_of_eight));
    }

    #[test]
    fn a_damaged_chain_does_not_hang_the_walk() {
        let ring = |id: &str| Some(if id == "a" { "b" } else { "a" }.to_owned());
        assert_eq!(ancestors("a", ring), ["b"]);
        assert_eq!(ancestors("x", ring), ["a", "b"]);
    }

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2019, 1, 1).unwrap() + chrono::Days::new(u64::from(n))
    }

    #[test]
    fn what_takes_effect_last_counts_and_of_one_day_what_was_recorded_last() {
        let mut links = Links::default();
        links.record("a".into(), day(9), Some("p".into()));
        links.record("a".into(), day(5), Some("q".into()));
        assert_eq!(links.known_on("a", day(4)), None);
        assert_eq!(links.known_on("a", day(8)), Some(Some("q")));
        assert_eq!(links.known_on("a", day(9)), Some(Some("p")));
        links.record("a".into(), day(9), None);
        assert_eq!(links.known_on("a", day(20)), Some(None));
        assert_eq!(links.next_change("a", day(5)), Some(day(9)));
        assert_eq!(links.next_change("a", day(9)), None);
        assert_eq!(links.accounts(), ["a", "q"].into());
    }

    #[test]
    fn a_ring_of_some_days_is_found_and_named() {
        let mut links = Links::default();
        links.record("b".into(), day(3), Some("a".into()));
        links.record("b".into(), day(6), None);
        assert_eq!(links.would_cycle_on("a", "b", day(0)), Some(day(3)));
        assert_eq!(links.would_cycle_on("a", "b", day(5)), Some(day(5)));
        assert_eq!(links.would_cycle_on("a", "b", day(6)), None);
        // It ends before the other begins.
        links.record("a".into(), day(2), None);
        assert_eq!(links.would_cycle_on("a", "b", day(0)), None);
    }

    #[test]
    fn a_group_that_was_too_deep_for_some_days_is_found_and_named() {
        let mut links = Links::default();
        // 0 stands under 1, that under 2 and so on, and 6 under 7 from the sixth day to the ninth.
        for n in 0..6 {
            links.record(n.to_string(), day(n), Some((n + 1).to_string()));
        }
        links.record("6".into(), day(6), Some("7".into()));
        links.record("6".into(), day(9), None);
        assert_eq!(links.would_be_too_deep_on("7", "top", day(0)), Some(day(6)));
        assert_eq!(links.would_be_too_deep_on("7", "top", day(9)), None);
        assert_eq!(links.would_be_too_deep_on("new", "0", day(0)), Some(day(6)));
        assert_eq!(links.would_be_too_deep_on("new", "0", day(9)), None);
        assert_eq!(links.would_be_too_deep_on("new", "1", day(0)), None);
        // Until its own next change.
        links.record("new".into(), day(6), None);
        assert_eq!(links.would_be_too_deep_on("new", "0", day(5)), None);
    }

    proptest! {
        /// Levels counted account by account and day by day.
        #[test]
        fn dated_links_are_too_deep_exactly_on_the_days_that_are_named(
            steps in prop::collection::vec((0usize..12, 0usize..12, 0u32..6), 0..40),
        ) {
            let mut links = Links::default();
            for (child, parent, from) in steps {
                let (child, parent, from) = (child.to_string(), parent.to_string(), day(from));
                if links.would_cycle_on(&child, &parent, from).is_some() {
                    continue;
                }
                let mut tried = links.clone();
                tried.record(child.clone(), from, Some(parent.clone()));
                let depth = |on: NaiveDate| {
                    let up = |id: &str| tried.known_on(id, on).flatten().map(str::to_owned);
                    (0..12).map(|id| level(&id.to_string(), up)).max().unwrap_or_default()
                };
                let all: Vec<NaiveDate> = (0..6).map(day).collect();
                let deep = all.into_iter().find(|on| depth(*on) > MAX_DEPTH);
                prop_assert_eq!(links.would_be_too_deep_on(&child, &parent, from), deep);
                if deep.is_none() {
                    links = tried;
                }
            }
        }

        #[test]
        fn dated_links_that_pass_the_check_close_no_ring_on_any_day(
            steps in prop::collection::vec((0usize..6, 0usize..7, 0u32..8), 0..40),
        ) {
            let mut links = Links::default();
            for (child, parent, from) in steps {
                let child = child.to_string();
                // The seventh is nobody.
                let parent = (parent < 6).then(|| parent.to_string());
                let ring = parent.as_deref().and_then(|p| links.would_cycle_on(&child, p, day(from)));
                if ring.is_none() {
                    links.record(child, day(from), parent);
                }
            }
            for on in 0..8 {
                for start in 0..6 {
                    let first = start.to_string();
                    let up = |at: &&str| links.known_on(at, day(on)).flatten();
                    let walk = std::iter::successors(Some(first.as_str()), up);
                    prop_assert!(walk.take(7).count() <= 6, "a ring on day {on}: {links:?}");
                }
            }
        }

        #[test]
        fn links_that_pass_the_check_never_close_a_ring(
            links in prop::collection::vec((0usize..12, 0usize..12), 0..60),
        ) {
            let mut parents: Vec<Option<usize>> = vec![None; 12];
            for (child, parent) in links {
                let parent_of = |id: &str| parents[id.parse::<usize>().unwrap()].map(|p| p.to_string());
                if !would_cycle(&child.to_string(), &parent.to_string(), parent_of) {
                    parents[child] = Some(parent);
                }
            }
            for start in 0..parents.len() {
                let walk = std::iter::successors(Some(start), |&at| parents[at]);
                prop_assert!(walk.take(13).count() <= 12);
            }
        }
    }
}
