//! The figures of coverage: what part is live, how far ties stand at the top, on whom they hang, and
//! what shape they have.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{CellState, Facts, Filled, Peer, SCORE_DAYS};
use crate::domain::edge::{ONE, Rung};
use crate::domain::job::Level;
use crate::domain::rounding::div_half_even;
use crate::domain::stored::stored_enum;

/// From this share of strength on at the top it is top-heavy, in basis points.
const TOP_HEAVY_BP: i32 = 7_000;
/// Mean satisfaction below the top at which that is serious.
const UNHAPPY_MAX: i64 = 5;
/// Above this share of one tie the account hangs on it, in basis points.
const DEPENDENT_BP: i32 = 6_000;
/// Functions and levels of theirs from which on ties have the shape of a diamond.
const DIAMOND_FUNCTIONS: usize = 3;
const DIAMOND_LEVELS: usize = 2;

stored_enum! {
    pub enum TopHeavy {
        /// There is no tie.
        Unknown => "UNKNOWN",
        Green => "GREEN",
        Amber => "AMBER",
        /// And those below are unhappy, or we know none of them.
        Red => "RED",
    }
}

stored_enum! {
    /// What shape the live ties have.
    pub enum Shape {
        None => "NONE",
        /// Exactly one.
        BowTie => "BOW_TIE",
        Partial => "PARTIAL",
        /// Several functions on several levels.
        Diamond => "DIAMOND",
    }
}

/// How satisfied the people of a level are: one person, one vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Satisfaction {
    pub level: Level,
    pub people: i64,
    /// Of their latest scores.
    pub sum: i64,
}

/// Somebody's part in all strength.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub id: String,
    pub share_bp: i32,
}

/// On whom ties hang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The part of the strongest tie.
    pub share_bp: i32,
    pub member_id: String,
    pub contact_id: String,
    /// The largest part first.
    pub by_member: Vec<Share>,
    pub by_contact: Vec<Share>,
    /// The account hangs on that tie.
    pub on_one: bool,
}

/// What ties look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub shape: Shape,
    /// Our people with a live tie.
    pub our_members: usize,
    /// Functions and levels of theirs with one.
    pub functions: usize,
    pub levels: usize,
}

/// How well an account is covered on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub account_id: String,
    pub on: NaiveDate,
    /// `None` if nobody of the account is known.
    pub coverage_bp: Option<i32>,
    pub cells: Vec<Filled>,
    pub peers: Vec<Peer>,
    pub executive_share_bp: Option<i32>,
    pub top_heavy: TopHeavy,
    pub satisfaction: Vec<Satisfaction>,
    pub dependency: Option<Dependency>,
    pub form: Form,
    /// Functions of theirs with somebody who is familiar with one of ours.
    pub familiar_functions: usize,
}

impl Coverage {
    /// The figures of an account, from what is known of it.
    pub fn of(account_id: &str, facts: &Facts) -> Self {
        let cells = facts.filled();
        let peers = facts.peers();
        let satisfaction = satisfaction(facts);
        Self {
            account_id: account_id.to_owned(),
            on: facts.on,
            coverage_bp: coverage_bp(facts, &cells),
            executive_share_bp: executive_share_bp(&peers),
            top_heavy: top_heavy(&peers, &satisfaction),
            dependency: dependency(&peers),
            form: form(facts, &peers),
            familiar_functions: familiar_functions(facts, &peers),
            cells,
            peers,
            satisfaction,
        }
    }

    pub fn cells_in(&self, state: CellState) -> usize {
        self.cells.iter().filter(|one| one.state == state).count()
    }

    /// The cells that nobody of ours knows, those with nobody in them first.
    pub fn gaps(&self) -> Vec<&Filled> {
        let mut gaps: Vec<&Filled> =
            self.cells.iter().filter(|one| one.state != CellState::Live).collect();
        gaps.sort_by_key(|one| one.state);
        gaps
    }
}

/// How the people of an account are known to us, in its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquaintance {
    pub coverage: Coverage,
    /// When anybody of ours last met anybody there, whoever they are now.
    pub last_touch: Option<NaiveDate>,
    /// Positions of whom we should know from which somebody left, and nobody met whoever came.
    pub vacancies: usize,
    /// Personal ties of those who decide there that nobody looked into; `None`: what became of them by
    /// then is not known.
    pub tie_reviews: Option<usize>,
}

/// A part in basis points, half to even; `None` of nothing.
fn share_bp(part: i128, whole: i128) -> Option<i32> {
    let bp = (whole > 0).then(|| div_half_even(part * 10_000, whole))?;
    i32::try_from(bp).ok()
}

/// The part of cells that are live, in basis points; `None` if nobody of the account is known or no
/// cell is required.
pub fn coverage_bp(facts: &Facts, filled: &[Filled]) -> Option<i32> {
    let live = filled.iter().filter(|one| one.state == CellState::Live).count();
    share_bp(live as i128, filled.len() as i128).filter(|_| facts.has_people)
}

