//! CreatePosition, GetPosition, ListPositions, UpdatePosition, ClosePosition and ListIncumbencies.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::uncontacted::uncontacted;
use super::{Contacts, event, found, read, ties};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::error::{Error, Result};
use crate::domain::event::EventType;
use crate::domain::names::{AccountRef, ChildName, POSITIONS, account_name};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::position::command::{
    ClosePosition, CreatePosition, ListIncumbencies, ListPositions, SeatsOf, UpdatePosition,
};
use crate::domain::position::incumbency::{
    self, Closed, Incumbency, IncumbencyKey, Seating, UncontactedInvoices,
};
use crate::domain::position::{Position, PositionTerms, check_line, check_site};
use crate::domain::tie::decides;
use crate::domain::timeline::{Entry, fact};
use crate::service::resolve;
use crate::store::{Call, ReadTx, WriteTx};

/// A position as it is told: with who sits there today.
#[derive(Debug)]
pub struct Seat {
    pub position: Position,
    /// Id of the contact.
    pub incumbent: Option<String>,
    pub vacant_since: Option<NaiveDate>,
}

/// A position that was closed, and what came of it.
#[derive(Debug)]
pub struct ClosedSeat {
    pub seat: Seat,
    /// Ids of the contacts who leave with it.
    pub left: Vec<String>,
    pub uncontacted: Option<UncontactedInvoices>,
}

impl Contacts {
    /// Records a position.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, FIELD_INVALID (the site).
    pub async fn create_position(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CreatePosition,
    ) -> Result<Seat> {
        let call = Call::new("ContactService.CreatePosition", request_id, &c.account);
        let position = self.store.mutate(ctx, call, c, create).await?.into_inner();
        self.seat(ctx, position).await
    }

    /// Changes what the command names. What changes nothing leaves the version as it was.
    ///
    /// # Errors
    /// NotFound, ETAG_MISMATCH, ACCOUNT_DELETED, FIELD_INVALID, FIELD_REQUIRED, POSITION_CYCLE.
    pub async fn update_position(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: UpdatePosition,
    ) -> Result<Seat> {
        let name = c.position.resource_name(POSITIONS);
        let call = Call::new("ContactService.UpdatePosition", request_id, name);
        let position = self.store.mutate(ctx, call, c, update).await?.into_inner();
        self.seat(ctx, position).await
    }

    /// Closes a position; whoever sits there leaves with it.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, DATE_INVALID.
    pub async fn close_position(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ClosePosition,
    ) -> Result<ClosedSeat> {
        let name = c.position.resource_name(POSITIONS);
        let call = Call::new("ContactService.ClosePosition", request_id, name);
        let Closed { position, left, uncontacted } =
            self.store.mutate(ctx, call, c, close).await?.into_inner();
        Ok(ClosedSeat { seat: self.seat(ctx, position).await?, left, uncontacted })
    }

    /// One position.
    ///
    /// # Errors
    /// NotFound.
    pub async fn position(&self, ctx: &Ctx, name: ChildName) -> Result<Seat> {
        let found = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let account_id = read::account(tx, &name.account).await?;
                let found = tx.position(&account_id, name.id).await?;
                found.ok_or_else(|| missing(&name))
            })
        });
        self.seat(ctx, found.await?).await
    }

    /// A page of the positions of an account.
    ///
    /// # Errors
    /// NotFound.
    pub async fn positions(&self, ctx: &Ctx, list: ListPositions) -> Result<Page<Seat>> {
        let day = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let ListPositions { account, function, as_of, page } = list;
                    let account_id = read::account(tx, &account).await?;
                    let found = tx.positions(&account_id, function, as_of, &page).await?;
                    let Page { items, next, keys } = found;
                    Ok(Page { items: seats(tx, items, day).await?, next, keys })
                })
            })
            .await
    }

    /// A page of who sat where.
    ///
    /// # Errors
    /// NotFound.
    pub async fn incumbencies(
        &self,
        ctx: &Ctx,
        list: ListIncumbencies,
    ) -> Result<Page<Incumbency, IncumbencyKey>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let mut all = told(tx, &list.of).await?;
                    if let Some(day) = list.as_of {
                        all.retain(|one| one.holds(day));
                    }
                    if let Some(after) = list.page.after {
                        all.retain(|one| one.key() > after);
                    }
                    Ok(list.page.cut(all, Incumbency::key))
                })
            })
            .await
    }

    async fn seat(&self, ctx: &Ctx, position: Position) -> Result<Seat> {
        let day = ctx.business_date();
        let seat = self
            .store
            .read(ctx, move |tx| Box::pin(async move { seats(tx, vec![position], day).await }));
        seat.await?.pop().ok_or_else(|| Error::internal("one position, no answer"))
    }
}

