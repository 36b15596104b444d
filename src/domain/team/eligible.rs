//! Who may own an account or be its sponsor, and who is to own it where nobody may.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::accountable::Person;
use crate::domain::group;
use crate::domain::member::{Competencies, UNASSIGNED};
use crate::domain::stored::stored_enum;
use crate::domain::tier::ruling::Service;
use crate::domain::tier::service::OwnerRule;

/// What an owner must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerRequirement {
    /// The least rating of each competency; who is not rated has 0.
    pub rating_min: i32,
    /// How many accounts one member may own; `None` for any number.
    pub accounts_max: Option<u32>,
}

/// What the installation asks of teams where no class does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirements {
    pub owner: OwnerRequirement,
    /// How many accounts one executive may be the sponsor of.
    pub sponsored_max: u32,
    /// Whether an account without a sponsor lacks one where its class does not say.
    pub sponsor_required: bool,
}

impl Requirements {
    /// What the owner of an account brings: what its class asks for; where it asks for nothing, or
    /// there is none, what the installation does.
    pub fn owner_by(&self, service: Option<Service<'_>>) -> AskedOwner {
        let by_class = service.and_then(|service| Some((service.class, service.policy.owner?)));
        match by_class {
            None => AskedOwner { requirement: self.owner, class: None },
            Some((class, OwnerRule { competency_min, accounts_max })) => {
                let accounts_max = accounts_max.and_then(|max| u32::try_from(max).ok());
                let requirement = OwnerRequirement { rating_min: competency_min, accounts_max };
                AskedOwner { requirement, class: Some(class.to_owned()) }
            }
        }
    }
}

/// What is asked of the owner of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedOwner {
    pub requirement: OwnerRequirement,
    /// The class that asks, of whose accounts alone there is a most; `None`: the installation, of
    /// all.
    pub class: Option<String>,
}

impl Default for Requirements {
    fn default() -> Self {
        let owner = OwnerRequirement { rating_min: 0, accounts_max: None };
        Self { owner, sponsored_max: 5, sponsor_required: false }
    }
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

    /// Whether a member may own one more account. Where nobody may, the topmost active one of the
    /// line that he is in may all the same: somebody has to.
    ///
    /// # Errors
    /// What he lacks, and who is to own it instead.
    pub fn check(
        &self,
        member_id: &str,
        candidates: &HashMap<String, Candidate>,
    ) -> Result<(), NotEligible> {
        let unmet = candidates.get(member_id).map(|candidate| self.unmet(candidate));
        let unmet = unmet.unwrap_or_else(|| vec![Unmet::Inactive]);
        if unmet.is_empty() {
            return Ok(());
        }
        match self.suggest(member_id, candidates) {
            Some(Suggestion { member_id: own, .. }) if own == member_id => Ok(()),
            suggestion => Err(NotEligible { unmet, suggestion }),
        }
    }

    /// Who is to own an account that this member may not: the nearest above him who may, or else
    /// the strongest of all who may. Where nobody may, the topmost active one of his line takes it
    /// though he lacks something, which may be he himself. `None` where nobody in it is active.
    pub fn suggest(
        &self,
        member_id: &str,
        candidates: &HashMap<String, Candidate>,
    ) -> Option<Suggestion> {
        let manager_of = |id: &str| candidates.get(id)?.person.manager_id.clone();
        let line = group::ancestors(member_id, manager_of);
        // Who stands for nobody owns what nobody may own, and is nobody's suggestion.
        let may = |id: &&String| {
            *id != UNASSIGNED && candidates.get(*id).is_some_and(|who| self.unmet(who).is_empty())
        };
        let nearest = line.iter().find(may);
        let strongest = || candidates.keys().filter(may).max_by_key(|id| strength(id, candidates));
        let eligible = nearest.or_else(strongest);
        let suggestion = |id: &str, eligible| Suggestion { member_id: id.to_owned(), eligible };
        eligible.map(|id| suggestion(id, true)).or_else(|| {
            let is_active = |id: &&str| candidates.get(*id).is_some_and(|who| who.person.active);
            let mut all = std::iter::once(member_id).chain(line.iter().map(String::as_str));
            let top = all.rfind(is_active)?;
            Some(suggestion(top, false))
        })
    }
}

/// Who of several that may own an account is the better all-rounder: his weakest side counts
/// first, then all of them, then how little he owns; the id only makes an order of it.
fn strength<'a>(
    id: &'a str,
    candidates: &HashMap<String, Candidate>,
) -> (i32, i32, Reverse<u32>, Reverse<&'a str>) {
    let candidate = candidates.get(id).cloned().unwrap_or_default();
    let Competencies { negotiation, product, responsibility, resources } = candidate.competencies;
    let ratings = [negotiation, product, responsibility, resources].map(Option::unwrap_or_default);
    let weakest = ratings.into_iter().min().unwrap_or_default();
    let owned = Reverse(candidate.owned);
    (weakest, ratings.iter().sum(), owned, Reverse(id))
}

/// Why a member may not own an account, and who is to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEligible {
    pub unmet: Vec<Unmet>,
    pub suggestion: Option<Suggestion>,
}

/// Who is to own an account instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub member_id: String,
    /// Whether he may; if not he takes it because nobody may.
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
