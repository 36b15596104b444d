//! Who may have which role.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::member::{Member, MemberState};
use crate::domain::names::{account_name, member_name};
use crate::domain::team::TeamRole;
use crate::domain::team::accountable::Person;
use crate::domain::team::eligible::{
    AskedOwner, Candidate, NotEligible, OwnerRequirement, Requirements, Suggestion, Unmet,
    sponsor_unmet,
};
use crate::store::{Carried, WriteTx};

const FIELD: &str = "member";

/// Refuses a member, who is locked, as one more on the team of an account.
///
/// # Errors
/// MEMBER_NOT_ELIGIBLE.
pub(super) async fn check(
    tx: &WriteTx,
    requirements: &Requirements,
    member: &Member,
    role: TeamRole,
    account_id: &str,
    first_day: NaiveDate,
) -> Result<()> {
    let active = member.state == MemberState::Active;
    match role {
        TeamRole::Owner => {
            let one = BTreeSet::from([account_id.to_owned()]);
            check_owner(tx, requirements, member, FIELD, &one, first_day).await
        }
        TeamRole::ExecutiveSponsor => {
            let sponsored = tx.sponsored(&member.id, account_id, first_day).await?;
            let candidate = Candidate {
                person: Person { active, manager_id: None },
                executive: member.executive,
                sponsored: u32::try_from(sponsored).unwrap_or(u32::MAX),
                ..Candidate::default()
            };
            let unmet = sponsor_unmet(&candidate, requirements.sponsored_max);
            refuse(FIELD, member, role, NotEligible { unmet, suggestion: None })
        }
        TeamRole::Backup | TeamRole::Specialist | TeamRole::Service | TeamRole::Finance => {
            let unmet = if active { Vec::new() } else { vec![Unmet::Inactive] };
            refuse(FIELD, member, role, NotEligible { unmet, suggestion: None })
        }
    }
}

/// Refuses a member, whom the field names, as the owner of these accounts too, of which he may own
/// some already: by what their classes ask of owners on that day, or else the installation.
///
/// # Errors
/// MEMBER_NOT_ELIGIBLE with who is to own them instead.
pub(super) async fn check_owner(
    tx: &WriteTx,
    requirements: &Requirements,
    member: &Member,
    field: &'static str,
    account_ids: &BTreeSet<String>,
    first_day: NaiveDate,
) -> Result<()> {
    let ids: BTreeSet<&str> = account_ids.iter().map(String::as_str).collect();
    let tiers = tx.tiers_on(&ids, first_day).await?;
    let mut asked: BTreeMap<Option<String>, (OwnerRequirement, u32)> = BTreeMap::new();
    for id in ids {
        let service = tiers.account(id).service_policy(first_day);
        let AskedOwner { requirement, class } = requirements.owner_by(service);
        asked.entry(class).or_insert((requirement, 0)).1 += 1;
    }
    let all = u32::try_from(account_ids.len()).unwrap_or(u32::MAX);
    let mut refused = Vec::new();
    for (class, (requirement, of_class)) in asked {
        let asking = Asking {
            requirement,
            // What the installation asks is about all that he owns.
            others: class.as_ref().map_or(all, |_| of_class).saturating_sub(1),
            class,
        };
        let not = asking.lacking(tx, member, account_ids, first_day).await?;
        let not = not.filter(|not| !not.unmet.is_empty());
        let told = not.map(|not| told(field, member, TeamRole::Owner, not));
        refused.extend(told.map(|told| match &asking.class {
            None => told,
            Some(class) => told.with("tier", class.clone()),
        }));
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Error::FailedPrecondition(refused)),
    }
}

