//! Who looks after an account on a day, as it is told, and what its team lacks.

use std::collections::HashMap;

use super::TeamOn;
use super::accountable::{Accountable, Person, accountable};
use crate::domain::stored::stored_enum;

stored_enum! {
    /// What the team of an account lacks.
    pub enum Gap {
        /// Neither an owner nor a backup of its own is active.
        OwnerMissing => "OWNER_MISSING",
        /// A sponsor is required, and none is active.
        SponsorMissing => "SPONSOR_MISSING",
    }
}

/// Who looks after an account on a day: ids of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamStatus {
    pub accountable: Accountable,
    /// Active or not.
    pub owner: Option<String>,
    /// Of several the longest assigned who is active, as are the next two.
    pub backup: Option<String>,
    pub sponsor: Option<String>,
    pub finance: Option<String>,
    /// Who works at the customer.
    pub embedded: Vec<String>,
    pub gaps: Vec<Gap>,
    /// The name of the handover that is under way.
    pub handover: Option<String>,
}

/// What is told of a team on a day, with the teams of the accounts above it, the nearest first,
/// and with `people` as [`accountable`] needs them.
pub fn status(
    team: &TeamOn,
    above: &[TeamOn],
    people: &HashMap<String, Person>,
    default_owner: &str,
    sponsor_required: bool,
) -> TeamStatus {
    let active = |id: &&String| people.get(*id).is_some_and(|person| person.active);
    let first = |of: &[String]| of.iter().find(active).or(of.first()).cloned();
    let accountable = accountable(team, above, people, default_owner);
    let sponsor_missing = sponsor_required && !team.sponsors.iter().any(|id| active(&id));
    let checks = [
        (accountable.step.owner_missing(), Gap::OwnerMissing),
        (sponsor_missing, Gap::SponsorMissing),
    ];
    TeamStatus {
        accountable,
        owner: team.owner.clone(),
        backup: first(&team.backups),
        sponsor: first(&team.sponsors),
        finance: first(&team.finance),
        embedded: team.embedded.clone(),
        gaps: checks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, gap)| gap).collect(),
        handover: None,
    }
}
