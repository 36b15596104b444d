//! Use cases of teams: AssignTeamMember, EndTeamMembership, ListTeamMembers and TransferAccounts,
//! and who looks after an account.

mod eligible;
mod event;
mod record;
mod status;
mod transfer;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::dated::Interval;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::event::EventType;
use crate::domain::handover::Handover;
use crate::domain::member::UNASSIGNED;
use crate::domain::names::{
    AccountRef, MemberRef, TEAM_MEMBERS, account_name, child_name, member_name,
};
use crate::domain::page::Page;
use crate::domain::team::command::{AssignMember, EndMembership, ListTeam};
use crate::domain::team::eligible::Requirements;
use crate::domain::team::membership::{self, Membership, TeamHead, told};
use crate::domain::team::{Team, TeamRole};
use crate::domain::text::quote;
use crate::domain::timeline::{Entry, fact};
use crate::service::{Configured, resolve};
use crate::store::{Call, Outcome, Store, WriteTx};

/// What the installation decides about teams.
#[derive(Debug, Clone)]
pub struct TeamSettings {
    /// Who owns whatever nobody else does.
    pub default_owner: MemberRef,
    pub requirements: Requirements,
}

impl Default for TeamSettings {
    fn default() -> Self {
        let default_owner = MemberRef::Id(UNASSIGNED.to_owned());
        Self { default_owner, requirements: Requirements::default() }
    }
}

pub use status::{TeamPoint, accountable, accountable_on};
pub(super) use transfer::{Ready, already_under_way, give, ready};

/// A page of memberships, and the version of the team.
#[derive(Debug)]
pub struct TeamPage {
    pub page: Page<Membership>,
    /// 0 while nobody was ever assigned.
    pub version: i64,
}

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Teams {
    store: Store,
    settings: TeamSettings,
}

impl Teams {
    pub fn new(store: Store, settings: TeamSettings) -> Self {
        Self { store, settings }
    }

    pub fn settings(&self) -> &TeamSettings {
        &self.settings
    }

    /// Puts a member on the team of an account.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, MEMBER_NOT_ELIGIBLE, RESOURCE_ALREADY_EXISTS, DATE_INVALID,
    /// ETAG_REQUIRED, ETAG_MISMATCH.
    pub async fn assign(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: AssignMember,
    ) -> Result<Membership> {
        let call = Call::new("AccountService.AssignTeamMember", request_id, &command.account);
        let c = Configured { command, settings: self.settings.requirements };
        self.with_text(self.store.mutate(ctx, call, c, assign).await?).await
    }

    /// As [`Teams::assign`], in a transaction of the caller.
    async fn assign_in(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        command: AssignMember,
    ) -> Result<Membership> {
        let c = Configured { command, settings: self.settings.requirements };
        assign(tx, ctx, &c).await
    }

    /// Ends a membership.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, DATE_INVALID, ETAG_REQUIRED, ETAG_MISMATCH.
    pub async fn end(&self, ctx: &Ctx, request_id: &str, c: EndMembership) -> Result<Membership> {
        let name = c.membership.resource_name(TEAM_MEMBERS);
        let call = Call::new("AccountService.EndTeamMembership", request_id, name);
        self.with_text(self.store.mutate(ctx, call, c, end).await?).await
    }

    /// What people wrote about a membership is in its row alone, or in that of who follows.
    async fn with_text(&self, answer: Outcome<Membership>) -> Result<Membership> {
        let answered = match answer {
            Outcome::Done(done) => return Ok(done),
            Outcome::Replayed(answered) => answered,
        };
        let recorded = self.store.recorded_team(&answered.account_id).await?;
        let row = recorded.iter().find(|row| row.id == answered.id);
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let reason = row.ok_or_else(gone)?.reason.clone();
        let end_reason = match (answered.days.end, answered.role) {
            (None, _) => None,
            (Some(_), TeamRole::Owner) => {
                let us = answered.days.end.map(|end| end.recorded_us);
                let nobody = recorded
                    .iter()
                    .find(|row| row.role == TeamRole::Owner && Some(row.days.recorded_us) == us);
                nobody.map(|row| row.reason.clone())
            }
            (Some(_), _) => row.and_then(|row| row.end_reason.clone()),
        };
        Ok(Membership { reason, end_reason, ..answered })
    }

