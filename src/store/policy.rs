//! Policies of every kind but credit's: versions, and which of them is in force from which day on.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::columns::{from_json, to_json};
use super::entity::policy_activation as activation;
use super::entity::policy_version::{Column, Entity, Model};
use super::lock::{self, Mode, Space};
use super::{ReadTx, Store, WriteTx, keyset, rows};
use crate::domain::dated::ChangePoint;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageOf};
use crate::domain::policy::{Activation, Policy, PolicyKey, PolicyLog, Terms};
use crate::domain::tier::policy::TierPolicy;

/// A version by its id, the built-in ones included.
pub(super) async fn policy<T: Terms>(
    conn: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<Policy<T>>> {
    if let Some(built_in) = Policy::built_in().into_iter().find(|policy| policy.id == id) {
        return Ok(Some(built_in));
    }
    let row = rows::one(conn, Entity::find_by_id((T::KIND, id.to_owned()))).await?;
    row.map(stored).transpose()
}

fn stored<T: Terms>(row: Model) -> Result<Policy<T>> {
    let Model { kind, id, detail, created_by, recorded_us } = row;
    Ok(Policy { id, terms: from_json(kind.as_str(), &detail)?, created_by, recorded_us })
}

/// The versions of these ids, the built-in ones included.
pub(super) async fn versions<T: Terms>(
    conn: &impl ConnectionTrait,
    ids: &BTreeSet<&str>,
) -> Result<Vec<Policy<T>>> {
    let mut found = Policy::<T>::built_in();
    found.retain(|policy| ids.contains(policy.id.as_str()));
    let is_built_in = |id: &&str| found.iter().any(|policy| policy.id == **id);
    let others: Vec<&str> = ids.iter().copied().filter(|id| !is_built_in(id)).collect();
    if !others.is_empty() {
        let these = rows::among(conn.get_database_backend(), Column::Id, others);
        let these = Entity::find().filter(Column::Kind.eq(T::KIND)).filter(these);
        let read = rows::all(conn, these).await?.into_iter().map(stored);
        found.extend(read.collect::<Result<Vec<_>>>()?);
    }
    match found.len() == ids.len() {
        true => Ok(found),
        false => Err(Error::internal(format!("of the {} {ids:?} one is gone", T::KIND))),
    }
}

/// All activations of a kind, in the order in which they were recorded.
pub(super) async fn log<T: Terms>(conn: &impl ConnectionTrait) -> Result<PolicyLog> {
    let all = activation::Entity::find()
        .filter(activation::Column::Kind.eq(T::KIND))
        .order_by_asc(activation::Column::RecordedUs);
    Ok(PolicyLog(rows::all(conn, all).await?.into_iter().map(ChangePoint::from).collect()))
}

/// The version in force on a day as known at an instant: the built-in one before any other was.
pub(super) async fn in_force<T: Terms>(
    conn: &impl ConnectionTrait,
    day: NaiveDate,
    known_us: i64,
) -> Result<Policy<T>> {
    let log = log::<T>(conn).await?;
    let id = log.in_force(day, known_us).unwrap_or(T::FIRST);
    let gone = || Error::internal(format!("the {} {id} that is in force is gone", T::KIND));
    policy(conn, id).await?.ok_or_else(gone)
}

impl WriteTx {
    pub async fn policy<T: Terms>(&self, id: &str) -> Result<Option<Policy<T>>> {
        policy(&self.conn, id).await
    }

    /// Adds a version; answers false, and does nothing, if there is one of its id.
    pub async fn add_policy<T: Terms>(&self, policy: &Policy<T>) -> Result<bool> {
        let row = Model {
            kind: T::KIND,
            id: policy.id.clone(),
            detail: to_json("a policy", &policy.terms)?,
            created_by: policy.created_by.clone(),
            recorded_us: policy.recorded_us,
        };
        Ok(rows::insert_new(&self.conn, vec![row]).await? > 0)
    }

    /// The version in force on a day, as known by now.
    pub async fn policy_in_force<T: Terms>(&self, day: NaiveDate) -> Result<Policy<T>> {
        in_force(&self.conn, day, i64::MAX).await
    }

    pub async fn policy_log<T: Terms>(&self) -> Result<PolicyLog> {
        log::<T>(&self.conn).await
    }

    /// The activations of a kind, which stay as they are until this transaction ends.
    pub async fn policy_log_to_change<T: Terms>(&self) -> Result<PolicyLog> {
        let kind = [T::KIND.as_str()];
        lock::hold_names(&self.conn, Space::Policies, Mode::Exclusive, kind).await?;
        log::<T>(&self.conn).await
    }

    /// Adds an activation. Call it behind [`WriteTx::policy_log_to_change`].
    pub async fn add_activation<T: Terms>(
        &mut self,
        point: &ChangePoint<Activation>,
    ) -> Result<()> {
        if T::KIND == TierPolicy::KIND {
            self.rules_change();
        }
        rows::insert_one(&self.conn, activation::Model::of(T::KIND, point)).await
    }
}

impl ReadTx {
    pub async fn policy<T: Terms>(&self, id: &str) -> Result<Option<Policy<T>>> {
        policy(&self.conn, id).await
    }

    /// The version in force on a day, as known by now.
    pub async fn policy_in_force<T: Terms>(&self, day: NaiveDate) -> Result<Policy<T>> {
        in_force(&self.conn, day, i64::MAX).await
    }

    pub async fn policy_log<T: Terms>(&self) -> Result<PolicyLog> {
        log::<T>(&self.conn).await
    }

    /// A page of versions, the latest first and the built-in ones last.
    pub async fn policies<T: Terms>(
        &self,
        page: PageOf<PolicyKey>,
    ) -> Result<Page<Policy<T>, PolicyKey>> {
        let versions = Entity::find()
            .filter(Column::Kind.eq(T::KIND))
            .apply_if(page.after.clone(), |versions, (recorded_us, id)| {
                let key = [recorded_us.into(), id.into()];
                versions.filter(keyset::behind([Column::RecordedUs, Column::Id], key, true))
            })
            .order_by_desc(Column::RecordedUs)
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let versions = rows::all(&self.conn, versions).await?;
        let mut read = versions.into_iter().map(stored).collect::<Result<Vec<Policy<T>>>>()?;
        let key = |policy: &Policy<T>| (policy.recorded_us, policy.id.clone());
        let mut built_in = Policy::built_in();
        built_in.retain(|policy| page.after.as_ref().is_none_or(|after| key(policy) < *after));
        built_in.sort_by_key(|policy| std::cmp::Reverse(key(policy)));
        read.extend(built_in);
        read.truncate(page.size + 1);
        Ok(page.cut(read, key))
    }
}

impl Store {
    /// The version in force on a day as known at an instant.
    pub async fn policy_in_force<T: Terms>(
        &self,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<Policy<T>> {
        in_force(&self.reader(), day, known_us).await
    }
}
