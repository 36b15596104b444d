//! Every lock but that of the migrations.
//!
//! Who enters an account: whatever moves its exposure, or must stand in the serial order of
//! decisions about its group (documents, clearings, disputes, limits, holds, reservations). It
//! locks the head of the root of the group, in ascending order where there are several; the head
//! of the account itself then tells after which recorded time it may write. Everything else
//! locks its own row and compares its version, and waits for no order.
//!
//! On SQLite the single writer holds every lock.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use sha2::{Digest, Sha256};

use super::entity::account_head::{Column, Entity, Head, Model};
use super::entity::{book_revision, member};
use super::error::store_error;
use super::rows::Set as Keys;
use super::{WriteTx, rows, sql};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::{AccountRef, account_name};

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
    let mut these = Condition::any().add(Column::AccountId.in_subquery(roots));
    if !met.is_empty() {
        // Themselves, and not only what they belong to by now: whoever is met once stays locked,
        // so that the next one met is another.
        these = these.add(rows::among(backend, Column::AccountId, &*met));
    }
    let locked = Entity::find().filter(these).order_by_asc(Column::AccountId).lock_exclusive();
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

/// Gives rows another revision, and raises the last recorded time of them to `recorded_us` where that is
/// said.
async fn raise(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<String>,
    revision: i64,
    recorded_us: Option<i64>,
) -> Result<()> {
    let mut raised = Entity::update_many()
        .col_expr(Column::GroupRevision, Expr::value(revision))
        .filter(rows::among(conn.get_database_backend(), Column::AccountId, account_ids));
    if let Some(recorded_us) = recorded_us {
        let behind = Expr::col(Column::HeadUs).lt(recorded_us);
        let later =
            CaseStatement::new().case(behind, recorded_us).finally(Column::HeadUs.into_expr());
        raised = raised.col_expr(Column::HeadUs, later.into());
    }
    raised.exec(conn).await.map_err(store_error)?;
    Ok(())
}

/// An account that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    pub account_id: String,
    /// When this transaction records, in microseconds since the epoch.
    pub recorded_us: i64,
}

