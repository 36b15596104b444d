//! Use cases of handovers: StartHandover, GetHandover, ListHandovers and AdvanceHandover.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use serde_json::json;
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::commitment::{Commitment, CommitmentSide, CommitmentState};
use crate::domain::coverage::measure::Coverage;
use crate::domain::error::{Error, Precondition, Reason, Resource, Result};
use crate::domain::event::{Event, EventType};
use crate::domain::handover::{
    AdvanceHandover, Carried, DEADLINE_DAYS, Handover, HandoverState, HandoverStep, ItemKind,
    ListHandovers, Open, Progress, StartHandover, ToMeet,
};
use crate::domain::interaction::{Interaction, InteractionState};
use crate::domain::names::{
    AccountRef, ChildName, DISPUTES, HANDOVERS, PROMISES, account_name, child_name, member_name,
};
use crate::domain::page::Page;
use crate::domain::promise::PromiseState;
use crate::domain::version;
use crate::service::contacts::{PeopleAt, people};
use crate::service::receivables::Receivables;
use crate::service::teams::{self, TeamSettings};
use crate::service::{Configured, resolve};
use crate::store::{Call, HandoversOf, Outcome, ReadTx, Store, WriteTx};

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
struct Before {
    owner_id: Option<String>,
    open: Open,
    settings: TeamSettings,
}

/// What a handover lacks just before a step is taken.
#[derive(Debug, Clone)]
struct Lacking {
    missing: Vec<Precondition>,
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
        let today = ctx.business_date();
        let id = resolve::one(&self.store, "account", &c.account).await?.id;
        let owner_id = self.owner(ctx, &id, today).await?;
        let open = match &owner_id {
            Some(owner) => self.open(ctx, &id, owner, today).await?,
            None => Open::new(),
        };
        let settings = Before { owner_id, open, settings: self.settings.clone() };
        let call = Call::new("AccountService.StartHandover", request_id, &c.account);
        let command = Configured { command: c, settings };
        let done = self.store.mutate(ctx, call, command, start).await?;
        self.told(ctx, done).await
    }

    /// Takes a step of a handover.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ETAG_MISMATCH, MEMBER_NOT_ELIGIBLE, HANDOVER_INCOMPLETE, FIELD_INVALID.
    pub async fn advance(&self, ctx: &Ctx, request_id: &str, c: AdvanceHandover) -> Result<Told> {
        let missing = match c.step {
            HandoverStep::Complete => {
                let Told { handover, progress } = self.get(ctx, c.handover.clone()).await?;
                progress.map(|progress| progress.missing(&handover)).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let settings = Lacking { missing, settings: self.settings.clone() };
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
        let scope = ctx.row_scope();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let named = std::slice::from_ref(&name.account);
                let id = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
                let missing = || Error::not_found("handover", name.resource_name(HANDOVERS));
                tx.handover(&id, name.id, scope).await?.ok_or_else(missing)
            })
        });
        let handover = read.await?;
        let progress = self.progress(ctx, &handover).await?;
        Ok(Told { handover, progress })
    }

    /// A page of handovers, in the order they were started.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list(&self, ctx: &Ctx, list: ListHandovers) -> Result<Page<Handover>> {
        let scope = ctx.row_scope();
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
                tx.handovers(&of, &page, scope).await
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
        let open = self.open(ctx, account_id, from_id, today).await?;
        let (of, whose) = (handover.clone(), ctx.clone());
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let carried = tx.carried(of.id).await?;
                Ok((to_meet(tx, &whose, &of, today).await?, carried))
            })
        });
        let (contacts, carried) = read.await?;
        Ok(Some(Progress::of(contacts, &carried, &open)))
    }

    async fn owner(&self, ctx: &Ctx, id: &str, day: NaiveDate) -> Result<Option<String>> {
        let id = id.to_owned();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let teams = tx.teams(&[id.as_str()].into()).await?;
                Ok(teams.get(&id).and_then(|team| team.on(day, i64::MAX).owner))
            })
        });
        read.await
    }

    /// What is open at an account on a day; of what names somebody, what names him.
    async fn open(
        &self,
        ctx: &Ctx,
        account_id: &str,
        member_id: &str,
        day: NaiveDate,
    ) -> Result<Open> {
        let mut owed = self.receivables.owed(ctx, vec![account_id.to_owned()], day).await?;
        let owed = owed.remove(account_id).unwrap_or_default();
        let (id, his) = (account_id.to_owned(), member_id.to_owned());
        let read = self
            .store
            .read(ctx, move |tx| Box::pin(async move { talked_of(tx, &id, &his, day).await }));
        let mut open = read.await?;
        if !owed.overdue.is_empty() {
            open.insert((ItemKind::Receivables, account_name(account_id)));
        }
        let promises = owed.promises.iter().filter(|one| one.state == PromiseState::Open);
        open.extend(
            promises.map(|one| (ItemKind::Promise, child_name(account_id, PROMISES, one.id))),
        );
        open.extend(
            owed.disputes
                .iter()
                .map(|one| (ItemKind::Dispute, child_name(account_id, DISPUTES, one.dispute.id))),
        );
        Ok(open)
    }
}

