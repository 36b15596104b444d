//! What becomes of the accounts of one of ours who is deactivated.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::member::Member;
use super::names::{HANDOVERS, child_name};
use super::stored::stored_enum;
use super::team::eligible::{Candidate, OwnerRequirement, Suggestion};

/// Accounts that one deactivation hands over.
pub const HANDOVERS_MAX: usize = 200;

stored_enum! {
    /// Why a handover is not started.
    pub enum Obstacle {
        /// One is under way at the account.
        UnderWay => "UNDER_WAY",
        /// Whoever is named may not own it, or not one more.
        NotEligible => "NOT_ELIGIBLE",
        /// Nobody is named, and nobody is there to be suggested.
        NoSuccessor => "NO_SUCCESSOR",
    }
}

/// An account of his whose class wants it to be handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passing {
    pub account_id: String,
    /// Who is to own it; `None` where nobody was found.
    pub to_id: Option<String>,
    /// The handover that is started or under way; `None` of what is only looked at.
    pub handover_id: Option<Uuid>,
    pub obstacle: Option<Obstacle>,
}

impl Passing {
    pub fn handover(&self) -> Option<String> {
        self.handover_id.map(|id| child_name(&self.account_id, HANDOVERS, id))
    }
}

/// What a deactivation leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Accounts that he owns.
    #[serde(default)]
    pub accounts: usize,
    /// At most [`HANDOVERS_MAX`], in the order of accounts.
    #[serde(default)]
    pub passing: Vec<Passing>,
    /// How many accounts more want to be handed over.
    #[serde(default)]
    pub more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deactivated {
    #[serde(flatten)]
    pub member: Member,
    #[serde(flatten)]
    pub left: Left,
}

/// Who is to own each of so many accounts that a member leaves behind, by what one class, or the
/// installation, asks: whoever is named, as far as he may, or else who is suggested. Each account adds
/// to what its heir owns. `None` where nobody is found.
pub fn heirs(
    requirement: OwnerRequirement,
    leaver: &str,
    named: Option<&str>,
    candidates: &mut HashMap<String, Candidate>,
    accounts: usize,
) -> Vec<Option<String>> {
    let heir = |_| {
        let heir = match named {
            Some(named) => {
                let may = |of: &&Candidate| requirement.unmet(of).is_empty();
                candidates.get(named).filter(may).map(|_| named.to_owned())
            }
            None => {
                let suggested = requirement.suggest(leaver, candidates);
                suggested.map(|Suggestion { member_id, .. }| member_id)
            }
        }?;
        let his = candidates.get_mut(&heir)?;
        his.owned = his.owned.saturating_add(1);
        Some(heir)
    };
    (0..accounts).map(heir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::member::Competencies;
    use crate::domain::team::accountable::Person;

    fn all(rating: i32, owned: u32, manager: Option<&str>) -> Candidate {
        let rating = Some(rating);
        Candidate {
            person: Person { active: true, manager_id: manager.map(str::to_owned) },
            competencies: Competencies {
                negotiation: rating,
                product: rating,
                responsibility: rating,
                resources: rating,
            },
            owned,
            ..Candidate::default()
        }
    }

    fn people() -> HashMap<String, Candidate> {
        let mut gone = all(5, 0, Some("boss"));
        gone.person.active = false;
        let people = [
            ("wang", gone),
            ("boss", all(4, 7, None)),
            ("chen", all(5, 6, Some("boss"))),
            ("li", all(1, 0, Some("boss"))),
        ];
        people.map(|(id, of)| (id.to_owned(), of)).into()
    }

    #[test]
    fn d4_32_each_account_fills_its_heir_until_the_next_one_takes_over() {
        let requirement = OwnerRequirement { rating_min: 4, accounts_max: Some(8) };
        let found = heirs(requirement, "wang", None, &mut people(), 5);
        let found: Vec<&str> = found.iter().map(|heir| heir.as_deref().unwrap()).collect();
        // His boss has room for one, the strongest of the others for two; then the top of the line takes
        // them, as nobody may.
        assert_eq!(found, ["boss", "chen", "chen", "boss", "boss"]);
    }

    #[test]
    fn whoever_is_named_takes_as_many_as_he_may() {
        let requirement = OwnerRequirement { rating_min: 4, accounts_max: Some(8) };
        let found = heirs(requirement, "wang", Some("chen"), &mut people(), 3);
        assert_eq!(found, [Some("chen".to_owned()), Some("chen".to_owned()), None]);
        assert_eq!(heirs(requirement, "wang", Some("li"), &mut people(), 1), [None]);
        assert_eq!(heirs(requirement, "wang", Some("wang"), &mut people(), 1), [None]);
        assert_eq!(heirs(requirement, "x", None, &mut HashMap::new(), 1), [None]);
    }
}
