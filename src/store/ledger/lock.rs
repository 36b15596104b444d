//! Locks. A transaction that moves exposure locks the roots of the credit groups it touches,
//! ascending; a lone account is its own root. On the embedded engine the single writer is
//! the lock.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::error::{Error, Reason, Resource, Result};
use crate::store::WriteTx;
use crate::store::sql::{self, Kind};

#[derive(FromQueryResult)]
struct Head {
    root_id: String,
    head_us: i64,
}

impl WriteTx {
    /// Locks the groups of these accounts and fixes the recorded time of the transaction just
    /// after the last recorded time of each account; answers it.
    pub async fn lock_accounts(&mut self, accounts: &[String]) -> Result<i64> {
        let heads = self.heads(accounts).await?;
        let head = if self.conn.get_database_backend() == sea_orm::DbBackend::Sqlite {
            last(&heads)
        } else {
            let roots: BTreeSet<&str> = heads.iter().map(|h| h.root_id.as_str()).collect();
            let set = sql::set(Kind::Text, roots.iter().copied());
            sql::execute(
                &self.conn,
                format!(
                    "SELECT account_id FROM account_head WHERE account_id IN {} \
                     ORDER BY account_id FOR UPDATE",
                    set.subquery(&self.conn, 1)
                ),
                set.values(&self.conn),
            )
            .await?;
            // Read again behind the lock: a group may have moved while we waited for it.
            let locked = self.heads(accounts).await?;
            if locked.iter().any(|h| !roots.contains(h.root_id.as_str())) {
                return Err(Error::Aborted {
                    reason: Reason::ConcurrentChange,
                    resource: Resource { kind: "account", name: String::new() },
                    description: "an account changed its group at the same time".into(),
                });
            }
            last(&locked)
        };
        self.record_after(head).await
    }

    async fn heads(&self, accounts: &[String]) -> Result<Vec<Head>> {
        let set = sql::set(Kind::Text, accounts);
        sql::all(
            &self.conn,
            format!(
                "SELECT root_id, head_us FROM account_head WHERE account_id IN {}",
                set.subquery(&self.conn, 1)
            ),
            set.values(&self.conn),
        )
        .await
    }
}

fn last(heads: &[Head]) -> i64 {
    heads.iter().map(|h| h.head_us).max().unwrap_or(0)
}
