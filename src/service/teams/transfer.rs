//! TransferAccounts: many accounts of one member become another's. Nothing but the owner moves.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{TeamSettings, Teams, eligible, event};
use crate::ctx::Ctx;
use crate::domain::account::{AccountFilter, AccountState, OwnedBy};
use crate::domain::dated::Interval;
use crate::domain::error::{Error, Precondition, Reason, Resource, Result};
use crate::domain::event::EventType;
use crate::domain::handover::{Handover, HandoverState};
use crate::domain::names::{AccountRef, MemberRef, account_name, member_name};
use crate::domain::page::PageOf;
use crate::domain::team::command::{TransferAccounts, Transferred, Which};
use crate::domain::team::membership::{Membership, TeamHead};
use crate::domain::team::{Team, TeamRole};
use crate::domain::timeline::fact;
use crate::service::{Configured, resolve};
use crate::store::{Call, Lane, WriteTx};

/// Most accounts that one call moves.
const TRANSFER_MAX: usize = 500;

pub(in crate::service) type Asked = Configured<TransferAccounts, TeamSettings>;

impl Teams {
    /// Gives accounts of a member to another from a day on. Those of a filter that are somebody
    /// else's by now are passed over.
    ///
    /// # Errors
    /// NotFound, FIELD_INVALID, ACCOUNT_DELETED, ACCOUNT_NOT_OWNED, MEMBER_NOT_ELIGIBLE.
    pub async fn transfer(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: TransferAccounts,
    ) -> Result<Transferred> {
        let call = Call::new("AccountService.TransferAccounts", request_id, &command.from);
        let c = Configured { command, settings: self.settings.clone() };
        Ok(self.store.mutate(ctx, call, c, transfer).await?.into_inner())
    }

    /// What a transfer would do, refusals included; changes nothing.
    ///
    /// # Errors
    /// As [`Teams::transfer`].
    pub async fn would_transfer(
        &self,
        ctx: &Ctx,
        command: TransferAccounts,
    ) -> Result<Transferred> {
        let c = Configured { command, settings: self.settings.clone() };
        // It reads what the transfer itself would, in a transaction that writes nothing.
        self.store
            .write(ctx, Lane::Interactive, move |tx| {
                let c = c.clone();
                Box::pin(async move {
                    let mut plan = plan(tx, &c).await?;
                    let teams = tx.teams(&plan.account_ids).await?;
                    plan.keep_owned(&c.command, &teams)?;
                    plan.keep_free(tx, &c.command, &teams).await?;
                    check_new_owner(tx, &c, &plan).await?;
                    Ok(plan.transferred())
                })
            })
            .await
    }
}

/// What a transfer is to move.
struct Plan {
    from: OwnedBy,
    to_id: String,
    account_ids: BTreeSet<String>,
    next: Option<String>,
}

impl Plan {
    /// Leaves out the accounts of a filter that are not the member's on that day.
    ///
    /// # Errors
    /// ACCOUNT_NOT_OWNED, if accounts are named.
    fn keep_owned(&mut self, c: &TransferAccounts, teams: &HashMap<String, Team>) -> Result<()> {
        let owner = |id: &String| teams.get(id)?.on(c.effective_date, i64::MAX).owner;
        let is_his = |owner: &Option<String>| match owner {
            Some(owner) => *owner == self.from.member_id,
            None => self.from.or_nobody,
        };
        let others = self.account_ids.iter().map(|id| (id.clone(), owner(id)));
        let others: Vec<_> = others.filter(|(_, owner)| !is_his(owner)).collect();
        if let Which::Named(_) = c.which
            && !others.is_empty()
        {
            let refuse =
                |(id, owner): (String, _)| not_owned(&id, owner, &self.from, c.effective_date);
            return Err(Error::FailedPrecondition(others.into_iter().map(refuse).collect()));
        }
        others.iter().for_each(|(id, _)| _ = self.account_ids.remove(id));
        Ok(())
    }

