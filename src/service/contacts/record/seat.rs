//! Seats, and who sits there, as records of another system say them.

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::contact::Contact;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::external_ref::ExternalRef;
use crate::domain::job::Level;
use crate::domain::names::{AccountRef, ChildName, contact_name};
use crate::domain::personal::Personal;
use crate::domain::position::command::{
    ClosePosition, CreatePosition, PositionChange, UpdatePosition,
};
use crate::domain::position::incumbency::{self, Incumbency, Met, Seating};
use crate::domain::position::{Position, check_site};
use crate::domain::record::seat::{
    IncumbencyRecord, PositionRecord, PositionRef, SeatRef, Stay, check_expected, check_stay,
    is_free, is_like, known,
};
use crate::domain::record::{KeyedKind, Placed, RecordsMode};
use crate::domain::tie::decides;
use crate::domain::timeline::fact;
use crate::service::contacts::{event, found, positions, ties};
use crate::store::{Keyed, WriteTx};

/// Brings a position to what a record says.
///
/// # Errors
/// As CreatePosition, UpdatePosition and ClosePosition; FIELD_INVALID: it is of another account.
pub(in crate::service) async fn place_position(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &PositionRecord,
) -> Result<Placed> {
    let account = positions::held(tx, &record.account).await?;
    let known = known_position(tx, &account, record).await?;
    let told = match (&record.source_key, &record.change.title) {
        (Some(key), _) => PositionRef::Key(key.clone()).to_string(),
        (None, title) => PositionRef::Title(title.clone().unwrap_or_default()).to_string(),
    };
    mode.check("position", "source_key", &told, known.is_some())?;
    let reports_to = match &record.reports_to {
        Some(to) => Some(named(tx, &account, to).await?),
        None => None,
    };
    let Some(before) = known else {
        let position =
            make(tx, ctx, &account, &record.change, reports_to, record.valid_from).await?;
        if let Some(key) = &record.source_key {
            keep_key(tx, key, &position).await?;
        }
        end(tx, ctx, &position, record.valid_to).await?;
        return Ok(Placed::created(position.name()));
    };
    let mut is_changed = false;
    let mut position = before;
    // Of one that was found by what it is, the key is new.
    if let Some(key) = &record.source_key
        && tx.keyed(KeyedKind::Position, key).await?.is_none()
    {
        keep_key(tx, key, &position).await?;
        is_changed = true;
    }
    let (now, widened) = widen(tx, position, record.valid_from).await?;
    position = now;
    let command = UpdatePosition {
        position: name_of(&position),
        version: position.version,
        change: record.change.clone(),
        reports_to: reports_to.map(Some),
    };
    let after = positions::update(tx, ctx, &command).await?;
    is_changed |= widened || after.version != position.version;
    is_changed |= end(tx, ctx, &after, record.valid_to).await?;
    Ok(Placed::kept(after.name(), is_changed))
}