/// What was said and is open: what a member has to keep, where he is to be, and every hook.
async fn talked_of(tx: &ReadTx, account_id: &str, member_id: &str, day: NaiveDate) -> Result<Open> {
    let these = BTreeSet::from([account_id]);
    let is_his = |one: &&Commitment| {
        one.state_on(day) == CommitmentState::Open && one.responsible_on(day) == Some(member_id)
    };
    let goes = |one: &&Interaction| {
        let planned = one.state_on(day) == InteractionState::Planned;
        planned && one.ours.iter().any(|id| id == member_id)
    };
    let unsettled = tx.unsettled(&these, CommitmentSide::Ours).await?;
    let plans = tx.plans(&these).await?;
    let hooks = tx.hooks_open(&these, day).await?;
    let commitments = unsettled.iter().filter(is_his);
    let commitments = commitments.map(|one| (ItemKind::Commitment, one.name()));
    let plans = plans.iter().filter(goes).map(|one| (ItemKind::PlannedVisit, one.name()));
    let hooks = hooks.iter().map(|one| (ItemKind::Hook, one.name()));
    Ok(commitments.chain(plans).chain(hooks).collect())
}

/// Whom the successor has to meet, and whether he did since the handover was started.
async fn to_meet(tx: &ReadTx, ctx: &Ctx, of: &Handover, day: NaiveDate) -> Result<Vec<ToMeet>> {
    let id = of.account_id.as_str();
    let at = PeopleAt::of(day, i64::MAX, day);
    let known = people(tx, &[id].into(), at, ctx.row_scope()).await?;
    let Some(known) = known.get(id) else { return Ok(Vec::new()) };
    let met: HashMap<&str, NaiveDate> = {
        let his = known.facts.ties.iter().filter(|tie| tie.member_id == of.to_id);
        let touched = his.filter_map(|tie| Some((tie.contact_id.as_str(), tie.edge.last_touch?)));
        touched.filter(|(_, day)| *day >= of.start_date).collect()
    };
    let mut asked: Vec<ToMeet> = Vec::new();
    for cell in Coverage::of(id, &known.facts).cells {
        let Some((contact_id, position_id)) = cell.contact_id.zip(cell.position_id) else {
            continue;
        };
        if asked.iter().all(|one| one.contact_id != contact_id) {
            let met = met.get(contact_id.as_str()).copied();
            asked.push(ToMeet { contact_id, position_id, met });
        }
    }
    Ok(asked)
}

async fn start(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<StartHandover, Before>,
) -> Result<Handover> {
    let Configured { command: c, settings: Before { owner_id, open, settings } } = c;
    let today = ctx.business_date();
    let deadline = match c.deadline {
        Some(day) if day < today => {
            let what = format!("{day} lies before the business date, {today}");
            return Err(Error::invalid("handover.deadline", Reason::DateInvalid, what));
        }
        Some(day) => day,
        None => today.checked_add_days(Days::new(DEADLINE_DAYS)).unwrap_or(NaiveDate::MAX),
    };
    let account_id = account(tx, &c.account).await?;
    let missing = || Error::not_found("member", c.to.to_string());
    let to_id = tx.find_member(&c.to).await?.ok_or_else(missing)?;
    let head = tx.lock_team(&account_id).await?;
    let under_way = tx.handovers_under_way(&[account_id.as_str()].into()).await?;
    if let Some(other) = under_way.first() {
        return Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: format!("{} is under way", other.name()),
            resource: Resource { kind: "handover", name: other.name() },
        });
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
    if Some(&from_id) != owner_id.as_ref() {
        return Err(changed(&account_id));
    }
    teams::check_may_own(tx, settings, &account_id, &to_id, "handover.to", today).await?;
    let recorded_us = tx.record_after(head.update_us).await?;
    let handover = Handover {
        id: Uuid::now_v7(),
        account_id,
        from_id,
        to_id,
        state: HandoverState::Started,
        reason: c.reason.as_str().into(),
        deadline,
        start_date: today,
        accept_date: None,
        end_date: None,
        end_reason: Default::default(),
        recorded_by: ctx.principal.to_string(),
        recorded_us,
        update_us: recorded_us,
        version: 1,
    };
    let carried = open.iter().map(|(kind, subject)| Carried {
        kind: *kind,
        subject: subject.clone(),
        acknowledged: false,
    });
    tx.insert_handover(&handover, &carried.collect::<Vec<_>>()).await?;
    tx.publish(vec![event(EventType::HandoverStarted, &handover)]).await?;
    Ok(handover)
}

async fn advance(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<AdvanceHandover, Lacking>,
) -> Result<Handover> {
    let Configured { command: c, settings: Lacking { missing, settings } } = c;
    let today = ctx.business_date();
    let named = std::slice::from_ref(&c.handover.account);
    let account_id = resolve::only(&c.handover.account, tx.find_accounts(named).await?)?.id;
    let head = tx.lock_team(&account_id).await?;
    let none = || Error::not_found("handover", c.handover.resource_name(HANDOVERS));
    let mut handover = tx.handover(&account_id, c.handover.id).await?.ok_or_else(none)?;
    handover.advance(c.step, today, &c.reason)?;
    version::check("handover", handover.name(), handover.version, c.version)?;
    let mut acknowledged = Vec::new();
    match c.step {
        HandoverStep::Accept => {
            let Handover { to_id, .. } = &handover;
            teams::check_may_own(tx, settings, &account_id, to_id, "name", today).await?;
            let heads = [(&account_id, head)];
            let reason = handover.reason.expose();
            teams::give(tx, ctx, heads, to_id, today, reason).await?;
        }
        HandoverStep::Acknowledge => {
            acknowledged = self::acknowledged(tx, &handover, &c.acknowledged).await?;
        }
        HandoverStep::Complete if !missing.is_empty() => {
            return Err(Error::FailedPrecondition(missing.clone()));
        }
        HandoverStep::Complete | HandoverStep::Cancel => {}
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

fn changed(account_id: &str) -> Error {
    let name = account_name(account_id);
    Error::Aborted {
        reason: Reason::ConcurrentChange,
        description: format!("{name} was given another owner just now"),
        resource: Resource { kind: "account", name },
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
