//! What may become of a clearing.

use super::machine::Transition;
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
