//! By which keys of other systems records are known again.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::entity::record_key::{Column, Entity, Model};
use super::entity::{commitment, gift, interaction, position};
use super::{ReadTx, WriteTx, rows};
use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::domain::record::KeyedKind;
use crate::domain::record::source_key::own_id;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    pub account_id: String,
    pub id: Uuid,
}

/// An interaction, with its key if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedInteraction {
    pub account_id: String,
    pub key: Option<ExternalRef>,
}

/// The accounts of those of a kind that are there, by id.
async fn accounts_of(
    conn: &impl ConnectionTrait,
    kind: KeyedKind,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    macro_rules! of {
        ($entity:ident, $name:literal) => {{
            #[derive(DerivePartialModel)]
            #[sea_orm(entity = $name)]
            struct Of {
                id: Uuid,
                account_id: String,
            }
            let backend = conn.get_database_backend();
            let these = rows::among(backend, $entity::Column::Id, ids.iter().copied());
            let found: Vec<Of> = rows::parts(conn, $entity::Entity::find().filter(these)).await?;
            Ok(found.into_iter().map(|of| (of.id, of.account_id)).collect())
        }};
    }
    match kind {
        KeyedKind::Position => of!(position, "position::Entity"),
        KeyedKind::Commitment => of!(commitment, "commitment::Entity"),
        KeyedKind::Gift => of!(gift, "gift::Entity"),
    }
}

impl ReadTx {
    /// The accounts of those of a kind that are there, by id.
    pub async fn accounts_of_keyed(
        &self,
        kind: KeyedKind,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, String>> {
        accounts_of(&self.conn, kind, ids).await
    }

    /// The keys of those of a kind, by id, each one's in their order.
    pub async fn record_keys(
        &self,
        kind: KeyedKind,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<ExternalRef>>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::SubjectId, ids.iter().copied());
        let found = Entity::find().filter(Column::Kind.eq(kind)).filter(these);
        let mut keys: HashMap<Uuid, Vec<ExternalRef>> = HashMap::new();
        for Model { system, external_id, subject_id, .. } in rows::all(&self.conn, found).await? {
            keys.entry(subject_id).or_default().push(ExternalRef { system, id: external_id });
        }
        keys.values_mut()
            .for_each(|of| of.sort_by(|a, b| (&a.system, &a.id).cmp(&(&b.system, &b.id))));
        Ok(keys)
    }

    /// The keys of interactions that are there, by id.
    pub async fn interaction_keys(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, KeyedInteraction>> {
        #[derive(DerivePartialModel)]
        #[sea_orm(entity = "interaction::Entity")]
        struct Of {
            id: Uuid,
            account_id: String,
            source_system: Option<String>,
            source_id: Option<String>,
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, interaction::Column::Id, ids.iter().copied());
        let found: Vec<Of> =
            rows::parts(&self.conn, interaction::Entity::find().filter(these)).await?;
        let keyed = |Of { id, account_id, source_system, source_id }| {
            let key = source_system.zip(source_id);
            let key = key.map(|(system, id)| ExternalRef { system, id });
            (id, KeyedInteraction { account_id, key })
        };
        Ok(found.into_iter().map(keyed).collect())
    }
}

impl WriteTx {
    /// What a record of this kind with that key made, or what has that id where the key is the
    /// service's own.
    pub async fn keyed(&self, kind: KeyedKind, key: &ExternalRef) -> Result<Option<Keyed>> {
        let of = (kind, key.system.clone(), key.id.clone());
        if let Some(row) = rows::one(&self.conn, Entity::find_by_id(of)).await? {
            return Ok(Some(Keyed { account_id: row.account_id, id: row.subject_id }));
        }
        let own = own_id(&key.system, &key.id).and_then(|id| Uuid::try_parse(id).ok());
        let Some(id) = own else { return Ok(None) };
        let found = accounts_of(&self.conn, kind, &[id]).await?.remove(&id);
        Ok(found.map(|account_id| Keyed { account_id, id }))
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
