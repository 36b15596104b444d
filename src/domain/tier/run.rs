//! Runs: the book classified as of a day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::assignment::Assignment;
use super::classify::Cut;
use super::policy::Measure;
use crate::domain::money::Currency;
use crate::domain::names::ChildName;

/// What a run saw, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub currency: Currency,
    pub measure: Measure,
    /// How many are ranked, and the sum of their values in minor units.
    pub ranked: i64,
    pub total: i64,
    pub cuts: Vec<Cut<i64>>,
    /// Accounts by class, by itself and as applied.
    pub raw: BTreeMap<String, i64>,
    pub applied: BTreeMap<String, i64>,
    /// Accounts whose applied class changes, and those for which a change is proposed.
    pub changes: i64,
    pub proposals: i64,
    /// Accounts whose value cannot be told, for want of a rate: they stay as they are.
    pub unknown: i64,
    /// The id of the set that values or contributions came from; `None` if all came from the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_set: Option<String>,
}

/// A run that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierRun {
    pub id: Uuid,
    pub as_of: NaiveDate,
    pub policy_id: String,
    pub summary: Summary,
    /// Digest of the policy and of all values; no part of an answer.
    #[serde(skip)]
    pub digest: Vec<u8>,
    pub recorded_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    /// When another run took its place; 0 while none did.
    pub replaced_us: i64,
}

/// Evaluates the book.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluateTiers {
    /// `None` is the business date.
    pub as_of: Option<NaiveDate>,
    /// The run of the same day that this one takes the place of.
    pub replaces: Option<Uuid>,
    /// How many changes to answer.
    pub changes_max: usize,
    /// The id of the set that values are read from.
    pub value_set: Option<String>,
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Nil for a preview, of which nothing is kept.
    pub run: TierRun,
    /// Of accounts whose applied class changes or is proposed to, the first ones by id.
    pub changes: Vec<Assignment>,
}

/// Says yes or no to a proposal.
#[derive(Debug, Clone, Serialize)]
pub struct DecideChange {
    /// The change point that proposes it.
    pub assignment: ChildName,
    pub approved: bool,
    pub reason: String,
}
