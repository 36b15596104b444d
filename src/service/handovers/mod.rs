//! Use cases of handovers: StartHandover, GetHandover, ListHandovers and AdvanceHandover, and what is
//! handed over as somebody is deactivated.

mod leaving;
mod open;

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use serde_json::json;
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Resource, Result};
use crate::domain::event::{Event, EventType};
use crate::domain::handover::{
    AdvanceHandover, Carried, DEADLINE_DAYS, Handover, HandoverState, HandoverStep, ListHandovers,
    Open, Progress, StartHandover,
};
use crate::domain::names::{AccountRef, ChildName, HANDOVERS, account_name, member_name};
use crate::domain::page::Page;
use crate::domain::team::command::{TransferAccounts, Transferred};
use crate::domain::version;
use crate::service::receivables::Receivables;
use crate::service::teams::{self, Ready, TeamSettings, Teams};
use crate::service::{Configured, resolve};
use crate::store::{Call, HandoversOf, Outcome, Store, WriteTx};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Handovers {
    store: Store,
    receivables: Receivables,
    settings: TeamSettings,
}

/// A handover, and how far it is while it is under way.
#[derive(Debug)]
pub struct Told {
    pub handover: Handover,
    pub progress: Option<Progress>,
}

/// What is open at an account just before its handover is started, and who owned it then.
#[derive(Debug, Clone)]
struct Owned {
    owner_id: String,
    open: Open,
}

/// The accounts that somebody owned just before handovers are started.
#[derive(Debug, Clone)]
struct Before {
    owned: HashMap<String, Owned>,
    settings: TeamSettings,
}

impl Before {
    /// What is open at an account of a member.
    ///
    /// # Errors
    /// CONCURRENT_CHANGE: it was not his just before.
    fn of(&self, account_id: &str, owner_id: &str) -> Result<Vec<Carried>> {
        let owned = self.owned.get(account_id).filter(|owned| owned.owner_id == owner_id);
        let Some(owned) = owned else {
            return Err(changed(&account_name(account_id), "was given another owner just now"));
        };
        let carried = owned.open.iter().map(|(kind, subject)| Carried {
            kind: *kind,
            subject: subject.clone(),
            acknowledged: false,
        });
        Ok(carried.collect())
    }
}

/// What is open at an account just before a step of its handover is taken.
#[derive(Debug, Clone)]
struct AtStep {
    open: Open,
    settings: TeamSettings,
}

impl Handovers {
    pub fn new(store: Store, receivables: Receivables, settings: TeamSettings) -> Self {
        Self { store, receivables, settings }
    }

    /// Begins to give an account to another of ours.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, ACCOUNT_NOT_OWNED, MEMBER_NOT_ELIGIBLE, RESOURCE_ALREADY_EXISTS,
    /// DATE_INVALID, FIELD_INVALID.
    pub async fn start(&self, ctx: &Ctx, request_id: &str, c: StartHandover) -> Result<Told> {
        let id = resolve::one(ctx, &self.store, "account", &c.account).await?.id;
        let owned = self.owned(ctx, vec![id]).await?;
        let settings = Before { owned, settings: self.settings.clone() };
        let call = Call::new("AccountService.StartHandover", request_id, &c.account);
        let command = Configured { command: c, settings };
        let done = self.store.mutate(ctx, call, command, start).await?;
        self.told(ctx, done).await
    }

    /// Begins to give accounts of a member to another.
    ///
    /// # Errors
    /// As those of a transfer, CONCURRENT_CHANGE.
    pub async fn transfer(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: TransferAccounts,
    ) -> Result<Transferred> {
        let teams = Teams::new(self.store.clone(), self.settings.clone());
        let ids = match teams.would_transfer(ctx, c.clone()).await {
            Ok(would) => would.account_ids,
            // So a call that is repeated finds what it started: it is answered as before, and any other
            // is refused for the same.
            Err(Error::FailedPrecondition(_) | Error::AlreadyExists { .. }) => Vec::new(),
            Err(other) => return Err(other),
        };
        let owned = self.owned(ctx, ids).await?;
        let settings = Before { owned, settings: self.settings.clone() };
        let call = Call::new("AccountService.TransferAccounts", request_id, &c.from);
        let command = Configured { command: c, settings };
        Ok(self.store.mutate(ctx, call, command, transfer).await?.into_inner())
    }