/// The position that a record is of: by its key, or else by what it is.
async fn known_position(
    tx: &WriteTx,
    account: &Account,
    record: &PositionRecord,
) -> Result<Option<Position>> {
    if let Some(key) = &record.source_key
        && let Some(Keyed { account_id, id }) = tx.keyed(KeyedKind::Position, key).await?
    {
        if account_id != account.id {
            let what =
                format!("has another position of that key: {}", PositionRef::Key(key.clone()));
            return Err(Error::invalid("account", Reason::FieldInvalid, what));
        }
        return tx.position(&account_id, id).await;
    }
    let mut like = tx.positions_of(&account.id).await?;
    like.retain(|one| is_like(&one.terms, &record.change));
    // One that was closed as the record says is that one, and no other that was closed.
    like.retain(|one| one.last_day.is_none() || one.last_day == record.valid_to);
    like.sort_by_key(|one| (one.last_day.is_none(), one.first_day, one.id));
    if record.source_key.is_none() {
        return Ok(like.into_iter().next());
    }
    // One that has a key is another than the one that this key is of.
    for position in like {
        if !tx.has_key(KeyedKind::Position, position.id).await? {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// The position that a record names.
async fn named(tx: &WriteTx, account: &Account, of: &PositionRef) -> Result<ChildName> {
    let missing = || Error::not_found("position", of.to_string());
    let id = match of {
        PositionRef::Name(name) => name.id,
        PositionRef::Key(key) => tx.keyed(KeyedKind::Position, key).await?.ok_or_else(missing)?.id,
        PositionRef::Title(title) => {
            let mut titled = tx.positions_of(&account.id).await?;
            titled.retain(|one| one.last_day.is_none() && one.terms.title == *title);
            match titled.as_slice() {
                [] => return Err(missing()),
                [one] => one.id,
                several => {
                    let what = format!("{} positions have that title", several.len());
                    return Err(Error::invalid("reports_to", Reason::FieldInvalid, what));
                }
            }
        }
    };
    tx.position(&account.id, id).await?.ok_or_else(missing)?;
    Ok(ChildName { account: AccountRef::Id(account.id.clone()), id })
}

async fn make(
    tx: &mut WriteTx,
    ctx: &Ctx,
    account: &Account,
    change: &PositionChange,
    reports_to: Option<ChildName>,
    valid_from: Option<NaiveDate>,
) -> Result<Position> {
    let function = change.function.ok_or_else(|| {
        let what = "is required of a position that is not there yet";
        Error::invalid("position.function", Reason::FieldRequired, what)
    })?;
    let command = CreatePosition {
        account: AccountRef::Id(account.id.clone()),
        function,
        level: change.level.unwrap_or(Level::Staff),
        change: change.clone(),
        reports_to,
        valid_from,
    };
    positions::create(tx, ctx, &command).await
}

async fn keep_key(tx: &WriteTx, key: &ExternalRef, position: &Position) -> Result<()> {
    let of = Keyed { account_id: position.account_id.clone(), id: position.id };
    tx.keep_key(KeyedKind::Position, key, &of).await
}

/// Has a position be there from an earlier day on; answers whether it was not.
async fn widen(
    tx: &mut WriteTx,
    position: Position,
    first_day: Option<NaiveDate>,
) -> Result<(Position, bool)> {
    let Some(first_day) = first_day.filter(|day| *day < position.first_day) else {
        return Ok((position, false));
    };
    let earlier = Position { first_day, ..position };
    let earlier = positions::save(tx, earlier, EventType::PositionUpdated, &["valid_from"]).await?;
    Ok((earlier, true))
}

/// Closes a position on the last day that its record says; answers whether it was open.
///
/// # Errors
/// DATE_INVALID: it was closed on another.
async fn end(
    tx: &mut WriteTx,
    ctx: &Ctx,
    position: &Position,
    last_day: Option<NaiveDate>,
) -> Result<bool> {
    match (last_day, position.last_day) {
        (None, _) => Ok(false),
        (Some(said), Some(last)) if said == last => Ok(false),
        (Some(_), Some(last)) => {
            let what = format!("{} was closed on {last}", position.name());
            Err(Error::invalid("valid_to", Reason::DateInvalid, what))
        }
        (Some(_), None) => {
            let command = ClosePosition { position: name_of(position), last_day };
            positions::close(tx, ctx, &command).await?;
            Ok(true)
        }
    }
}

fn name_of(position: &Position) -> ChildName {
    ChildName { account: AccountRef::Id(position.account_id.clone()), id: position.id }
}

/// Brings it about that a contact sits where a record says.
///
/// # Errors
/// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, POSITION_OCCUPIED; as CreatePosition and
/// UpdatePosition.
pub(in crate::service) async fn place_incumbency(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &IncumbencyRecord,
) -> Result<Placed> {
    let contact_id = found(&record.contact, tx.find_contact(&record.contact).await?)?;
    let account = positions::held(tx, &record.account).await?;
    let gone = || Error::internal(format!("{} is gone", contact_name(&contact_id)));
    let contact = tx.lock_contact(&contact_id).await?.ok_or_else(gone)?;
    contact.check_active()?;
    let today = ctx.business_date();
    let first_day = record.valid_from.unwrap_or(today);
    let stay = Stay { first_day, last_day: record.valid_to };
    let seatings = tx.seatings_of_account(&account.id).await?;
    let position = match &record.seat {
        SeatRef::Known(of) => {
            let name = named(tx, &account, of).await?;
            let position = positions::position(tx, &account.id, &name).await?;
            if let Some(expected) = &record.expected {
                check_expected(&position.terms, expected)?;
            }
            Some(position)
        }
        SeatRef::Described(change) => {
            check_site(&account, change.site.as_ref().and_then(Option::as_deref))?;
            let all = tx.positions_of(&account.id).await?;
            described(all, &seatings, &contact, record, stay, today)
        }
    };
    let here = |position: &Position| {
        let of_it = seatings.iter().filter(|one| one.position_id == position.id);
        of_it.cloned().collect::<Vec<Seating>>()
    };
    let told = position.as_ref().map(|position| incumbency::told(here(position)));
    let his = told.iter().flatten().filter(|one| one.contact_id == contact_id);
    let sits = known(his, record, today).cloned();
    let is_there = format!("{} in {}", record.contact, record.account);
    mode.check("incumbency", "contact", &is_there, sits.is_some())?;
    let is_new = position.is_none();
    let mut position = match (position, &record.seat) {
        (Some(position), _) => position,
        (None, SeatRef::Described(change)) => {
            make(tx, ctx, &account, change, None, Some(first_day)).await?
        }
        (None, SeatRef::Known(of)) => return Err(Error::not_found("position", of.to_string())),
    };
    let mut is_changed = false;
    if let (SeatRef::Described(change), false) = (&record.seat, is_new) {
        let change = PositionChange {
            level: change.level,
            buying_roles: change.buying_roles.clone(),
            ..PositionChange::default()
        };
        let (name, version) = (name_of(&position), position.version);
        let command = UpdatePosition { position: name, version, change, reports_to: None };
        position = positions::update(tx, ctx, &command).await?;
        is_changed = position.version != version;
    }
    if let Some(sits) = sits {
        let left = leave(tx, ctx, &position, &here(&position), &sits, record.valid_to).await?;
        return Ok(Placed::kept(position.name(), is_changed || left));
    }
    let (position, _) = widen(tx, position, Some(first_day)).await?;
    sit(tx, ctx, &position, here(&position), &contact, record, stay).await?;
    Ok(Placed::created(position.name()))
}

/// The position that is described: one in which he sits on one of these days, or else one that is
/// free on all of them.
fn described(
    mut all: Vec<Position>,
    seatings: &[Seating],
    contact: &Contact,
    record: &IncumbencyRecord,
    stay: Stay,
    today: NaiveDate,
) -> Option<Position> {
    let SeatRef::Described(change) = &record.seat else { return None };
    all.retain(|one| is_like(&one.terms, change));
    all.sort_by_key(|one| (one.first_day, one.id));
    let here = |position: &Position| {
        let of_it = seatings.iter().filter(|one| one.position_id == position.id);
        of_it.cloned().collect::<Vec<Seating>>()
    };
    let sits = |position: &&Position| {
        let told = incumbency::told(here(position));
        let mut his = told.iter().filter(|one| one.contact_id == contact.id);
        let of_it = known(his.clone(), record, today).is_some();
        of_it || his.any(|one| stay.meets(one))
    };
    let free = |position: &&Position| is_free(position, &here(position), stay);
    all.iter().find(sits).or_else(|| all.iter().find(free)).cloned()
}

/// Has him leave after the last day that his record says; answers whether he did not.
///
/// # Errors
/// DATE_INVALID: he left earlier, or never came.
async fn leave(
    tx: &mut WriteTx,
    ctx: &Ctx,
    position: &Position,
    seatings: &[Seating],
    sits: &Incumbency,
    last_day: Option<NaiveDate>,
) -> Result<bool> {
    let Some(last_day) = last_day.filter(|said| sits.last_day != Some(*said)) else {
        return Ok(false);
    };
    let refuse = |what: String| Err(Error::invalid("valid_to", Reason::DateInvalid, what));
    if let Some(left) = sits.last_day.filter(|left| *left < last_day) {
        return refuse(format!("he left {} on {left}", position.name()));
    }
    if last_day < sits.first_day {
        return refuse(format!("he came to {} on {}", position.name(), sits.first_day));
    }
    let nobody = behind(last_day);
    let us = recorded(tx, seatings, 0).await?;
    let point = seating(ctx, position, nobody, us, None, Personal::default());
    let record = match incumbency::on(seatings, nobody) {
        Some(sits) => tx.seated_as(sits.id).await?,
        None => None,
    };
    let told = fact::left(&point, record.as_ref().unwrap_or(&sits.contact_id));
    tx.add_seatings(vec![point.clone()]).await?;
    let met = met(tx, &point, &sits.contact_id, sits.last_day).await?;
    tx.unplace_attendee(&point, &sits.contact_id, sits.last_day, &met).await?;
    tx.keep_signals([position.account_id.as_str()]).await?;
    let moved = event::moved(&sits.contact_id, nobody, Some(position), None, vec![told]);
    tx.publish(moved).await?;
    Ok(true)
}

/// Has a contact sit in a position on these days.
///
/// # Errors
/// DATE_INVALID, POSITION_OCCUPIED.
async fn sit(
    tx: &mut WriteTx,
    ctx: &Ctx,
    position: &Position,
    mut seatings: Vec<Seating>,
    contact: &Contact,
    record: &IncumbencyRecord,
    stay: Stay,
) -> Result<()> {
    let Stay { first_day, last_day } = stay;
    if last_day.is_some_and(|last| last < first_day) {
        let what = format!("is needed where he left before {first_day}");
        return Err(Error::invalid("valid_from", Reason::FieldRequired, what));
    }
    check_stay(position, &seatings, &contact.id, stay)?;
    let id = contact.id.as_str();
    let us = recorded(tx, &seatings, contact.update_us).await?;
    let reason = record.reason.as_str().into();
    let came = seating(ctx, position, first_day, us, Some(id), reason);
    let mut told = vec![fact::taken(&came, id)];
    seatings.push(came.clone());
    let mut points = vec![came.clone()];
    // Where another comes on the day after, nobody has to be told to have left.
    if let Some(nobody) = last_day.map(behind)
        && incumbency::incumbent(&seatings, nobody) == Some(id)
    {
        // Recorded behind his coming: it is he who leaves.
        let us = tx.record_after(us).await?;
        let left = seating(ctx, position, nobody, us, None, Personal::default());
        told.push(fact::left(&left, id));
        points.push(left);
    }
    tx.add_seatings(points.clone()).await?;
    seatings.extend(points.into_iter().skip(1));
    let all = incumbency::told(seatings);
    // Told with a stay of another record of him before, if there is one.
    let here = |one: &&Incumbency| one.contact_id == id && one.holds(came.from_date);
    let ends = all.iter().find(here).and_then(|one| one.last_day);
    let met = met(tx, &came, id, ends).await?;
    tx.place_attendee(&came, id, ends, &met).await?;
    tx.keep_signals([position.account_id.as_str()]).await?;
    tx.publish(event::moved(id, first_day, None, Some(position), told)).await?;
    // Where he does not sit any more he decides nothing.
    let today = ctx.business_date();
    if ends.is_none_or(|last| today <= last) && decides(&position.terms.buying_roles) {
        ties::open_reviews(tx, today, id).await?;
    }
    Ok(())
}

/// Where a contact is met at an account from the day of a seating to another, as it is recorded now.
async fn met(
    tx: &WriteTx,
    seating: &Seating,
    contact_id: &str,
    last_day: Option<NaiveDate>,
) -> Result<Vec<Met>> {
    let mut his = incumbency::told(tx.seatings_of_account(&seating.account_id).await?);
    his.retain(|one| one.contact_id == contact_id);
    let positions = match his.len() > 1 {
        true => tx.positions_of(&seating.account_id).await?,
        false => Vec::new(),
    };
    Ok(incumbency::met_in(&his, &positions, seating.from_date, last_day))
}

/// An instant behind all that is recorded of a position: of two points of one day the one recorded
/// later counts.
async fn recorded(tx: &mut WriteTx, seatings: &[Seating], other_us: i64) -> Result<i64> {
    let latest = seatings.iter().map(|one| one.recorded_us).max().unwrap_or_default();
    tx.record_after(latest.max(other_us)).await
}

fn seating(
    ctx: &Ctx,
    position: &Position,
    from_date: NaiveDate,
    recorded_us: i64,
    contact_id: Option<&str>,
    reason: Personal,
) -> Seating {
    Seating {
        id: Uuid::now_v7(),
        account_id: position.account_id.clone(),
        position_id: position.id,
        from_date,
        recorded_us,
        contact_id: contact_id.map(str::to_owned),
        recorded_by: ctx.principal.to_string(),
        reason,
    }
}

/// The day after; the last there is has none.
fn behind(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}