    /// Leaves out the accounts of a filter that wait for their next owner; with handovers, all of which
    /// one is under way, and what nobody owns.
    ///
    /// # Errors
    /// HANDOVER_UNDER_WAY, RESOURCE_ALREADY_EXISTS, if accounts are named.
    async fn keep_free(
        &mut self,
        tx: &WriteTx,
        c: &TransferAccounts,
        teams: &HashMap<String, Team>,
    ) -> Result<()> {
        let ids = self.account_ids.iter().map(String::as_str).collect();
        let mut under_way = tx.handovers_under_way(&ids).await?;
        if let Which::Named(_) = c.which {
            super::check_none_frozen(&under_way, "accounts")?;
        }
        under_way.retain(|one| c.with_handover || one.state == HandoverState::Started);
        if let (Which::Named(_), Some(other)) = (&c.which, under_way.first()) {
            return Err(already_under_way(other));
        }
        let nobodys = |id: &String| {
            let owner = teams.get(id).and_then(|team| team.on(c.effective_date, i64::MAX).owner);
            c.with_handover && owner.is_none()
        };
        self.account_ids
            .retain(|id| !nobodys(id) && under_way.iter().all(|one| one.account_id != *id));
        Ok(())
    }

    fn transferred(self) -> Transferred {
        Transferred { account_ids: self.account_ids.into_iter().collect(), next: self.next }
    }
}

/// That a handover of the account is under way.
pub(in crate::service) fn already_under_way(other: &Handover) -> Error {
    Error::AlreadyExists {
        reason: Reason::ResourceAlreadyExists,
        description: format!("{} is under way", other.name()),
        resource: Resource { kind: "handover", name: other.name() },
    }
}

fn not_owned(id: &str, owner: Option<String>, from: &OwnedBy, on: NaiveDate) -> Precondition {
    let owner = owner.as_deref().map(member_name).unwrap_or_default();
    let whose = if owner.is_empty() { "nobody's" } else { &owner };
    let from = member_name(&from.member_id);
    let description = format!("is not {from}'s on {on}, but {whose}");
    Precondition::new(Reason::AccountNotOwned, account_name(id), description)
        .at("accounts")
        .with("owner", owner)
}

async fn plan(tx: &WriteTx, c: &Asked) -> Result<Plan> {
    let Configured { command: c, settings } = c;
    let default_owner = tx.configured_member(&settings.default_owner).await?;
    let member_id = member(tx, &c.from).await?;
    let to_id = member(tx, &c.to).await?;
    if to_id == member_id {
        let what = format!("{} has them already", member_name(&to_id));
        return Err(Error::invalid("to", Reason::FieldInvalid, what));
    }
    let or_nobody = default_owner.as_ref() == Some(&member_id);
    let from = OwnedBy { member_id, or_nobody };
    let (account_ids, next) = match &c.which {
        Which::Named(names) => (named(tx, names).await?, None),
        Which::Filtered { filter, after } => {
            let parent = match &filter.parent {
                None => None,
                Some(name) => Some(named_one(tx, name).await?),
            };
            let filter = AccountFilter {
                parent,
                owner: Some(from.clone()),
                state: filter.blocked.map(|blocked| match blocked {
                    true => AccountState::Blocked,
                    false => AccountState::Active,
                }),
                display_name_prefix: filter.display_name_prefix.clone(),
                region_code: filter.region_code.clone(),
                sales_region: filter.sales_region.clone(),
                labels: filter.labels.clone(),
                show_deleted: false,
            };
            let page = PageOf { size: TRANSFER_MAX, after: after.clone() };
            let page = tx.account_ids(&filter, &page, c.effective_date).await?;
            (page.items.into_iter().collect(), page.next)
        }
    };
    Ok(Plan { from, to_id, account_ids, next })
}

async fn member(tx: &WriteTx, name: &MemberRef) -> Result<String> {
    let id = tx.find_member(name).await?;
    id.ok_or_else(|| Error::not_found("member", name.to_string()))
}

async fn named_one(tx: &WriteTx, name: &AccountRef) -> Result<String> {
    let found = tx.find_accounts(std::slice::from_ref(name)).await?;
    Ok(resolve::only(name, found)?.id)
}