    /// Takes a step of a handover.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ETAG_MISMATCH, MEMBER_NOT_ELIGIBLE, HANDOVER_INCOMPLETE, FIELD_INVALID.
    pub async fn advance(&self, ctx: &Ctx, request_id: &str, c: AdvanceHandover) -> Result<Told> {
        let open = match c.step {
            HandoverStep::Complete => self.open_at(ctx, c.handover.clone()).await?,
            _ => Open::new(),
        };
        let settings = AtStep { open, settings: self.settings.clone() };
        let name = c.handover.resource_name(HANDOVERS);
        let call = Call::new("AccountService.AdvanceHandover", request_id, name);
        let command = Configured { command: c, settings };
        let done = self.store.mutate(ctx, call, command, advance).await?;
        self.told(ctx, done).await
    }

    /// One handover, and how far it is.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, name: ChildName) -> Result<Told> {
        let handover = self.read(ctx, name).await?;
        let progress = self.progress(ctx, &handover).await?;
        Ok(Told { handover, progress })
    }

    async fn read(&self, ctx: &Ctx, name: ChildName) -> Result<Handover> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let named = std::slice::from_ref(&name.account);
                let id = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
                let missing = || Error::not_found("handover", name.resource_name(HANDOVERS));
                tx.handover(&id, name.id).await?.ok_or_else(missing)
            })
        });
        read.await
    }

    /// What is open today at the account of a handover, and of what names somebody, what names its
    /// predecessor.
    async fn open_at(&self, ctx: &Ctx, name: ChildName) -> Result<Open> {
        let Handover { account_id, from_id, .. } = self.read(ctx, name).await?;
        let whose = BTreeMap::from([(account_id.clone(), from_id)]);
        let mut open = self.open(ctx, whose, ctx.business_date()).await?;
        Ok(open.remove(&account_id).unwrap_or_default())
    }

    /// A page of handovers, in the order they were started.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list(&self, ctx: &Ctx, list: ListHandovers) -> Result<Page<Handover>> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let ListHandovers { account, member, state, page } = list;
                let mut of = HandoversOf { state, ..HandoversOf::default() };
                if let Some(name) = &account {
                    let found = tx.find_accounts(std::slice::from_ref(name)).await?;
                    of.account_id = Some(resolve::only(name, found)?.id);
                }
                if let Some(name) = &member {
                    let missing = || Error::not_found("member", name.to_string());
                    of.member_id = Some(tx.find_member(name).await?.ok_or_else(missing)?);
                }
                tx.handovers(&of, &page).await
            })
        });
        read.await
    }

    async fn told(&self, ctx: &Ctx, answer: Outcome<Handover>) -> Result<Told> {
        let handover = match answer {
            Outcome::Done(handover) => handover,
            Outcome::Replayed(answered) => self.store.handover_with_text(answered).await?,
        };
        let progress = self.progress(ctx, &handover).await?;
        Ok(Told { handover, progress })
    }

    /// How far it is by the business date; `None` once it ended.
    async fn progress(&self, ctx: &Ctx, handover: &Handover) -> Result<Option<Progress>> {
        if !handover.is_under_way() {
            return Ok(None);
        }
        let today = ctx.business_date();
        let Handover { account_id, from_id, .. } = handover;
        let whose = BTreeMap::from([(account_id.clone(), from_id.clone())]);
        let open = self.open(ctx, whose, today).await?.remove(account_id).unwrap_or_default();
        let of = handover.clone();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let carried = tx.carried(of.id).await?;
                Ok((open::to_meet(tx, &of, today).await?, carried))
            })
        });
        let (contacts, carried) = read.await?;
        Ok(Some(Progress::of(contacts, &carried, &open)))
    }
}

