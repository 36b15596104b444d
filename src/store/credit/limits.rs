//! Limits. They are added and never changed; those that can no longer govern are marked, so
//! that a decision reads only the others.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::domain::credit::limit::Limit;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageOf};
use crate::store::entity::credit_limit::{ActiveModel, Column, Entity, Model, live};
use crate::store::{ReadTx, Store, WriteTx, keyset, rows};

/// The limits of these accounts that govern today or may yet, in every segment.
async fn live_of(conn: &impl ConnectionTrait, account_ids: &BTreeSet<&str>) -> Result<Vec<Limit>> {
    let backend = conn.get_database_backend();
    let limits = Entity::find()
        .filter(live())
        .filter(rows::among(backend, Column::AccountId, account_ids.iter().copied()))
        .order_by_asc(Column::RecordedUs)
        .order_by_asc(Column::Id);
    Ok(rows::all(conn, limits).await?.into_iter().map(Limit::from).collect())
}

impl WriteTx {
    /// The limits of an account that govern today or may yet.
    pub async fn live_credit_limits(&self, account_id: &str) -> Result<Vec<Limit>> {
        live_of(&self.conn, &BTreeSet::from([account_id])).await
    }

    /// Adds a limit, and marks those that can no longer govern because of it.
    pub async fn add_credit_limit(&self, limit: &Limit, superseded: &[Uuid]) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(limit)).await?;
        if superseded.is_empty() {
            return Ok(());
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::Id, superseded.iter().copied());
        let change = ActiveModel { superseded_us: Set(limit.recorded_us), ..Default::default() };
        rows::change(&self.conn, change, these).await?;
        Ok(())
    }
}

impl Store {
    /// A limit with who approved it and why, which is kept in its row alone.
    pub async fn credit_limit_with_text(&self, limit: Limit) -> Result<Limit> {
        let row = rows::one(&self.reader(), Entity::find_by_id(limit.id)).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the limit {} is gone", limit.id)))?;
        Ok(Limit { approver: row.approver, reason: row.reason, ..limit })
    }
}

impl ReadTx {
    /// The limits of an account that govern today or may yet.
    pub async fn live_credit_limits(&self, account_id: &str) -> Result<Vec<Limit>> {
        live_of(&self.conn, &BTreeSet::from([account_id])).await
    }

    /// A page of the limits of an account, the last recorded first.
    pub async fn credit_limits(&self, account_id: &str, page: PageOf) -> Result<Page<Limit>> {
        let last = match page.after {
            None => None,
            Some(id) => rows::one(&self.conn, Entity::find_by_id(id)).await?,
        };
        let limits = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .apply_if(last, |limits, last| {
                let key = [last.recorded_us.into(), last.id.into()];
                limits.filter(keyset::behind([Column::RecordedUs, Column::Id], key, true))
            })
            .order_by_desc(Column::RecordedUs)
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let read = rows::all(&self.conn, limits).await?;
        Ok(page.cut(read, |row| row.id).map(Limit::from))
    }
}
