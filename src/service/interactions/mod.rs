//! Use cases of interactions: RecordInteraction, AmendInteraction, GetInteraction and ListInteractions,
//! of plans, of what was promised in them, of gifts and of advice.

mod advice;
mod as_recorded;
mod commitments;
pub(super) mod event;
mod gifts;
mod history;
mod hooks;
mod key;
mod named;
mod plans;
mod record;
mod stats;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::ctx::{Ctx, INTERACTIONS_PRIVATE};
use crate::domain::edge::Pair;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::interaction::{
    AmendInteraction, Amended, Attendee, AttendeeTerms, Effort, EffortTerms, GetInteraction,
    Interaction, InteractionKey, InteractionTerms, InteractionVerb, ListInteractions, Stage,
};
use crate::domain::names::{
    AccountRef, ChildName, ContactRef, INTERACTIONS, MemberRef, account_name, contact_name,
};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::position::incumbency::{self, Incumbency};
use crate::service::{Settings, resolve};
use crate::store::{Call, InteractionsOf, Outcome, ReadTx, Store, WriteTx};

use self::as_recorded::as_recorded;
use self::key::{another_key, check_key};

pub(super) use history::{place_commitment, place_gift, place_interaction};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Interactions {
    store: Store,
    settings: Settings,
}

impl Interactions {
    pub fn new(store: Store, settings: Settings) -> Self {
        Self { store, settings }
    }

    /// Has what should have been recorded, or another plan, take the place of what was; both read back.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, DATE_INVALID, FIELD_INVALID, FIELD_REQUIRED, ETAG_MISMATCH.
    pub async fn amend(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: AmendInteraction,
    ) -> Result<Interaction> {
        let name = c.interaction.resource_name(INTERACTIONS);
        let call = Call::new("InteractionService.AmendInteraction", request_id, name);
        self.worded(self.store.mutate(ctx, call, c, amend).await?).await
    }

    async fn worded(&self, answer: Outcome<Interaction>) -> Result<Interaction> {
        let told = match answer {
            Outcome::Done(interaction) => interaction,
            Outcome::Replayed(answered) => self.store.interaction_with_text(answered).await?,
        };
        self.store.as_told(told).await
    }

    /// One interaction, by one of its versions.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, get: GetInteraction) -> Result<Interaction> {
        let GetInteraction { interaction: name, version } = get;
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let names = std::slice::from_ref(&name.account);
                    let id = resolve::only(&name.account, tx.find_accounts(names).await?)?.id;
                    let missing =
                        || Error::not_found("interaction", name.resource_name(INTERACTIONS));
                    let now = tx.interaction(&id, name.id).await?.ok_or_else(missing)?;
                    match version {
                        None => Ok(now),
                        Some(version) => {
                            let found = tx.interaction_version(now.clone(), version).await?;
                            Ok(found.ok_or_else(missing)?.as_kept_back_by(&now))
                        }
                    }
                })
            })
            .await
    }

    /// A page of interactions, the latest first.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list(
        &self,
        ctx: &Ctx,
        list: ListInteractions,
    ) -> Result<Page<Interaction, InteractionKey>> {
        let today = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let ListInteractions { account, contact, member, state, from, to, page } = list;
                    let With { account_id, contact_id, member_id } =
                        With::named(tx, account, contact, member).await?;
                    let of = InteractionsOf { account_id, contact_id, member_id, state, from, to };
                    tx.interactions(&of, today, &page).await
                })
            })
            .await
    }
}

/// At which account and with whom what is listed has to be; `None`: at any, with anybody.
struct With {
    account_id: Option<String>,
    contact_id: Option<String>,
    member_id: Option<String>,
}

impl With {
    async fn named(
        tx: &ReadTx,
        account: Option<AccountRef>,
        contact: Option<ContactRef>,
        member: Option<MemberRef>,
    ) -> Result<Self> {
        let mut with = Self { account_id: None, contact_id: None, member_id: None };
        if let Some(name) = &account {
            let found = tx.find_accounts(std::slice::from_ref(name)).await?;
            with.account_id = Some(resolve::only(name, found)?.id);
        }
        if let Some(name) = &contact {
            let missing = || Error::not_found("contact", name.to_string());
            with.contact_id = Some(tx.find_contact(name).await?.ok_or_else(missing)?);
        }
        if let Some(name) = &member {
            let missing = || Error::not_found("member", name.to_string());
            with.member_id = Some(tx.find_member(name).await?.ok_or_else(missing)?);
        }
        Ok(with)
    }
}

