//! The head of an account: its lock, and the last time something of it was recorded.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::domain::error::{Error, Result};
use crate::domain::names::AccountRef;
use crate::store::account::lookup;
use crate::store::{WriteTx, sql};

/// An account locked to record a fact of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    pub account_id: String,
    /// When this transaction records, in microseconds since the epoch.
    pub recorded_us: i64,
}

impl WriteTx {
    /// Finds an account by any of its names, locks it, and moves its head to the recorded
    /// time of this transaction, so that a read of the account sees what is recorded next.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn enter_account(&mut self, name: &AccountRef) -> Result<Entered> {
        let found = lookup::find(&self.conn, std::slice::from_ref(name)).await?;
        let Some(account) = found.into_values().next() else {
            return Err(Error::not_found("account", name.resource_name()));
        };
        let lock = match self.conn.get_database_backend() {
            DbBackend::Sqlite => "",
            _ => " FOR UPDATE",
        };
        let head = sql::scalar::<i64>(
            &self.conn,
            format!("SELECT head_us AS v FROM account_head WHERE account_id = $1{lock}"),
            vec![account.id.as_str().into()],
        )
        .await?
        .ok_or_else(|| Error::internal(format!("the account {} has no head", account.id)))?;
        let recorded_us = self.record_after(head).await?;
        sql::execute(
            &self.conn,
            "UPDATE account_head SET head_us = $2 WHERE account_id = $1",
            vec![account.id.as_str().into(), recorded_us.into()],
        )
        .await?;
        Ok(Entered { account_id: account.id, recorded_us })
    }
}
