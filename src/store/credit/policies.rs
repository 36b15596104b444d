//! Policies, and which of them is active: the last activation counts.

use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::domain::credit::policy::{DEFAULT_POLICY, Policy, PolicyKey};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageOf};
use crate::store::columns::{from_json, to_json};
use crate::store::entity::credit_policy::{Column, Entity, Model};
use crate::store::entity::credit_policy_activation as activation;
use crate::store::lock::{self, Mode, Space};
use crate::store::{ReadTx, WriteTx, keyset, rows};

/// The policy decisions are made by, and when it was activated: the version of what is active.
/// 0 before any was.
pub(in crate::store) async fn active_policy(conn: &impl ConnectionTrait) -> Result<(Policy, i64)> {
    let last = activation::Entity::find().order_by_desc(activation::Column::RecordedUs).limit(1);
    let Some(activation::Model { recorded_us, policy_id, .. }) = rows::one(conn, last).await?
    else {
        return Ok((Policy::default(), 0));
    };
    let gone = || Error::internal(format!("the active policy {policy_id} is gone"));
    let active = policy(conn, &policy_id).await?.ok_or_else(gone)?;
    Ok((active, recorded_us))
}

/// A policy by its id, the built-in one included.
pub(in crate::store) async fn policy(
    conn: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<Policy>> {
    if id == DEFAULT_POLICY {
        return Ok(Some(Policy::default()));
    }
    rows::one(conn, Entity::find_by_id(id)).await?.map(stored).transpose()
}

fn stored(row: Model) -> Result<Policy> {
    let Model { id, detail, created_by, recorded_us } = row;
    let policy: Policy = from_json("policy", &detail)?;
    Ok(Policy { id, created_by, recorded_us, ..policy })
}

impl WriteTx {
    /// The active policy and its version.
    pub async fn active_credit_policy(&self) -> Result<(Policy, i64)> {
        active_policy(&self.conn).await
    }

    pub async fn credit_policy(&self, id: &str) -> Result<Option<Policy>> {
        policy(&self.conn, id).await
    }

    /// Adds a policy; answers false, and does nothing, if there is one of its id.
    pub async fn add_credit_policy(&self, policy: &Policy) -> Result<bool> {
        let row = Model {
            id: policy.id.clone(),
            detail: to_json("a policy", policy)?,
            created_by: policy.created_by.clone(),
            recorded_us: policy.recorded_us,
        };
        Ok(rows::insert_new(&self.conn, vec![row]).await? > 0)
    }

    /// The active policy and its version, which stay so until this transaction ends.
    pub async fn active_credit_policy_to_change(&self) -> Result<(Policy, i64)> {
        let active = ["active"];
        lock::hold_names(&self.conn, Space::CreditPolicy, Mode::Exclusive, active).await?;
        active_policy(&self.conn).await
    }

    /// Makes a policy the active one from now on, `version` being that of the one before it;
    /// answers its own. Call it behind [`WriteTx::active_credit_policy_to_change`].
    pub async fn activate_credit_policy(
        &mut self,
        id: &str,
        activated_by: &str,
        version: i64,
    ) -> Result<i64> {
        let recorded_us = self.record_after(version).await?;
        let row = activation::Model {
            recorded_us,
            policy_id: id.to_owned(),
            activated_by: activated_by.to_owned(),
        };
        self.rules_change();
        rows::insert_one(&self.conn, row).await?;
        Ok(recorded_us)
    }
}

impl ReadTx {
    /// The active policy and its version.
    pub async fn active_credit_policy(&self) -> Result<(Policy, i64)> {
        active_policy(&self.conn).await
    }

    pub async fn credit_policy(&self, id: &str) -> Result<Option<Policy>> {
        policy(&self.conn, id).await
    }

    /// A page of policies, the latest first and the built-in one last.
    pub async fn credit_policies(
        &self,
        page: PageOf<PolicyKey>,
    ) -> Result<Page<Policy, PolicyKey>> {
        let policies = Entity::find()
            .apply_if(page.after.clone(), |policies, (recorded_us, id)| {
                let key = [recorded_us.into(), id.into()];
                policies.filter(keyset::behind([Column::RecordedUs, Column::Id], key, true))
            })
            .order_by_desc(Column::RecordedUs)
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let mut read = rows::all(&self.conn, policies)
            .await?
            .into_iter()
            .map(stored)
            .collect::<Result<Vec<_>>>()?;
        if (read.len() as u64) < page.to_read() {
            read.push(Policy::default());
        }
        Ok(page.cut(read, |policy| (policy.recorded_us, policy.id.clone())))
    }
}
