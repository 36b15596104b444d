//! Writing reservations as they were settled.

use sea_orm::ConnectionTrait;

use super::KnownReservation;
use crate::domain::credit::reservation::Reservation;
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};

/// What changes in a reservation. What it reserves for stays: account, key, company, currency.
const CHANGE: &str = "ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
    amount = excluded.amount, delivered = excluded.delivered, invoiced = excluded.invoiced, \
    invoiced_live = excluded.invoiced_live, advance = excluded.advance, \
    advance_later = excluded.advance_later, counted_order = excluded.counted_order, \
    counted_delivered = excluded.counted_delivered, counted_advance = excluded.counted_advance, \
    expire_us = excluded.expire_us, next_change_us = excluded.next_change_us, \
    granted_amount = excluded.granted_amount, granted_until_us = excluded.granted_until_us, \
    decision_id = excluded.decision_id, update_us = excluded.update_us";

/// Adds reservations; none of their keys is taken.
pub(super) async fn insert_reservations(
    conn: &impl ConnectionTrait,
    reservations: &[KnownReservation],
) -> Result<()> {
    sql::insert(conn, "credit_reservation", rows(reservations)?, "").await?;
    Ok(())
}

/// Writes reservations that changed.
pub(in crate::store::credit) async fn update_reservations(
    conn: &impl ConnectionTrait,
    reservations: &[KnownReservation],
) -> Result<()> {
    sql::insert(conn, "credit_reservation", rows(reservations)?, CHANGE).await?;
    Ok(())
}

fn rows(reservations: &[KnownReservation]) -> Result<Rows> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("root_id", Kind::Text),
        ("source_system", Kind::Text),
        ("order_ref", Kind::Text),
        ("company_code", Kind::Text),
        ("currency", Kind::Text),
        ("state", Kind::Text),
        ("amount", Kind::Int),
        ("delivered", Kind::Int),
        ("invoiced", Kind::Int),
        ("invoiced_live", Kind::Int),
        ("advance", Kind::Int),
        ("advance_later", Kind::Text),
        ("counted_order", Kind::Int),
        ("counted_delivered", Kind::Int),
        ("counted_advance", Kind::Int),
        ("expire_us", Kind::Int),
        ("next_change_us", Kind::Int),
        ("granted_amount", Kind::Int),
        ("granted_until_us", Kind::Int),
        ("decision_id", Kind::Uuid),
        ("create_us", Kind::Int),
        ("update_us", Kind::Int),
    ]);
    for KnownReservation { reservation, root_id, next_change_us } in reservations {
        let (granted_amount, granted_until) = granted(reservation);
        rows.push([
            Cell::from(reservation.id),
            (&reservation.account_id).into(),
            root_id.into(),
            (&reservation.system).into(),
            (&reservation.order_ref).into(),
            (&reservation.company_code).into(),
            reservation.currency.code().into(),
            reservation.state.as_str().into(),
            reservation.amount.into(),
            reservation.delivered.into(),
            reservation.invoiced.into(),
            reservation.invoiced_live.into(),
            reservation.advance.now.into(),
            later(reservation)?.into(),
            reservation.stored.ordered.into(),
            reservation.stored.delivered.into(),
            reservation.stored.advance.into(),
            reservation.expire_us.into(),
            (*next_change_us).into(),
            granted_amount.into(),
            granted_until.into(),
            reservation.decision.into(),
            reservation.create_us.into(),
            reservation.update_us.into(),
        ]);
    }
    Ok(rows)
}

fn later(reservation: &Reservation) -> Result<String> {
    serde_json::to_string(&reservation.advance.later)
        .map_err(|e| Error::internal(format!("an advance cannot be encoded: {e}")))
}

fn granted(reservation: &Reservation) -> (i64, i64) {
    reservation.grant.map_or((0, 0), |grant| (grant.amount, grant.until_us))
}
