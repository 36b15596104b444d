//! Accounts, their keys in other systems, their groups and their heads.
//!
//! Whoever changes an account locks its group first ([`super::lock`]); what is checked after that
//! stays true until the commit.

pub mod event;
mod group;
mod labels;
mod list;
mod lookup;
mod missing;
mod refs;
mod rows;
mod tree;
mod write;

use std::collections::HashMap;

use crate::domain::account::{Account, AccountKey, AccountList};
use crate::domain::error::Result;
use crate::domain::page::Page;
use crate::store::ReadTx;

pub use lookup::KnownAccount;

impl ReadTx {
    /// The accounts of these ids that exist, deleted ones included, by id.
    pub async fn accounts(&self, ids: &[&str]) -> Result<HashMap<String, Account>> {
        rows::load(&self.conn, ids, self.today).await
    }

    /// A page of the accounts asked for.
    pub async fn list_accounts(
        &self,
        list: &AccountList<String>,
    ) -> Result<Page<Account, AccountKey>> {
        list::page(&self.conn, list, self.today).await
    }
}
