//! Clearings, their resets, and what documents ask to be cleared.

use sea_orm::ActiveValue::Set as To;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::books::{
    AllocationId, Cause, ClearingRequest, NewClearing, RequestState, Reset,
};
use crate::domain::error::Result;
use crate::store::entity::{allocation, allocation_reset, clearing, clearing_request};
use crate::store::rows;

pub(super) async fn insert_clearings(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    clearings: Vec<NewClearing>,
) -> Result<()> {
    let mut heads = Vec::with_capacity(clearings.len());
    let mut allocations = Vec::new();
    for NewClearing { id, account_id, cause, apply_date, allocations: parts } in clearings {
        let Cause { document, request } = cause;
        heads.push(clearing::Model {
            id,
            account_id,
            document_id: document,
            request_id: request,
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
    let row = |Reset { allocation, effective, reason }| {
        let AllocationId { clearing, position } = allocation;
        allocation_reset::Model {
            clearing_id: clearing,
            position,
            effective_date: effective,
            reason,
            recorded_us,
        }
    };
    rows::insert(conn, resets.into_iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn insert_requests(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    requests: Vec<ClearingRequest>,
) -> Result<()> {
    let row = |request| clearing_request::Model::new(request, recorded_us);
    rows::insert(conn, requests.into_iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn update_requests(
    conn: &impl ConnectionTrait,
    states: Vec<(Uuid, RequestState)>,
) -> Result<()> {
    let change = |(id, state)| clearing_request::ActiveModel {
        id: To(id),
        state: To(state),
        fault: To(String::new()),
        ..Default::default()
    };
    rows::update(conn, states.into_iter().map(change).collect()).await?;
    Ok(())
}

pub(super) async fn delete_requests(conn: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let these = rows::among(conn.get_database_backend(), clearing_request::Column::Id, ids);
    rows::delete::<clearing_request::Entity>(conn, these).await?;
    Ok(())
}
