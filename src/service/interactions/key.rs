//! The key by which another system knows an interaction.

use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::Interaction;
use crate::store::WriteTx;

/// Refuses a key that is another interaction's, or another key for what has one.
pub(super) async fn check_key(
    tx: &WriteTx,
    key: Option<&ExternalRef>,
    was: Option<&Interaction>,
) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    match was.and_then(|was| was.source_key.as_ref()) {
        Some(kept) if kept == key => return Ok(()),
        Some(_) => return Err(another_key()),
        None => {}
    }
    let Some(there) = tx.interaction_of_source(key).await? else { return Ok(()) };
    // Whose it is, is told to those who see all accounts.
    let name = match tx.is_restricted() {
        true => format!("{}~{}", key.system, key.id),
        false => there.name(),
    };
    Err(Error::AlreadyExists {
        reason: Reason::ResourceAlreadyExists,
        description: format!("{name} has the key {} of {}", key.id, key.system),
        resource: Resource { kind: "interaction", name },
    })
}

/// What has a key keeps it.
pub(super) fn another_key() -> Error {
    let what = "is the key of what was recorded, and is not amended";
    Error::invalid("interaction.source_key", Reason::FieldInvalid, what)
}