async fn start(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<StartHandover, Before>,
) -> Result<Handover> {
    let Configured { command: c, settings: before } = c;
    let today = ctx.business_date();
    let deadline = match c.deadline {
        Some(day) if day < today => {
            let what = format!("{day} lies before the business date, {today}");
            return Err(Error::invalid("handover.deadline", Reason::DateInvalid, what));
        }
        Some(day) => day,
        None => deadline_from(today),
    };
    let account_id = account(tx, &c.account).await?;
    let missing = || Error::not_found("member", c.to.to_string());
    let to_id = tx.find_member(&c.to).await?.ok_or_else(missing)?;
    let head = tx.lock_team(&account_id).await?;
    let under_way = tx.handovers_under_way(&[account_id.as_str()].into()).await?;
    if let Some(other) = under_way.first() {
        return Err(teams::already_under_way(other));
    }
    let teams = tx.teams(&[account_id.clone()].into()).await?;
    let from_id = teams.get(&account_id).and_then(|team| team.on(today, i64::MAX).owner);
    let Some(from_id) = from_id else {
        let name = account_name(&account_id);
        let what = format!("has no owner on {today}: it is assigned, not handed over");
        let refused = Precondition::new(Reason::AccountNotOwned, name, what).with("owner", "");
        return Err(refused.at("account").into());
    };
    if from_id == to_id {
        let what = format!("{} owns it already", member_name(&to_id));
        return Err(Error::invalid("handover.to", Reason::FieldInvalid, what));
    }
    let carried = before.of(&account_id, &from_id)?;
    teams::check_may_own(tx, &before.settings, &account_id, &to_id, "handover.to", today).await?;
    let us = tx.record_after(head.update_us).await?;
    let said = Said { from_id: &from_id, to_id: &to_id, deadline, reason: &c.reason };
    let handover = begun(ctx, account_id, &said, us);
    let begun = vec![(handover.clone(), carried)];
    tx.insert_handovers(&begun).await?;
    tx.publish(vec![event(EventType::HandoverStarted, &handover)]).await?;
    Ok(handover)
}

/// What is said of a handover as it is started.
struct Said<'a> {
    from_id: &'a str,
    to_id: &'a str,
    deadline: NaiveDate,
    reason: &'a str,
}

/// A handover that begins today; recorded at an instant in microseconds since the epoch.
fn begun(ctx: &Ctx, account_id: String, said: &Said<'_>, recorded_us: i64) -> Handover {
    Handover {
        id: Uuid::now_v7(),
        account_id,
        from_id: said.from_id.to_owned(),
        to_id: said.to_id.to_owned(),
        state: HandoverState::Started,
        reason: said.reason.into(),
        deadline: said.deadline,
        start_date: ctx.business_date(),
        accept_date: None,
        end_date: None,
        end_reason: Default::default(),
        recorded_by: ctx.principal.to_string(),
        recorded_us,
        update_us: recorded_us,
        version: 1,
    }
}

fn deadline_from(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(DEADLINE_DAYS)).unwrap_or(NaiveDate::MAX)
}

async fn transfer(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<TransferAccounts, Before>,
) -> Result<Transferred> {
    let Configured { command, settings: before } = c;
    let asked = Configured { command: command.clone(), settings: before.settings.clone() };
    let Ready { from_id, to_id, heads, next, .. } = teams::ready(tx, &asked).await?;
    let today = ctx.business_date();
    let last = heads.values().map(|head| head.update_us).max().unwrap_or(0);
    let us = tx.record_after(last).await?;
    let said = Said {
        from_id: &from_id,
        to_id: &to_id,
        deadline: deadline_from(today),
        reason: &command.reason,
    };
    let mut started = Vec::new();
    for id in heads.into_keys() {
        let carried = before.of(&id, &from_id)?;
        started.push((begun(ctx, id, &said, us), carried));
    }
    tx.insert_handovers(&started).await?;
    let events = started.iter().map(|(one, _)| event(EventType::HandoverStarted, one));
    tx.publish(events.collect()).await?;
    let account_ids = started.into_iter().map(|(one, _)| one.account_id).collect();
    Ok(Transferred { account_ids, next })
}

