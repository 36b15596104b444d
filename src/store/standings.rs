//! How credit groups stood when somebody looked last, kept in memory. A standing is used only while its
//! group has the revision with which it was read: whatever changes what is kept here gives the
//! group another in its own transaction ([`super::lock`]). So it is with the class of the account and the policies
//! that rule it, which have a revision for the whole book. What isn't kept is read with each question: the people
//! of an account, exchange rates.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::credit::reservation::Now;
use crate::domain::credit::standing::Node;

/// The standings of the accounts that were asked about last; cheap to clone.
#[derive(Clone)]
pub struct KeptStandings(Option<Arc<Cache<String, Arc<KeptStanding>, Cells>>>);

/// Cells that an account has on average where all may be kept: one in a large group, or in many currencies,
/// takes the place of several.
const CELLS_OF_ONE: u64 = 32;

/// What a standing takes is counted in cells: amounts, limits, holds, and the accounts themselves.
#[derive(Debug, Clone)]
struct Cells;

impl Weighter<String, Arc<KeptStanding>> for Cells {
    fn weight(&self, _: &String, standing: &Arc<KeptStanding>) -> u64 {
        standing.cells
    }
}

/// An account with those above it, as they stood at a revision of their group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeptStanding {
    pub root_id: String,
    pub group: Group,
    /// Limits, securities and what is to come count by the day.
    pub today: NaiveDate,
    /// What is overdue rests on it.
    pub grace_days: i32,
    pub nodes: Vec<(String, Arc<Node>)>,
    pub parents: Vec<(String, String)>,
    pub rules: Rules,
    /// What it takes: [`cells`].
    pub cells: u64,
}

/// What rules an account, at a revision of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules {
    /// A number that no other transaction gives.
    pub revision: i64,
    /// Ids of the active credit policy, and of the tier policy that says what classes mean.
    pub policy: String,
    pub tier_policy: String,
    /// The class applied to the account, if it has one.
    pub class: Option<String>,
}

/// What the nodes of a standing take.
pub(super) fn cells(nodes: &[(String, Arc<Node>)]) -> u64 {
    let of = |node: &Node| {
        1 + node.exposure.len() + node.limits.len() + node.holds.len() + node.overdue.len()
    };
    nodes.iter().map(|(_, node)| of(node) as u64).sum()
}

/// What is known of a credit group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Of its root: a number that no other transaction gives.
    pub revision: i64,
    /// When one of its reservations counts otherwise by itself, in microseconds since the epoch: up to then
    /// the group stands as it does.
    pub next_change_us: i64,
    /// Whether a security covers some of it: what that covers changes with what is open.
    pub is_secured: bool,
}

impl KeptStandings {
    /// Keeps those of so many accounts of common size; none for 0.
    pub fn new(accounts_max: u32) -> Self {
        let size = usize::try_from(accounts_max).unwrap_or(usize::MAX);
        let cells_max = u64::from(accounts_max) * CELLS_OF_ONE;
        Self((size > 0).then(|| Arc::new(Cache::with_weighter(size, cells_max, Cells))))
    }

    /// What is kept of the accounts of a question, as far as it still counts by the clock and was read with
    /// the same days of grace.
    pub(super) fn of<'a>(
        &self,
        accounts: &'a [String],
        Now { us, today }: Now,
        grace_days: i32,
    ) -> BTreeMap<&'a str, Arc<KeptStanding>> {
        let Some(cache) = &self.0 else { return BTreeMap::new() };
        let counts = |kept: &Arc<KeptStanding>| {
            kept.today == today && kept.grace_days == grace_days && kept.group.next_change_us > us
        };
        let kept = |id: &'a String| Some((id.as_str(), cache.get(id).filter(counts)?));
        accounts.iter().filter_map(kept).collect()
    }

    pub(super) fn keep(&self, standings: Vec<(String, Arc<KeptStanding>)>) {
        let Some(cache) = &self.0 else { return };
        for (account, standing) in standings {
            cache.insert(account, standing);
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }
}
