//! A way that one of ours can take to one of theirs, step by step, with the risk of each.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::edge::Rung;
use super::position::Position;
use super::stored::stored_enum;
use super::tie::{Person, Side, TieKind};

stored_enum! {
    /// What may go wrong on a step, the least first.
    pub enum Risk {
        /// They trust each other.
        Low => "LOW",
        /// They know each other, or are said to.
        Medium => "MEDIUM",
        /// It passes over somebody who stands between the two, and nobody introduces.
        High => "HIGH",
    }
}

/// What a step rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// That they met.
    Met(Rung),
    /// What somebody told us of them.
    Declared { tie_id: Uuid, kind: TieKind },
}

/// From one person to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteStep {
    pub from: Person,
    /// Id of a contact.
    pub to: String,
    pub basis: Basis,
    pub weight_bp: i32,
    pub risk: Risk,
    /// Contacts who stand between the two, where they are of one reporting line.
    pub skips: Vec<String>,
}

/// A way from one of ours to one of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub member_id: String,
    pub steps: Vec<RouteStep>,
    /// What is left along it, in basis points.
    pub value_bp: i32,
}

impl Route {
    /// That of its riskiest step.
    pub fn risk(&self) -> Risk {
        self.steps.iter().map(|step| step.risk).max().unwrap_or(Risk::Low)
    }
}

/// Who stands above whom at accounts, and to whom somebody introduced us.
#[derive(Debug, Default, Clone)]
pub struct Lines {
    /// The position that each reports to.
    above: BTreeMap<Uuid, Uuid>,
    incumbents: BTreeMap<Uuid, String>,
    seats: BTreeMap<String, Vec<Uuid>>,
    /// Contacts to whom somebody makes us known.
    introduced: BTreeSet<String>,
}

impl Lines {
    /// Of the positions of a day with who sits there, and of contacts to whom an introduction leads.
    pub fn new<'a>(
        seats: impl IntoIterator<Item = (&'a Position, Option<&'a str>)>,
        introduced: BTreeSet<String>,
    ) -> Self {
        let mut lines = Self { introduced, ..Self::default() };
        for (position, contact_id) in seats {
            if let Some(above) = position.terms.reports_to {
                lines.above.insert(position.id, above);
            }
            if let Some(contact_id) = contact_id {
                lines.incumbents.insert(position.id, contact_id.to_owned());
                lines.seats.entry(contact_id.to_owned()).or_default().push(position.id);
            }
        }
        lines
    }

    /// The contacts who stand between two of one reporting line, from the lower to the higher.
    pub fn between(&self, one: &str, other: &str) -> Vec<String> {
        let seats = |contact: &str| self.seats.get(contact).map_or(&[][..], Vec::as_slice);
        let pairs = seats(one)
            .iter()
            .flat_map(|low| seats(other).iter().map(move |high| (*low, *high)))
            .flat_map(|(low, high)| [(low, high), (high, low)]);
        // Who has several positions skips no more than by the nearest of them.
        let lines = pairs.filter_map(|(low, high)| self.passed(low, high));
        let passed = lines.min_by_key(Vec::len).unwrap_or_default();
        let others = passed.into_iter().filter(|contact| contact != one && contact != other);
        others.collect()
    }

    /// Who sits between a position and one above it; `None` if it is not.
    fn passed(&self, low: Uuid, high: Uuid) -> Option<Vec<String>> {
        let mut passed = Vec::new();
        let mut seen = BTreeSet::from([low]);
        let mut here = *self.above.get(&low)?;
        while here != high {
            if !seen.insert(here) {
                return None;
            }
            passed.extend(self.incumbents.get(&here).cloned());
            here = *self.above.get(&here)?;
        }
        Some(passed)
    }

    /// A step from a contact to another, who is known to ours by `rung` if at all.
    pub fn step(
        &self,
        from: Person,
        to: &str,
        basis: Basis,
        weight_bp: i32,
        rung: Option<Rung>,
    ) -> RouteStep {
        let skips = match from.side {
            Side::Contact => self.between(&from.id, to),
            Side::Member => Vec::new(),
        };
        let risk = if !skips.is_empty() && !self.introduced.contains(to) {
            Risk::High
        } else if rung == Some(Rung::Trusted) {
            Risk::Low
        } else {
            Risk::Medium
        };
        RouteStep { from, to: to.to_owned(), basis, weight_bp, risk, skips }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::job::{Function, Level};
    use crate::domain::position::{BuyingRole, PositionTerms};

    pub fn position(id: u128, above: Option<u128>, roles: &[BuyingRole]) -> Position {
        Position {
            id: Uuid::from_u128(id),
            account_id: "a".into(),
            terms: PositionTerms {
                site: None,
                function: Function::Technology,
                function_text: String::new(),
                level: Level::Manager,
                title: "Head of \"ferries\"".into(),
                buying_roles: roles.to_vec(),
                reports_to: above.map(Uuid::from_u128),
            },
            first_day: chrono::NaiveDate::MIN,
            last_day: None,
            create_us: 0,
            update_us: 0,
            version: 1,
        }
    }

    fn risk(lines: &Lines, from: &str, to: &str, rung: Option<Rung>) -> Risk {
        let from = Person { side: Side::Contact, id: from.into() };
        let basis = Basis::Declared { tie_id: Uuid::nil(), kind: TieKind::Classmate };
        lines.step(from, to, basis, 5_000, rung).risk
    }

    #[test]
    fn c6_who_passes_over_somebody_without_an_introducer_risks_most() {
        let seats = [position(1, Some(2), &[]), position(2, Some(3), &[]), position(3, None, &[])];
        let sit = |introduced: &[&str]| {
            let who = [Some("hand"), Some("head"), Some("boss")];
            let introduced = introduced.iter().map(|id| (*id).to_owned()).collect();
            Lines::new(seats.iter().zip(who), introduced)
        };
        let lines = sit(&[]);
        assert_eq!(lines.between("hand", "boss"), ["head"]);
        assert_eq!(lines.between("boss", "hand"), ["head"], "downwards too");
        assert!(lines.between("hand", "head").is_empty());
        assert!(lines.between("hand", "stranger").is_empty());
        assert_eq!(risk(&lines, "hand", "boss", None), Risk::High);
        assert_eq!(risk(&lines, "hand", "boss", Some(Rung::Trusted)), Risk::High);
        assert_eq!(risk(&lines, "hand", "head", None), Risk::Medium);
        assert_eq!(risk(&lines, "hand", "head", Some(Rung::Trusted)), Risk::Low);
        assert_eq!(risk(&sit(&["boss"]), "hand", "boss", None), Risk::Medium);
        // Nobody sits between: nobody is passed over.
        let empty =
            Lines::new(seats.iter().zip([Some("hand"), None, Some("boss")]), BTreeSet::new());
        assert_eq!(risk(&empty, "hand", "boss", None), Risk::Medium);
    }

    #[test]
    fn a_reporting_line_that_goes_in_a_circle_ends() {
        let seats = [position(1, Some(2), &[]), position(2, Some(1), &[]), position(3, None, &[])];
        let lines =
            Lines::new(seats.iter().zip([Some("a"), Some("b"), Some("c")]), BTreeSet::new());
        assert!(lines.between("a", "c").is_empty());
    }
}
