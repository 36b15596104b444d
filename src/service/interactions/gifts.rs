//! What people of customers are given: RegisterGift, DecideGift, GetGift, ListGifts and
//! GetGiftHeadroom.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::named::{Held, cited, held_account, live_contact, member};
use super::{Interactions, With, account, event};
use crate::ctx::Ctx;
use crate::domain::contact::{Contact, Official};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::gift::caps::{
    GiftCaps, Given, Known, Rates, approval_reasons, check_official, days_around,
};
use crate::domain::gift::{
    ContactHeadroom, DecideGift, GetGiftHeadroom, Gift, GiftDecision, GiftKey, GiftState,
    GiftTerms, GiftVerb, ListGifts, RegisterGift, RegisteredGift, check_day,
};
use crate::domain::names::{ChildName, GIFTS, account_name, contact_name};
use crate::domain::page::Page;
use crate::domain::position::incumbency::{self, Incumbency};
use crate::domain::rates::Quote;
use crate::domain::second_person;
use crate::service::{Configured, Settings, resolve};
use crate::store::{Call, GiftsOf, Outcome, ReadTx, WriteTx};

impl Interactions {
    /// Registers what somebody is given.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, FIELD_INVALID, GIFT_CAP_EXCEEDED.
    pub async fn register_gift(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: RegisterGift,
    ) -> Result<RegisteredGift> {
        let call = Call::new("InteractionService.RegisterGift", request_id, &c.account);
        let c = self.settings.configure(c);
        match self.store.mutate(ctx, call, c, register_alone).await? {
            Outcome::Done(registered) => Ok(registered),
            Outcome::Replayed(RegisteredGift { gift, headroom }) => {
                let gift = self.store.as_told(self.store.gift_with_text(gift).await?).await?;
                Ok(RegisteredGift { gift, headroom })
            }
        }
    }

    /// Approves or refuses a gift that waits for it.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, SECOND_PERSON_NEEDED, GIFT_CAP_EXCEEDED.
    pub async fn decide_gift(&self, ctx: &Ctx, request_id: &str, c: DecideGift) -> Result<Gift> {
        let call =
            Call::new("InteractionService.DecideGift", request_id, c.gift.resource_name(GIFTS));
        match self.store.mutate(ctx, call, self.settings.configure(c), decide).await? {
            Outcome::Done(gift) => self.store.as_told(gift).await,
            Outcome::Replayed(answered) => {
                self.store.as_told(self.store.gift_with_text(answered).await?).await
            }
        }
    }

    /// One gift.
    ///
    /// # Errors
    /// NotFound.
    pub async fn gift(&self, ctx: &Ctx, name: ChildName) -> Result<Gift> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let named = std::slice::from_ref(&name.account);
                let id = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
                tx.gift(&id, name.id).await?.ok_or_else(|| missing(&name))
            })
        });
        read.await
    }

    /// A page of gifts, the latest first.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list_gifts(&self, ctx: &Ctx, list: ListGifts) -> Result<Page<Gift, GiftKey>> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let ListGifts { account, contact, member, state, from, to, page } = list;
                let With { account_id, contact_id, member_id } =
                    With::named(tx, account, contact, member).await?;
                let of = GiftsOf { account_id, contact_id, member_id, state, from, to };
                tx.gifts(of, &page).await
            })
        });
        read.await
    }

    /// What people may be given at an account on a day.
    ///
    /// # Errors
    /// NotFound, DUPLICATE_ELEMENT, DATE_INVALID.
    pub async fn gift_headroom(
        &self,
        ctx: &Ctx,
        ask: GetGiftHeadroom,
    ) -> Result<Vec<ContactHeadroom>> {
        let (whose, settings) = (ctx.clone(), self.settings.clone());
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let GetGiftHeadroom { account: name, contacts, day } = ask;
                let day = day.unwrap_or_else(|| whose.business_date());
                check_day("date", day, whose.business_date())?;
                let named = std::slice::from_ref(&name);
                let account_id = resolve::only(&name, tx.find_accounts(named).await?)?.id;
                let mut ids = Vec::new();
                for (at, name) in contacts.iter().enumerate() {
                    let missing = || Error::not_found("contact", name.to_string());
                    let id = tx.find_contact(name).await?.ok_or_else(missing)?;
                    if ids.contains(&id) {
                        return Err(super::twice(format!("contacts[{at}]")));
                    }
                    ids.push(id);
                }
                gift_headroom(tx, &whose, &settings, &account_id, &ids, day).await
            })
        });
        read.await
    }
}

fn missing(name: &ChildName) -> Error {
    Error::not_found("gift", name.resource_name(GIFTS))
}

