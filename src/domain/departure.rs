//! What would go with somebody who leaves, of ours or of theirs: which accounts hang on him, how well
//! they are covered without him, and who could go on.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::coverage::measure::{self, Shape, coverage_bp};
use super::coverage::{Facts, Peer};
use super::edge::{self, Rung};
use super::rounding::div_half_even;
use super::tie::{Person, PersonRef, Side};

/// Those who could go on that are told of an account.
pub const SUCCESSORS_MAX: usize = 5;
/// Most accounts that are told; somebody with more is told so.
pub const ACCOUNTS_MAX: usize = 500;
/// Days of revenue that are told.
pub const REVENUE_DAYS: u64 = 365;

/// What is asked about a departure.
#[derive(Debug, Clone)]
pub struct SimulateDeparture {
    pub who: PersonRef,
    /// `None` is the business date.
    pub as_of: Option<NaiveDate>,
}

/// Who goes on with an account, and how strong his ties to it are together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    pub member_id: String,
    pub strength_bp: i32,
}

/// What becomes of the ties to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// There are live ties of people who are familiar, and all of them are his.
    pub bonded_only: bool,
    /// His part of the strength of all ties, in basis points; `None` if there is none.
    pub share_bp: Option<i32>,
    /// `None` if nobody of the account is known.
    pub coverage_before_bp: Option<i32>,
    pub coverage_after_bp: Option<i32>,
    pub shape_before: Shape,
    pub shape_after: Shape,
    /// The strongest first.
    pub successors: Vec<Successor>,
}

/// What becomes of an account when somebody leaves.
pub fn effect(facts: &Facts, leaver: &Person) -> Effect {
    let is_his = |peer: &Peer| match leaver.side {
        Side::Member => peer.member_id == leaver.id,
        Side::Contact => peer.contact_id == leaver.id,
    };
    let before = facts.peers();
    let after_facts = without(facts, leaver);
    let after = after_facts.peers();
    let is_bond = |peer: &&Peer| peer.live && peer.rung >= Rung::Familiar;
    let mut bonds = before.iter().filter(is_bond).peekable();
    let bonded_only = bonds.peek().is_some() && bonds.all(is_his);
    let all: i128 = before.iter().map(|peer| i128::from(peer.sum)).sum();
    let his = before.iter().filter(|peer| is_his(peer));
    let his: i128 = his.map(|peer| i128::from(peer.sum)).sum();
    let share = (all > 0).then(|| div_half_even(his * 10_000, all));
    let covered = |facts: &Facts| coverage_bp(facts, &facts.filled());
    Effect {
        bonded_only,
        share_bp: share.and_then(|bp| i32::try_from(bp).ok()),
        coverage_before_bp: covered(facts),
        coverage_after_bp: covered(&after_facts),
        shape_before: measure::form(facts, &before).shape,
        shape_after: measure::form(&after_facts, &after).shape,
        successors: successors(&after),
    }
}

/// What is known of an account without somebody.
fn without(facts: &Facts, leaver: &Person) -> Facts {
    let mut facts = facts.clone();
    match leaver.side {
        Side::Member => facts.ties.retain(|tie| tie.member_id != leaver.id),
        Side::Contact => {
            facts.ties.retain(|tie| tie.contact_id != leaver.id);
            for seat in &mut facts.seats {
                seat.contact_id.take_if(|contact_id| *contact_id == leaver.id);
            }
        }
    }
    facts
}

/// Those of ours who still have ties, the strongest first.
fn successors(peers: &[Peer]) -> Vec<Successor> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for peer in peers {
        *sums.entry(&peer.member_id).or_default() += peer.sum;
    }
    let mut sums: Vec<(&str, i64)> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
    sums.sort_by_key(|(member_id, sum)| (Reverse(*sum), *member_id));
    let successor = |(member_id, sum): (&str, i64)| Successor {
        member_id: member_id.to_owned(),
        strength_bp: edge::strength_of(sum),
    };
    sums.into_iter().take(SUCCESSORS_MAX).map(successor).collect()
}

/// The first day of the days of revenue that are told.
pub fn revenue_from(on: NaiveDate) -> NaiveDate {
    on.checked_sub_days(chrono::Days::new(REVENUE_DAYS)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::coverage::{Seat, Tie};
    use crate::domain::edge::{Edge, ONE};
    use crate::domain::job::{Function, Level};
    use crate::domain::position::PositionKey;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 1).unwrap()
    }

    fn seat(n: u128, function: Function, contact: &str) -> Seat {
        Seat {
            position: PositionKey { id: Uuid::from_u128(n), account_id: "a".into() },
            site: None,
            function,
            level: Level::Manager,
            contact_id: Some(contact.into()),
        }
    }

    /// A tie of so many visits, all of the last two days.
    fn tie(member: &str, contact: &str, visits: i64) -> Tie {
        let edge = Edge {
            sum: visits * ONE,
            last_touch: Some(day()),
            last_day: day(),
            touches: visits,
            touch_days: visits,
            others: 0,
        };
        Tie { member_id: member.into(), contact_id: contact.into(), edge, word_kept: false }
    }

    fn facts(ties: Vec<Tie>) -> Facts {
        let seats = vec![
            seat(1, Function::Finance, "li"),
            seat(2, Function::Procurement, "wu"),
            seat(3, Function::Production, "xu"),
        ];
        Facts {
            on: day(),
            cells: crate::domain::coverage::required::cells(&[], &[]),
            seats,
            ties,
            scores: Vec::new(),
            has_people: true,
        }
    }

    fn leaves(facts: &Facts, side: Side, id: &str) -> Effect {
        effect(facts, &Person { side, id: id.into() })
    }

    #[test]
    fn a15_an_account_is_bonded_to_somebody_if_all_who_are_familiar_are_so_with_him() {
        // Who met once is no stranger, and holds nothing.
        let alone = facts(vec![tie("wang", "li", 3), tie("wang", "wu", 3), tie("zhao", "xu", 1)]);
        let gone = leaves(&alone, Side::Member, "wang");
        assert!(gone.bonded_only);
        assert_eq!(gone.share_bp, Some(8_571), "6 of 7");
        assert_eq!((gone.coverage_before_bp, gone.coverage_after_bp), (Some(6_000), Some(2_000)));
        assert_eq!((gone.shape_before, gone.shape_after), (Shape::Partial, Shape::BowTie));
        let expected = [Successor { member_id: "zhao".into(), strength_bp: 3_333 }];
        assert_eq!(gone.successors, expected);
        assert!(!leaves(&alone, Side::Member, "zhao").bonded_only);

        let shared = facts(vec![tie("wang", "li", 3), tie("zhao", "li", 3)]);
        assert!(!leaves(&shared, Side::Member, "wang").bonded_only);
        assert_eq!(leaves(&shared, Side::Member, "wang").share_bp, Some(5_000));
        let nobody = leaves(&facts(Vec::new()), Side::Member, "wang");
        assert_eq!((nobody.bonded_only, nobody.share_bp), (false, None));
    }

    #[test]
    fn c3_without_the_boss_nothing_is_left_of_ties_that_were_his_alone() {
        let top = facts(vec![tie("wang", "li", 4), tie("zhao", "li", 3)]);
        let gone = leaves(&top, Side::Contact, "li");
        assert!(gone.bonded_only);
        assert_eq!((gone.coverage_before_bp, gone.coverage_after_bp), (Some(2_000), Some(0)));
        assert_eq!((gone.shape_before, gone.shape_after), (Shape::Partial, Shape::None));
        assert!(gone.successors.is_empty());
    }
}
