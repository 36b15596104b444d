//! What accounts are worth on a day by another system: sets, which are never changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, TIER_VALUE_SETS, named};

/// Accounts of a set.
pub const ACCOUNTS_MAX: usize = 100_000;

/// A set without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueSet {
    pub id: String,
    pub as_of: NaiveDate,
    pub currency: Currency,
    pub accounts: i64,
    /// Digest of all that was said; no part of an answer.
    #[serde(skip)]
    pub digest: Vec<u8>,
    pub created_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
}

impl ValueSet {
    pub fn name(&self) -> String {
        named(TIER_VALUE_SETS, &self.id)
    }
}

/// In minor units of the currency of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Worth {
    pub value: i64,
    pub contribution: Option<i64>,
}

/// What a set is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    pub id: String,
    pub as_of: NaiveDate,
    pub currency: Currency,
}

/// A row of an upload that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As the row is named in errors.
    pub field: String,
    pub account: AccountRef,
    pub worth: Worth,
}

/// Keeps a set, by the ids of accounts: the same in whatever order the rows came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeepValues {
    pub header: Header,
    pub values: BTreeMap<String, Worth>,
}