    /// A page of the memberships of an account.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list(&self, ctx: &Ctx, list: ListTeam) -> Result<TeamPage> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let found = tx.find_accounts(std::slice::from_ref(&list.account)).await?;
                    let id = resolve::only(&list.account, found)?.id;
                    let mut all = told(tx.recorded_team(&id).await?);
                    if let Some(day) = list.as_of {
                        all.retain(|one| one.days.holds(day, i64::MAX));
                    }
                    if let Some(after) = list.page.after {
                        all.retain(|one| one.id > after);
                    }
                    let page = list.page.cut(all, |one| one.id);
                    Ok(TeamPage { page, version: tx.team_version(&id).await? })
                })
            })
            .await
    }
}

async fn assign(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<AssignMember, Requirements>,
) -> Result<Membership> {
    let Configured { command: c, settings: requirements } = c;
    let first_day = c.valid_from.unwrap_or_else(|| ctx.business_date());
    if c.valid_to.is_some_and(|last| last < first_day) {
        let what = format!("lies before {first_day}");
        return Err(Error::invalid("valid_to", Reason::DateInvalid, what));
    }
    let account = account(tx, &c.account).await?;
    let account_id = account.id;
    let member_id = tx.find_member(&c.member).await?;
    let member_id = member_id.ok_or_else(|| Error::not_found("member", c.member.to_string()))?;
    let head = tx.lock_team(&account_id).await?;
    // Behind the lock: whoever takes a site from the account holds the team too.
    check_site(&self::account(tx, &c.account).await?, c.site.as_deref())?;
    head.check(&account_id, c.version)?;
    // Of two assignments of a sponsor to two accounts one counts the other.
    tx.lock_members(&[member_id.clone()].into()).await?;
    let member = tx.member(&member_id).await?;
    let member = member.ok_or_else(|| Error::internal(format!("{member_id} is gone")))?;
    if c.role == TeamRole::Owner {
        check_not_frozen(tx, [&*account_id], "role").await?;
    }
    eligible::check(tx, requirements, &member, c.role, &account_id, first_day).await?;
    if c.cost_per_day.is_some() {
        eligible::check_embedded(tx, c.role, &account_id, first_day).await?;
    }
    let days = Interval { first_day, last_day: c.valid_to, recorded_us: 0, end: None };
    let recorded = tx.recorded_team(&account_id).await?;
    if c.role != TeamRole::Owner {
        check_new(&recorded, &member_id, c, &days)?;
    }
    let recorded_us = tx.record_after(head.update_us).await?;
    let membership = Membership {
        id: Uuid::now_v7(),
        account_id,
        role: c.role,
        member_id: Some(member_id),
        days: Interval { recorded_us, ..days },
        site: c.site.clone(),
        cost_per_day: c.cost_per_day,
        recorded_by: ctx.principal.to_string(),
        reason: c.reason.clone().into(),
        end_reason: None,
        version: head.version + 1,
    };
    tx.add_team_member(&membership).await?;
    let before = match c.role {
        TeamRole::Owner => owner_on(recorded, first_day),
        _ => None,
    };
    let told = fact::assigned(&membership, before.as_deref());
    save(tx, &membership, EventType::TeamMemberAssigned, Some(told)).await?;
    answered(tx, membership).await
}

async fn end(tx: &mut WriteTx, ctx: &Ctx, c: &EndMembership) -> Result<Membership> {
    let found = tx.find_accounts(std::slice::from_ref(&c.membership.account)).await?;
    let account_id = resolve::only(&c.membership.account, found)?.id;
    let name_of = child_name(&account_id, TEAM_MEMBERS, c.membership.id);
    let head = tx.lock_team(&account_id).await?;
    let found = told(tx.recorded_team(&account_id).await?);
    let found = found.into_iter().find(|one| one.id == c.membership.id);
    let mut membership = found.ok_or_else(|| Error::not_found("teamMember", name_of))?;
    membership.check_open()?;
    if membership.role == TeamRole::Owner {
        check_not_frozen(tx, [&*account_id], "name").await?;
    }
    head.check(&account_id, c.version)?;
    let last_day = c.last_day.unwrap_or_else(|| ctx.business_date());
    let us = tx.record_after(head.update_us).await?;
    membership.end(last_day, us, c.reason.clone().into())?;
    membership.version = head.version + 1;
    if membership.role == TeamRole::Owner {
        let first_day = last_day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let nobody = Membership {
            id: Uuid::now_v7(),
            member_id: None,
            days: Interval { first_day, last_day: None, recorded_us: us, end: None },
            site: None,
            cost_per_day: None,
            recorded_by: ctx.principal.to_string(),
            reason: c.reason.clone().into(),
            end_reason: None,
            ..membership.clone()
        };
        tx.add_team_member(&nobody).await?;
    } else {
        tx.end_team_member(&membership).await?;
    }
    let told = fact::unassigned(&membership, &ctx.principal);
    save(tx, &membership, EventType::TeamMembershipEnded, told).await?;
    Ok(membership)
}

