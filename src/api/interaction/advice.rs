//! Advice to and from the wire. All faults of a request are named at once.

use super::narrow::{Asked, Narrow};
use super::parse::{read_channel, write_channel};
use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, at_most, child};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::api::mask::{self, Field, Mask};
use crate::domain::advice::{
    Advice, AdviceChange, AdviceKey, AdviceState, Brought, EVIDENCE_CHARS_MAX, ListAdvice,
    REMINDERS_MAX, RecordAdvice, Reminder, ReminderTerms, TEXT_CHARS_MAX, Totals, TotalsByCurrency,
    UpdateAdvice, Verification, VerifyAdvice,
};
use crate::domain::error::{Result, Violations};
use crate::domain::money::{self, Currency, Money};
use crate::domain::names::{ADVICE, ChildName, contact_name, member_name};
use crate::domain::page::Page;
use crate::domain::text;
use crate::pb;

both_ways! {
    read_state, write_state: AdviceState = AdviceState { Recorded, Verified }
}

/// The fields of advice, and who may change them.
const FIELDS: &[Field<pb::Advice>] = &[
    // Says which advice; not a change.
    Field::output_only("name"),
    Field::mutable("text", |a| !a.text.is_empty()),
    Field::immutable("member"),
    Field::immutable("contact"),
    Field::immutable("date"),
    Field::mutable("reminders", |a| !a.reminders.is_empty()),
    Field::mutable("accepted_date", |a| a.accepted_date.is_some()),
    Field::mutable("cost", |a| a.cost.is_some()),
    Field::mutable("claimed_loss", |a| a.claimed_loss.is_some()),
    Field::output_only("verification"),
    Field::output_only("state"),
    Field::output_only("recorded_by"),
    Field::output_only("create_time"),
    Field::output_only("update_time"),
    Field::output_only("etag"),
    Field::output_only("masked"),
];

/// What a mask names of advice.
type Changed = (AdviceChange, Option<Vec<ReminderTerms>>);