/// The accounts named, none of which is deleted.
async fn named(tx: &WriteTx, names: &[AccountRef]) -> Result<BTreeSet<String>> {
    let found = resolve::all(names, tx.find_accounts(names).await?)?;
    let deleted = found.values().filter(|account| account.is_deleted());
    let refused = deleted.map(|account| {
        let name = account_name(&account.id);
        Precondition::new(Reason::AccountDeleted, name, "is deleted").at("accounts")
    });
    let refused: Vec<Precondition> = refused.collect();
    match refused.is_empty() {
        true => Ok(found.into_values().map(|account| account.id).collect()),
        false => Err(Error::FailedPrecondition(refused)),
    }
}

/// Refuses who may not own as many accounts more.
async fn check_new_owner(tx: &WriteTx, c: &Asked, plan: &Plan) -> Result<()> {
    if plan.account_ids.is_empty() {
        return Ok(());
    }
    let to = tx.member(&plan.to_id).await?;
    let to = to.ok_or_else(|| Error::internal(format!("{} is gone", member_name(&plan.to_id))))?;
    let (requirements, from) = (&c.settings.requirements, c.command.effective_date);
    eligible::check_owner(tx, requirements, &to, "to", &plan.account_ids, from).await
}

async fn transfer(tx: &mut WriteTx, ctx: &Ctx, c: &Asked) -> Result<Transferred> {
    let Ready { to_id, heads, teams, next, .. } = ready(tx, c).await?;
    let TransferAccounts { effective_date, reason, .. } = &c.command;
    give(tx, ctx, &heads, &teams, &to_id, *effective_date, reason).await?;
    Ok(Transferred { account_ids: heads.into_keys().collect(), next })
}

/// Accounts of a member that another may own, and whose teams are locked.
pub(in crate::service) struct Ready {
    pub from_id: String,
    pub to_id: String,
    pub heads: BTreeMap<String, TeamHead>,
    /// As they were before.
    pub teams: HashMap<String, Team>,
    pub next: Option<String>,
}

/// What a transfer may move.
pub(in crate::service) async fn ready(tx: &mut WriteTx, c: &Asked) -> Result<Ready> {
    let mut plan = plan(tx, c).await?;
    let heads = tx.lock_teams(&plan.account_ids).await?;
    // Whoever held the locks before us may have given some of them to others.
    let teams = tx.teams(&plan.account_ids).await?;
    plan.keep_owned(&c.command, &teams)?;
    plan.keep_free(tx, &c.command, &teams).await?;
    tx.lock_members(&[plan.to_id.clone()].into()).await?;
    check_new_owner(tx, c, &plan).await?;
    let heads = plan.account_ids.iter().filter_map(|id| Some((id.clone(), *heads.get(id)?)));
    let Plan { from, to_id, next, .. } = &plan;
    Ok(Ready {
        from_id: from.member_id.clone(),
        to_id: to_id.clone(),
        heads: heads.collect(),
        teams,
        next: next.clone(),
    })
}

/// Makes a member, who may, the owner of accounts whose teams are locked, from a day on.
pub(in crate::service) async fn give(
    tx: &mut WriteTx,
    ctx: &Ctx,
    heads: &BTreeMap<String, TeamHead>,
    teams: &HashMap<String, Team>,
    to_id: &str,
    first_day: NaiveDate,
    reason: &str,
) -> Result<()> {
    let last = heads.values().map(|head| head.update_us).max().unwrap_or(0);
    let recorded_us = tx.record_after(last).await?;
    let membership = |(id, head): (&String, &TeamHead)| Membership {
        id: Uuid::now_v7(),
        account_id: id.clone(),
        role: TeamRole::Owner,
        member_id: Some(to_id.to_owned()),
        days: Interval { first_day, last_day: None, recorded_us, end: None },
        site: None,
        cost_per_day: None,
        recorded_by: ctx.principal.to_string(),
        reason: reason.into(),
        end_reason: None,
        version: head.version + 1,
    };
    let memberships: Vec<Membership> = heads.iter().map(membership).collect();
    tx.add_to_teams(&memberships).await?;
    let event = |one: &Membership| {
        let team = teams.get(&one.account_id);
        let before = team.and_then(|team| team.on(first_day, i64::MAX).owner);
        let told = fact::assigned(one, before.as_deref());
        event::of(EventType::TeamMemberAssigned, one).telling([told])
    };
    tx.publish(memberships.iter().map(event).collect()).await
}
