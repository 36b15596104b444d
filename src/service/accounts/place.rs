//! The place of an account in its group: whether it may stand under a parent.

use super::locked;
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::group::{self, MAX_DEPTH};
use crate::domain::names::account_name;
use crate::store::Head;
use crate::store::WriteTx;

const PARENT: &str = "account.parent";

/// Checks that an account that brings `levels` levels may stand under the parent, whose group
/// is locked, as is the account's own.
///
/// # Errors
/// ACCOUNT_DELETED (the parent), ACCOUNT_CYCLE, ACCOUNT_GROUP_TOO_DEEP.
pub(super) async fn check(
    tx: &WriteTx,
    account_id: &str,
    levels: usize,
    parent: &Head,
) -> Result<()> {
    let parent_id = parent.account_id.as_str();
    locked(tx, parent_id, Some(parent)).await?.account.check_live()?;
    let parents = tx.parents_above(parent_id).await?;
    let parent_of = |id: &str| parents.get(id).cloned();
    let refuse = |reason, description: String| {
        Err(Precondition::new(reason, account_name(account_id), description).at(PARENT).into())
    };
    if group::would_cycle(account_id, parent_id, parent_of) {
        let description = format!("is above {} already", account_name(parent_id));
        return refuse(Reason::AccountCycle, description);
    }
    if group::would_be_too_deep(levels, parent_id, parent_of) {
        let description = format!("would make a group of more than {MAX_DEPTH} levels");
        return refuse(Reason::AccountGroupTooDeep, description);
    }
    Ok(())
}
