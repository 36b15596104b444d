//! What was said, promised and given, as records of another system say it. It is history: it happened,
//! whatever would be asked of it today.

use chrono::{DateTime, NaiveDateTime, NaiveTime};

use super::named::{Held, live_contact, member};
use super::{account, amended, commitments, first, gifts, held_on, hooks, said, with_people};
use crate::ctx::Ctx;
use crate::domain::commitment::{SettleCommitment, Settlement};
use crate::domain::contact::ContactState;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::{Interaction, InteractionVerb, Stage};
use crate::domain::names::{
    AccountRef, COMMITMENTS, ChildName, INTERACTIONS, account_name, contact_name,
};
use crate::domain::record::history::{
    CommitmentRecord, GiftRecord, InteractionRecord, Said, check_commitment, check_gift,
};
use crate::domain::record::{KeyedKind, Placed, RecordsMode, keyed_name};
use crate::service::{Settings, resolve};
use crate::store::{Keyed, WriteTx};

/// Why an interaction was amended that a source says otherwise now.
const REASON: &str = "as its source system says";

/// Of what was held on a day of which no more is known.
const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("a time of day");

/// Brings an interaction to what a record says.
///
/// # Errors
/// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, FIELD_REQUIRED, FIELD_INVALID.
pub(in crate::service) async fn place_interaction(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &InteractionRecord,
) -> Result<Placed> {
    let account_id = account(tx, &record.account).await?;
    tx.hold_people([&*account_id]).await?;
    let mut record = record.clone();
    let known = tx.interaction_of_source(&record.source_key).await?;
    let told = keyed_name(INTERACTIONS, &record.source_key);
    mode.check("interaction", "interaction.source_key", &told, known.is_some())?;
    record.said.start_us = record.said.start_us.or_else(|| start(ctx, &record, known.as_ref()));
    let Some(was) = known else {
        let terms = record.of_new()?;
        let day = held_on(ctx, &terms)?;
        let us = tx.recorded_at().await?;
        let new = first(ctx, &terms, day, account_id, Stage::Held, us)?;
        let new =
            with_people(tx, Interaction { imported: true, ..new }, &terms, &[].into()).await?;
        let new = hooks::with_hooks(tx, new, &terms, None).await?;
        super::record::keep(tx, None, &new).await?;
        return Ok(Placed::created(new.name()));
    };
    if was.account_id != account_id {
        let what = format!("is another of {}", was.name());
        return Err(Error::invalid("account", Reason::FieldInvalid, what));
    }
    let told = tx.as_told(was.clone()).await?;
    let terms = record.over(&told);
    let name = was.name();
    if was.stage == Stage::Planned {
        was.check(InteractionVerb::Record, ctx.business_date())?;
        let day = held_on(ctx, &terms)?;
        let held = Interaction {
            stage: Stage::Held,
            imported: true,
            recorded_by: ctx.principal.to_string(),
            recorded_us: tx.record_after(was.last_us()).await?,
            version: was.version + 1,
            amended: None,
            ..said(ctx, &terms, day, was.clone())?
        };
        let held = with_people(tx, held, &terms, &super::known(Some(&was))).await?;
        let held = hooks::with_hooks(tx, held, &terms, Some(&was)).await?;
        super::record::keep(tx, Some(&was), &held).await?;
        return Ok(Placed::kept(name, true));
    }
    was.check(InteractionVerb::Amend, ctx.business_date())?;
    check_texts(tx, &was, &record.said).await?;
    let keep = |now: &mut Interaction| record.keep_of(&told, now);
    let now = amended(tx, ctx, &was, &terms, REASON, keep).await?;
    Ok(Placed::kept(name, now.version != was.version))
}

/// Refuses what would write another text about somebody who was erased.
///
/// # Errors
/// STATE_WRONG.
async fn check_texts(tx: &WriteTx, was: &Interaction, said: &Said) -> Result<()> {
    let is_new = |said: &str, was: &str| !said.is_empty() && said != was;
    let topic = |of: &Interaction| of.next_hook.as_ref().map(|hook| hook.topic.expose().to_owned());
    let topic_said = said.next_hook.as_ref().map_or("", |hook| hook.topic.as_str());
    let writes = is_new(&said.purpose, was.purpose.expose())
        || is_new(&said.notes, was.notes.expose())
        || is_new(topic_said, &topic(was).unwrap_or_default());
    if !writes {
        return Ok(());
    }
    let hook = was.next_hook.iter().filter_map(|hook| hook.contact_id.as_deref());
    for id in was.theirs.iter().map(|one| one.contact_id.as_str()).chain(hook) {
        check_not_erased(tx, id).await?;
    }
    Ok(())
}

