//! Holds that people place and release.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::stored::stored_enum;

stored_enum! {
    /// Whom a hold stops.
    pub enum HoldScope {
        Account => "ACCOUNT",
        /// The account and everything below it.
        Group => "GROUP",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: Uuid,
    pub account_id: String,
    pub scope: HoldScope,
    pub reason: String,
    pub placed_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    /// `None` while it holds.
    pub release: Option<Release>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub us: i64,
    pub by: String,
    pub reason: String,
}
