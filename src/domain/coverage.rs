//! How well an account is covered: which of the people whom we should know we do, how our ties to them
//! are spread, and on whom they hang. Pure functions of who sits where, of ties, and of a day.
//!
//! Only ties of active members of ours to people who sit at the account on that day count: whoever
//! left on either side has none.

pub mod finance;
pub mod measure;
pub mod required;
impl NamesContacts for Score {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::edge::{Edge, Rung};
use super::job::{Function, Level};
use super::position::PositionKey;
use super::stored::stored_enum;
use crate::domain::naming::NamesContacts;

/// Days for which a real touch keeps a tie live.
pub const WINDOW_DAYS: i32 = 180;
/// Days for which a score of satisfaction is taken.
pub const SCORE_DAYS: i64 = 365;

/// A position that is there on the day, and who sits there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub position: PositionKey,
    pub site: Option<String>,
    pub function: Function,
    pub level: Level,
    pub contact_id: Option<String>,
}

/// A tie of an active member of ours to somebody of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    pub member_id: String,
    pub contact_id: String,
    pub edge: Edge,
    /// We promised him something and kept it, and broke nothing since.
    pub word_kept: bool,
}

/// How satisfied somebody was on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    pub contact_id: String,
    pub day: NaiveDate,
    pub score: i32,
}

/// What coverage is told from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub on: NaiveDate,
    /// Whom we should know.
    pub cells: Vec<Cell>,
    pub seats: Vec<Seat>,
    pub ties: Vec<Tie>,
    pub scores: Vec<Score>,
    /// Somebody sits or sat at the account.
    pub has_people: bool,
}

/// Somebody whom we should know: whoever does this, at this level at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub function: Function,
    pub level_min: Level,
    /// `None`: wherever he sits.
    pub site: Option<String>,
    /// Days for which a real touch with him counts.
    pub window_days: i32,
}

stored_enum! {
    /// Whether we know whom we should know.
    pub enum CellState {
        /// Nobody sits there, as far as we know.
        Blank => "BLANK",
        /// Somebody sits there whom nobody of ours met in the window.
        Stale => "STALE",
        /// Somebody of ours met him in the window.
        Live => "LIVE",
    }
}

/// How a cell is filled, with the evidence: ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub cell: Cell,
    pub state: CellState,
    pub position: Option<PositionKey>,
    pub contact_id: Option<String>,
    pub member_id: Option<String>,
    pub last_touch: Option<NaiveDate>,
}

/// A tie to somebody who sits at the account, with where he does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub member_id: String,
    pub contact_id: String,
    pub position: PositionKey,
    pub site: Option<String>,
    pub function: Function,
    pub level: Level,
    pub edge: Edge,
    /// On the day, in billionths.
    pub sum: i64,
    pub strength_bp: i32,
    pub rung: Rung,
    pub live: bool,
}

impl Cell {
    /// Whether whoever does this, at this level and site, is whom it asks for.
    pub fn fits(&self, function: Function, level: Level, site: Option<&str>) -> bool {
        let there = self.site.is_none() || self.site.as_deref() == site;
        self.function == function && level >= self.level_min && there
    }
}

impl Facts {
    /// How each cell that is required is filled: by its best position.
    pub fn filled(&self) -> Vec<Filled> {
        let best = self.best_ties();
        self.cells.iter().map(|cell| self.fill(cell.clone(), &best)).collect()
    }

    /// Of each of theirs who was met the tie with the latest touch, and of one day that of the first
    /// member.
    fn best_ties(&self) -> BTreeMap<&str, &Tie> {
        let mut best: BTreeMap<&str, &Tie> = BTreeMap::new();
        for tie in self.ties.iter().filter(|tie| tie.edge.last_touch.is_some()) {
            let known = best.entry(&tie.contact_id).or_insert(tie);
            let by_day = tie.edge.last_touch.cmp(&known.edge.last_touch);
            if by_day.then_with(|| known.member_id.cmp(&tie.member_id)).is_gt() {
                *known = tie;
            }
        }
        best
    }

    fn fill(&self, cell: Cell, best: &BTreeMap<&str, &Tie>) -> Filled {
        let fits = |seat: &&Seat| cell.fits(seat.function, seat.level, seat.site.as_deref());
        let blank = Filled {
            cell: cell.clone(),
            state: CellState::Blank,
            position: None,
            contact_id: None,
            member_id: None,
            last_touch: None,
        };
        let fill = |seat: &Seat| {
            let Some(contact_id) = &seat.contact_id else {
                return Filled { position: Some(seat.position.clone()), ..blank.clone() };
            };
            let best = best.get(contact_id.as_str());
            let live = best.is_some_and(|tie| tie.edge.is_live(self.on, cell.window_days));
            Filled {
                state: if live { CellState::Live } else { CellState::Stale },
                position: Some(seat.position.clone()),
                contact_id: Some(contact_id.clone()),
                member_id: best.map(|tie| tie.member_id.clone()),
                last_touch: best.and_then(|tie| tie.edge.last_touch),
                ..blank.clone()
            }
        };
        let place = |one: &Filled| (one.state, one.last_touch, Reverse(one.position.clone()));
        let best = self.seats.iter().filter(fits).map(fill).max_by_key(place);
        best.unwrap_or_else(|| blank.clone())
    }

    /// The ties to people who sit at the account, in the order of members and contacts. Who has
    /// several positions counts with the highest.
    pub fn peers(&self) -> Vec<Peer> {
        let mut seats: BTreeMap<&str, &Seat> = BTreeMap::new();
        for seat in &self.seats {
            let Some(contact_id) = &seat.contact_id else { continue };
            let known = seats.entry(contact_id).or_insert(seat);
            if (seat.level, Reverse(&seat.position)) > (known.level, Reverse(&known.position)) {
                *known = seat;
            }
        }
        let peer = |tie: &Tie| {
            let seat = seats.get(tie.contact_id.as_str())?;
            Some(Peer {
                member_id: tie.member_id.clone(),
                contact_id: tie.contact_id.clone(),
                position: seat.position.clone(),
                site: seat.site.clone(),
                function: seat.function,
                level: seat.level,
                edge: tie.edge,
                sum: tie.edge.sum_on(self.on),
                strength_bp: tie.edge.strength_bp(self.on),
                rung: tie.edge.rung(self.on, tie.word_kept),
                live: tie.edge.is_live(self.on, WINDOW_DAYS),
            })
        };
        let mut peers: Vec<Peer> = self.ties.iter().filter_map(peer).collect();
        peers.sort_by(|a, b| (&a.member_id, &a.contact_id).cmp(&(&b.member_id, &b.contact_id)));
        peers
    }

    /// The functions that the people of these ties have at the account.
    fn functions_of<'a>(&self, peers: impl Iterator<Item = &'a Peer>) -> BTreeSet<Function> {
        let theirs: BTreeSet<&str> = peers.map(|peer| peer.contact_id.as_str()).collect();
        let seats = self.seats.iter().filter(|seat| {
            seat.contact_id.as_deref().is_some_and(|contact_id| theirs.contains(contact_id))
        });
        seats.map(|seat| seat.function).collect()
    }
}
