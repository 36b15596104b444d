//! Our people, whom they report to, and whose customers are whose.

use super::customers::{FEATURED, HOLDING};
use crate::domain::team::TeamRole;

/// One of our people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    pub id: &'static str,
    pub display_name: &'static str,
    pub manager: Option<&'static str>,
    pub executive: bool,
    /// Left the company in the end.
    pub left: bool,
}

const fn person(
    id: &'static str,
    display_name: &'static str,
    manager: Option<&'static str>,
) -> Person {
    Person { id, display_name, manager, executive: false, left: false }
}

/// Whoever reports to somebody comes after him.
pub const PEOPLE: [Person; 7] = [
    Person { executive: true, ..person("hartwig", "Ines Hartwig", None) },
    person("wang", "王芳", Some("hartwig")),
    person("okafor", "Chidi Okafor", Some("hartwig")),
    person("lindqvist", "Maja Lindqvist", Some("okafor")),
    person("moreau", "Élodie Moreau", Some("okafor")),
    Person { left: true, ..person("bauer", "Jonas Bauer", Some("okafor")) },
    person("reyes", "Tomás Reyes", Some("hartwig")),
];

/// Who own the customers that are nobody's in particular, one after the other.
const OWNERS: [&str; 3] = ["lindqvist", "moreau", "okafor"];
/// How many of the largest customers one person looks after.
const KEY_ACCOUNTS: usize = 7;
/// One customer in so many is still with who left.
const LEFT_EVERY: usize = 11;

/// The team of the customer of a rank.
pub fn team(rank: usize) -> Vec<(TeamRole, &'static str)> {
    let owner = match rank {
        FEATURED => "bauer",
        rank if rank < KEY_ACCOUNTS => "wang",
        rank if rank % LEFT_EVERY == 0 => "bauer",
        rank => OWNERS[rank % OWNERS.len()],
    };
    let mut team = vec![(TeamRole::Owner, owner)];
    match rank {
        0 => team.extend([
            (TeamRole::Backup, "lindqvist"),
            (TeamRole::ExecutiveSponsor, "hartwig"),
            (TeamRole::Finance, "reyes"),
        ]),
        FEATURED => team.push((TeamRole::Backup, "moreau")),
        HOLDING => team.push((TeamRole::ExecutiveSponsor, "hartwig")),
        _ => {}
    }
    team
}
