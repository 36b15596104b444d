//! Policies, and which of them is active: the last activation counts.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};

use crate::domain::credit::policy::{DEFAULT_POLICY, Policy, PolicyKey};
use crate::domain::error::{Error, Result};
use crate::store::{ReadTx, WriteTx, sql};

/// The lock of activations. Two keys: the settled watermark uses locks of one, which never
/// meet these.
const ACTIVATION_LOCK: (i32, i32) = (0x0063_7270, 1);

const COLUMNS: &str = "p.id, p.detail, p.created_by, p.recorded_us";

/// The policy decisions are made by, and when it was activated: the version of what is active.
/// 0 before any was.
pub(in crate::store) async fn active_policy(conn: &impl ConnectionTrait) -> Result<(Policy, i64)> {
    #[derive(FromQueryResult)]
    struct Activation {
        policy_id: String,
        recorded_us: i64,
    }
    let last: Option<Activation> = sql::one(
        conn,
        "SELECT policy_id, recorded_us FROM credit_policy_activation \
         ORDER BY recorded_us DESC LIMIT 1",
        vec![],
    )
    .await?;
    let Some(Activation { policy_id, recorded_us }) = last else {
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
    let row: Option<Row> = sql::one(
        conn,
        format!("SELECT {COLUMNS} FROM credit_policy p WHERE p.id = $1"),
        vec![id.into()],
    )
    .await?;
    row.map(Row::into_domain).transpose()
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
        let detail = serde_json::to_string(policy)
            .map_err(|e| Error::internal(format!("a policy cannot be encoded: {e}")))?;
        let added = sql::execute(
            &self.conn,
            "INSERT INTO credit_policy (id, detail, created_by, recorded_us) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
            vec![
                policy.id.as_str().into(),
                detail.into(),
                policy.created_by.as_str().into(),
                policy.recorded_us.into(),
            ],
        )
        .await?;
        Ok(added > 0)
    }

    /// The active policy and its version, which stay so until this transaction ends.
    pub async fn active_credit_policy_to_change(&self) -> Result<(Policy, i64)> {
        // The single writer of SQLite holds every lock.
        if self.conn.get_database_backend() != DbBackend::Sqlite {
            let (class, key) = ACTIVATION_LOCK;
            let lock = format!("SELECT pg_advisory_xact_lock({class}, {key})");
            sql::execute(&self.conn, lock, vec![]).await?;
        }
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
        sql::execute(
            &self.conn,
            "INSERT INTO credit_policy_activation (recorded_us, policy_id, activated_by) \
             VALUES ($1, $2, $3)",
            vec![recorded_us.into(), id.into(), activated_by.into()],
        )
        .await?;
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

    /// At most `count` policies, the latest first and the built-in one last, from behind
    /// `after` on.
    pub async fn credit_policies(
        &self,
        after: Option<PolicyKey>,
        count: usize,
    ) -> Result<Vec<Policy>> {
        let mut sql = format!("SELECT {COLUMNS} FROM credit_policy p");
        let mut values = vec![(count as i64).into()];
        if let Some((recorded_us, id)) = after {
            sql += " WHERE (p.recorded_us, p.id) < ($2, $3)";
            values.extend([recorded_us.into(), id.into()]);
        }
        sql += " ORDER BY p.recorded_us DESC, p.id DESC LIMIT $1";
        let rows: Vec<Row> = sql::all(&self.conn, sql, values).await?;
        let mut policies = rows.into_iter().map(Row::into_domain).collect::<Result<Vec<_>>>()?;
        if policies.len() < count {
            policies.push(Policy::default());
        }
        Ok(policies)
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    detail: String,
    created_by: String,
    recorded_us: i64,
}

impl Row {
    fn into_domain(self) -> Result<Policy> {
        let Self { id, detail, created_by, recorded_us } = self;
        let policy: Policy = serde_json::from_str(&detail)
            .map_err(|e| Error::internal(format!("the stored policy {id}: {e}")))?;
        Ok(Policy { id, created_by, recorded_us, ..policy })
    }
}
