//! The ledger's use cases: posting, reversing, clearing, writing off, importing.
//!
//! Each works the same way: lock the accounts, load what the change touches into
//! [`crate::domain::books::Books`], let the rules run there, write what they added.

mod affected;
mod blocked;
pub mod clearing;
mod context;
mod event;
mod fault;
pub mod import;
mod merged;
mod post;
pub mod posting;
mod rates;
mod revise;
mod rivals;
mod settle;
#[cfg(test)]
mod tests;
mod write_off;

pub use self::fault::faults;
use crate::domain::error::Result;
use crate::domain::names::AccountRef;
use crate::service::receivables::Receivables;
use crate::service::{Settings, resolve};
use crate::store::account::KnownAccount;
use crate::store::{Store, WriteTx};

/// The use cases that write the ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    store: Store,
    settings: Settings,
    /// Answers show a document as the call left it.
    receivables: Receivables,
}

impl Ledger {
    pub fn new(store: Store, settings: Settings) -> Self {
        let receivables = Receivables::new(store.clone(), settings.clone());
        Self { store, settings, receivables }
    }
}

/// The account a command names.
async fn account(tx: &WriteTx, name: &AccountRef) -> Result<KnownAccount> {
    let mut found = tx.find_accounts(std::slice::from_ref(name)).await?;
    found.remove(name).ok_or_else(|| resolve::missing([name]))
}
