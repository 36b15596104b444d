//! Holds that people place and release.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::machine::Transition;
use crate::domain::personal::Personal;
use crate::domain::stored::stored_enum;

stored_enum! {
    /// Whom a hold stops.
    pub enum HoldScope {
        Account => "ACCOUNT",
        /// The account and everything below it.
        Group => "GROUP",
    }
}

stored_enum! {
    pub enum HoldState {
        Placed => "PLACED",
        Released => "RELEASED",
    }
}

stored_enum! {
    pub enum HoldVerb {
        Release => "RELEASE",
    }
}

/// What may become of a hold.
pub const STATES: &[Transition<HoldState, HoldVerb>] =
    &[Transition { verb: HoldVerb::Release, from: &[HoldState::Placed], to: HoldState::Released }];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: Uuid,
    pub account_id: String,
    pub scope: HoldScope,
    pub reason: Personal,
    pub placed_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    /// `None` while it holds.
    pub release: Option<Release>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub us: i64,
    pub by: String,
    pub reason: Personal,
}

impl Hold {
    pub fn state(&self) -> HoldState {
        if self.release.is_some() { HoldState::Released } else { HoldState::Placed }
    }
}
