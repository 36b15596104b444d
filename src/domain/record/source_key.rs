//! The keys by which records mean what is there.

use super::KeyedKind;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{AccountRef, ChildName, ContactRef, MemberRef};

/// The system of keys that are ids of this service. A key of it that nothing has means what has that
/// id, so that what has no key of another system can be exported and comes back to where it was.
pub const OWN_SYSTEM: &str = "BALLAST";

/// Names asked for at once, at most.
pub const SOURCE_KEYS_MAX: usize = 500;

/// Something that a record may be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    Account(AccountRef),
    Member(MemberRef),
    Contact(ContactRef),
    /// What has its key beside it.
    Keyed(KeyedKind, ChildName),
    Interaction(ChildName),
}

/// The first of the keys of what has an id, or else the id itself.
pub fn first_or_own(keys: &[ExternalRef], id: &str) -> ExternalRef {
    let own = || ExternalRef { system: OWN_SYSTEM.to_owned(), id: id.to_owned() };
    keys.first().cloned().unwrap_or_else(own)
}

/// The id that a key of this service's own is.
pub fn own_id<'a>(system: &str, id: &'a str) -> Option<&'a str> {
    (system == OWN_SYSTEM).then_some(id)
}
