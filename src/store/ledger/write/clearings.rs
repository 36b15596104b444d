//! Clearings, their resets, and those that wait.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::books::{ActiveClearing, NewWaitingClearing, Reset};
use crate::domain::error::Result;
use crate::store::entity::{allocation, clearing, clearing_reset, waiting_clearing};
use crate::store::rows;

pub(super) async fn insert_clearings(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    clearings: Vec<ActiveClearing>,
) -> Result<()> {
    let mut heads = Vec::with_capacity(clearings.len());
    let mut allocations = Vec::new();
    for ActiveClearing { id, account_id, document, apply_date, allocations: parts } in clearings {
        heads.push(clearing::Model {
            id,
            account_id,
            document_id: document,
            apply_date,
            recorded_us,
        });
        for (position, part) in (0_i32..).zip(parts) {
            allocations.push(allocation::Model::of(part, id, position)?);
        }
    }
    rows::insert(conn, heads).await?;
    rows::insert(conn, allocations).await?;
    Ok(())
}

pub(super) async fn insert_resets(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    resets: Vec<Reset>,
) -> Result<()> {
    let row = |Reset { clearing, effective, reason }| clearing_reset::Model {
        clearing_id: clearing,
        effective_date: effective,
        reason,
        recorded_us,
    };
    rows::insert(conn, resets.into_iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn insert_waiting(
    conn: &impl ConnectionTrait,
    waiting: Vec<NewWaitingClearing>,
) -> Result<()> {
    rows::insert::<waiting_clearing::Model, _>(conn, waiting.into_iter().map(Into::into).collect())
        .await?;
    Ok(())
}

pub(super) async fn delete_waiting(conn: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let these = rows::among(conn.get_database_backend(), waiting_clearing::Column::Id, ids);
    rows::delete::<waiting_clearing::Entity>(conn, these).await?;
    Ok(())
}
