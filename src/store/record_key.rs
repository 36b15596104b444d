//! By which keys of other systems records are known again.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::entity::record_key::{Column, Entity, Model};
use super::{WriteTx, rows};
use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::domain::record::KeyedKind;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    pub account_id: String,
    pub id: Uuid,
}

impl WriteTx {
    /// What a record of this kind with that key made.
    pub async fn keyed(&self, kind: KeyedKind, key: &ExternalRef) -> Result<Option<Keyed>> {
        let key = (kind, key.system.clone(), key.id.clone());
        let found = rows::one(&self.conn, Entity::find_by_id(key)).await?;
        Ok(found.map(|row| Keyed { account_id: row.account_id, id: row.subject_id }))
    }

    /// Whether something is known again by a key of this kind.
    pub async fn has_key(&self, kind: KeyedKind, id: Uuid) -> Result<bool> {
        let its = Entity::find().filter(Column::Kind.eq(kind)).filter(Column::SubjectId.eq(id));
        rows::any(&self.conn, its).await
    }

    /// Keeps by which key something is known again.
    pub async fn keep_key(&self, kind: KeyedKind, key: &ExternalRef, of: &Keyed) -> Result<()> {
        let row = Model {
            kind,
            system: key.system.clone(),
            external_id: key.id.clone(),
            account_id: of.account_id.clone(),
            subject_id: of.id,
        };
        rows::insert_one(&self.conn, row).await
    }
}
