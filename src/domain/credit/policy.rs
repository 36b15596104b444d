//! The rules credit is decided by: stored, immutable versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::component::Component;
use super::decision::{Disposition, ReasonCode};
use crate::domain::money::Money;

/// Id of the built-in policy.
pub const DEFAULT_POLICY: &str = "default";
/// The whole, in basis points.
pub const WHOLE_BP: i32 = 10_000;
/// Days after which a reservation lapses that does not say.
pub const RESERVATION_DAYS_DEFAULT: i32 = 90;

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub id: String,
    pub description: String,
    /// Companies by segment.
    pub segments: BTreeMap<String, BTreeSet<String>>,
    pub deduct_unapplied_cash: bool,
    pub deduct_open_credits: bool,
    pub overdue_days_max: Option<i32>,
    pub overdue_amount_max: Option<Money>,
    pub overdue_grace_days: i32,
    pub utilization_bp_max: Option<i32>,
    /// Of the reasons that are not as [`ReasonCode::disposition`] says.
    pub rules: BTreeMap<ReasonCode, Disposition>,
    pub reservation_days: i32,
    pub created_by: String,
    /// 0 for the built-in one.
    pub recorded_us: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            id: DEFAULT_POLICY.into(),
            description:
                "Built in: limits bind, unapplied cash counts, overdue items do not stop orders."
                    .into(),
            segments: BTreeMap::new(),
            deduct_unapplied_cash: true,
            deduct_open_credits: false,
            overdue_days_max: None,
            overdue_amount_max: None,
            overdue_grace_days: 0,
            utilization_bp_max: None,
            rules: BTreeMap::new(),
            reservation_days: RESERVATION_DAYS_DEFAULT,
            created_by: String::new(),
            recorded_us: 0,
        }
    }
}

impl Policy {
    pub fn disposition(&self, code: ReasonCode) -> Disposition {
        self.rules.get(&code).copied().unwrap_or(code.disposition())
    }

    /// Whether it matters who knows whom: else nothing is read of it, and nothing told.
    pub fn looks_at_people(&self) -> bool {
        self.disposition(ReasonCode::NoLiveFinanceContact) != Disposition::Ignore
    }

    /// Whether a component is in the total of an exposure.
    pub fn counts(&self, component: Component) -> bool {
        match component {
            Component::UnappliedCash => self.deduct_unapplied_cash,
            Component::OpenCredits => self.deduct_open_credits,
            Component::OpenReceivables
            | Component::Bills
            | Component::Orders
            | Component::Delivered
            | Component::OrderAdvances => true,
        }
    }

    /// Whether a company belongs to a segment; all belong to the empty one.
    pub fn includes(&self, segment: &str, company: &str) -> bool {
        segment.is_empty() || self.segments.get(segment).is_some_and(|set| set.contains(company))
    }
}

/// A policy with whether it is the one decisions are made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingPolicy {
    pub policy: Policy,
    pub active: bool,
    /// Version of what is active: when it was activated, 0 for the built-in one before any
    /// other was.
    pub version: i64,
}

/// Where a page of policies goes on: behind the one recorded then, of that id.
pub type PolicyKey = (i64, String);