async fn amend(tx: &mut WriteTx, ctx: &Ctx, c: &AmendInteraction) -> Result<Interaction> {
    let was = plans::read(tx, &c.interaction, c.version).await?;
    was.check(InteractionVerb::Amend, ctx.business_date())?;
    amended(tx, ctx, &was, &c.terms, &c.reason, |_| {}).await
}

/// Has what is said now take the place of what was, at an account whose people are held; `keep` takes
/// over what was known of them.
async fn amended(
    tx: &mut WriteTx,
    ctx: &Ctx,
    was: &Interaction,
    terms: &InteractionTerms,
    reason: &str,
    keep: impl FnOnce(&mut Interaction) + Send,
) -> Result<Interaction> {
    let day = match was.stage {
        Stage::Held => held_on(ctx, terms)?,
        Stage::Planned | Stage::Canceled => plans::planned_on(ctx, terms)?,
    };
    if terms.source_key.is_some() && terms.source_key != was.source_key {
        return Err(another_key());
    }
    let us = tx.record_after(was.last_us()).await?;
    let by = ctx.principal.to_string();
    // Compared with what is said now, which names people by whom they count as.
    let told = tx.as_told(was.clone()).await?;
    let now = Interaction {
        version: was.version + 1,
        amended: Some(Amended { by, us, reason: reason.into() }),
        ..said(ctx, terms, day, told.clone())?
    };
    // Whoever was in it stays in it, also if he was deleted since.
    let now = with_people(tx, now, terms, &known(Some(&told))).await?;
    let mut now = hooks::with_hooks(tx, now, terms, Some(&told)).await?;
    keep(&mut now);
    if now.day == was.day {
        // Where somebody sat on that day was told when he was recorded.
        for one in &mut now.theirs {
            let before = told.theirs.iter().find(|other| other.contact_id == one.contact_id);
            one.position_id = before.map_or(one.position_id, |before| before.position_id);
        }
    }
    if now.is_same(&told) {
        return Ok(was.clone());
    }
    let now = as_recorded(tx, (was, &told), now).await?;
    if !was.imported {
        hooks::check_served(tx, &now).await?;
    }
    tx.amend_interaction(was, &now).await?;
    if now.stage == Stage::Held {
        let touched: BTreeSet<Pair> = pairs(was).into_iter().chain(pairs(&now)).collect();
        tx.touch_anew(touched).await?;
        keep_signals(tx, [was, &now]).await?;
        if now.day != was.day {
            commitments::shown_on(tx, ctx, &now).await?;
        }
    }
    tx.publish(vec![event::amended(was, &now)]).await?;
    Ok(now)
}

/// The first version of an interaction, without its people and hooks; recorded at an instant in
/// microseconds since the epoch.
fn first(
    ctx: &Ctx,
    terms: &InteractionTerms,
    day: NaiveDate,
    account_id: String,
    stage: Stage,
    recorded_us: i64,
) -> Result<Interaction> {
    let blank = Interaction {
        id: Uuid::now_v7(),
        account_id,
        stage,
        channel: terms.channel,
        direction: terms.direction,
        two_way: terms.two_way,
        start_us: terms.start_us,
        end_us: terms.end_us,
        day,
        ours: Vec::new(),
        efforts: Vec::new(),
        theirs: Vec::new(),
        purpose: Personal::default(),
        notes: Personal::default(),
        private_to: None,
        campaign: None,
        response: None,
        cost: None,
        next_hook: None,
        uses_hook: None,
        checklist: Vec::new(),
        source_key: terms.source_key.clone(),
        recorded_by: ctx.principal.to_string(),
        recorded_us,
        version: 1,
        amended: None,
        imported: false,
    };
    said(ctx, terms, day, blank)
}

/// An interaction with what is said of it now, but for its people and hooks.
fn said(
    ctx: &Ctx,
    terms: &InteractionTerms,
    day: NaiveDate,
    was: Interaction,
) -> Result<Interaction> {
    let private_to = private_to(ctx, terms, &was)?;
    // Left out by whom they are masked for, they stay.
    let kept = |text: &str, was: Personal| if text.is_empty() { was } else { text.into() };
    Ok(Interaction {
        channel: terms.channel,
        direction: terms.direction,
        two_way: terms.two_way,
        start_us: terms.start_us,
        end_us: terms.end_us,
        day,
        purpose: kept(&terms.purpose, was.purpose),
        notes: kept(&terms.notes, was.notes),
        private_to,
        campaign: terms.campaign.clone(),
        response: terms.response,
        cost: terms.cost,
        checklist: terms.checklist.clone(),
        ..was
    })
}

