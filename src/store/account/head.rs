//! Heads: the lock of each credit group and the last recorded time of each account.
//!
//! Whoever writes to an account holds the head of the root of its group; that is the lock. The
//! head of the account itself then tells after which recorded time it may write.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::account_name;
use crate::store::entity::account_head::{ActiveModel, Column, Entity, Head, Model};
use crate::store::{WriteTx, rows};

/// Locks the groups of these accounts, and those of `met`, to the end of the transaction, in
/// ascending order of their roots; answers the heads of the accounts by id. Accounts that don't
/// exist are missing.
///
/// # Errors
/// CONCURRENT_CHANGE if an account moved to a group that is not locked meanwhile, which is then
/// among `met`: the transaction begins anew, and locks it too, in case it has moved back.
async fn lock_roots(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<String>,
    met: &mut BTreeSet<String>,
) -> Result<HashMap<String, Head>> {
    // The single writer of SQLite holds every lock.
    if conn.get_database_backend() == DbBackend::Sqlite {
        return heads(conn, account_ids).await;
    }
    let backend = conn.get_database_backend();
    let roots = Query::select()
        .column(Column::RootId)
        .from(Entity)
        .and_where(rows::among(backend, Column::AccountId, account_ids.union(met)))
        .to_owned();
    let locked = Entity::find()
        .filter(Column::AccountId.in_subquery(roots))
        .order_by_asc(Column::AccountId)
        .lock_exclusive();
    let locked = rows::all(conn, locked).await?;
    let locked: BTreeSet<String> = locked.into_iter().map(|head| head.account_id).collect();
    // Whoever held the locks before us may have moved an account: look again.
    let heads = heads(conn, account_ids).await?;
    let moved = heads.values().filter(|head| !locked.contains(&head.root_id));
    met.extend(moved.clone().map(|head| head.root_id.clone()));
    match moved.min_by_key(|head| &head.account_id) {
        None => Ok(heads),
        Some(moved) => Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            resource: Resource { kind: "account", name: account_name(&moved.account_id) },
            description: "the account moved to another group at the same time".into(),
        }),
    }
}

/// The heads of these accounts, by id.
async fn heads(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<String>,
) -> Result<HashMap<String, Head>> {
    let these = rows::among(conn.get_database_backend(), Column::AccountId, account_ids);
    let heads = rows::all(conn, Entity::find().filter(these)).await?;
    Ok(heads.into_iter().map(|row| (row.account_id.clone(), row.into())).collect())
}

/// Adds the heads of new accounts: each with the root of the group it is born into.
pub(super) async fn insert_heads(
    conn: &impl ConnectionTrait,
    heads: impl IntoIterator<Item = Head>,
) -> Result<()> {
    rows::insert::<Model, _>(conn, heads.into_iter().map(Model::from).collect()).await?;
    Ok(())
}

/// Raises the last recorded time of accounts whose groups are locked.
pub(in crate::store) async fn raise_heads(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<String>,
    recorded_us: i64,
) -> Result<()> {
    let change = ActiveModel { head_us: Set(recorded_us), ..Default::default() };
    let behind = rows::among(conn.get_database_backend(), Column::AccountId, account_ids)
        .and(Column::HeadUs.lt(recorded_us));
    rows::change(conn, change, behind).await?;
    Ok(())
}

impl WriteTx {
    /// Locks the groups of these accounts to the end of the transaction; answers the heads of
    /// the accounts by id, those that don't exist missing. Only what is read after it, and
    /// within these groups, stays true until the commit.
    ///
    /// Call it once, before anything else is written, with all the accounts a transaction
    /// touches: a second call could lock in another order than others do.
    ///
    /// # Errors
    /// CONCURRENT_CHANGE if an account moved to another group meanwhile; the transaction is then
    /// tried again.
    pub async fn lock_roots(
        &mut self,
        account_ids: &BTreeSet<String>,
    ) -> Result<HashMap<String, Head>> {
        lock_roots(&self.conn, account_ids, &mut self.met).await
    }

    /// Raises the last recorded time of accounts whose groups are locked to that of this
    /// transaction.
    pub async fn raise_heads(&mut self, account_ids: &BTreeSet<String>) -> Result<()> {
        if account_ids.is_empty() {
            return Ok(());
        }
        let recorded = self.recorded_at().await?;
        raise_heads(&self.conn, account_ids, recorded).await
    }
}
