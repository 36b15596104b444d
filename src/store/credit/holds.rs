//! Holds placed and released by people.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::domain::credit::hold::{Hold, Release};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageOf};
use crate::store::entity::credit_hold::{ActiveModel, Column, Entity, Model, live};
use crate::store::{ReadTx, Store, WriteTx, rows};

impl WriteTx {
    pub async fn add_credit_hold(&self, hold: &Hold) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(hold)).await
    }

    /// A hold of the account, as it stands.
    pub async fn credit_hold(&self, account_id: &str, id: Uuid) -> Result<Option<Hold>> {
        let hold = Entity::find_by_id(id).filter(Column::AccountId.eq(account_id));
        Ok(rows::one(&self.conn, hold).await?.map(Hold::from))
    }

    pub async fn release_credit_hold(&self, id: Uuid, release: &Release) -> Result<()> {
        let Release { us, by, reason } = release.clone();
        let change = ActiveModel {
            release_us: Set(us),
            released_by: Set(by),
            release_reason: Set(reason),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        Ok(())
    }
}

impl Store {
    /// A hold with why it was placed and released, which is kept in its row alone.
    pub async fn credit_hold_with_text(&self, hold: Hold) -> Result<Hold> {
        let row = rows::one(&self.reader(), Entity::find_by_id(hold.id)).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the hold {} is gone", hold.id)))?;
        let reason = row.release_reason;
        let release = hold.release.map(|release| Release { reason, ..release });
        Ok(Hold { reason: row.reason, release, ..hold })
    }
}

impl ReadTx {
    /// A page of the holds of an account, the latest first.
    pub async fn credit_holds(
        &self,
        account_id: &str,
        released_too: bool,
        page: PageOf,
    ) -> Result<Page<Hold>> {
        let holds = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .apply_if((!released_too).then_some(()), |holds, ()| holds.filter(live()))
            .apply_if(page.after, |holds, after| holds.filter(Column::Id.lt(after)))
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let read = rows::all(&self.conn, holds).await?;
        Ok(page.cut(read, |row| row.id).map(Hold::from))
    }
}
