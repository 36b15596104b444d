//! The reporting line that a member is put into.

use std::collections::{BTreeSet, HashMap};

use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::member_name;
use crate::store::WriteTx;

/// Locks a member, and the manager he is to have with everybody above, so that of two changes
/// that would close a cycle together one sees the other. Answers the managers of the manager and
/// of everybody above.
///
/// # Errors
/// CONCURRENT_CHANGE if the line moved meanwhile; the transaction is then tried again.
pub(super) async fn lock(
    tx: &WriteTx,
    member_id: &str,
    manager_id: Option<&str>,
) -> Result<HashMap<String, String>> {
    let mut locked = BTreeSet::from([member_id.to_owned()]);
    let Some(manager_id) = manager_id else {
        tx.lock_members(&locked).await?;
        return Ok(HashMap::new());
    };
    locked.insert(manager_id.to_owned());
    locked.extend(tx.managers_above(manager_id).await?.into_values());
    tx.lock_members(&locked).await?;
    // Whoever held the locks before us may have moved somebody: look again.
    let managers = tx.managers_above(manager_id).await?;
    match managers.values().find(|id| !locked.contains(*id)) {
        None => Ok(managers),
        Some(id) => Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            resource: Resource { kind: "member", name: member_name(id) },
            description: "the reporting line moved at the same time".into(),
        }),
    }
}
