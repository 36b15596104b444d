//! Securities.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::domain::credit::security::{Security, SecurityEnd};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageOf};
use crate::store::entity::account_head;
use crate::store::entity::credit_security::{ActiveModel, Column, Entity, Model};
use crate::store::{ReadTx, Store, WriteTx, rows, sql};

impl WriteTx {
    pub async fn add_credit_security(&self, security: &Security) -> Result<()> {
        let head = account_head::Entity::find_by_id(&security.account_id);
        let head = rows::one(&self.conn, head).await?;
        let gone = || Error::internal(format!("{} has no head", security.account_id));
        let root_id = head.ok_or_else(gone)?.root_id;
        rows::insert_one(&self.conn, Model::of(security, root_id)).await
    }

    /// A security of the account, as it stands.
    pub async fn credit_security(&self, account_id: &str, id: Uuid) -> Result<Option<Security>> {
        let security = Entity::find_by_id(id).filter(Column::AccountId.eq(account_id));
        Ok(rows::one(&self.conn, security).await?.map(Security::from))
    }

    pub async fn end_credit_security(&self, id: Uuid, end: &SecurityEnd) -> Result<()> {
        let SecurityEnd { us, by, reason } = end.clone();
        let change = ActiveModel {
            end_us: Set(us),
            ended_by: Set(by),
            end_reason: Set(reason),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        Ok(())
    }
}

impl Store {
    /// A security with why it was ended, which is kept in its row alone.
    pub async fn credit_security_with_text(&self, security: Security) -> Result<Security> {
        let row = rows::one(&self.reader(), Entity::find_by_id(security.id)).await?;
        let gone = || Error::internal(format!("the security {} is gone", security.id));
        let reason = row.ok_or_else(gone)?.end_reason;
        let end = security.end.map(|end| SecurityEnd { reason, ..end });
        Ok(Security { end, ..security })
    }
}

impl ReadTx {
    /// A page of the securities of an account, the latest first.
    pub async fn credit_securities(
        &self,
        account_id: &str,
        page: PageOf,
    ) -> Result<Page<Security>> {
        let securities = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .apply_if(page.after, |securities, after| securities.filter(Column::Id.lt(after)))
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let read = rows::all(&self.conn, securities).await?;
        Ok(page.cut(read, |row| row.id).map(Security::from))
    }
}

/// The securities of these ids.
pub(super) async fn by_id(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<Security>> {
    let these = rows::among(conn.get_database_backend(), Column::Id, ids.iter().copied());
    let read = rows::all(conn, Entity::find().filter(these)).await?;
    Ok(read.into_iter().map(Security::from).collect())
}

/// Securities follow their account, and everything below it, into another group.
pub(in crate::store) async fn move_securities(
    conn: &impl ConnectionTrait,
    root_id: &str,
) -> Result<()> {
    sql::execute(
        conn,
        "UPDATE credit_security SET root_id = $1 WHERE root_id <> $1 AND account_id IN \
         (SELECT account_id FROM account_head WHERE root_id = $1)",
        vec![root_id.into()],
    )
    .await?;
    Ok(())
}
