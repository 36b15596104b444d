//! Locks. A transaction that moves exposure locks the roots of the credit groups it touches,
//! ascending; a lone account is its own root. On the embedded engine the single writer is
//! the lock.

use crate::domain::error::Result;
use crate::store::WriteTx;

impl WriteTx {
    /// Locks the groups of these accounts and fixes the recorded time of the transaction just
    /// after the last recorded time of each account; answers it.
    ///
    /// # Errors
    /// As [`WriteTx::lock_roots`].
    pub async fn lock_accounts(&mut self, accounts: &[String]) -> Result<i64> {
        let heads = self.lock_roots(&accounts.iter().cloned().collect()).await?;
        self.record_after(heads.values().map(|head| head.head_us).max().unwrap_or(0)).await
    }
}