async fn advance(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<AdvanceHandover, AtStep>,
) -> Result<Handover> {
    let Configured { command: c, settings: AtStep { open, settings } } = c;
    let today = ctx.business_date();
    let named = std::slice::from_ref(&c.handover.account);
    let account_id = resolve::only(&c.handover.account, tx.find_accounts(named).await?)?.id;
    if c.step == HandoverStep::Complete {
        // Nobody promises, plans or moves anything there before it is completed, or not.
        tx.hold_people([&*account_id]).await?;
    }
    let head = tx.lock_team(&account_id).await?;
    let none = || Error::not_found("handover", c.handover.resource_name(HANDOVERS));
    let mut handover = tx.handover(&account_id, c.handover.id).await?.ok_or_else(none)?;
    handover.advance(c.step, today, &c.reason)?;
    version::check("handover", handover.name(), handover.version, c.version)?;
    let mut acknowledged = Vec::new();
    match c.step {
        HandoverStep::Accept => {
            let gone = || Error::internal(format!("{} is gone", account_name(&account_id)));
            tx.account(&account_id).await?.ok_or_else(gone)?.check_live()?;
            let Handover { to_id, .. } = &handover;
            teams::check_may_own(tx, settings, &account_id, to_id, "name", today).await?;
            let heads = [(account_id.clone(), head)].into();
            let before = tx.teams(&[account_id.clone()].into()).await?;
            teams::give(tx, ctx, &heads, &before, to_id, today, handover.reason.expose()).await?;
        }
        HandoverStep::Acknowledge => {
            acknowledged = self::acknowledged(tx, &handover, &c.acknowledged).await?;
        }
        HandoverStep::Complete => {
            let missing = open::missing(tx, &handover, open, today).await?;
            if !missing.is_empty() {
                return Err(Error::FailedPrecondition(missing));
            }
        }
        HandoverStep::Cancel => {}
    }
    handover.update_us = tx.record_after(handover.update_us).await?;
    handover.version += 1;
    tx.update_handover(&handover, &acknowledged).await?;
    tx.publish(vec![event(EventType::HandoverAdvanced, &handover)]).await?;
    Ok(handover)
}

/// What was carried of these names, as acknowledged.
async fn acknowledged(tx: &WriteTx, of: &Handover, names: &[String]) -> Result<Vec<Carried>> {
    let carried = tx.carried(of.id).await?;
    let mut known = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let field = format!("acknowledged[{at}]");
        let found = carried.iter().find(|one| one.subject == *name);
        let Some(found) = found else {
            let what = format!("{name} was not open when {} was started", of.name());
            return Err(Error::invalid(field, Reason::FieldInvalid, what));
        };
        if found.kind.names_somebody() {
            let what = format!("{name} names who has to see to it: it is handed on, or closed");
            return Err(Error::invalid(field, Reason::FieldInvalid, what));
        }
        known.push(Carried { acknowledged: true, ..found.clone() });
    }
    Ok(known)
}

async fn account(tx: &WriteTx, name: &AccountRef) -> Result<String> {
    let id = resolve::only(name, tx.find_accounts(std::slice::from_ref(name)).await?)?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&id)));
    tx.account(&id).await?.ok_or_else(gone)?.check_live()?;
    Ok(id)
}

fn changed(name: &str, how: &str) -> Error {
    let kind = if name.starts_with("members/") { "member" } else { "account" };
    Error::Aborted {
        reason: Reason::ConcurrentChange,
        description: format!("{name} {how}"),
        resource: Resource { kind, name: name.to_owned() },
    }
}

/// What other systems are told of a handover: names and days, nothing personal.
fn event(event_type: EventType, of: &Handover) -> Event {
    let data = json!({
        "handover": of.name(),
        "from": member_name(&of.from_id),
        "to": member_name(&of.to_id),
        "state": of.state,
        "deadline": of.deadline,
        "version": of.version,
    });
    Event::new(event_type, &of.account_id, of.name(), data)
}
