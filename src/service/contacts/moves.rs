//! MoveContact: hired, promoted, moved to another customer, left.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::interim::{Left, counterparts};
use super::positions::{account, missing, position};
use super::uncontacted::uncontacted;
use super::{Contacts, event, found, read, ties};
use crate::ctx::Ctx;
use crate::domain::calendar::WorkCalendar;
use crate::domain::contact::Placed;
use crate::domain::error::{Error, Result};
use crate::domain::names::{ChildName, contact_name};
use crate::domain::position::Position;
use crate::domain::position::command::MoveContact;
use crate::domain::position::incumbency::{
    self, Moved, RECONNECT_DAYS, Reconnect, Seating, Vacancy, check_leaves, check_takes,
};
use crate::domain::tie::decides;
use crate::domain::timeline::{Entry, fact};
use crate::service::teams;
use crate::store::{Call, Outcome, WriteTx};

impl Contacts {
    /// Lets a contact take a position, leave one, or both.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG, CONTACT_NOT_INCUMBENT, POSITION_OCCUPIED,
    /// DATE_INVALID.
    pub async fn move_contact(&self, ctx: &Ctx, request_id: &str, c: MoveContact) -> Result<Moved> {
        let call = Call::new("ContactService.MoveContact", request_id, &c.contact);
        let vacated = c.from.clone();
        let mut moved = match self.store.mutate(ctx, call, c, move_contact).await? {
            Outcome::Done(moved) => moved,
            Outcome::Replayed(moved) => {
                let Placed { contact, positions, merged } = moved.placed;
                let contact = self.store.contact_with_text(contact).await?;
                Moved { placed: Placed { contact, positions, merged }, ..moved }
            }
        };
        moved.placed.merged = self.merged(ctx, &moved.placed.contact.id).await?;
        if let (Some(vacancy), Some(name)) = (&mut moved.opened, vacated) {
            let left = Left { contact_id: moved.placed.contact.id.clone(), since: vacancy.since };
            vacancy.reconnect = Some(self.reconnect(ctx, &name, left).await?);
        }
        Ok(moved)
    }

    /// What there is to do about a vacancy at an account, as things are now.
    async fn reconnect(&self, ctx: &Ctx, vacated: &ChildName, left: Left) -> Result<Reconnect> {
        let (ctx_of, settings, name) = (ctx.clone(), self.teams.clone(), vacated.account.clone());
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let account_id = read::account(tx, &name).await?;
                    let calendar = tx.policy_in_force::<WorkCalendar>(left.since).await?.terms;
                    let deadline = calendar.working_days_after(left.since, RECONNECT_DAYS);
                    let ids = [account_id];
                    let who = teams::accountable(tx, &ctx_of, &settings, &ids).await?.pop();
                    let who = who.ok_or_else(|| Error::internal("an account without anybody"))?;
                    let counterpart = counterparts(tx, &[&left]).await?.pop().flatten();
                    Ok(Reconnect {
                        deadline,
                        provisional: !calendar.knows(deadline),
                        interim: counterpart.unwrap_or(who.member_id),
                    })
                })
            })
            .await
    }
}

