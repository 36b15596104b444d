//! Use cases of our people: CreateMember, GetMember, ListMembers, UpdateMember and ReactivateMember, and
//! what DeactivateMember does with the member himself.

mod event;
mod line;

use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::commitment::Commitment;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::external_ref::ExternalRef;
use crate::domain::member::command::{
    CreateMember, DeactivateMember, ManagerChange, ReactivateMember, UpdateMember,
};
use crate::domain::member::{Member, MemberKey, MemberList, MemberState};
use crate::domain::names::{CanonicalForm, MemberRef, member_name};
use crate::domain::page::Page;
use crate::domain::timeline::fact;
use crate::service::interactions::event::of_commitment as commitment_event;
use crate::service::{Configured, external_refs};
use crate::store::{Call, Outcome, ReadTx, Store, WriteTx};

const EXTERNAL_REFS: &str = "member.external_refs";

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Members {
    store: Store,
    /// Who owns whatever nobody else does.
    default_owner: MemberRef,
}

impl Members {
    pub fn new(store: Store, default_owner: MemberRef) -> Self {
        Self { store, default_owner }
    }

    /// Records a member.
    ///
    /// # Errors
    /// RESOURCE_ALREADY_EXISTS, EXTERNAL_REF_TAKEN, SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT,
    /// PRINCIPAL_TAKEN; about the manager NotFound, MEMBER_LINE_TOO_DEEP.
    pub async fn create(&self, ctx: &Ctx, request_id: &str, c: CreateMember) -> Result<Member> {
        let name = c.id.as_deref().map(member_name).unwrap_or_default();
        let call = Call::new("AccountService.CreateMember", request_id, name);
        self.with_text(self.store.mutate(ctx, call, c, create).await?).await
    }

    /// Changes what the command names. What changes nothing leaves the version as it was.
    ///
    /// # Errors
    /// NotFound, ETAG_MISMATCH, EXTERNAL_REF_TAKEN, SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT,
    /// PRINCIPAL_TAKEN, MEMBER_CYCLE, MEMBER_LINE_TOO_DEEP, MEMBER_IS_DEFAULT_OWNER.
    pub async fn update(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: UpdateMember,
    ) -> Result<Member> {
        let call = Call::new("AccountService.UpdateMember", request_id, &command.member);
        let c = Configured { command, settings: self.default_owner.clone() };
        self.with_text(self.store.mutate(ctx, call, c, update).await?).await
    }

    /// Takes a member back into work.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG.
    pub async fn reactivate(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ReactivateMember,
    ) -> Result<Member> {
        let call = Call::new("AccountService.ReactivateMember", request_id, &c.member);
        self.with_text(self.store.mutate(ctx, call, c, reactivate).await?).await
    }

    /// As [`Members::create`], in a transaction of the caller.
    pub(super) async fn create_in(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        c: &CreateMember,
    ) -> Result<Member> {
        create(tx, ctx, c).await
    }

    /// As [`Members::update`], in a transaction of the caller.
    pub(super) async fn update_in(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        command: UpdateMember,
    ) -> Result<Member> {
        let settings = self.default_owner.clone();
        update(tx, ctx, &Configured { command, settings }).await
    }

    /// What is personal of a member is in his rows alone.
    async fn with_text(&self, answer: Outcome<Member>) -> Result<Member> {
        match answer {
            Outcome::Done(member) => Ok(member),
            Outcome::Replayed(member) => self.store.member_with_text(member).await,
        }
    }