impl WriteTx {
    /// Finds an account by any of its names, locks its group, and moves its head to the recorded
    /// time of this transaction, so that a read of the account sees what is recorded next.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn enter_account(&mut self, name: &AccountRef) -> Result<Entered> {
        let found = self.find_accounts(std::slice::from_ref(name)).await?;
        let Some(account) = found.into_values().next() else {
            return Err(Error::not_found("account", name.to_string()));
        };
        let account_id = account.id;
        let recorded_us = self.lock_accounts(std::slice::from_ref(&account_id)).await?;
        self.raise_heads(&BTreeSet::from([account_id.clone()])).await?;
        Ok(Entered { account_id, recorded_us })
    }

    /// Locks the groups of these accounts and fixes the recorded time of the transaction just
    /// after the last recorded time of each account; answers it.
    ///
    /// # Errors
    /// As [`WriteTx::lock_roots`].
    pub async fn lock_accounts(&mut self, accounts: &[String]) -> Result<i64> {
        let heads = self.lock_roots(&accounts.iter().cloned().collect()).await?;
        self.record_after(heads.values().map(|head| head.head_us).max().unwrap_or(0)).await
    }

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
        let heads = lock_roots(&self.conn, account_ids, &mut self.met).await?;
        let roots = heads.values().map(|head| (head.account_id.clone(), head.root_id.clone()));
        self.roots.extend(roots);
        Ok(heads)
    }

    /// Locks members to the end of the transaction, in the order of their ids. Those that don't
    /// exist are passed over.
    pub async fn lock_members(&self, ids: &BTreeSet<String>) -> Result<()> {
        let backend = self.conn.get_database_backend();
        if backend == DbBackend::Sqlite {
            return Ok(());
        }
        let these = rows::among(backend, member::Column::Id, ids);
        let these = member::Entity::find().filter(these).order_by_asc(member::Column::Id);
        rows::all(&self.conn, these.lock_exclusive()).await?;
        Ok(())
    }

    /// Raises the last recorded time of accounts whose groups are locked to that of this
    /// transaction, and gives the groups another revision.
    pub async fn raise_heads(&mut self, account_ids: &BTreeSet<String>) -> Result<()> {
        if account_ids.is_empty() {
            return Ok(());
        }
        let recorded = self.recorded_at().await?;
        self.raise(account_ids, Some(recorded)).await?;
        let mut roots = self.roots_of(account_ids).await?;
        roots.retain(|root| !account_ids.contains(root));
        self.raise(&roots, None).await
    }

    /// Gives the groups of these accounts, which are locked, another revision: what decisions look at has
    /// changed, and nothing is recorded in the accounts.
    pub async fn raise_groups(&mut self, account_ids: &BTreeSet<String>) -> Result<()> {
        let roots = self.roots_of(account_ids).await?;
        self.raise(&roots, None).await
    }

    /// Which policy is active, or in which class some account is, changes with this transaction.
    pub(super) fn rules_change(&mut self) {
        self.rules_changed = true;
    }

    /// Gives the rules of the whole book another revision, if they changed: last, since whoever else changes
    /// some waits for the commit.
    pub(super) async fn raise_rules(&self) -> Result<()> {
        if !self.rules_changed {
            return Ok(());
        }
        let revision = ActiveValue::Set(self.revision);
        let change = book_revision::ActiveModel { revision, ..Default::default() };
        let rules = book_revision::Column::Name.eq(book_revision::RULES);
        match rows::change(&self.conn, change, rules).await? {
            1 => Ok(()),
            changed => Err(Error::internal(format!("the rules have {changed} revisions"))),
        }
    }

    /// The roots of the groups of these accounts, which are locked.
    async fn roots_of(&mut self, account_ids: &BTreeSet<String>) -> Result<BTreeSet<String>> {
        let is_unknown = |id: &&String| !self.roots.contains_key(*id);
        let unknown: BTreeSet<String> = account_ids.iter().filter(is_unknown).cloned().collect();
        if !unknown.is_empty() {
            let heads = heads(&self.conn, &unknown).await?.into_values();
            self.roots.extend(heads.map(|head| (head.account_id, head.root_id)));
        }
        // A group that nobody finds must not be passed over: what is kept of it would stay.
        let root = |id: &String| {
            let none = || Error::internal(format!("{} has no head", account_name(id)));
            self.roots.get(id).cloned().ok_or_else(none)
        };
        account_ids.iter().map(root).collect()
    }

    async fn raise(
        &mut self,
        account_ids: &BTreeSet<String>,
        recorded_us: Option<i64>,
    ) -> Result<()> {
        if account_ids.is_empty() {
            return Ok(());
        }
        raise(&self.conn, account_ids, self.revision, recorded_us).await?;
        self.raised.extend(account_ids.iter().cloned());
        Ok(())
    }

    /// The revision that this transaction gave to a root, if it did.
    pub(super) fn revision_of(&self, root_id: &str) -> Option<i64> {
        self.raised.contains(root_id).then_some(self.revision)
    }
}

/// What is locked by its name, where there may be no row to lock. The numbers are arbitrary and
/// ours; the settled watermark uses advisory locks of one key, which never meet these of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// The closed periods of a company.
    Periods = 0x0063_6c73,
    /// Which policy is active.
    CreditPolicy = 0x0063_7270,
    /// The people at an account: positions, who sits there, whom we met.
    People = 0x0070_656f,
    /// The people at all accounts that were ever merged with each other.
    MergedPeople = 0x006d_7270,
    /// Which policy of a kind is in force from when.
    Policies = 0x0070_6f6c,
    /// The classes of accounts.
    Tiers = 0x0074_6972,
}

/// How a name is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Shared,
    Exclusive,
}

/// Holds names of a space to the end of the transaction, in one order whoever asks. Two names of
/// the same key only wait for each other.
pub(super) async fn hold_names<'a>(
    conn: &impl ConnectionTrait,
    space: Space,
    mode: Mode,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    let backend = conn.get_database_backend();
    let keys: BTreeSet<i32> = names.into_iter().map(key_of).collect();
    if backend == DbBackend::Sqlite || keys.is_empty() {
        return Ok(());
    }
    let lock = match mode {
        Mode::Shared => "pg_advisory_xact_lock_shared",
        Mode::Exclusive => "pg_advisory_xact_lock",
    };
    let keys = Keys::one(keys);
    let text = format!(
        "SELECT {lock}({}, k.v) FROM (SELECT v FROM {} ORDER BY v) AS k",
        space as i32,
        keys.table(backend, "r", 1)
    );
    sql::execute(conn, text, keys.into_values(backend)).await?;
    Ok(())
}

fn key_of(name: &str) -> i32 {
    let hash = Sha256::digest(name.as_bytes());
    i32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}
