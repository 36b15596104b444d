//! Contacts that are one person: records of him count as the one that survives. A pointer says so and no
//! row is written anew, so that taking the pointer away is all there is to undoing it.

use uuid::Uuid;

use super::Contact;
use crate::domain::error::{Error, Reason, Resource};
use crate::domain::personal::Personal;

/// That one counted as another, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub id: Uuid,
    pub survivor_id: String,
    pub loser_id: String,
    /// Microseconds since the epoch.
    pub us: i64,
    pub by: String,
    pub reason: Personal,
    pub undone: Option<Undone>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Microseconds since the epoch.
    pub us: i64,
    pub by: String,
    pub reason: Personal,
}

/// A record that counts as another one, as that one tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedRecord {
    pub contact: Contact,
    /// Microseconds since the epoch.
    pub us: i64,
    pub by: String,
    pub reason: Personal,
}

/// The error for one who came to count as another between two looks at him.
pub(super) fn merged_meanwhile(contact: &Contact) -> Error {
    Error::Aborted {
        reason: Reason::ConcurrentChange,
        description: "was merged into another meanwhile".into(),
        resource: Resource { kind: "contact", name: contact.name() },
    }
}
