//! Accounts, their keys in other systems, their groups and their heads.
//!
//! Whoever changes an account locks its group first ([`super::lock`]); what is checked after that
//! stays true until the commit.

pub mod event;
mod group;
mod labels;
mod list;
mod lookup;
mod merge;
mod missing;
pub(super) mod owners;
mod refs;
mod rows;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::account::{Account, AccountFilter, AccountKey, AccountList, OwnedBy};
use crate::domain::error::Result;
use crate::domain::page::{Page, PageOf};
use crate::store::once::Fact;
use crate::store::{ReadTx, WriteTx};

pub use group::counts as links_that_count;
pub use lookup::KnownAccount;

impl ReadTx {
    /// The accounts of these ids that exist, deleted ones included, by id.
    pub async fn accounts(&self, ids: &[&str]) -> Result<HashMap<String, Account>> {
        let read = rows::load(&self.conn, ids, self.today);
        let these = ids.iter().copied().collect();
        self.answered.once(Fact::Accounts, (&these, i64::MAX), read).await
    }

    /// A page of the accounts asked for that the caller sees; owners are those of today.
    pub async fn list_accounts(
        &self,
        list: &AccountList<String, OwnedBy>,
    ) -> Result<Page<Account, AccountKey>> {
        list::page(&self.conn, self.visible.as_ref(), list, self.today).await
    }
}

impl ReadTx {
    /// As [`WriteTx::account_ids`].
    pub async fn account_ids(
        &self,
        filter: &AccountFilter<String, OwnedBy>,
        page: &PageOf<String>,
        day: NaiveDate,
    ) -> Result<Page<String, String>> {
        list::ids(&self.conn, filter, page, day).await
    }
}

impl WriteTx {
    /// A page of the ids of the accounts asked for; owners are those of the day.
    pub async fn account_ids(
        &self,
        filter: &AccountFilter<String, OwnedBy>,
        page: &PageOf<String>,
        day: NaiveDate,
    ) -> Result<Page<String, String>> {
        list::ids(&self.conn, filter, page, day).await
    }
}