/// # Errors
/// STATE_WRONG.
async fn check_not_erased(tx: &WriteTx, contact_id: &str) -> Result<()> {
    let contact = tx.contact(contact_id).await?;
    if contact.is_some_and(|contact| contact.state == ContactState::Erased) {
        let what = "was erased: nothing is written about him any more";
        return Err(Error::precondition(Reason::StateWrong, contact_name(contact_id), what));
    }
    Ok(())
}

/// When it began, in microseconds since the epoch: of a day alone as it is known, or else at noon.
fn start(ctx: &Ctx, record: &InteractionRecord, was: Option<&Interaction>) -> Option<i64> {
    let (day, time) = record.said.local_start?;
    match (time, was) {
        (None, Some(was)) if was.day == day => Some(was.start_us),
        // What is known is finer than a second, or one of two hours that the clocks show twice.
        (Some(time), Some(was)) if shown(ctx, was.start_us) == day.and_time(time) => {
            Some(was.start_us)
        }
        (time, _) => Some(ctx.clock.instant_of(day.and_time(time.unwrap_or(NOON)))),
    }
}

/// What the clocks of the business show at an instant, to the second.
fn shown(ctx: &Ctx, us: i64) -> NaiveDateTime {
    let second = DateTime::from_timestamp(us.div_euclid(1_000_000), 0).unwrap_or_default();
    second.with_timezone(&ctx.clock.zone()).naive_local()
}

/// The interaction of an account that has a key, if there is a key.
async fn said_in(
    tx: &WriteTx,
    ctx: &Ctx,
    account_id: &str,
    key: Option<&ExternalRef>,
) -> Result<Option<Held>> {
    let Some(key) = key else { return Ok(None) };
    let missing = || Error::not_found("interaction", keyed_name(INTERACTIONS, key));
    let found = tx.interaction_of_source(key).await?.ok_or_else(missing)?;
    if found.account_id != account_id {
        let what = format!("is of {}", account_name(&found.account_id));
        return Err(Error::invalid("interaction_key", Reason::FieldInvalid, what));
    }
    found.check(InteractionVerb::Cite, ctx.business_date())?;
    Ok(Some(Held { id: found.id, day: found.day }))
}

/// Brings a commitment to what a record says.
///
/// # Errors
/// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, FIELD_REQUIRED, FIELD_INVALID.
pub(in crate::service) async fn place_commitment(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &CommitmentRecord,
) -> Result<Placed> {
    let known = tx.keyed(KeyedKind::Commitment, &record.source_key).await?;
    let told = keyed_name(COMMITMENTS, &record.source_key);
    mode.check("commitment", "source_key", &told, known.is_some())?;
    let account_id = held_account(tx, record.account.as_ref(), known.as_ref()).await?;
    let is_new = known.is_none();
    let mut commitment = match known {
        Some(Keyed { account_id, id }) => {
            let missing = || Error::internal(format!("{told} is gone"));
            let known = tx.commitment(&account_id, id).await?.ok_or_else(missing)?;
            if let Some(terms) = &record.terms {
                let ours = member(tx, &terms.member).await?;
                let theirs = super::contact(tx, &terms.contact).await?;
                check_commitment(&tx.as_told(known.clone()).await?, terms, &ours, &theirs)?;
            }
            known
        }
        None => {
            let needed = || {
                let what = "is required of what is not there yet";
                Error::invalid("commitment", Reason::FieldRequired, what)
            };
            let terms = record.terms.as_ref().ok_or_else(needed)?;
            let held = said_in(tx, ctx, &account_id, record.interaction_key.as_ref()).await?;
            let made = commitments::make(tx, ctx, account_id, held, terms).await?.commitment;
            let of = Keyed { account_id: made.account_id.clone(), id: made.id };
            tx.keep_key(KeyedKind::Commitment, &record.source_key, &of).await?;
            made
        }
    };
    let before = commitment.settled.as_ref().map(|settled| settled.settlement);
    let mut is_settled = false;
    if let Some(settling) = record.settling.as_ref().filter(|of| before != Some(of.settlement)) {
        let account = AccountRef::Id(commitment.account_id.clone());
        let command = SettleCommitment {
            commitment: ChildName { account, id: commitment.id },
            settlement: settling.settlement,
            evidence: settling.evidence.clone(),
            reason: settling.reason.clone(),
        };
        let today = ctx.business_date();
        let day = settling.withdraw_date.unwrap_or(today);
        if settling.settlement == Settlement::Withdrawn
            && !(commitment.made_date..=today).contains(&day)
        {
            let what = format!("is a day from {} to {today}", commitment.made_date);
            return Err(Error::invalid("withdraw_date", Reason::DateInvalid, what));
        }
        let has_note = settling.evidence.iter().any(|one| !one.note.is_empty());
        if has_note || !settling.reason.is_empty() {
            check_not_erased(tx, &commitment.contact_id).await?;
        }
        commitment = commitments::settle_as(tx, ctx, commitment, &command, None, day).await?;
        is_settled = true;
    }
    let name = commitment.name();
    Ok(if is_new { Placed::created(name) } else { Placed::kept(name, is_settled) })
}

