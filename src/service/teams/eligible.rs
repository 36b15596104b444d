//! Who may have which role.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::member::{Member, MemberState};
use crate::domain::names::member_name;
use crate::domain::team::TeamRole;
use crate::domain::team::accountable::Person;
use crate::domain::team::eligible::{
    Candidate, NotEligible, Requirements, Suggestion, Unmet, sponsor_unmet,
};
use crate::store::WriteTx;

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
/// some already.
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
    let requirement = &requirements.owner;
    let others = u32::try_from(account_ids.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let counted = requirement.accounts_max.is_some();
    let owned = match counted {
        true => tx.owned(&member.id, account_ids, first_day).await?,
        false => 0,
    };
    let candidate = Candidate {
        person: Person { active: member.state == MemberState::Active, manager_id: None },
        competencies: member.competencies,
        owned: owned.saturating_add(others),
        ..Candidate::default()
    };
    if requirement.unmet(&candidate).is_empty() {
        return Ok(());
    }
    // Everybody is looked at only to say who may instead.
    let mut candidates = tx.candidates(account_ids, first_day, counted).await?;
    candidates.values_mut().for_each(|one| one.owned = one.owned.saturating_add(others));
    match requirement.check(&member.id, &candidates) {
        Ok(()) => Ok(()),
        Err(refused) => refuse(field, member, TeamRole::Owner, refused),
    }
}

fn refuse(
    field: &'static str,
    member: &Member,
    role: TeamRole,
    refused: NotEligible,
) -> Result<()> {
    let NotEligible { unmet, suggestion } = refused;
    if unmet.is_empty() {
        return Ok(());
    }
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
    Err(match suggestion {
        None => refused,
        Some(Suggestion { member_id, eligible }) => refused
            .with("suggested_owner", member_name(&member_id))
            .with("suggestion", if eligible { "ELIGIBLE" } else { "NO_ELIGIBLE" }),
    }
    .into())
}
