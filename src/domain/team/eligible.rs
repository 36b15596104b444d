//! Who may own an account or be its sponsor, and who is to own it where nobody may.

use std::collections::HashMap;

use super::accountable::Person;
use crate::domain::group;
use crate::domain::member::Competencies;
use crate::domain::stored::stored_enum;

/// What an owner must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerRequirement {
    /// The least rating of each competency; who is not rated has 0.
    pub rating_min: i32,
    /// How many accounts one member may own; `None` for any number.
    pub accounts_max: Option<u32>,
}

stored_enum! {
    /// Why a member may not own an account or be its sponsor.
    pub enum Unmet {
        Inactive => "INACTIVE",
        Negotiation => "NEGOTIATION",
        Product => "PRODUCT",
        Responsibility => "RESPONSIBILITY",
        Resources => "RESOURCES",
        /// He owns as many accounts, or is the sponsor of as many, as one may.
        Load => "LOAD",
        /// Only executives are sponsors.
        NotExecutive => "NOT_EXECUTIVE",
    }
}

/// What is known of somebody who might own an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    pub person: Person,
    pub competencies: Competencies,
    pub executive: bool,
    /// Accounts he owns, the one in question aside.
    pub owned: u32,
    /// Accounts he is the sponsor of, the one in question aside.
    pub sponsored: u32,
}

impl OwnerRequirement {
    /// Everything that a member lacks to own one more account; nothing if he may.
    pub fn unmet(&self, candidate: &Candidate) -> Vec<Unmet> {
        let Competencies { negotiation, product, responsibility, resources } =
            candidate.competencies;
        let short = |rating: Option<i32>| rating.unwrap_or(0) < self.rating_min;
        let full = self.accounts_max.is_some_and(|max| candidate.owned >= max);
        let checks = [
            (!candidate.person.active, Unmet::Inactive),
            (short(negotiation), Unmet::Negotiation),
            (short(product), Unmet::Product),
            (short(responsibility), Unmet::Responsibility),
            (short(resources), Unmet::Resources),
            (full, Unmet::Load),
        ];
        found(&checks)
    }

    /// Who is to own an account that this member may not: the nearest above him who may, or else
    /// the topmost active one above him, who takes it though he lacks something. `None` where
    /// nobody active is above him.
    pub fn suggest(
        &self,
        member_id: &str,
        candidates: &HashMap<String, Candidate>,
    ) -> Option<Suggestion> {
        let manager_of = |id: &str| candidates.get(id)?.person.manager_id.clone();
        let line = group::ancestors(member_id, manager_of);
        let known = || line.iter().filter_map(|id| Some((id, candidates.get(id)?)));
        let nearest = known().find(|(_, candidate)| self.unmet(candidate).is_empty());
        let suggestion = |id: &String, eligible| Suggestion { member_id: id.clone(), eligible };
        nearest.map(|(id, _)| suggestion(id, true)).or_else(|| {
            let (top, _) = known().rfind(|(_, candidate)| candidate.person.active)?;
            Some(suggestion(top, false))
        })
    }
}

/// Who is to own an account instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub member_id: String,
    /// Whether he may; if not he takes it because nobody in the line may.
    pub eligible: bool,
}

/// Everything that a member lacks to be the sponsor of one more account, where one executive may
/// be that of `sponsored_max`.
pub fn sponsor_unmet(candidate: &Candidate, sponsored_max: u32) -> Vec<Unmet> {
    found(&[
        (!candidate.person.active, Unmet::Inactive),
        (!candidate.executive, Unmet::NotExecutive),
        (candidate.sponsored >= sponsored_max, Unmet::Load),
    ])
}

fn found(checks: &[(bool, Unmet)]) -> Vec<Unmet> {
    checks.iter().filter(|(is_unmet, _)| *is_unmet).map(|(_, unmet)| *unmet).collect()
}