async fn register_alone(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<RegisterGift>,
) -> Result<RegisteredGift> {
    let Configured { command: RegisterGift { account: name, terms }, settings } = c;
    let field = "gift";
    let account_id = account(tx, name).await?;
    tx.hold_people([&*account_id]).await?;
    let held = match &terms.interaction {
        Some(name) => {
            let field = format!("{field}.interaction");
            Some(cited(tx, ctx, &field, &account_id, name).await?)
        }
        None => None,
    };
    register(tx, ctx, settings, field, account_id, held, terms).await
}

/// Registers what somebody is given at an account whose people are held, which `field` of the request
/// says, and in which interaction, if it was in one. Who registers several locks their recipients
/// first, in the order of ids.
pub(super) async fn register(
    tx: &mut WriteTx,
    ctx: &Ctx,
    settings: &Settings,
    field: &str,
    account_id: String,
    held: Option<Held>,
    terms: &GiftTerms,
) -> Result<RegisteredGift> {
    let contact = live_contact(tx, &terms.contact).await?;
    let gift = draft(tx, ctx, field, account_id, held, terms, &contact).await?;
    let official = is_official(tx, &gift, &contact).await?;
    let known = known(tx, ctx, settings, &gift).await?;
    let headroom = known.headroom(&gift.account_id, &gift.contact_id, official, gift.day)?;
    check_official(&headroom, &gift.contact_id, &format!("{field}.value"))?;
    let gift = keep(tx, gift.registered(approval_reasons(&headroom))).await?;
    Ok(RegisteredGift { gift, headroom })
}

/// What somebody is given, whose row is locked, as if it needed no approval.
pub(super) async fn draft(
    tx: &mut WriteTx,
    ctx: &Ctx,
    field: &str,
    account_id: String,
    held: Option<Held>,
    terms: &GiftTerms,
    contact: &Contact,
) -> Result<Gift> {
    let at = |part: &str| format!("{field}.{part}");
    let day = terms.day.or(held.map(|held| held.day)).unwrap_or_else(|| ctx.business_date());
    if let Some(Held { day: held, .. }) = held.filter(|held| held.day != day) {
        let what = format!("{day} is not {held}, the day of the interaction");
        return Err(Error::invalid(at("date"), Reason::DateInvalid, what));
    }
    check_day(&at("date"), day, ctx.business_date())?;
    Ok(Gift {
        id: Uuid::now_v7(),
        account_id,
        contact_id: contact.id.clone(),
        member_id: member(tx, &terms.member).await?,
        kind: terms.kind,
        value: terms.value,
        heads: terms.heads,
        day,
        occasion: terms.occasion.as_str().into(),
        interaction_id: held.map(|held| held.id),
        state: GiftState::Recorded,
        approval_reasons: Vec::new(),
        decision: None,
        recorded_by: ctx.principal.to_string(),
        recorded_us: tx.recorded_at().await?,
    })
}

/// Keeps a gift.
pub(super) async fn keep(tx: &mut WriteTx, gift: Gift) -> Result<Gift> {
    tx.insert_gift(&gift).await?;
    tx.publish(vec![event::of_gift(EventType::GiftRegistered, &gift)]).await?;
    Ok(gift)
}

async fn decide(tx: &mut WriteTx, ctx: &Ctx, c: &Configured<DecideGift>) -> Result<Gift> {
    let Configured { command: c, settings } = c;
    let account_id = held_account(tx, &c.gift).await?;
    let mut gift = tx.gift(&account_id, c.gift.id).await?.ok_or_else(|| missing(&c.gift))?;
    gift.check(c.verb())?;
    let giver = tx.member(&gift.member_id).await?;
    second_person::check(&gift.name(), &ctx.principal, &gift.recorded_by, giver.as_ref())?;
    if c.verb() == GiftVerb::Approve {
        // By whom he counts as, if others were recorded of him.
        let told = tx.as_told(gift.clone()).await?;
        let gone = || Error::internal(format!("{} is gone", contact_name(&told.contact_id)));
        let contact = tx.lock_contact(&told.contact_id).await?.ok_or_else(gone)?;
        // He may have become an official since, or his cap smaller, and a rate may be known by now.
        if is_official(tx, &told, &contact).await? {
            let known = known(tx, ctx, settings, &told).await?;
            let headroom = known.headroom(&account_id, &contact.id, true, gift.day)?;
            check_official(&headroom, &contact.id, "name")?;
        }
    }
    let (by, us) = (ctx.principal.to_string(), tx.recorded_at().await?);
    let decision = GiftDecision { by, us, reason: c.reason.as_str().into() };
    gift.decide(c.verb(), decision.clone())?;
    tx.decide_gift(gift.id, gift.state, &decision).await?;
    tx.publish(vec![event::of_gift(EventType::GiftDecided, &gift)]).await?;
    Ok(gift)
}

