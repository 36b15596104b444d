//! Writing orders as they were settled.

use sea_orm::ConnectionTrait;

use super::KnownOrder;
use crate::domain::credit::order::Order;
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};

/// What changes in an order. What it is an order of stays: account, key, company, currency.
const CHANGE: &str = "ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
    amount = excluded.amount, delivered = excluded.delivered, invoiced = excluded.invoiced, \
    invoiced_live = excluded.invoiced_live, advance = excluded.advance, \
    advance_later = excluded.advance_later, counted_order = excluded.counted_order, \
    counted_delivered = excluded.counted_delivered, counted_advance = excluded.counted_advance, \
    expire_us = excluded.expire_us, next_change_us = excluded.next_change_us, \
    granted_amount = excluded.granted_amount, granted_until_us = excluded.granted_until_us, \
    decision_id = excluded.decision_id, update_us = excluded.update_us";

/// Adds orders; none of their keys is taken.
pub(super) async fn insert_orders(
    conn: &impl ConnectionTrait,
    orders: &[KnownOrder],
) -> Result<()> {
    sql::insert(conn, "credit_order", rows(orders)?, "").await?;
    Ok(())
}

/// Writes orders that changed.
pub(in crate::store::credit) async fn update_orders(
    conn: &impl ConnectionTrait,
    orders: &[KnownOrder],
) -> Result<()> {
    sql::insert(conn, "credit_order", rows(orders)?, CHANGE).await?;
    Ok(())
}

fn rows(orders: &[KnownOrder]) -> Result<Rows> {
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
    for KnownOrder { order, root_id, next_change_us } in orders {
        let (granted_amount, granted_until) = granted(order);
        rows.push([
            Cell::from(order.id),
            (&order.account_id).into(),
            root_id.into(),
            (&order.system).into(),
            (&order.order_ref).into(),
            (&order.company_code).into(),
            order.currency.code().into(),
            order.state.as_str().into(),
            order.amount.into(),
            order.delivered.into(),
            order.invoiced.into(),
            order.invoiced_live.into(),
            order.advance.now.into(),
            later(order)?.into(),
            order.stored.ordered.into(),
            order.stored.delivered.into(),
            order.stored.advance.into(),
            order.expire_us.into(),
            (*next_change_us).into(),
            granted_amount.into(),
            granted_until.into(),
            order.decision.into(),
            order.create_us.into(),
            order.update_us.into(),
        ]);
    }
    Ok(rows)
}

fn later(order: &Order) -> Result<String> {
    serde_json::to_string(&order.advance.later)
        .map_err(|e| Error::internal(format!("an advance cannot be encoded: {e}")))
}

fn granted(order: &Order) -> (i64, i64) {
    order.grant.map_or((0, 0), |grant| (grant.amount, grant.until_us))
}