/// For whom alone the notes are then. Whoever writes them says so; those that are there already may be
/// made known by who may read them, and be kept back by who recorded all of it.
fn private_to(ctx: &Ctx, terms: &InteractionTerms, was: &Interaction) -> Result<Option<String>> {
    let is_new = !terms.notes.is_empty() && terms.notes != was.notes.expose();
    let is_his = was.recorded_by == *ctx.principal
        && was.amended.as_ref().is_none_or(|of| of.by == *ctx.principal);
    let reads_private = ctx.scopes.allows(INTERACTIONS_PRIVATE);
    match (&was.private_to, terms.private) {
        _ if is_new => Ok(terms.private.then(|| ctx.principal.to_string())),
        (None, true) if is_his || was.notes.is_empty() => Ok(Some(ctx.principal.to_string())),
        (None, true) => {
            let what = "is for who writes the notes: these are there for all who may read them";
            Err(Error::invalid("interaction.private", Reason::FieldInvalid, what))
        }
        // Left out, as by whom they are masked for, they stay as they are.
        (Some(_), false)
            if terms.notes.is_empty() || was.hides_notes_from(&ctx.principal, reads_private) =>
        {
            Ok(was.private_to.clone())
        }
        (_, false) => Ok(None),
        (Some(_), true) => Ok(was.private_to.clone()),
    }
}

/// Those of theirs who were named before.
fn known(was: Option<&Interaction>) -> BTreeSet<String> {
    let Some(was) = was else { return BTreeSet::new() };
    let hook = was.next_hook.iter().filter_map(|hook| hook.contact_id.as_ref());
    was.theirs.iter().map(|one| &one.contact_id).chain(hook).cloned().collect()
}

/// What credit looks at of the people of an account turns where both sides spoke and one of theirs
/// answers for money.
async fn keep_signals<const N: usize>(tx: &WriteTx, of: [&Interaction; N]) -> Result<()> {
    let touches = of.iter().filter(|one| one.two_way);
    let theirs = touches.flat_map(|one| &one.theirs).map(|one| one.contact_id.as_str()).collect();
    if let Some(one) = of.first()
        && tx.sat_in_finance(&one.account_id, &theirs).await?
    {
        tx.keep_signals([&*one.account_id]).await?;
    }
    Ok(())
}

/// The day on which it was held.
fn held_on(ctx: &Ctx, terms: &InteractionTerms) -> Result<NaiveDate> {
    let day = ctx.clock.date_of(terms.start_us);
    if day > ctx.business_date() {
        let what = "lies ahead of the business date: it was not held yet";
        return Err(Error::invalid("interaction.start_time", Reason::DateInvalid, what));
    }
    Ok(day)
}

/// The interaction with those who took part in it, and where theirs sat on its day; `known` were
/// recorded before.
async fn with_people(
    tx: &WriteTx,
    interaction: Interaction,
    terms: &InteractionTerms,
    known: &BTreeSet<String>,
) -> Result<Interaction> {
    let ours = ours(tx, terms).await?;
    let efforts = efforts(tx, terms, &ours).await?;
    let mut theirs = theirs(tx, terms, known).await?;
    let seatings = tx.seatings_of_account(&interaction.account_id).await?;
    let mut seats: HashMap<String, Vec<Incumbency>> = HashMap::new();
    for one in incumbency::told(seatings) {
        if one.holds(interaction.day) {
            seats.entry(one.contact_id.clone()).or_default().push(one);
        }
    }
    let positions = match seats.values().any(|his| his.len() > 1) {
        true => tx.positions_of(&interaction.account_id).await?,
        false => Vec::new(),
    };
    for one in &mut theirs {
        let his = seats.get(&one.contact_id).into_iter().flatten();
        one.position_id = incumbency::met_on(his, &positions, interaction.day);
    }
    Ok(Interaction { ours, efforts, theirs, ..interaction })
}

/// Everybody of ours with everybody of theirs.
fn pairs(interaction: &Interaction) -> Vec<Pair> {
    let with = |member_id: &String| {
        let pair = |one: &Attendee| Pair {
            account_id: interaction.account_id.clone(),
            member_id: member_id.clone(),
            contact_id: one.contact_id.clone(),
        };
        interaction.theirs.iter().map(pair).collect::<Vec<_>>()
    };
    interaction.ours.iter().flat_map(with).collect()
}