/// Whether the recipient of a gift is an official on its day, as any record of him says.
async fn is_official(tx: &WriteTx, gift: &Gift, contact: &Contact) -> Result<bool> {
    let seats = incumbency::told(tx.seatings_of_contacts(&[contact.id.as_str()]).await?);
    let his = |seat: &Incumbency| seat.contact_id == contact.id && seat.holds(gift.day);
    let seats = seats.into_iter().filter(his);
    let mut account_ids: BTreeSet<String> = seats.map(|seat| seat.account_id).collect();
    account_ids.insert(gift.account_id.clone());
    let mut employers = Vec::new();
    for id in &account_ids {
        let gone = || Error::internal(format!("{} is gone", account_name(id)));
        employers.push(tx.account(id).await?.ok_or_else(gone)?.party_kind);
    }
    let by_another = contact.official != Some(Official::Official)
        && tx.is_official_by_another(&contact.id).await?;
    Ok(by_another || contact.is_official(employers))
}

/// What counts when it is looked at a gift, that gift once.
async fn known(tx: &WriteTx, ctx: &Ctx, settings: &Settings, gift: &Gift) -> Result<Known> {
    let (account_id, contact_id) = (gift.account_id.as_str(), gift.contact_id.as_str());
    let tiers = tx.tiers_on(&[account_id].into(), gift.day).await?;
    let service = tiers.account(account_id).service_policy(gift.day);
    let caps = service.map(|of| of.policy.gift_caps()).unwrap_or_default();
    let mut given = tx.given(account_id, &[contact_id].into(), days_around(gift.day)).await?;
    given.retain(|one| one.id != gift.id);
    given.push(gift.given());
    let quotes = match quote_days(ctx, settings, &caps, &given) {
        Some([first, last]) => tx.quotes(first, last).await?,
        None => Vec::new(),
    };
    Ok(Known { caps, given, rates: rates(ctx, settings, quotes) })
}

fn quote_days(
    ctx: &Ctx,
    settings: &Settings,
    caps: &GiftCaps,
    given: &[Given],
) -> Option<[NaiveDate; 2]> {
    Known::quote_days(caps, given, settings.rate_age_days_max, ctx.business_date())
}

fn rates(ctx: &Ctx, settings: &Settings, quotes: Vec<Quote>) -> Rates {
    let Settings { base_currency, rate_age_days_max } = *settings;
    Rates::new(quotes, base_currency, rate_age_days_max, ctx.business_date())
}

/// What these contacts may be given at an account on a day, in their order. The number of statements
/// does not depend on how many they are.
pub(super) async fn gift_headroom(
    tx: &ReadTx,
    ctx: &Ctx,
    settings: &Settings,
    account_id: &str,
    contact_ids: &[String],
    day: NaiveDate,
) -> Result<Vec<ContactHeadroom>> {
    let ids: Vec<&str> = contact_ids.iter().map(String::as_str).collect();
    let contacts = tx.contacts_among(&ids).await?;
    let merged = tx.merged_contacts(&ids).await?;
    let seats = incumbency::told(tx.seatings_of_contacts(&ids).await?);
    let seats: Vec<_> = seats.into_iter().filter(|seat| seat.holds(day)).collect();
    let employers = seats.iter().map(|seat| seat.account_id.as_str()).chain([account_id]);
    let employers: BTreeSet<&str> = employers.collect();
    let accounts = tx.accounts(&Vec::from_iter(employers)).await?;
    let party = |id: &str| accounts.get(id).and_then(|account| account.party_kind);
    let tiers = tx.tiers_on(&[account_id].into(), day, i64::MAX).await?;
    let service = tiers.account(account_id).service_policy(day);
    let caps = service.map(|of| of.policy.gift_caps()).unwrap_or_default();
    let given = tx.given(account_id, &ids.iter().copied().collect(), days_around(day)).await?;
    let quotes = match quote_days(ctx, settings, &caps, &given) {
        Some([first, last]) => tx.quotes(first, last, i64::MAX).await?,
        None => Vec::new(),
    };
    let known = Known { caps, given, rates: rates(ctx, settings, quotes) };
    let mut told = Vec::new();
    for id in contact_ids {
        let his = seats.iter().filter(|seat| seat.contact_id == *id);
        let employers = his.map(|seat| party(&seat.account_id)).chain([party(account_id)]);
        let contact = contacts.iter().find(|contact| contact.id == *id);
        let mut others = merged.get(id).into_iter().flatten();
        let official = others.any(|other| other.contact.official == Some(Official::Official))
            || contact.is_some_and(|contact| contact.is_official(employers));
        let headroom = known.headroom(account_id, id, official, day)?;
        told.push(ContactHeadroom { contact_id: id.clone(), official, headroom });
    }
    Ok(told)
}