/// The account of what a key stands for, or else the one that is named, which is not deleted; its
/// people are held.
///
/// # Errors
/// FIELD_INVALID: they are two. FIELD_REQUIRED: neither is known.
async fn held_account(
    tx: &WriteTx,
    name: Option<&AccountRef>,
    known: Option<&Keyed>,
) -> Result<String> {
    let id = match (known, name) {
        (Some(known), None) => known.account_id.clone(),
        (Some(known), Some(name)) => {
            let found = tx.find_accounts(std::slice::from_ref(name)).await?;
            let id = resolve::only(name, found)?.id;
            if id != known.account_id {
                let what = format!("is another: it is of {}", account_name(&known.account_id));
                return Err(Error::invalid("account", Reason::FieldInvalid, what));
            }
            id
        }
        (None, Some(name)) => account(tx, name).await?,
        (None, None) => {
            let what = "is required of what is not there yet";
            return Err(Error::invalid("account", Reason::FieldRequired, what));
        }
    };
    tx.hold_people([&*id]).await?;
    Ok(id)
}

/// Brings a gift to what a record says.
///
/// # Errors
/// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, FIELD_INVALID, GIFT_CAP_EXCEEDED.
pub(in crate::service) async fn place_gift(
    tx: &mut WriteTx,
    ctx: &Ctx,
    settings: &Settings,
    mode: RecordsMode,
    record: &GiftRecord,
) -> Result<Placed> {
    let known = tx.keyed(KeyedKind::Gift, &record.source_key).await?;
    let told = keyed_name(crate::domain::names::GIFTS, &record.source_key);
    mode.check("gift", "source_key", &told, known.is_some())?;
    let account_id = held_account(tx, Some(&record.account), known.as_ref()).await?;
    let terms = &record.terms;
    if let Some(Keyed { id, .. }) = known {
        let missing = || Error::internal(format!("{told} is gone"));
        let known = tx.gift(&account_id, id).await?.ok_or_else(missing)?;
        let ours = member(tx, &terms.member).await?;
        let theirs = super::contact(tx, &terms.contact).await?;
        let known = tx.as_told(known).await?;
        check_gift(&known, terms, &ours, &theirs)?;
        return Ok(Placed::kept(known.name(), false));
    }
    let held = said_in(tx, ctx, &account_id, record.interaction_key.as_ref()).await?;
    let day = terms.day.or(held.as_ref().map(|held| held.day));
    let gift = match day.is_some_and(|day| day < ctx.business_date()) {
        true => {
            let contact = live_contact(tx, &terms.contact).await?;
            let gift = gifts::draft(tx, ctx, "gift", account_id, held, terms, &contact).await?;
            gifts::keep(tx, gift).await?
        }
        false => {
            let register = gifts::register(tx, ctx, settings, "gift", account_id, held, terms);
            register.await?.gift
        }
    };
    let of = Keyed { account_id: gift.account_id.clone(), id: gift.id };
    tx.keep_key(KeyedKind::Gift, &record.source_key, &of).await?;
    Ok(Placed::created(gift.name()))
}
