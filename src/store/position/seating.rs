//! Who sits where, as it is recorded.

use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::domain::error::Result;
use crate::domain::position::incumbency::Seating;
use crate::store::entity::incumbency::{Column, Entity, Model};
use crate::store::{ReadTx, WriteTx, rows};

async fn of_account(conn: &impl ConnectionTrait, account_id: &str) -> Result<Vec<Seating>> {
    let all = Entity::find().filter(Column::AccountId.eq(account_id)).order_by_asc(Column::Id);
    Ok(rows::all(conn, all).await?.into_iter().map(Seating::from).collect())
}

async fn of_positions(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<Seating>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, Column::PositionId, ids.iter().copied());
    let all = Entity::find().filter(these).order_by_asc(Column::Id);
    Ok(rows::all(conn, all).await?.into_iter().map(Seating::from).collect())
}

/// Everything recorded of the positions in which any of these contacts ever sat.
async fn of_contacts(conn: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<Seating>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let theirs = Query::select()
        .column(Column::PositionId)
        .from(Entity)
        .and_where(rows::among(backend, Column::ContactId, ids.iter().copied()))
        .to_owned();
    let all = Entity::find().filter(Column::PositionId.in_subquery(theirs));
    let all = rows::all(conn, all.order_by_asc(Column::Id)).await?;
    Ok(all.into_iter().map(Seating::from).collect())
}

impl WriteTx {
    pub async fn add_seatings(&self, seatings: Vec<Seating>) -> Result<()> {
        rows::insert(&self.conn, seatings.into_iter().map(Model::from).collect()).await?;
        Ok(())
    }

    /// Everything recorded of who sat at an account.
    pub async fn seatings_of_account(&self, account_id: &str) -> Result<Vec<Seating>> {
        of_account(&self.conn, account_id).await
    }

    /// Everything recorded of the positions in which any of these contacts ever sat.
    pub async fn seatings_of_contacts(&self, ids: &[&str]) -> Result<Vec<Seating>> {
        of_contacts(&self.conn, ids).await
    }
}

impl ReadTx {
    /// Everything recorded of who sat at an account.
    pub async fn seatings_of_account(&self, account_id: &str) -> Result<Vec<Seating>> {
        of_account(&self.conn, account_id).await
    }

    /// Everything recorded of who sat in these positions.
    pub async fn seatings_of_positions(&self, ids: &[Uuid]) -> Result<Vec<Seating>> {
        of_positions(&self.conn, ids).await
    }

    /// Everything recorded of the positions in which any of these contacts ever sat.
    pub async fn seatings_of_contacts(&self, ids: &[&str]) -> Result<Vec<Seating>> {
        of_contacts(&self.conn, ids).await
    }
}
