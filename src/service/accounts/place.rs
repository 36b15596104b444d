//! The place of an account in its group: whether it may stand under a parent.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::locked;
use crate::domain::error::{Error, Precondition, Reason, Resource, Result};
use crate::domain::group::{self, Links, MAX_DEPTH};
use crate::domain::names::account_name;
use crate::store::Head;
use crate::store::WriteTx;

const PARENT: &str = "account.parent";

/// The day from which on an account stands under its parent. What counts against limits is summed
/// along the links of today, so it is not a later one.
///
/// # Errors
/// DATE_INVALID.
pub(super) fn from(asked: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate> {
    match asked {
        Some(from) if from > today => {
            let description = format!("{from} lies after {today}, the business date");
            Err(Error::invalid("parent_effective_date", Reason::DateInvalid, description))
        }
        Some(from) => Ok(from),
        None => Ok(today),
    }
}

/// Checks that an account may stand under the parent from a day on, on each day until its next
/// link takes effect. The parent is not deleted.
///
/// # Errors
/// ACCOUNT_DELETED (the parent), ACCOUNT_CYCLE, ACCOUNT_GROUP_TOO_DEEP (as far as the links tell).
pub(super) async fn check_days(
    tx: &WriteTx,
    account_id: &str,
    parent: &Head,
    links: &Links,
    from: NaiveDate,
) -> Result<()> {
    let parent_id = parent.account_id.as_str();
    locked(tx, parent_id, Some(parent)).await?.account.check_live()?;
    let refuse = |reason, day: NaiveDate, description: String| {
        let refused = Precondition::new(reason, account_name(account_id), description);
        Err(refused.at(PARENT).with("date", day).into())
    };
    if let Some(day) = links.would_cycle_on(account_id, parent_id, from) {
        let description = format!("is above {} on {day}", account_name(parent_id));
        return refuse(Reason::AccountCycle, day, description);
    }
    if let Some(day) = links.would_be_too_deep_on(account_id, parent_id, from) {
        return refuse(Reason::AccountGroupTooDeep, day, format!("{} on {day}", too_deep()));
    }
    Ok(())
}

/// Checks that the groups of all whose links decide are locked: one may have come since they were
/// looked for.
///
/// # Errors
/// CONCURRENT_CHANGE: another attempt finds it.
pub(super) fn check_locked(
    account_id: &str,
    links: &Links,
    locked: &BTreeSet<String>,
) -> Result<()> {
    if links.accounts().into_iter().all(|id| locked.contains(id)) {
        return Ok(());
    }
    Err(Error::Aborted {
        reason: Reason::ConcurrentChange,
        resource: Resource { kind: "account", name: account_name(account_id) },
        description: "another call moved an account of these groups at the same time".into(),
    })
}

fn too_deep() -> String {
    format!("would make a group of more than {MAX_DEPTH} levels")
}

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
        return refuse(Reason::AccountGroupTooDeep, too_deep());
    }
    Ok(())
}