    /// One member.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, name: MemberRef) -> Result<Member> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let id = found(&name, tx.find_member(&name).await?)?;
                    let member = tx.member(&id).await?.ok_or_else(|| missing(&name))?;
                    with_seen_manager(tx, member).await
                })
            })
            .await
    }

    /// A page of members.
    ///
    /// # Errors
    /// NotFound for the manager of the filter.
    pub async fn list(&self, ctx: &Ctx, list: MemberList) -> Result<Page<Member, MemberKey>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let manager_id = match &list.filter.manager {
                        Some(name) => Some(found(name, tx.find_member(name).await?)?),
                        None => None,
                    };
                    let found = tx.members(&list, manager_id.as_deref()).await?;
                    let Page { items, next, keys } = found;
                    let mut members = Vec::with_capacity(items.len());
                    for member in items {
                        members.push(with_seen_manager(tx, member).await?);
                    }
                    Ok(Page { items: members, next, keys })
                })
            })
            .await
    }

    /// Refuses a configuration by which what nobody owns would be nobody's.
    ///
    /// # Errors
    /// FIELD_INVALID at `business.default_owner`.
    pub async fn check_default_owner(&self, ctx: &Ctx) -> Result<()> {
        let name = &self.default_owner;
        let refuse = |what| {
            let advice = "start with members/unassigned, which is the default, and change that";
            let description = format!("{name} {what}: {advice}");
            Error::invalid("business.default_owner", Reason::FieldInvalid, description)
        };
        match self.get(ctx, name.clone()).await {
            Ok(Member { state: MemberState::Active, .. }) => Ok(()),
            Ok(Member { state: MemberState::Inactive, .. }) => Err(refuse("is inactive")),
            Err(Error::NotFound(_)) => Err(refuse("does not exist")),
            Err(error) => Err(error),
        }
    }
}

async fn create(tx: &mut WriteTx, _: &Ctx, c: &CreateMember) -> Result<Member> {
    let CreateMember { id, change, manager, form } = c.clone();
    let id = id.unwrap_or_else(|| Uuid::now_v7().to_string());
    let line = line::lock(tx, &id, manager.as_ref()).await?;
    let mut member = Member::new(id.clone(), line.manager_id.clone(), tx.recorded_at().await?);
    change.apply(&mut member);
    // That the id is taken is told first: a fault of the line would be that of another member.
    tx.insert_member(&member).await?;
    line.check(&id, 1)?;
    write_refs(tx, &member, form, &[]).await?;
    tx.write_member_principals(&member).await?;
    tx.publish(vec![event::of(EventType::MemberCreated, &member, &[])]).await?;
    Ok(member)
}

async fn update(
    tx: &mut WriteTx,
    _: &Ctx,
    c: &Configured<UpdateMember, MemberRef>,
) -> Result<Member> {
    let Configured { command: c, settings: default_owner } = c;
    let id = found(&c.member, tx.find_member(&c.member).await?)?;
    let to = match &c.manager {
        Some(ManagerChange::To(name)) => Some(name),
        Some(ManagerChange::Nobody) | None => None,
    };
    let line = line::lock(tx, &id, to).await?;
    let before = read(tx, &id).await?;
    before.check_version(c.version)?;
    let mut member = before.clone();
    let mut changed = c.change.clone().apply(&mut member);
    if c.manager.is_some() && line.manager_id != before.manager_id {
        line.check(&id, tx.member_levels(&id).await?)?;
        member.manager_id = line.manager_id;
        changed.push("manager");
    }
    if changed.is_empty() {
        return Ok(before);
    }
    if changed.contains(&"external_refs") {
        let owner = tx.configured_member(default_owner).await?;
        write_refs(tx, &member, c.form, &before.external_refs).await?;
        if owner.as_deref() == Some(&*id) && tx.configured_member(default_owner).await? != owner {
            return Err(member
                .refuse_as_default_owner("he keeps that key")
                .at(EXTERNAL_REFS)
                .into());
        }
    }
    if changed.contains(&"principals") {
        tx.write_member_principals(&member).await?;
    }
    save(tx, member, EventType::MemberUpdated, &changed).await
}

async fn write_refs(
    tx: &mut WriteTx,
    member: &Member,
    form: Option<CanonicalForm>,
    before: &[ExternalRef],
) -> Result<()> {
    let refs = &member.external_refs;
    let ids = external_refs::canonical_ids(tx, EXTERNAL_REFS, refs, form, before).await?;
    tx.write_member_refs(member, &ids).await
}

