//! Keys of accounts in other systems: who has which.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait};

use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::store::entity::account_ref::{Column, Entity, Model};
use crate::store::rows::{self, Set};
use crate::store::sql;

/// A key in its canonical form: of all that mean the same only one can exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RefKey {
    pub system: String,
    pub canonical_id: String,
}

/// Who has these keys, deleted accounts included.
pub(super) async fn owners(
    conn: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = &RefKey>,
) -> Result<HashMap<RefKey, String>> {
    let keys: Vec<&RefKey> = keys.into_iter().collect();
    let wanted = Set::new()
        .column(Column::System, keys.iter().map(|key| &key.system))
        .column(Column::CanonicalId, keys.iter().map(|key| &key.canonical_id));
    let backend = conn.get_database_backend();
    let text = format!(
        "SELECT {} FROM {} JOIN account_ref x \
         ON x.system = k.system AND x.canonical_id = k.canonical_id",
        rows::columns::<Entity>("x"),
        wanted.table(backend, "k", 1)
    );
    let found: Vec<Model> = sql::all(conn, text, wanted.into_values(backend)).await?;
    let owner = |Model { system, canonical_id, account_id, .. }| {
        (RefKey { system, canonical_id }, account_id)
    };
    Ok(found.into_iter().map(owner).collect())
}

/// A key to be given to an account.
pub(super) struct NewRef<'a> {
    pub key: &'a RefKey,
    pub external_id: &'a str,
    pub account_id: &'a str,
    pub position: i32,
}

/// Gives keys to accounts; those that an account has already stay with it. Answers how many
/// were free.
pub(super) async fn insert<'a>(
    conn: &impl ConnectionTrait,
    refs: impl IntoIterator<Item = NewRef<'a>>,
) -> Result<u64> {
    let row = |NewRef { key, external_id, account_id, position }: NewRef<'_>| Model {
        system: key.system.clone(),
        canonical_id: key.canonical_id.clone(),
        external_id: external_id.to_owned(),
        account_id: account_id.to_owned(),
        position,
    };
    rows::insert_new(conn, refs.into_iter().map(row).collect()).await
}

/// Takes all keys from an account.
pub(super) async fn remove(conn: &impl ConnectionTrait, account_id: &str) -> Result<()> {
    rows::delete::<Entity>(conn, Column::AccountId.eq(account_id)).await?;
    Ok(())
}

/// The keys of these references, given the canonical id of each.
pub(super) fn keys(refs: &[ExternalRef], canonical_ids: &[String]) -> Vec<RefKey> {
    refs.iter()
        .zip(canonical_ids)
        .map(|(reference, id)| RefKey {
            system: reference.system.clone(),
            canonical_id: id.clone(),
        })
        .collect()
}
