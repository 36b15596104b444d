//! The place of an account in its group: whether it may stand under a parent, and which of its
//! keys it may have.

use std::collections::BTreeSet;

use super::locked;
use crate::domain::account::{ExternalRef, validate};
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::group::{self, MAX_DEPTH};
use crate::domain::names::{CanonicalForm, account_name};
use crate::store::Head;
use crate::store::WriteTx;

const PARENT: &str = "account.parent";
const EXTERNAL_REFS: &str = "account.external_refs";

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

/// The canonical ids of an account's keys. Fixes the form of systems that are new to us;
/// `asked` must be the form of every other system, except those in `known_systems`.
///
/// # Errors
/// SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT.
pub(super) async fn canonical_ids(
    tx: &mut WriteTx,
    refs: &[ExternalRef],
    asked: Option<CanonicalForm>,
    known_systems: &BTreeSet<&str>,
) -> Result<Vec<String>> {
    let systems: BTreeSet<&str> = refs.iter().map(|r| r.system.as_str()).collect();
    let forms = tx.fix_forms(&systems, asked.unwrap_or(CanonicalForm::Exact)).await?;
    let unknown = systems.difference(known_systems).copied().collect();
    validate::forms(&unknown, &forms, asked)?;
    validate::canonical_ids(EXTERNAL_REFS, refs, &forms)
}