/// Refuses somebody who is to work at the customer of an account, for a cost a day, in a role in which
/// nobody does, or where the class of the account on that day lets nobody.
///
/// # Errors
/// FIELD_INVALID, EMBEDDED_NOT_ALLOWED.
pub(super) async fn check_embedded(
    tx: &WriteTx,
    role: TeamRole,
    account_id: &str,
    first_day: NaiveDate,
) -> Result<()> {
    let field = "cost_per_day";
    if !role.may_be_embedded() {
        let what =
            format!("is of a SPECIALIST or SERVICE alone, who works there, and not of {role}");
        return Err(Error::invalid(field, Reason::FieldInvalid, what));
    }
    let tiers = tx.tiers_on(&[account_id].into(), first_day).await?;
    let service = tiers.account(account_id).service_policy(first_day);
    if service.is_some_and(|of| of.policy.embedded_allowed) {
        return Ok(());
    }
    let (tier, policy) = service.map(|of| (of.class, of.version.name())).unwrap_or_default();
    let what = match tier {
        "" => format!("has no class on {first_day} that lets people of ours work there"),
        tier => format!("is of class {tier} on {first_day}, which lets nobody of ours work there"),
    };
    let refused = Precondition::new(Reason::EmbeddedNotAllowed, account_name(account_id), what);
    Err(refused.at(field).with("tier", tier).with("policy", policy).into())
}

/// What one class, or the installation, asks of who is to own some accounts more.
struct Asking {
    requirement: OwnerRequirement,
    class: Option<String>,
    /// How many of the accounts that are to be his count, the first aside.
    others: u32,
}

impl Asking {
    async fn lacking(
        &self,
        tx: &WriteTx,
        member: &Member,
        account_ids: &BTreeSet<String>,
        first_day: NaiveDate,
    ) -> Result<Option<NotEligible>> {
        let Self { requirement, class, others } = self;
        let counted = requirement.accounts_max.is_some();
        let which = Carried { but: account_ids, from: first_day, class: class.as_deref() };
        let owned = match counted {
            true => tx.owned(&member.id, &which).await?,
            false => 0,
        };
        let candidate = Candidate {
            person: Person { active: member.state == MemberState::Active, manager_id: None },
            competencies: member.competencies,
            owned: owned.saturating_add(*others),
            ..Candidate::default()
        };
        if requirement.unmet(&candidate).is_empty() {
            return Ok(None);
        }
        // Everybody is looked at only to say who may instead; whoever lacks something anyway may not,
        // however little he owns.
        let mut candidates = tx.candidates().await?;
        candidates.values_mut().for_each(|one| one.owned = *others);
        if counted {
            let may = |(id, one): &(&String, &Candidate)| {
                **id == member.id || requirement.unmet(one).is_empty()
            };
            let counted = candidates.iter().filter(may).map(|(id, _)| id.as_str()).collect();
            for (id, owned) in tx.owned_by(&counted, &which).await? {
                let of = candidates.get_mut(&id).map(|one| &mut one.owned);
                of.into_iter().for_each(|all| *all = all.saturating_add(owned));
            }
        }
        let Err(not) = requirement.check(&member.id, &candidates) else { return Ok(None) };
        let NotEligible { unmet, suggestion } = not;
        // Whom the caller does not see he is not told of.
        let suggestion = match suggestion {
            Some(one) if tx.sees_member(&one.member_id).await? => Some(one),
            Some(_) | None => None,
        };
        Ok(Some(NotEligible { unmet, suggestion }))
    }
}

fn refuse(
    field: &'static str,
    member: &Member,
    role: TeamRole,
    refused: NotEligible,
) -> Result<()> {
    match refused.unmet.is_empty() {
        true => Ok(()),
        false => Err(told(field, member, role, refused).into()),
    }
}

fn told(
    field: &'static str,
    member: &Member,
    role: TeamRole,
    refused: NotEligible,
) -> Precondition {
    let NotEligible { unmet, suggestion } = refused;
    let unmet: Vec<&str> = unmet.iter().map(|unmet| unmet.as_str()).collect();
    let unmet = unmet.join(",");
    let instead = match &suggestion {
        Some(Suggestion { member_id, eligible: true }) => {
            format!("; {} may", member_name(member_id))
        }
        Some(Suggestion { member_id, eligible: false }) => {
            format!("; nobody may, so {} is to take it", member_name(member_id))
        }
        None => String::new(),
    };
    let description = format!("may not be {role}: {unmet}{instead}");
    let refused = Precondition::new(Reason::MemberNotEligible, member.name(), description);
    let refused = refused.at(field).with("unmet", unmet);
    match suggestion {
        None => refused,
        Some(Suggestion { member_id, eligible }) => refused
            .with("suggested_owner", member_name(&member_id))
            .with("suggestion", if eligible { "ELIGIBLE" } else { "NO_ELIGIBLE" }),
    }
}