async fn move_contact(tx: &mut WriteTx, ctx: &Ctx, c: &MoveContact) -> Result<Moved> {
    let day = c.effective_date.unwrap_or_else(|| ctx.business_date());
    let id = found(&c.contact, tx.find_contact(&c.contact).await?)?;
    let mut accounts = BTreeMap::new();
    for name in c.from.iter().chain(&c.to) {
        accounts.insert(&name.account, account(tx, &name.account).await?.id);
    }
    tx.hold_people(accounts.values().map(String::as_str)).await?;
    let gone = || Error::internal(format!("{} is gone", contact_name(&id)));
    let contact = tx.lock_contact(&id).await?.ok_or_else(gone)?;
    match c.to {
        Some(_) => contact.check_active()?,
        None => contact.check_leaves()?,
    }
    let from = there(tx, &accounts, c.from.as_ref(), day).await?;
    let to = there(tx, &accounts, c.to.as_ref(), day).await?;
    let mut points = Vec::new();
    if let Some((position, seatings)) = &from {
        check_leaves(position, seatings, &id, day)?;
        points.push((position, None));
    }
    if let Some((position, seatings)) = &to {
        check_takes(position, seatings, day)?;
        points.push((position, Some(id.clone())));
    }
    // Of two points of one day the one recorded later counts: behind all there are, whatever the clock.
    let recorded = from.iter().chain(&to).flat_map(|(_, seatings)| seatings);
    let latest = recorded.map(|one| one.recorded_us).max().unwrap_or_default();
    let recorded_us = tx.record_after(latest.max(contact.update_us)).await?;
    let seating = |(position, contact_id): (&Position, Option<String>)| Seating {
        id: Uuid::now_v7(),
        account_id: position.account_id.clone(),
        position_id: position.id,
        from_date: day,
        recorded_us,
        contact_id,
        recorded_by: ctx.principal.to_string(),
        reason: c.reason.as_str().into(),
    };
    let seatings: Vec<Seating> = points.into_iter().map(seating).collect();
    let leaves_as = record_in(tx, from.as_ref().map(|(_, seatings)| seatings), day).await?;
    let told = |seating: &Seating| match seating.contact_id {
        Some(_) => fact::taken(seating, &id),
        None => fact::left(seating, leaves_as.as_ref().unwrap_or(&id)),
    };
    let told: Vec<Entry> = seatings.iter().map(told).collect();
    tx.add_seatings(seatings).await?;
    tx.keep_signals(accounts.values().map(String::as_str)).await?;
    let uncontacted = match &from {
        Some((position, _)) => uncontacted(tx, position, day).await?,
        None => None,
    };
    let opened = from.as_ref().map(|(position, seatings)| {
        let all = incumbency::told(seatings.clone());
        let next = all.iter().map(|one| one.first_day).find(|first_day| *first_day > day);
        vacancy(position, day, next)
    });
    let closed = to.as_ref().and_then(|(position, seatings)| {
        let since = incumbency::vacant_since(position, seatings, day)?;
        let had_somebody = seatings.iter().any(|one| one.contact_id.is_some());
        (had_somebody && since < day).then(|| vacancy(position, since, Some(day)))
    });
    let [from, to] = [&from, &to].map(|place| place.as_ref().map(|(position, _)| position));
    tx.publish(event::moved(&id, day, from, to, told)).await?;
    if to.is_some_and(|position| decides(&position.terms.buying_roles)) {
        ties::open_reviews(tx, ctx.business_date(), &id).await?;
    }
    let positions = positions_on(tx, &id, ctx.business_date()).await?;
    let placed = Placed { contact, positions, merged: Vec::new() };
    Ok(Moved { placed, opened, closed, uncontacted })
}

/// The names of the positions in which a contact sits on a day.
async fn positions_on(tx: &WriteTx, id: &str, day: NaiveDate) -> Result<Vec<String>> {
    let told = incumbency::told(tx.seatings_of_contacts(&[id]).await?);
    let now = told.iter().filter(|one| one.contact_id == id && one.holds(day));
    Ok(now.map(incumbency::Incumbency::position_name).collect())
}

/// The record of somebody that sits in a position on a day, of what is recorded of that position.
async fn record_in(
    tx: &WriteTx,
    seatings: Option<&Vec<Seating>>,
    day: NaiveDate,
) -> Result<Option<String>> {
    match seatings.and_then(|seatings| incumbency::on(seatings, day)) {
        Some(sits) => tx.seated_as(sits.id).await,
        None => Ok(None),
    }
}

/// A position of one of these accounts that is there on a day, and what is recorded of who sits in
/// it.
async fn there(
    tx: &WriteTx,
    accounts: &BTreeMap<&crate::domain::names::AccountRef, String>,
    name: Option<&ChildName>,
    day: NaiveDate,
) -> Result<Option<(Position, Vec<Seating>)>> {
    let Some(name) = name else { return Ok(None) };
    let account_id = accounts.get(&name.account).ok_or_else(|| missing(name))?;
    let position = position(tx, account_id, name).await?;
    position.check_there(day)?;
    let mut seatings = tx.seatings_of_account(account_id).await?;
    seatings.retain(|one| one.position_id == position.id);
    Ok(Some((position, seatings)))
}

fn vacancy(position: &Position, since: NaiveDate, until: Option<NaiveDate>) -> Vacancy {
    let until = until.map(crate::domain::dated::day_before);
    Vacancy { position: position.name(), since, until, reconnect: None }
}
