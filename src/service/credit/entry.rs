//! Steps that the use cases of limits, holds and securities share: entering the account they
//! write to, and listing what belongs to one.

use crate::domain::error::{Error, Result};
use crate::domain::names::AccountRef;
use crate::service::resolve;
use crate::store::{Entered, ReadTx, WriteTx};

/// Enters an account as a write of the ledger does, so that the change has its place in the
/// serial order of decisions about the group; refuses one that is deleted.
pub(super) async fn enter_live(tx: &mut WriteTx, name: &AccountRef) -> Result<Entered> {
    let entered = tx.enter_account(name).await?;
    let gone = || Error::internal(format!("{} has a head and no row", entered.account_id));
    tx.account(&entered.account_id).await?.ok_or_else(gone)?.check_live()?;
    Ok(entered)
}

/// The id of the account that a list is of.
pub(super) async fn listed(tx: &ReadTx, name: AccountRef) -> Result<String> {
    let found = tx.find_accounts(std::slice::from_ref(&name)).await?;
    Ok(resolve::only(&name, found)?.id)
}