/// Refuses another owner for accounts, whose teams are locked, while one of them waits for its next.
async fn check_not_frozen<'a>(
    tx: &WriteTx,
    account_ids: impl IntoIterator<Item = &'a str>,
    field: &str,
) -> Result<()> {
    let ids = account_ids.into_iter().collect();
    check_none_frozen(&tx.handovers_under_way(&ids).await?, field)
}

/// Refuses another owner while one of these waits for its successor: all of them are named.
fn check_none_frozen(under_way: &[Handover], field: &str) -> Result<()> {
    let frozen: Vec<_> = under_way.iter().filter_map(|one| one.freezes(field)).collect();
    match frozen.is_empty() {
        true => Ok(()),
        false => Err(Error::FailedPrecondition(frozen)),
    }
}

/// Refuses a member, whom the field names and who is locked from here on, as the owner of an account,
/// whose team is.
///
/// # Errors
/// MEMBER_NOT_ELIGIBLE.
pub(super) async fn check_may_own(
    tx: &WriteTx,
    settings: &TeamSettings,
    account_id: &str,
    member_id: &str,
    field: &'static str,
    first_day: NaiveDate,
) -> Result<()> {
    tx.lock_members(&[member_id.to_owned()].into()).await?;
    let gone = || Error::internal(format!("{} is gone", member_name(member_id)));
    let member = tx.member(member_id).await?.ok_or_else(gone)?;
    let one = [account_id.to_owned()].into();
    eligible::check_owner(tx, &settings.requirements, &member, field, &one, first_day).await
}

/// Who is owner on a day, by what is recorded.
fn owner_on(recorded: Vec<Membership>, day: NaiveDate) -> Option<String> {
    let mut team = Team::default();
    recorded.into_iter().for_each(|one| membership::record(&mut team, one));
    team.on(day, i64::MAX).owner
}

/// The account a team is of, which is not deleted.
async fn account(tx: &WriteTx, name: &AccountRef) -> Result<Account> {
    let found = tx.find_accounts(std::slice::from_ref(name)).await?;
    let id = resolve::only(name, found)?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&id)));
    let account = tx.account(&id).await?.ok_or_else(gone)?;
    account.check_live()?;
    Ok(account)
}

/// Refuses a site that the account does not have.
fn check_site(account: &Account, site: Option<&str>) -> Result<()> {
    let Some(site) = site else { return Ok(()) };
    if account.sites.iter().any(|declared| declared.id == site) {
        return Ok(());
    }
    let what = format!("{} has no site {}", account_name(&account.id), quote(site));
    Err(Error::invalid("site", Reason::FieldInvalid, what))
}

/// As it is told: with its last day where another owner follows already.
async fn answered(tx: &WriteTx, membership: Membership) -> Result<Membership> {
    if membership.role != TeamRole::Owner {
        return Ok(membership);
    }
    let told = told(tx.recorded_team(&membership.account_id).await?);
    let version = membership.version;
    let found = told.into_iter().find(|one| one.id == membership.id).unwrap_or(membership);
    Ok(Membership { version, ..found })
}

async fn save(
    tx: &mut WriteTx,
    membership: &Membership,
    event: EventType,
    told: Option<Entry>,
) -> Result<()> {
    let update_us = tx.recorded_at().await?;
    let head = TeamHead { version: membership.version, update_us };
    tx.write_team(&membership.account_id, head).await?;
    tx.publish(vec![event::of(event, membership).telling(told)]).await
}

/// Refuses a member who has the role, at the same site, on one of these days.
fn check_new(
    recorded: &[Membership],
    member_id: &str,
    c: &AssignMember,
    days: &Interval,
) -> Result<()> {
    let overlaps = |other: &Interval| {
        // One that ended before its first day never held.
        let holds_by = |last| days.first_day <= last && other.first_day <= last;
        other.last_day_known(i64::MAX).is_none_or(holds_by)
            && days.last_day.is_none_or(|last| other.first_day <= last)
    };
    let same = |one: &&Membership| {
        let is_his = one.member_id.as_deref() == Some(member_id);
        is_his && one.role == c.role && one.site == c.site && overlaps(&one.days)
    };
    match recorded.iter().find(same) {
        None => Ok(()),
        Some(same) => Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: format!("{} has that role on one of these days", member_name(member_id)),
            resource: Resource { kind: "teamMember", name: same.name() },
        }),
    }
}
