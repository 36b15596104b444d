//! The present tree of accounts: what checks and locks go by. How it was on a day is in
//! [`super::group`].

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QuerySelect,
};

use crate::domain::error::Result;
use crate::domain::group::MAX_DEPTH;
use crate::store::entity::{account, account_link};
use crate::store::error::store_error;
use crate::store::{rows, sql};

/// The walk down, as `below(id, step)`: the account `$1` at step 0 and whatever is under it.
/// Bounded, so that it ends on damaged data as well; a group is never this deep.
const BELOW: &str = "WITH RECURSIVE below(id, step) AS (SELECT id, 0 FROM account WHERE id = $1 UNION ALL \
    SELECT a.id, b.step + 1 FROM below b JOIN account a ON a.parent_id = b.id WHERE b.step < 64)";

/// The parents of an account and of each one above it, by id.
pub(super) async fn parents_above(
    conn: &impl ConnectionTrait,
    account_id: &str,
) -> Result<HashMap<String, String>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
        parent_id: String,
    }
    let rows: Vec<Row> = sql::all(
        conn,
        "WITH RECURSIVE above(id, parent_id, step) AS ( \
           SELECT id, parent_id, 0 FROM account WHERE id = $1 UNION ALL \
           SELECT a.id, a.parent_id, u.step + 1 FROM above u JOIN account a ON a.id = u.parent_id \
           WHERE u.step < 64) \
         SELECT id, parent_id FROM above WHERE parent_id <> ''",
        vec![account_id.into()],
    )
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.parent_id)).collect())
}

/// How many levels an account brings along: 1 if nothing is below it. Counted as far as it
/// matters.
pub(super) async fn levels(conn: &impl ConnectionTrait, account_id: &str) -> Result<usize> {
    let deepest = sql::scalar::<i64>(
        conn,
        format!("{BELOW} SELECT CAST(MAX(step) AS BIGINT) AS v FROM below"),
        vec![account_id.into()],
    )
    .await?;
    Ok(usize::try_from(deepest.unwrap_or_default()).unwrap_or(MAX_DEPTH) + 1)
}

/// Gives an account and everything below it another root. The groups of both are locked.
pub(super) async fn set_root(
    conn: &impl ConnectionTrait,
    account_id: &str,
    root_id: &str,
) -> Result<()> {
    sql::execute(
        conn,
        format!(
            "{BELOW} UPDATE account_head SET root_id = $2 \
             WHERE account_id IN (SELECT id FROM below)"
        ),
        vec![account_id.into(), root_id.into()],
    )
    .await?;
    Ok(())
}

/// Notes under whom an account stands from a day on; an empty parent is none.
pub(super) async fn insert_link(
    conn: &impl ConnectionTrait,
    account_id: &str,
    parent_id: &str,
    effective_date: NaiveDate,
    recorded_us: i64,
) -> Result<()> {
    let link = account_link::Model {
        account_id: account_id.to_owned(),
        recorded_us,
        effective_date,
        parent_id: parent_id.to_owned(),
    };
    rows::insert_one(conn, link).await
}

/// Accounts directly below that are not deleted; a refusal tells how many.
pub(super) async fn live_children(conn: &impl ConnectionTrait, account_id: &str) -> Result<u64> {
    let children = account::Entity::find()
        .select_only()
        .column(account::Column::Id)
        .filter(account::Column::ParentId.eq(account_id))
        .filter(account::Column::DeleteUs.eq(0_i64));
    children.count(conn).await.map_err(store_error)
}

/// Items of an account with anything open on any day from `today` on: their entries don't add up
/// to zero, or on a later day they still move.
pub(super) async fn open_items(
    conn: &impl ConnectionTrait,
    account_id: &str,
    today: NaiveDate,
) -> Result<u64> {
    let count: Option<i64> = sql::scalar(
        conn,
        "SELECT COUNT(*) AS v FROM (\
           SELECT id FROM item WHERE account_id = $1 AND open <> 0 \
           UNION SELECT item_id FROM (SELECT item_id, effective_date FROM entry \
             WHERE account_id = $1 AND effective_date > $2 \
             GROUP BY item_id, effective_date HAVING SUM(amount) <> 0) moves) live",
        vec![account_id.into(), today.into()],
    )
    .await?;
    Ok(count.unwrap_or_default().unsigned_abs())
}
