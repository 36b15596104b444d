//! Reservations and what they reserve: rows to [`Reservation`] and back.

mod write;

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::ctx::Clock;
use crate::domain::credit::component::ExposureKey;
use crate::domain::credit::decision::OrderKey;
use crate::domain::credit::reservation::{
    Advance, Counted, Grant, Now, Reservation, ReservationState,
};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{ReadTx, Store, WriteTx};

use self::write::insert_reservations;
pub(super) use self::write::update_reservations;

/// A reservation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReservation {
    pub reservation: Reservation,
    /// Root of the credit group of its account.
    pub root_id: String,
    /// When what it counts changes by itself, seen from when it was last settled.
    pub next_change_us: i64,
}

impl KnownReservation {
    /// Brings what it counts up to date, ready to be written; adds what that moves in the
    /// projection to `moves`.
    pub fn settle(&mut self, now: Now, clock: &Clock, moves: &mut BTreeMap<ExposureKey, i64>) {
        let reservation = &mut self.reservation;
        for (component, amount) in reservation.settle(now) {
            *moves.entry(reservation.exposure_key(component)).or_default() += amount;
        }
        reservation.update_us = now.us;
        self.next_change_us = reservation.next_change(now, |date| clock.start_of(date));
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    root_id: String,
    source_system: String,
    order_ref: String,
    company_code: String,
    currency: String,
    state: String,
    amount: i64,
    delivered: i64,
    invoiced: i64,
    invoiced_live: i64,
    advance: i64,
    advance_later: String,
    counted_order: i64,
    counted_delivered: i64,
    counted_advance: i64,
    expire_us: i64,
    next_change_us: i64,
    granted_amount: i64,
    granted_until_us: i64,
    decision_id: Uuid,
    create_us: i64,
    update_us: i64,
}

const COLUMNS: &str = "o.id, o.account_id, o.root_id, o.source_system, o.order_ref, \
    o.company_code, o.currency, o.state, o.amount, o.delivered, o.invoiced, o.invoiced_live, \
    o.advance, o.advance_later, o.counted_order, o.counted_delivered, o.counted_advance, \
    o.expire_us, o.next_change_us, o.granted_amount, o.granted_until_us, o.decision_id, \
    o.create_us, o.update_us";

/// The reservations that `rest` of the statement says, from the `FROM` clause on, as `o`.
async fn load(
    conn: &impl ConnectionTrait,
    rest: String,
    values: Vec<Value>,
) -> Result<Vec<KnownReservation>> {
    let rows: Vec<Row> = sql::all(conn, format!("SELECT {COLUMNS} {rest}"), values).await?;
    rows.into_iter().map(Row::known).collect()
}

/// Reservations by source system and reference; those that don't exist are missing.
pub(super) async fn reservations_by_key<'a>(
    conn: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<KnownReservation>> {
    let mut rows = Rows::new(&[("source_system", Kind::Text), ("order_ref", Kind::Text)]);
    for (system, order_ref) in keys {
        rows.push([Cell::from(system), order_ref.into()]);
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rest = format!(
        "FROM {} JOIN credit_reservation o ON o.source_system = k.source_system \
         AND o.order_ref = k.order_ref",
        rows.table(conn, "k", 1)
    );
    load(conn, rest, rows.values(conn)).await
}

pub(super) async fn reservations_by_id(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<KnownReservation>> {
    let set = sql::set(Kind::Uuid, ids);
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let rest = format!("FROM credit_reservation o WHERE o.id IN {}", set.subquery(conn, 1));
    load(conn, rest, set.values(conn)).await
}

/// Reservations of an account that reserved something when they last changed.
pub(in crate::store) async fn counting_reservations(
    conn: &impl ConnectionTrait,
    account_id: &str,
) -> Result<Vec<KnownReservation>> {
    let rest = "FROM credit_reservation o WHERE o.account_id = $1 \
        AND o.counted_order + o.counted_delivered > 0";
    load(conn, rest.into(), vec![account_id.into()]).await
}

/// The next reservations after an id, by id.
pub(in crate::store) async fn reservations_page(
    conn: &impl ConnectionTrait,
    after: Uuid,
    limit: i64,
) -> Result<Vec<KnownReservation>> {
    let rest = "FROM credit_reservation o WHERE o.id > $1 ORDER BY o.id LIMIT $2";
    load(conn, rest.into(), vec![after.into(), limit.into()]).await
}

/// Reservations follow their account, and everything below it, into another group.
pub(in crate::store) async fn move_root(conn: &impl ConnectionTrait, root_id: &str) -> Result<()> {
    sql::execute(
        conn,
        "UPDATE credit_reservation SET root_id = $1 WHERE root_id <> $1 AND account_id IN \
         (SELECT account_id FROM account_head WHERE root_id = $1)",
        vec![root_id.into()],
    )
    .await?;
    Ok(())
}

/// A page of the reservations of an account, the latest first.
#[derive(Debug, Clone)]
pub struct ReservationsQuery {
    pub account_id: String,
    /// Only those that reserve something, or wait for a decision, as far as is stored.
    pub live_only: bool,
    /// Only those before this one.
    pub before: Option<Uuid>,
    pub size: usize,
}

impl Store {
    pub async fn reservation_by_id(&self, id: Uuid) -> Result<Option<KnownReservation>> {
        Ok(reservations_by_id(&self.reader, [id]).await?.into_iter().next())
    }

    pub async fn reservation_by_key(&self, key: &OrderKey) -> Result<Option<KnownReservation>> {
        let key = (&*key.system, &*key.order_ref);
        Ok(reservations_by_key(&self.reader, [key]).await?.into_iter().next())
    }

    pub async fn orders_of(&self, query: &ReservationsQuery) -> Result<Vec<KnownReservation>> {
        let ReservationsQuery { account_id, live_only, before, size } = query;
        let last = before.unwrap_or(Uuid::max());
        let live = match live_only {
            true => "AND (o.state = 'REFERRED' OR o.counted_order + o.counted_delivered > 0)",
            false => "",
        };
        let rest = format!(
            "FROM credit_reservation o WHERE o.account_id = $1 AND o.id < $2 {live} \
             ORDER BY o.id DESC LIMIT $3"
        );
        let size = i64::try_from(*size).unwrap_or(i64::MAX);
        load(&self.reader, rest, vec![account_id.as_str().into(), last.into(), size.into()]).await
    }
}

impl ReadTx {
    /// As [`WriteTx::reservations_by_key`].
    pub async fn reservations_by_key<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<KnownReservation>> {
        reservations_by_key(&self.conn, keys).await
    }
}

impl WriteTx {
    /// Reservations by source system and reference; those that don't exist are missing. They stay
    /// as they are read once the groups of their accounts are locked.
    pub async fn reservations_by_key<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<KnownReservation>> {
        reservations_by_key(&self.conn, keys).await
    }

    /// As [`WriteTx::reservations_by_key`], by id.
    pub async fn reservations_by_id(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<KnownReservation>> {
        reservations_by_id(&self.conn, ids).await
    }

    /// Adds reservations to accounts whose groups are locked, as they were settled
    /// ([`KnownReservation::settle`]); what they moved is written by [`WriteTx::add_exposure`].
    pub async fn insert_reservations(&mut self, reservations: &[KnownReservation]) -> Result<()> {
        insert_reservations(&self.conn, reservations).await
    }

    /// Writes reservations that changed, of accounts whose groups are locked, as they were settled
    /// ([`KnownReservation::settle`]); what they moved is written by [`WriteTx::add_exposure`].
    pub async fn update_reservations(&mut self, reservations: &[KnownReservation]) -> Result<()> {
        update_reservations(&self.conn, reservations).await
    }
}

impl Row {
    fn known(self) -> Result<KnownReservation> {
        let Self {
            id,
            account_id,
            root_id,
            source_system,
            order_ref,
            company_code,
            currency,
            state,
            amount,
            delivered,
            invoiced,
            invoiced_live,
            advance,
            advance_later,
            counted_order,
            counted_delivered,
            counted_advance,
            expire_us,
            next_change_us,
            granted_amount,
            granted_until_us,
            decision_id,
            create_us,
            update_us,
        } = self;
        let unreadable = |what: &str| Error::internal(format!("order {id} has an unknown {what}"));
        let later = serde_json::from_str(&advance_later)
            .map_err(|e| Error::internal(format!("order {id} has an unreadable advance: {e}")))?;
        let grant = Grant { amount: granted_amount, until_us: granted_until_us };
        let reservation = Reservation {
            id,
            account_id,
            system: source_system,
            order_ref,
            company_code,
            currency: Currency::parse(&currency).ok_or_else(|| unreadable("currency"))?,
            state: ReservationState::parse(&state).ok_or_else(|| unreadable("state"))?,
            amount,
            delivered,
            invoiced,
            invoiced_live,
            advance: Advance { now: advance, later },
            expire_us,
            grant: (granted_until_us != 0).then_some(grant),
            decision: decision_id,
            stored: Counted {
                ordered: counted_order,
                delivered: counted_delivered,
                advance: counted_advance,
            },
            create_us,
            update_us,
        };
        Ok(KnownReservation { reservation, root_id, next_change_us })
    }
}
