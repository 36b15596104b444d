//! What counts against the limits of accounts, and what of their groups is not settled yet.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::chain::NEVER;
use super::of;
use crate::domain::credit::component::Component;
use crate::domain::credit::standing::ExposureCell;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::store::sql;

#[derive(FromQueryResult)]
struct ExposureRow {
    account_id: String,
    currency: Currency,
    company_code: String,
    component: Component,
    /// The halves of a wide sum.
    high: i64,
    low: i64,
}

/// What accounts count today, each with what is below it.
pub(super) async fn exposure(
    conn: &impl ConnectionTrait,
    accounts: &[String],
    today: NaiveDate,
) -> Result<Vec<(String, ExposureCell)>> {
    let [high, low] = sql::wide_sum("u.amount");
    let rows = of(conn, accounts, vec![today.into()], |within| {
        format!(
            "SELECT u.account_id, u.currency, u.company_code, u.component, \
               {high} AS high, {low} AS low \
             FROM credit_exposure u WHERE {these} AND u.effective_date <= $2 \
             GROUP BY u.account_id, u.currency, u.company_code, u.component HAVING {is_something}",
            these = within("u.account_id"),
            is_something = sql::is_something("u.amount"),
        )
    });
    let cell = |row: ExposureRow| {
        let ExposureRow { account_id, currency, company_code, component, high, low } = row;
        let amount = sql::widened(high, low);
        (account_id, ExposureCell { currency, company_code, component, amount })
    };
    Ok(rows.await?.into_iter().map(cell).collect())
}

/// A reservation whose count has changed by itself since it was stored.
#[derive(FromQueryResult)]
pub(super) struct Due {
    pub id: Uuid,
    pub account_id: String,
}

pub(super) async fn due(
    conn: &impl ConnectionTrait,
    roots: &[String],
    now_us: i64,
) -> Result<Vec<Due>> {
    let due = of(conn, roots, vec![now_us.into()], |within| {
        format!(
            "SELECT o.id, o.account_id FROM credit_reservation o WHERE {} \
             AND o.next_change_us <= $2 AND o.next_change_us < {NEVER}",
            within("o.root_id")
        )
    });
    due.await
}

/// A security in force.
#[derive(FromQueryResult)]
pub(super) struct InForce {
    pub id: Uuid,
    pub account_id: String,
    pub root_id: String,
}

pub(super) async fn securities(
    conn: &impl ConnectionTrait,
    roots: &[String],
    today: NaiveDate,
) -> Result<Vec<InForce>> {
    let in_force = of(conn, roots, vec![today.into()], |within| {
        format!(
            "SELECT s.id, s.account_id, s.root_id FROM credit_security s WHERE {} \
             AND s.end_us = 0 AND s.valid_from <= $2 AND s.valid_to >= $2",
            within("s.root_id")
        )
    });
    in_force.await
}