/// Positions with who sits there on a day.
async fn seats(tx: &ReadTx, positions: Vec<Position>, day: NaiveDate) -> Result<Vec<Seat>> {
    let ids: Vec<Uuid> = positions.iter().map(|position| position.id).collect();
    let all = tx.seatings_of_positions(&ids).await?;
    let seat = |position: Position| {
        let here: Vec<Seating> =
            all.iter().filter(|one| one.position_id == position.id).cloned().collect();
        let incumbent = incumbency::incumbent(&here, day).map(str::to_owned);
        let vacant_since = incumbency::vacant_since(&position, &here, day);
        Seat { position, incumbent, vacant_since }
    };
    Ok(positions.into_iter().map(seat).collect())
}

async fn told(tx: &ReadTx, of: &SeatsOf) -> Result<Vec<Incumbency>> {
    match of {
        SeatsOf::Account(name) => {
            let account_id = read::account(tx, name).await?;
            Ok(incumbency::told(tx.seatings_of_account(&account_id).await?))
        }
        SeatsOf::Position(name) => {
            let account_id = read::account(tx, &name.account).await?;
            let found = tx.position(&account_id, name.id).await?;
            found.ok_or_else(|| missing(name))?;
            Ok(incumbency::told(tx.seatings_of_positions(&[name.id]).await?))
        }
        SeatsOf::Contact(name) => {
            let id = found(name, tx.find_contact(name).await?)?;
            let mut told = incumbency::told(tx.seatings_of_contacts(&[&id]).await?);
            told.retain(|one| one.contact_id == id);
            let seen = tx.seen(told.iter().map(|one| &*one.account_id)).await?;
            told.retain(|one| seen.has(&one.account_id));
            Ok(told)
        }
    }
}

pub(super) async fn create(tx: &mut WriteTx, ctx: &Ctx, c: &CreatePosition) -> Result<Position> {
    let account = held(tx, &c.account).await?;
    let us = tx.recorded_at().await?;
    let mut position = Position {
        id: Uuid::now_v7(),
        account_id: account.id.clone(),
        terms: PositionTerms {
            site: None,
            function: c.function,
            function_text: String::new(),
            level: c.level,
            title: String::new(),
            buying_roles: Vec::new(),
            reports_to: None,
        },
        first_day: c.valid_from.unwrap_or_else(|| ctx.business_date()),
        last_day: None,
        create_us: us,
        update_us: us,
        version: 1,
    };
    c.change.clone().apply(&mut position);
    check_site(&account, position.terms.site.as_deref())?;
    position.check_text()?;
    if let Some(name) = &c.reports_to {
        position.terms.reports_to = Some(above(tx, &account, name).await?);
    }
    tx.insert_position(&position).await?;
    tx.publish(vec![event::position(EventType::PositionCreated, &position, &[])]).await?;
    Ok(position)
}

pub(super) async fn update(tx: &mut WriteTx, ctx: &Ctx, c: &UpdatePosition) -> Result<Position> {
    let account = held(tx, &c.position.account).await?;
    let before = position(tx, &account.id, &c.position).await?;
    before.check_version(c.version)?;
    let mut position = before.clone();
    let mut changed = c.change.clone().apply(&mut position);
    if changed.contains(&"site") {
        check_site(&account, position.terms.site.as_deref())?;
    }
    position.check_text()?;
    if let Some(to) = &c.reports_to {
        let to = match to {
            Some(name) => Some(above(tx, &account, name).await?),
            None => None,
        };
        if to != before.terms.reports_to {
            if let Some(to) = to {
                check_line(&position, to, &tx.positions_above(&account.id).await?)?;
            }
            position.terms.reports_to = to;
            changed.push("reports_to");
        }
    }
    if changed.is_empty() {
        return Ok(before);
    }
    if changed.contains(&"buying_roles") && decides(&position.terms.buying_roles) {
        review_incumbents(tx, &position, ctx.business_date()).await?;
    }
    let position = save(tx, position, EventType::PositionUpdated, &changed).await?;
    if changed.contains(&"function") {
        tx.keep_signals([&*account.id]).await?;
    }
    Ok(position)
}

/// Opens the reviews of who sits in a position on a day or later.
async fn review_incumbents(tx: &mut WriteTx, position: &Position, day: NaiveDate) -> Result<()> {
    let mut seatings = tx.seatings_of_account(&position.account_id).await?;
    seatings.retain(|one| one.position_id == position.id);
    for one in incumbency::told(seatings) {
        if one.last_day.is_none_or(|last| day <= last) {
            ties::open_reviews(tx, day, &one.contact_id).await?;
        }
    }
    Ok(())
}

