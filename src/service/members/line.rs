//! The reporting line that a member is put into.

use std::collections::{BTreeSet, HashMap};

use super::found;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::member::check_line;
use crate::domain::names::{MemberRef, member_name};
use crate::store::WriteTx;

/// The manager a member is to have, if any, and those above him; all of them are locked.
pub(super) struct Line {
    pub manager_id: Option<String>,
    /// The managers of the manager and of everybody above, by id.
    managers: HashMap<String, String>,
}

impl Line {
    /// Checks that a member who brings `levels` levels may be put below.
    ///
    /// # Errors
    /// MEMBER_CYCLE, MEMBER_LINE_TOO_DEEP.
    pub fn check(&self, member_id: &str, levels: usize) -> Result<()> {
        match &self.manager_id {
            Some(id) => check_line("member.manager", member_id, levels, id, &self.managers),
            None => Ok(()),
        }
    }
}

/// Locks a member, and the manager he is to have with everybody above, so that of two changes
/// that would close a cycle together one sees the other.
///
/// # Errors
/// NotFound for the manager; CONCURRENT_CHANGE if the line moved meanwhile: the transaction is
/// then tried again.
pub(super) async fn lock(
    tx: &WriteTx,
    member_id: &str,
    manager: Option<&MemberRef>,
) -> Result<Line> {
    let mut locked = BTreeSet::from([member_id.to_owned()]);
    let Some(name) = manager else {
        tx.lock_members(&locked).await?;
        return Ok(Line { manager_id: None, managers: HashMap::new() });
    };
    let manager_id = found(name, tx.find_member(name).await?)?;
    locked.insert(manager_id.clone());
    locked.extend(tx.managers_above(&manager_id).await?.into_values());
    tx.lock_members(&locked).await?;
    // Whoever held the locks before us may have moved somebody: look again.
    let managers = tx.managers_above(&manager_id).await?;
    match managers.values().find(|id| !locked.contains(*id)) {
        None => Ok(Line { manager_id: Some(manager_id), managers }),
        Some(id) => Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            resource: Resource { kind: "member", name: member_name(id) },
            description: "the reporting line moved at the same time".into(),
        }),
    }
}