async fn account(tx: &WriteTx, name: &AccountRef) -> Result<String> {
    let id = resolve::only(name, tx.find_accounts(std::slice::from_ref(name)).await?)?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&id)));
    tx.account(&id).await?.ok_or_else(gone)?.check_live()?;
    Ok(id)
}

/// An interaction of an account whose people are held, which the field names.
async fn of_account(
    tx: &WriteTx,
    field: &str,
    account_id: &str,
    name: &ChildName,
) -> Result<Interaction> {
    let named = std::slice::from_ref(&name.account);
    let of = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
    if of != account_id {
        let what = format!("is of {}, not of {}", account_name(&of), account_name(account_id));
        return Err(Error::invalid(field, Reason::FieldInvalid, what));
    }
    let missing = || Error::not_found("interaction", name.resource_name(INTERACTIONS));
    tx.interaction(account_id, name.id).await?.ok_or_else(missing)
}

async fn ours(tx: &WriteTx, c: &InteractionTerms) -> Result<Vec<String>> {
    let mut ids = BTreeMap::new();
    for (at, name) in c.ours.iter().enumerate() {
        let missing = || Error::not_found("member", name.to_string());
        let id = tx.find_member(name).await?.ok_or_else(missing)?;
        if ids.insert(id, at).is_some() {
            return Err(twice(format!("interaction.ours[{at}]")));
        }
    }
    Ok(in_order(ids))
}

/// How long those of ours who are in it worked on it, in their order.
async fn efforts(tx: &WriteTx, c: &InteractionTerms, ours: &[String]) -> Result<Vec<Effort>> {
    let mut minutes: HashMap<String, i32> = HashMap::new();
    for (at, EffortTerms { member, minutes: his }) in c.efforts.iter().enumerate() {
        let field = format!("interaction.efforts[{at}].member");
        let missing = || Error::not_found("member", member.to_string());
        let id = tx.find_member(member).await?.ok_or_else(missing)?;
        if !ours.contains(&id) {
            let what = format!("{member} is none of ours in it");
            return Err(Error::invalid(field, Reason::FieldInvalid, what));
        }
        if minutes.insert(id, *his).is_some() {
            return Err(twice(field));
        }
    }
    let effort = |id: &String| Some(Effort { member_id: id.clone(), minutes: *minutes.get(id)? });
    Ok(ours.iter().filter_map(effort).collect())
}

async fn theirs(
    tx: &WriteTx,
    c: &InteractionTerms,
    known: &BTreeSet<String>,
) -> Result<Vec<Attendee>> {
    let mut ids = BTreeMap::new();
    for (at, AttendeeTerms { contact, .. }) in c.theirs.iter().enumerate() {
        if ids.insert(self::contact(tx, contact).await?, at).is_some() {
            return Err(twice(format!("interaction.theirs[{at}].contact")));
        }
    }
    let mut named: BTreeSet<String> = ids.keys().cloned().collect();
    if let Some(name) = c.next_hook.as_ref().and_then(|hook| hook.contact.as_ref()) {
        named.insert(contact(tx, name).await?);
    }
    // In the order of ids, so that two that name the same people wait for each other and no more.
    for id in named.difference(known) {
        let gone = || Error::internal(format!("{} is gone", contact_name(id)));
        tx.lock_contact(id).await?.ok_or_else(gone)?.check_active()?;
    }
    let attendee = |(contact_id, terms): (String, &AttendeeTerms)| Attendee {
        contact_id,
        position_id: None,
        satisfaction: terms.satisfaction,
        confirmed: terms.confirmed,
    };
    Ok(in_order(ids).into_iter().zip(&c.theirs).map(attendee).collect())
}

async fn contact(tx: &WriteTx, name: &ContactRef) -> Result<String> {
    let missing = || Error::not_found("contact", name.to_string());
    tx.find_contact(name).await?.ok_or_else(missing)
}

/// The ids in the order in which they were named.
fn in_order(ids: BTreeMap<String, usize>) -> Vec<String> {
    let mut ids: Vec<(usize, String)> = ids.into_iter().map(|(id, at)| (at, id)).collect();
    ids.sort();
    ids.into_iter().map(|(_, id)| id).collect()
}

fn twice(field: String) -> Error {
    Error::invalid(field, Reason::DuplicateElement, "is the same as one before it")
}
