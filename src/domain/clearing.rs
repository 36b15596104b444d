//! What may become of a clearing, and what waits to become one.

use chrono::NaiveDate;
use uuid::Uuid;

use super::document::{ClearingTarget, DocumentKey};
use super::machine::Transition;
use super::money::Money;
use super::stored::stored_enum;

stored_enum! {
    pub enum ClearingState {
        Applied => "APPLIED",
        /// Taken back: its items are open again.
        Reset => "RESET",
    }
}

stored_enum! {
    pub enum ClearingVerb {
        Reset => "RESET",
    }
}

pub const STATES: &[Transition<ClearingState, ClearingVerb>] = &[Transition {
    verb: ClearingVerb::Reset,
    from: &[ClearingState::Applied],
    to: ClearingState::Reset,
}];

/// Something that a document asks to be cleared and that is not done yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingClearing {
    pub id: Uuid,
    pub account_id: String,
    /// The credit that asks.
    pub document: Uuid,
    pub key: DocumentKey,
    /// `None`: the oldest due first.
    pub target: Option<ClearingTarget>,
    /// Of the credit, positive.
    pub open: Money,
    pub reason: WaitingReason,
    /// The import that brought the credit; empty for a call.
    pub import_id: String,
    /// Its place in the order in which a finish goes: the day, and what sorts as its key does.
    pub place: (NaiveDate, Vec<u8>),
}

/// Where a page of them goes on: behind this account and, in it, this place.
pub type WaitingKey = (String, (NaiveDate, Vec<u8>));

/// Why it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingReason {
    TargetMissing,
    TargetReversed,
    NothingOpen,
    FinishPending,
    /// It was refused when it was tried, for this.
    Refused(String),
}
