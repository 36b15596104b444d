//! Reservations and what they reserve: reading, adding and changing them.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

use crate::ctx::Clock;
use crate::domain::credit::component::ExposureKey;
use crate::domain::credit::reservation::{Now, ReservationState};
use crate::domain::error::Result;
use crate::domain::names::OrderKey;
use crate::domain::page::PageOf;
use crate::domain::personal::Personal;
use crate::store::entity::credit_reservation::{Column, Entity, KnownReservation, Model, changes};
use crate::store::rows::{self, Set};
use crate::store::{ReadTx, Store, WriteTx, sql};

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

/// The reservations of these rows.
fn known(rows: Vec<Model>) -> Result<Vec<KnownReservation>> {
    rows.into_iter().map(KnownReservation::try_from).collect()
}

/// Reservations by the keys of their orders; those that don't exist are missing.
pub(super) async fn reservations_by_key<'a>(
    conn: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = &'a OrderKey>,
) -> Result<Vec<KnownReservation>> {
    let keys: Vec<&OrderKey> = keys.into_iter().collect();
    let wanted = Set::new()
        .column(Column::SourceSystem, keys.iter().map(|key| &key.system))
        .column(Column::CompanyCode, keys.iter().map(|key| &key.company_code))
        .column(Column::OrderRef, keys.iter().map(|key| &key.order_ref));
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let same = "o.source_system = k.source_system AND o.company_code = k.company_code \
         AND o.order_ref = k.order_ref";
    let found = match backend {
        DbBackend::Sqlite => format!("JOIN credit_reservation o ON {same}"),
        // One look at the index for each, also by a plan that was made while there were no reservations.
        _ => format!(
            "CROSS JOIN LATERAL (SELECT * FROM credit_reservation o WHERE {same} LIMIT 1) o"
        ),
    };
    let text = format!(
        "SELECT {} FROM {} {found}",
        rows::columns::<Entity>("o"),
        wanted.table(backend, "k", 1)
    );
    known(sql::all(conn, text, wanted.into_values(backend)).await?)
}

pub(super) async fn reservations_by_id(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<KnownReservation>> {
    let set = Set::one(ids);
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let these = set.among(conn.get_database_backend(), Column::Id);
    known(rows::all(conn, Entity::find().filter(these)).await?)
}

/// Why these reservations were canceled, which is kept in their rows alone.
async fn cancel_reasons(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Personal>> {
    let rows = reservations_by_id(conn, ids).await?.into_iter();
    Ok(rows.map(|known| (known.reservation.id, known.reservation.cancel_reason)).collect())
}

/// That something was reserved when it last changed.
fn reserves() -> Expr {
    Expr::col(Column::CountedOrder).add(Expr::col(Column::CountedDelivered)).gt(0_i64)
}

/// Reservations of an account that reserved something when they last changed.
pub(in crate::store) async fn counting_reservations(
    conn: &impl ConnectionTrait,
    account_id: &str,
) -> Result<Vec<KnownReservation>> {
    let counting = Entity::find().filter(Column::AccountId.eq(account_id)).filter(reserves());
    known(rows::all(conn, counting).await?)
}

/// The next reservations after an id, by id.
pub(in crate::store) async fn reservations_page(
    conn: &impl ConnectionTrait,
    after: Uuid,
    limit: u64,
) -> Result<Vec<KnownReservation>> {
    let page = Entity::find().filter(Column::Id.gt(after)).order_by_asc(Column::Id).limit(limit);
    known(rows::all(conn, page).await?)
}

/// Adds reservations; none of their keys is taken.
async fn insert_reservations(
    conn: &impl ConnectionTrait,
    reservations: &[KnownReservation],
) -> Result<()> {
    let models = reservations.iter().map(Model::try_from).collect::<Result<Vec<_>>>()?;
    rows::insert(conn, models).await?;
    Ok(())
}

/// Writes what may change of reservations: what they reserve for stays.
pub(super) async fn update_reservations(
    conn: &impl ConnectionTrait,
    reservations: &[KnownReservation],
) -> Result<()> {
    let changes = reservations.iter().map(changes).collect::<Result<Vec<_>>>()?;
    rows::update(conn, changes).await?;
    Ok(())
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

/// Reservations of an account, the latest first.
#[derive(Debug, Clone)]
pub struct ReservationsQuery {
    pub account_id: String,
    /// Only those that reserve something, or wait for a decision, as far as is stored.
    pub live_only: bool,
    pub page: PageOf,
}

impl Store {
    /// Why these reservations were canceled.
    pub async fn cancel_reasons(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Personal>> {
        cancel_reasons(&self.reader(), ids).await
    }

    pub async fn reservation_by_id(&self, id: Uuid) -> Result<Option<KnownReservation>> {
        Ok(reservations_by_id(&self.reader(), [id]).await?.into_iter().next())
    }

    pub async fn reservation_by_key(&self, key: &OrderKey) -> Result<Option<KnownReservation>> {
        Ok(reservations_by_key(&self.reader(), [key]).await?.into_iter().next())
    }

    /// As many as a page needs, which are fewer only at the end of the list.
    pub async fn reservations(&self, query: &ReservationsQuery) -> Result<Vec<KnownReservation>> {
        let ReservationsQuery { account_id, live_only, page } = query;
        let waits = Column::State.eq(ReservationState::Referred);
        let reservations = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .apply_if(page.after, |select, after| select.filter(Column::Id.lt(after)))
            .apply_if(live_only.then_some(()), |select, ()| select.filter(waits.or(reserves())))
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        known(rows::all(&self.reader(), reservations).await?)
    }
}

impl ReadTx {
    /// As [`WriteTx::reservations_by_key`].
    pub async fn reservations_by_key<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a OrderKey>,
    ) -> Result<Vec<KnownReservation>> {
        reservations_by_key(&self.conn, keys).await
    }
}

impl WriteTx {
    /// Reservations by the keys of their orders; those that don't exist are missing. They stay
    /// as they are read once the groups of their accounts are locked.
    pub async fn reservations_by_key<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a OrderKey>,
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

    /// Why these reservations were canceled.
    pub async fn cancel_reasons(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Personal>> {
        cancel_reasons(&self.conn, ids).await
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
