//! Gifts to and from the wire. All faults of a request are named at once.

use super::narrow::{Asked, Narrow};
use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, all, at_most, check_reason, child, optional_child};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::gift::caps::{ApprovalReason, CapScope, Headroom, MissingRate};
use crate::domain::gift::{
    ContactHeadroom, DecideGift, GetGiftHeadroom, Gift, GiftKey, GiftKind, GiftState, GiftTerms,
    HEADROOM_CONTACTS_MAX, ListGifts, OCCASION_CHARS_MAX, RegisterGift, RegisteredGift,
};
use crate::domain::money::Money;
use crate::domain::names::{ChildName, GIFTS, INTERACTIONS, child_name, contact_name, member_name};
use crate::domain::page::Page;
use crate::domain::text;
use crate::pb;

both_ways! {
    read_kind, write_kind: GiftKind = GiftKind {
        Gift, Hospitality, Cash, CashEquivalent, RedPacket, Securities, Loan, Commission
    }
    read_state, write_state: GiftState = GiftState { Registered, Recorded, Approved, Refused }
}

one_way! {
    write_reason: ApprovalReason = GiftApprovalReason {
        NoCap, RecipientCap, AccountCap, RateMissing
    }
    write_scope: CapScope = GiftCapScope { Recipient, Official, Account }
}

