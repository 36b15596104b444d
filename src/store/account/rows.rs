//! Accounts as rows, and back.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::owners;
use crate::domain::account::Account;
use crate::domain::directory::{Key, Subject, keys};
use crate::domain::error::{Error, Result};
use crate::domain::external_ref::ExternalRef;
use crate::store::entity::account::{ActiveModel, Column, Entity, Model};
use crate::store::entity::account_ref;
use crate::store::rows;
use crate::store::rows::{all, among, insert_new};

/// The accounts of these ids that exist, by id, as of a day.
pub(super) async fn load(
    conn: &impl ConnectionTrait,
    ids: &[&str],
    today: NaiveDate,
) -> Result<HashMap<String, Account>> {
    let these = among(conn.get_database_backend(), Column::Id, ids.iter().copied());
    let rows = all(conn, Entity::find().filter(these)).await?;
    let accounts = complete(conn, rows, today).await?;
    Ok(accounts.into_iter().map(|account| (account.id.clone(), account)).collect())
}

/// The accounts of these rows with their keys in other systems, in the order of the rows.
pub(super) async fn complete(
    conn: &impl ConnectionTrait,
    rows: Vec<Model>,
    today: NaiveDate,
) -> Result<Vec<Account>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut refs = external_refs(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let refs = refs.remove(&row.id).unwrap_or_default();
            row.into_account(refs, today)
        })
        .collect()
}

async fn external_refs(
    conn: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<HashMap<String, Vec<ExternalRef>>> {
    let mut refs: HashMap<String, Vec<ExternalRef>> = HashMap::new();
    if ids.is_empty() {
        return Ok(refs);
    }
    let backend = conn.get_database_backend();
    let of_these = account_ref::Entity::find()
        .filter(among(backend, account_ref::Column::AccountId, ids.iter().copied()))
        .order_by_asc(account_ref::Column::AccountId)
        .order_by_asc(account_ref::Column::Position);
    for account_ref::Model { account_id, system, external_id, .. } in all(conn, of_these).await? {
        refs.entry(account_id).or_default().push(ExternalRef { system, id: external_id });
    }
    Ok(refs)
}

/// Adds new accounts; answers how many of the ids were free.
pub(super) async fn insert(conn: &impl ConnectionTrait, accounts: &[Account]) -> Result<u64> {
    let models = accounts.iter().map(Model::try_from).collect::<Result<Vec<_>>>()?;
    let inserted = insert_new(conn, models).await?;
    owners::insert_nobody(conn, accounts.iter().map(|account| account.id.as_str())).await?;
    Ok(inserted)
}

/// Writes an account that is there, but for when it was created and what merges say of it.
pub(super) async fn update(conn: &impl ConnectionTrait, account: &Account) -> Result<()> {
    let row = ActiveModel {
        create_us: sea_orm::ActiveValue::NotSet,
        merged_into: sea_orm::ActiveValue::NotSet,
        merge_set: sea_orm::ActiveValue::NotSet,
        ..ActiveModel::from(Model::try_from(account)?)
    };
    match rows::update(conn, vec![row]).await? {
        1 => Ok(()),
        _ => Err(Error::internal(format!("the account {} is gone", account.id))),
    }
}

/// What an account is found by.
pub(super) fn lookup(account: &Account) -> (Subject, BTreeSet<Key>) {
    (Subject::account(&account.id), keys::alone(&keys::of_account(account)))
}
