//! Versions of resources: who changes one says which version he read.

use super::error::{Error, Reason, Resource, Result};

/// Refuses a version that was read before somebody else changed the resource.
///
/// # Errors
/// ETAG_MISMATCH.
pub fn check(kind: &'static str, name: String, current: i64, read: i64) -> Result<()> {
    if read == current {
        return Ok(());
    }
    Err(Error::Aborted {
        reason: Reason::EtagMismatch,
        description: format!("the {kind} was changed since it was read: read it again"),
        resource: Resource { kind, name },
    })
}
