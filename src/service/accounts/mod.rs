//! Use cases of accounts.
//!
//! A change locks the group first, reads the account under that lock, asks `domain` whether it
//! may happen, and writes it with its event. What changes ledger figures must not be here.

mod create;
mod lifecycle;
mod merge;
mod place;
mod read;
mod record;
mod sites;
mod status;
mod update;
mod waiting;

use std::collections::BTreeSet;

use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::error::{Error, Result};
use crate::domain::names::{AccountRef, account_name};
use crate::service::resolve;
use crate::store::Head;
use crate::store::account::KnownAccount;
use crate::store::{Outcome, Store, WriteTx};

pub(super) use record::place_account;
pub use status::{AccountStatus, Sources};
pub use waiting::Waiting;

const EXTERNAL_REFS: &str = "account.external_refs";

/// The use cases; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
}

impl Accounts {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Why an account is blocked is in its row alone.
    async fn with_text(&self, ctx: &Ctx, answer: Outcome<Account>) -> Result<Account> {
        let mut account = match answer {
            Outcome::Done(account) => account,
            Outcome::Replayed(account) => self.store.account_with_text(account).await?,
        };
        if ctx.rows.is_all() || account.parent_id.is_none() {
            return Ok(account);
        }
        let shown = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                read::hide_parents(tx, vec![&mut account]).await?;
                Ok(account)
            })
        });
        shown.await
    }
}

/// An account to be changed, its group locked.
struct Locked {
    account: Account,
    head: Head,
}

/// Finds the account, locks its group and reads it.
async fn lock(tx: &mut WriteTx, name: &AccountRef) -> Result<Locked> {
    let known = find(tx, name).await?;
    let heads = tx.lock_roots(&BTreeSet::from([known.id.clone()])).await?;
    locked(tx, &known.id, heads.get(&known.id)).await
}

async fn find(tx: &WriteTx, name: &AccountRef) -> Result<KnownAccount> {
    let found = tx.find_accounts(std::slice::from_ref(name)).await?.remove(name);
    found.ok_or_else(|| resolve::missing([name]))
}

async fn locked(tx: &WriteTx, id: &str, head: Option<&Head>) -> Result<Locked> {
    match (tx.account(id).await?, head) {
        (Some(account), Some(head)) => Ok(Locked { account, head: head.clone() }),
        _ => Err(Error::internal(format!("{} has no row or no head", account_name(id)))),
    }
}