fn total<'a>(peers: impl IntoIterator<Item = &'a Peer>) -> i128 {
    peers.into_iter().map(|peer| i128::from(peer.sum)).sum()
}

/// The part of strength that ties to executives have, in basis points.
pub fn executive_share_bp(peers: &[Peer]) -> Option<i32> {
    let top = peers.iter().filter(|peer| peer.level == Level::Executive);
    share_bp(total(top), total(peers))
}

/// Whether ties stand at the top only.
pub fn top_heavy(peers: &[Peer], satisfaction: &[Satisfaction]) -> TopHeavy {
    let Some(share) = executive_share_bp(peers) else { return TopHeavy::Unknown };
    if share < TOP_HEAVY_BP {
        return TopHeavy::Green;
    }
    let below = |level: Level| level < Level::Executive;
    let (people, sum) = satisfaction
        .iter()
        .filter(|one| below(one.level))
        .fold((0, 0), |(people, sum), one| (people + one.people, sum + one.sum));
    let unhappy = people > 0 && sum <= UNHAPPY_MAX * people;
    let unknown = !peers.iter().any(|peer| peer.live && below(peer.level));
    if unhappy || unknown { TopHeavy::Red } else { TopHeavy::Amber }
}

/// How satisfied the people of each level are, by the latest score of each within the window, the
/// highest level first. Levels of which nobody said are missing.
pub fn satisfaction(facts: &Facts) -> Vec<Satisfaction> {
    let mut latest: BTreeMap<&str, (NaiveDate, i32)> = BTreeMap::new();
    for one in &facts.scores {
        let age = (facts.on - one.day).num_days();
        let known = latest.get(one.contact_id.as_str()).map(|(day, _)| *day);
        // Of two on one day the later in the list counts.
        if (0..SCORE_DAYS).contains(&age) && known.is_none_or(|day| day <= one.day) {
            latest.insert(&one.contact_id, (one.day, one.score));
        }
    }
    // The highest of each who said anything.
    let mut stands: BTreeMap<&str, Level> = BTreeMap::new();
    for seat in &facts.seats {
        let Some(contact_id) = &seat.contact_id else { continue };
        let level = stands.entry(contact_id).or_insert(seat.level);
        *level = seat.level.max(*level);
    }
    let mut levels: BTreeMap<Level, (i64, i64)> = BTreeMap::new();
    for (contact_id, (_, score)) in latest {
        if let Some(level) = stands.get(contact_id) {
            let (people, sum) = levels.entry(*level).or_default();
            *people += 1;
            *sum += i64::from(score);
        }
    }
    let told = levels.into_iter().rev();
    told.map(|(level, (people, sum))| Satisfaction { level, people, sum }).collect()
}

/// On whom the ties hang; `None` without any.
pub fn dependency(peers: &[Peer]) -> Option<Dependency> {
    let all = total(peers);
    let strongest = peers.iter().rev().max_by_key(|peer| peer.sum)?;
    let share = share_bp(strongest.sum.into(), all)?;
    let shares = |id: fn(&Peer) -> &String| {
        let mut sums: BTreeMap<&String, i128> = BTreeMap::new();
        for peer in peers {
            *sums.entry(id(peer)).or_default() += i128::from(peer.sum);
        }
        let mut sums: Vec<(&String, i128)> = sums.into_iter().collect();
        sums.sort_by_key(|(id, sum)| (std::cmp::Reverse(*sum), *id));
        let share = |(id, sum): (&String, i128)| {
            Some(Share { id: id.clone(), share_bp: share_bp(sum, all)? })
        };
        sums.into_iter().filter_map(share).collect::<Vec<_>>()
    };
    Some(Dependency {
        share_bp: share,
        member_id: strongest.member_id.clone(),
        contact_id: strongest.contact_id.clone(),
        by_member: shares(|peer| &peer.member_id),
        by_contact: shares(|peer| &peer.contact_id),
        on_one: share > DEPENDENT_BP && all >= i128::from(ONE),
    })
}

/// What shape the live ties have.
pub fn form(facts: &Facts, peers: &[Peer]) -> Form {
    let live: Vec<&Peer> = peers.iter().filter(|peer| peer.live).collect();
    let functions = facts.functions_of(live.iter().copied());
    let levels: BTreeSet<Level> = live.iter().map(|peer| peer.level).collect();
    let ours: BTreeSet<&String> = live.iter().map(|peer| &peer.member_id).collect();
    let diamond = functions.len() >= DIAMOND_FUNCTIONS && levels.len() >= DIAMOND_LEVELS;
    let shape = match live.len() {
        0 => Shape::None,
        1 => Shape::BowTie,
        _ if diamond => Shape::Diamond,
        _ => Shape::Partial,
    };
    let (functions, levels) = (functions.len(), levels.len());
    Form { shape, our_members: ours.len(), functions, levels }
}

fn familiar_functions(facts: &Facts, peers: &[Peer]) -> usize {
    facts.functions_of(peers.iter().filter(|peer| peer.rung >= Rung::Familiar)).len()
}