pub fn record(request: pb::RecordAdviceRequest) -> Result<Identified<RecordAdvice>> {
    let pb::RecordAdviceRequest { account, advice, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if advice.is_none() {
        violations.push(missing("advice"));
    }
    let advice = advice.unwrap_or_default();
    let member = violations.keep(read::member("advice.member", &advice.member));
    let contact = violations.keep(read::contact("advice.contact", &advice.contact));
    let day = violations.keep(read::optional_date("advice.date", advice.date)).flatten();
    let (change, reminders) = change(advice, &Mask::all(FIELDS), &mut violations);
    let ((account, member), contact) = all(violations, account.zip(member).zip(contact))?;
    let reminders = reminders.unwrap_or_default();
    Ok((request_id, RecordAdvice { account, member, contact, day, change, reminders }))
}

pub fn update(request: pb::UpdateAdviceRequest) -> Result<Identified<UpdateAdvice>> {
    let pb::UpdateAdviceRequest { advice, update_mask, request_id } = request;
    let Some(given) = advice else { return Err(missing("advice").into()) };
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let name = violations.keep(child("advice.name", &given.name, ADVICE));
    let version = violations.keep(etag::required("advice.etag", &given.etag));
    let mask = mask::resolve("update_mask", update_mask.as_ref(), FIELDS, &given);
    let change = violations.keep(mask).map(|mask| change(given, &mask, &mut violations));
    let kept = name.zip(version).zip(change);
    let ((advice, version), (change, reminders)) = all(violations, kept)?;
    Ok((request_id, UpdateAdvice { advice, version, change, reminders }))
}

/// What a mask names of advice; faults go to `violations`.
fn change(advice: pb::Advice, mask: &Mask, violations: &mut Violations) -> Changed {
    let pb::Advice { text, reminders, accepted_date, cost, claimed_loss, .. } = advice;
    let text = mask.pick("text", text).inspect(|text| {
        violations.keep(text::check_multiline("advice.text", text, 1, TEXT_CHARS_MAX));
    });
    let accepted = mask
        .pick("accepted_date", accepted_date)
        .and_then(|day| violations.keep(read::optional_date("advice.accepted_date", day)));
    let cost = mask
        .pick("cost", cost)
        .and_then(|cost| violations.keep(read::optional_positive("advice.cost", cost.as_ref())));
    let claimed = mask.pick("claimed_loss", claimed_loss).and_then(|claimed| {
        violations.keep(read::optional_positive("advice.claimed_loss", claimed.as_ref()))
    });
    let reminders =
        mask.pick("reminders", reminders).map(|given| self::reminders(given, violations));
    (AdviceChange { text, accepted, cost, claimed }, reminders)
}

fn reminders(given: Vec<pb::AdviceReminder>, violations: &mut Violations) -> Vec<ReminderTerms> {
    let mut kept = Vec::new();
    if !at_most(REMINDERS_MAX, given.len(), "advice.reminders", violations) {
        return kept;
    }
    for (at, pb::AdviceReminder { date, member, channel }) in given.into_iter().enumerate() {
        let at = |part: &str| format!("advice.reminders[{at}].{part}");
        let day = violations.keep(read::date(&at("date"), date));
        let member = violations.keep(read::member(&at("member"), &member));
        let channel = read::optional_enum(&at("channel"), channel, read_channel);
        let channel = violations.keep(channel).flatten();
        kept.extend(day.zip(member).map(|(day, member)| ReminderTerms { day, member, channel }));
    }
    kept
}

pub fn verify(request: pb::VerifyAdviceRequest) -> Result<Identified<VerifyAdvice>> {
    let pb::VerifyAdviceRequest { name, avoided_loss, date, evidence, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let advice = violations.keep(child("name", &name, ADVICE));
    let avoided = read::optional_not_negative("avoided_loss", avoided_loss.as_ref());
    let avoided = avoided.and_then(|avoided| avoided.ok_or_else(|| missing("avoided_loss")));
    let avoided = violations.keep(avoided);
    let day = violations.keep(read::optional_date("date", date)).flatten();
    violations.keep(text::check_multiline("evidence", &evidence, 1, EVIDENCE_CHARS_MAX));
    let (advice, avoided) = all(violations, advice.zip(avoided))?;
    Ok((request_id, VerifyAdvice { advice, avoided, day, evidence }))
}

pub fn get(request: &pb::GetAdviceRequest) -> Result<ChildName> {
    let pb::GetAdviceRequest { name } = request;
    Ok(child("name", name, ADVICE)?)
}

pub fn list(request: &pb::ListAdviceRequest) -> Result<(ListAdvice, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListAdviceRequest { parent, contact, member, state, from_date, to_date, .. } = request;
    let (state, from_date, to_date) = (*state, *from_date, *to_date);
    let asked = Asked { parent, contact, member, state, from_date, to_date };
    let narrow = asked.read(read_state, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    let Narrow { account, contact, member, state, from, to } = narrow;
    Ok((ListAdvice { account, contact, member, state, from, to, page: of }, page))
}

pub fn advice(advice: Advice) -> pb::Advice {
    let (name, state) = (advice.name(), advice.state());
    let Advice {
        id: _,
        account_id: _,
        member_id,
        contact_id,
        day,
        text,
        reminders,
        accepted,
        cost,
        claimed,
        verification,
        recorded_by,
        create_us,
        update_us,
        version,
    } = advice;
    pb::Advice {
        name,
        text: text.into_exposed(),
        member: member_name(&member_id),
        contact: contact_name(&contact_id),
        date: Some(write::date(day)),
        reminders: reminders.into_iter().map(reminder).collect(),
        accepted_date: accepted.map(write::date),
        cost: cost.map(amount),
        claimed_loss: claimed.map(amount),
        verification: verification.map(self::verification),
        state: write_state(state).into(),
        recorded_by,
        create_time: Some(write::recorded(create_us)),
        update_time: Some(write::recorded(update_us)),
        etag: etag::encode(version),
        masked: false,
    }
}

fn reminder(reminder: Reminder) -> pb::AdviceReminder {
    let Reminder { day, member_id, channel } = reminder;
    pb::AdviceReminder {
        date: Some(write::date(day)),
        member: member_name(&member_id),
        channel: channel.map_or(pb::InteractionChannel::Unspecified, write_channel).into(),
    }
}

fn verification(verification: Verification) -> pb::AdviceVerification {
    let Verification { avoided, day, evidence, by, us } = verification;
    pb::AdviceVerification {
        avoided_loss: Some(amount(avoided)),
        date: Some(write::date(day)),
        evidence: evidence.into_exposed(),
        verified_by: by,
        verify_time: Some(write::recorded(us)),
    }
}

pub fn page(
    answer: Page<Advice, AdviceKey>,
    totals: TotalsByCurrency,
    request: &PageRequest,
) -> Result<pb::ListAdviceResponse> {
    let (page, next_page_token) = request.answer(answer, advice);
    // By the codes, whatever the order of currencies is in memory.
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by_key(|(currency, _)| currency.code());
    let totals = totals.into_iter().map(|(currency, of)| self::totals(currency, of));
    let totals = totals.collect::<Result<_>>()?;
    Ok(pb::ListAdviceResponse { advice: page, next_page_token, totals })
}

fn totals(currency: Currency, of: Totals) -> Result<pb::AdviceTotals> {
    let total = |minor: i128| write::total(minor, currency).map(Some);
    let Totals { verified, claimed: Brought { loss, cost } } = of;
    Ok(pb::AdviceTotals {
        currency_code: currency.code().to_owned(),
        verified_loss: total(verified.loss)?,
        verified_cost: total(verified.cost)?,
        verified_net: total(verified.net())?,
        verified_ratio_bp: verified.ratio_bp().map(money::to_minor).transpose()?,
        claimed_loss: total(loss)?,
        claimed_cost: total(cost)?,
    })
}

fn amount(of: Money) -> pb::Money {
    write::money(of.minor, of.currency)
}
