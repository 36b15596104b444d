//! Entering an account to record a fact of it.

use std::collections::BTreeSet;

use crate::domain::error::{Error, Result};
use crate::domain::names::AccountRef;
use crate::store::WriteTx;

/// An account locked to record a fact of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    pub account_id: String,
    /// When this transaction records, in microseconds since the epoch.
    pub recorded_us: i64,
}

impl WriteTx {
    /// Finds an account by any of its names, locks it as the ledger does, and moves its head
    /// to the recorded time of this transaction, so that a read of the account sees what is
    /// recorded next.
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
}