pub fn register(request: pb::RegisterGiftRequest) -> Result<Identified<RegisterGift>> {
    let pb::RegisterGiftRequest { account, gift, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if gift.is_none() {
        violations.push(missing("gift"));
    }
    let terms = terms("gift", gift.unwrap_or_default(), &mut violations);
    let (account, terms) = all(violations, account.zip(terms))?;
    Ok((request_id, RegisterGift { account, terms }))
}

/// What was given in the interaction with which it is recorded.
pub fn given_in_it(gift: pb::Gift, violations: &mut Violations) -> Option<GiftTerms> {
    if !gift.interaction.is_empty() {
        let what = "is the interaction that it is recorded with, and is not given";
        violations.add("gift.interaction", Reason::FieldInvalid, what);
    }
    terms("gift", gift, violations)
}

/// What is said of a gift in a field of a request; faults go to `violations`.
pub fn terms(field: &str, gift: pb::Gift, violations: &mut Violations) -> Option<GiftTerms> {
    let at = |part: &str| within(field, part);
    let pb::Gift { kind, value, heads, date, occasion, member, contact, interaction, .. } = gift;
    let kind = violations.keep(read::required_enum(&at("kind"), kind, read_kind));
    if let Some(kind) = kind {
        violations.keep(kind.check(&at("kind")));
        violations.keep(kind.check_heads(&at("heads"), heads));
    }
    let value = violations.keep(read::positive(&at("value"), value.as_ref()));
    let day = violations.keep(read::optional_date(&at("date"), date)).flatten();
    violations.keep(text::check(&at("occasion"), &occasion, 1, OCCASION_CHARS_MAX));
    let member = violations.keep(read::member(&at("member"), &member));
    let contact = violations.keep(read::contact(&at("contact"), &contact));
    let interaction = optional_child(&at("interaction"), &interaction, INTERACTIONS);
    let interaction = violations.keep(interaction).flatten();
    let (((kind, value), member), contact) = kind.zip(value).zip(member).zip(contact)?;
    let heads = (heads != 0).then_some(heads);
    Some(GiftTerms { kind, value, heads, day, member, contact, interaction, occasion })
}

pub fn decide(request: pb::DecideGiftRequest) -> Result<Identified<DecideGift>> {
    let pb::DecideGiftRequest { name, approve, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let gift = violations.keep(child("name", &name, GIFTS));
    check_reason(&reason, &mut violations);
    let gift = all(violations, gift)?;
    Ok((request_id, DecideGift { gift, approve, reason }))
}

pub fn get(request: &pb::GetGiftRequest) -> Result<ChildName> {
    let pb::GetGiftRequest { name } = request;
    Ok(child("name", name, GIFTS)?)
}

pub fn list(request: &pb::ListGiftsRequest) -> Result<(ListGifts, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListGiftsRequest { parent, contact, member, state, from_date, to_date, .. } = request;
    let (state, from_date, to_date) = (*state, *from_date, *to_date);
    let asked = Asked { parent, contact, member, state, from_date, to_date };
    let narrow = asked.read(read_state, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    let Narrow { account, contact, member, state, from, to } = narrow;
    Ok((ListGifts { account, contact, member, state, from, to, page: of }, page))
}

pub fn headroom(request: &pb::GetGiftHeadroomRequest) -> Result<GetGiftHeadroom> {
    let pb::GetGiftHeadroomRequest { account, contacts: names, date } = request;
    let mut violations = Violations::new();
    let account = violations.keep(read::account("account", account));
    if names.is_empty() {
        violations.push(missing("contacts"));
    }
    let mut contacts = Vec::new();
    if at_most(HEADROOM_CONTACTS_MAX, names.len(), "contacts", &mut violations) {
        for (at, name) in names.iter().enumerate() {
            contacts.extend(violations.keep(read::contact(&format!("contacts[{at}]"), name)));
        }
    }
    let day = violations.keep(read::optional_date("date", *date)).flatten();
    let account = all(violations, account)?;
    Ok(GetGiftHeadroom { account, contacts, day })
}

pub fn gift(gift: Gift) -> pb::Gift {
    let name = gift.name();
    let Gift {
        id: _,
        account_id,
        contact_id,
        member_id,
        kind,
        value,
        heads,
        day,
        occasion,
        interaction_id,
        state,
        approval_reasons,
        decision,
        recorded_by,
        recorded_us,
    } = gift;
    let interaction = interaction_id.map(|id| child_name(&account_id, INTERACTIONS, id));
    let reasons = approval_reasons.into_iter().map(|reason| write_reason(reason).into());
    let decide_time = decision.as_ref().map(|decision| write::recorded(decision.us));
    let (decided_by, decide_reason) =
        decision.map(|decision| (decision.by, decision.reason.into_exposed())).unwrap_or_default();
    pb::Gift {
        name,
        kind: write_kind(kind).into(),
        value: Some(money(value)),
        heads: heads.unwrap_or_default(),
        date: Some(write::date(day)),
        occasion: occasion.into_exposed(),
        member: member_name(&member_id),
        contact: contact_name(&contact_id),
        interaction: interaction.unwrap_or_default(),
        state: write_state(state).into(),
        approval_reasons: reasons.collect(),
        decided_by,
        decide_time,
        decide_reason,
        recorded_by,
        create_time: Some(write::recorded(recorded_us)),
        masked: false,
    }
}

pub fn registered(answer: RegisteredGift) -> pb::RegisterGiftResponse {
    let RegisteredGift { gift, headroom } = answer;
    let gift = Some(self::gift(gift));
    pb::RegisterGiftResponse { gift, headroom: headroom.into_iter().map(room).collect() }
}

pub fn page(answer: Page<Gift, GiftKey>, request: &PageRequest) -> pb::ListGiftsResponse {
    let (gifts, next_page_token) = request.answer(answer, gift);
    pb::ListGiftsResponse { gifts, next_page_token }
}

pub fn told(answer: Vec<ContactHeadroom>) -> pb::GetGiftHeadroomResponse {
    let of = |ContactHeadroom { contact_id, official, headroom }| pb::ContactGiftHeadroom {
        contact: contact_name(&contact_id),
        official,
        headroom: headroom.into_iter().map(room).collect(),
    };
    pb::GetGiftHeadroomResponse { contacts: answer.into_iter().map(of).collect() }
}

fn room(room: Headroom) -> pb::GiftHeadroom {
    let (used, left) = room.used_and_left().map(|[used, left]| (used, left)).unzip();
    let Headroom { scope, cap, used: _, missing } = room;
    let rate = |MissingRate { currency, day }| pb::GiftRateMissing {
        currency_code: currency.code().to_owned(),
        date: Some(write::date(day)),
    };
    pb::GiftHeadroom {
        scope: write_scope(scope).into(),
        cap: cap.map(money),
        used: used.map(money),
        left: left.map(money),
        rates_missing: missing.into_iter().map(rate).collect(),
    }
}

fn money(of: Money) -> pb::Money {
    write::money(of.minor, of.currency)
}
