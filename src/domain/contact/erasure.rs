//! What is kept about a contact, and what is taken away when it is erased.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::names::{ContactRef, INTERACTIONS, child_name};
use crate::domain::stored::stored_enum;

/// Interactions whose text stays that are named.
pub const SHARED_MAX: usize = 100;

stored_enum! {
    /// A kind of records with something personal.
    pub enum RecordKind {
        Contact => "CONTACT",
        Label => "LABEL",
        ExternalRef => "EXTERNAL_REF",
        Incumbency => "INCUMBENCY",
        Tie => "TIE",
        Interaction => "INTERACTION",
        InteractionVersion => "INTERACTION_VERSION",
        Commitment => "COMMITMENT",
        CommitmentEvidence => "COMMITMENT_EVIDENCE",
        Gift => "GIFT",
        Advice => "ADVICE",
        /// Why records were taken to be of one person.
        Merge => "MERGE",
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct ErasePersonalData {
    pub contact: ContactRef,
    pub version: Option<i64>,
    pub include_shared_texts: bool,
}

/// An interaction with others of theirs, whose text stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    pub account_id: String,
    pub interaction_id: Uuid,
}

impl Shared {
    pub fn name(&self) -> String {
        child_name(&self.account_id, INTERACTIONS, self.interaction_id)
    }
}

/// What an erasure takes away, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub contact_id: String,
    /// `None` if it was only looked at.
    pub erase_us: Option<i64>,
    /// Records of each kind of which there is something, in the order of kinds.
    pub erased: Vec<(RecordKind, u64)>,
    /// At most [`SHARED_MAX`], the latest first.
    pub shared: Vec<Shared>,
    pub shared_count: u64,
}

impl Erasure {
    /// `shared` are all whose text stays, the latest first.
    pub fn of(
        contact_id: String,
        erase_us: Option<i64>,
        erased: Vec<(RecordKind, u64)>,
        mut shared: Vec<Shared>,
    ) -> Self {
        let shared_count = shared.len() as u64;
        shared.truncate(SHARED_MAX);
        Self { contact_id, erase_us, erased, shared, shared_count }
    }
}

/// Records of which one call erases what has expired.
pub const PURGED_MAX: usize = 500;

#[derive(Debug, Clone, Serialize)]
pub struct PurgeExpired {
    /// `None`: of all.
    pub contact: Option<ContactRef>,
}

/// What had expired and was erased, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purge {
    /// `None` if it was only looked at.
    pub purge_us: Option<i64>,
    pub contacts: u64,
    pub preferences: u64,
    /// More had expired.
    pub more: bool,
}