/// Takes a member out of work, in a transaction of the caller.
///
/// # Errors
/// NotFound, STATE_WRONG, MEMBER_IS_DEFAULT_OWNER.
pub(super) async fn deactivate_in(
    tx: &mut WriteTx,
    ctx: &Ctx,
    command: &DeactivateMember,
    default_owner: &MemberRef,
) -> Result<Member> {
    let default_owner = tx.configured_member(default_owner).await?;
    let mut member = lock_with_ties(tx, &command.member).await?;
    let is_default_owner = default_owner.as_ref() == Some(&member.id);
    member.deactivate(command.reason.clone(), is_default_owner)?;
    let member = save(tx, member, EventType::MemberDeactivated, &[]).await?;
    keep_signals(tx, &member).await?;
    // At last, as nothing is waited for behind it: what he was to keep for others is theirs again.
    let his = tx.delegated_to(&member.id, ctx.business_date()).await?.into_iter();
    let back: Vec<Commitment> = his.map(|one| Commitment { delegated_to: None, ..one }).collect();
    if !back.is_empty() {
        let by = &ctx.principal;
        let us = tx.delegate_commitments(&back.iter().collect::<Vec<_>>(), by).await?;
        let event = |one: &Commitment| {
            commitment_event(EventType::CommitmentDelegated, one).telling([fact::delegated(
                one,
                Some(&member.id),
                by,
                us,
            )])
        };
        tx.publish(back.iter().map(event).collect()).await?;
    }
    Ok(member)
}

async fn reactivate(tx: &mut WriteTx, _: &Ctx, c: &ReactivateMember) -> Result<Member> {
    let mut member = lock_with_ties(tx, &c.member).await?;
    member.reactivate()?;
    let member = save(tx, member, EventType::MemberReactivated, &[]).await?;
    keep_signals(tx, &member).await?;
    Ok(member)
}

/// As [`lock`], behind the people at accounts where whether he is active matters to credit: whoever
/// records a talk holds these first, and then reads him.
async fn lock_with_ties(tx: &WriteTx, name: &MemberRef) -> Result<Member> {
    hold_ties(tx, name).await?;
    lock(tx, name).await
}

/// Leaves out a superior whom the caller does not see.
async fn with_seen_manager(tx: &ReadTx, member: Member) -> Result<Member> {
    let Some(manager_id) = member.manager_id.clone().filter(|_| tx.is_restricted()) else {
        return Ok(member);
    };
    let manager_id = tx.find_member(&MemberRef::Id(manager_id)).await?;
    Ok(Member { manager_id, ..member })
}

/// Holds the people at accounts where whether he is active matters to credit.
pub(super) async fn hold_ties(tx: &WriteTx, name: &MemberRef) -> Result<()> {
    let id = found(name, tx.find_member(name).await?)?;
    let accounts = tx.accounts_with_finance_ties(&id).await?;
    tx.hold_people(accounts.iter().map(String::as_str)).await
}

/// His ties count from now on, or don't. Those that were made before he was locked are held as well.
async fn keep_signals(tx: &WriteTx, member: &Member) -> Result<()> {
    let accounts = tx.accounts_with_finance_ties(&member.id).await?;
    tx.hold_people(accounts.iter().map(String::as_str)).await?;
    tx.keep_signals(accounts.iter().map(String::as_str)).await
}

async fn save(
    tx: &mut WriteTx,
    mut member: Member,
    event_type: EventType,
    changed: &[&'static str],
) -> Result<Member> {
    member.update_us = tx.record_after(member.update_us).await?;
    member.version += 1;
    tx.update_member(&member).await?;
    tx.publish(vec![event::of(event_type, &member, changed)]).await?;
    Ok(member)
}

/// Finds a member, locks his row and reads it.
async fn lock(tx: &WriteTx, name: &MemberRef) -> Result<Member> {
    let id = found(name, tx.find_member(name).await?)?;
    tx.lock_members(&[id.clone()].into()).await?;
    read(tx, &id).await
}

async fn read(tx: &WriteTx, id: &str) -> Result<Member> {
    let member = tx.member(id).await?;
    member.ok_or_else(|| Error::internal(format!("{} is gone", member_name(id))))
}

fn found(name: &MemberRef, id: Option<String>) -> Result<String> {
    id.ok_or_else(|| missing(name))
}

fn missing(name: &MemberRef) -> Error {
    Error::not_found("member", name.to_string())
}