pub(super) async fn close(tx: &mut WriteTx, ctx: &Ctx, c: &ClosePosition) -> Result<Closed> {
    let found = tx.find_accounts(std::slice::from_ref(&c.position.account)).await?;
    let account_id = resolve::only(&c.position.account, found)?.id;
    tx.hold_people([&*account_id]).await?;
    let mut position = position(tx, &account_id, &c.position).await?;
    let last_day = c.last_day.unwrap_or_else(|| ctx.business_date());
    position.close(last_day)?;
    // Nobody sits in it behind its last day, whatever is recorded for later.
    let mut seatings = tx.seatings_of_account(&account_id).await?;
    seatings.retain(|one| one.position_id == position.id);
    let latest = seatings.iter().map(|one| one.recorded_us).max().unwrap_or_default();
    let recorded_us = tx.record_after(latest.max(position.update_us)).await?;
    let first_without = last_day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    let mut leave = incumbency::told(seatings.clone());
    leave.retain(|one| one.last_day.is_none_or(|last| last >= first_without));
    let mut later: BTreeSet<NaiveDate> =
        leave.iter().map(|one| one.first_day.max(first_without)).collect();
    // Whoever takes it until then leaves with it too.
    later.insert(first_without);
    let nobody = |from_date| Seating {
        id: Uuid::now_v7(),
        account_id: account_id.clone(),
        position_id: position.id,
        from_date,
        recorded_us,
        contact_id: None,
        recorded_by: ctx.principal.to_string(),
        reason: Personal::default(),
    };
    let nobody: Vec<Seating> = later.into_iter().map(nobody).collect();
    tx.add_seatings(nobody.clone()).await?;
    let mut told: Vec<(String, Entry)> = Vec::new();
    for one in &leave {
        let from = one.first_day.max(first_without);
        let Some(point) = nobody.iter().find(|point| point.from_date == from) else { continue };
        let record = match incumbency::on(&seatings, from) {
            Some(sits) => tx.seated_as(sits.id).await?,
            None => None,
        };
        let record = record.unwrap_or_else(|| one.contact_id.clone());
        told.push((one.contact_id.clone(), fact::left(point, &record)));
    }
    let left: BTreeSet<String> = leave.into_iter().map(|one| one.contact_id).collect();
    let lost = match left.is_empty() {
        true => None,
        false => uncontacted(tx, &position, first_without).await?,
    };
    let position = save(tx, position, EventType::PositionClosed, &[]).await?;
    tx.keep_signals([&*account_id]).await?;
    let moved = |id: &String| {
        let his = told.iter().filter(|(left, _)| left == id).map(|(_, entry)| entry.clone());
        event::moved(id, first_without, Some(&position), None, his.collect())
    };
    tx.publish(left.iter().flat_map(moved).collect()).await?;
    Ok(Closed { position, left: left.into_iter().collect(), uncontacted: lost })
}

pub(super) async fn save(
    tx: &mut WriteTx,
    mut position: Position,
    event_type: EventType,
    changed: &[&'static str],
) -> Result<Position> {
    position.update_us = tx.record_after(position.update_us).await?;
    position.version += 1;
    tx.update_position(&position).await?;
    tx.publish(vec![event::position(event_type, &position, changed)]).await?;
    Ok(position)
}

/// The account that people sit at, which is not deleted, its people held. It is read behind that: whoever
/// takes a site from it holds them too.
pub(super) async fn held(tx: &WriteTx, name: &AccountRef) -> Result<Account> {
    let id = account(tx, name).await?.id;
    tx.hold_people([&*id]).await?;
    account(tx, &AccountRef::Id(id)).await
}

/// The account that people sit at, which is not deleted.
pub(super) async fn account(tx: &WriteTx, name: &AccountRef) -> Result<Account> {
    let found = tx.find_accounts(std::slice::from_ref(name)).await?;
    let id = resolve::only(name, found)?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&id)));
    let account = tx.account(&id).await?.ok_or_else(gone)?;
    account.check_live()?;
    Ok(account)
}

/// The position named, of an account that is known.
pub(super) async fn position(tx: &WriteTx, account_id: &str, name: &ChildName) -> Result<Position> {
    tx.position(account_id, name.id).await?.ok_or_else(|| missing(name))
}

/// The position that another of the account reports to.
async fn above(tx: &WriteTx, account: &Account, name: &ChildName) -> Result<Uuid> {
    let names = std::slice::from_ref(&name.account);
    let found = resolve::all(names, tx.find_accounts(names).await?)?;
    // One of another account is none of this one.
    match found.into_values().next().filter(|known| known.id == account.id) {
        Some(_) => Ok(position(tx, &account.id, name).await?.id),
        None => Err(missing(name)),
    }
}

pub(super) fn missing(name: &ChildName) -> Error {
    Error::not_found("position", name.resource_name(POSITIONS))
}
