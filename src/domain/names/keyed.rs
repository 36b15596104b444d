//! Names of resources that may have keys in other systems: by our id, or by such a key.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::external::{decode, key_segment};
use super::{MAX_ID_CHARS, MAX_SYSTEM_CHARS, bad_name, is_id, segments};
use crate::domain::error::{Result, Violation};

macro_rules! keyed {
    ($($(#[$doc:meta])* $name:ident: $collection:literal, $form:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            Id(String),
            /// By a source system's key, percent-decoded but not yet in its canonical form.
            External {
                system: String,
                id: String,
            },
        }

        impl $name {
            /// From what follows the collection in a name.
            pub(super) fn of_segment(segment: &str) -> Option<Self> {
                match segment.split_once('~') {
                    Some((system, encoded)) => {
                        let id = decode(encoded)?;
                        let system = is_id(system, MAX_SYSTEM_CHARS).then(|| system.to_owned())?;
                        Some(Self::External { system, id })
                    }
                    None => {
                        is_id(segment, MAX_ID_CHARS).then(|| Self::Id(segment.to_owned()))
                    }
                }
            }

            pub(super) fn parse(field: &str, name: &str) -> Result<Self, Violation> {
                segments(name)
                    .and_then(|[of, segment]| (of == $collection).then_some(segment))
                    .and_then(Self::of_segment)
                    .ok_or_else(|| bad_name(field, name, $form))
            }
        }

        /// The full resource name, as a client sends it.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Id(id) => write!(f, "{}/{id}", $collection),
                    Self::External { system, id } => {
                        write!(f, "{}/{}", $collection, key_segment(system, id))
                    }
                }
            }
        }
    )+};
}

keyed! {
    /// How a request names an account.
    AccountRef: "accounts", "accounts/{account}";
    /// How a request names a contact.
    ContactRef: "contacts", "contacts/{contact}";
    /// How a request names a member.
    MemberRef: "members", "members/{member}";
}
