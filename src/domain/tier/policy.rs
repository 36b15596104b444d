//! How the book is cut into classes: stored, immutable versions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::service::ServicePolicy;
use crate::domain::festival::{self, Festival, Greeting};
use crate::domain::money::Currency;
use crate::domain::policy::{PolicyKind, Terms};
use crate::domain::stored::stored_enum;

/// The whole, in basis points.
pub const WHOLE_BP: i32 = 10_000;
/// How far a value must be beyond a cut before the class moves.
pub const BAND_BP: i32 = 500;
/// How long a class is kept before it changes again.
pub const DWELL_DAYS: i32 = 180;
/// In how many runs one after another a value must be below the band before the class falls.
pub const DEMOTION_RUNS: i32 = 2;
pub const WINDOW_MONTHS: i32 = 12;
/// Stands for the class of who has no trade in the window.
pub const NONE: &str = "NONE";
/// The share of quarters with an invoice from which on an account is loyal.
pub const LOYALTY_MIN_BP: i32 = 6_000;
/// How far loyalty must be beyond its cut before the class moves.
pub const LOYALTY_BAND_BP: i32 = 500;

stored_enum! {
    /// What accounts are compared by.
    pub enum Measure {
        /// What was invoiced, less credit notes.
        NetRevenue => "NET_REVENUE",
        /// What was invoiced.
        GrossRevenue => "GROSS_REVENUE",
        /// The contribution that was uploaded.
        Contribution => "CONTRIBUTION",
        /// The value that was uploaded.
        Uploaded => "UPLOADED",
    }
}

stored_enum! {
    /// How the ranked book is cut.
    pub enum CutMethod {
        /// By number of accounts.
        CountQuantile => "COUNT_QUANTILE",
        /// By share of the total value before an account.
        CumulativeShare => "CUMULATIVE_SHARE",
        /// Where the curve of values bends.
        ComputedAbc => "COMPUTED_ABC",
        /// By share of the total value, and by loyalty.
        Pyramid => "PYRAMID",
    }
}

stored_enum! {
    /// What is compared with each other.
    pub enum Population {
        Accounts => "ACCOUNTS",
        /// All accounts below one root together.
        Groups => "GROUPS",
    }
}

impl Measure {
    /// Whether it reads values that were uploaded.
    pub fn is_uploaded(self) -> bool {
        matches!(self, Self::Contribution | Self::Uploaded)
    }
}

impl CutMethod {
    /// How many cuts are given; `None` for one or more.
    pub fn cuts(self) -> Option<usize> {
        match self {
            Self::CountQuantile | Self::CumulativeShare => None,
            Self::ComputedAbc => Some(0),
            Self::Pyramid => Some(2),
        }
    }

    /// How many classes so many cuts make.
    pub fn classes(self, cuts: usize) -> usize {
        match self {
            Self::CountQuantile | Self::CumulativeShare => cuts + 1,
            Self::ComputedAbc => 3,
            Self::Pyramid => 4,
        }
    }
}

/// A class, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    pub code: String,
    pub service: ServicePolicy,
}

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierPolicy {
    pub description: String,
    pub population: Population,
    pub measure: Measure,
    /// Months up to the day of a run that revenue is counted over.
    pub window_months: i32,
    /// What values are converted to; `None` is the base currency of the business.
    pub currency: Option<Currency>,
    pub method: CutMethod,
    /// Cumulative, ascending, in basis points of what the method cuts.
    pub cuts_bp: Vec<i32>,
    pub band_bp: i32,
    pub dwell_days: i32,
    pub demotion_runs: i32,
    /// Whether leaving the first class downwards waits for a person.
    pub demotion_approval: bool,
    pub loyalty_min_bp: i32,
    pub loyalty_band_bp: i32,
    /// The best first.
    pub classes: Vec<Class>,
    /// On which days accounts of some classes are greeted. Versions of before there were any have none.
    #[serde(default)]
    pub festivals: Vec<Festival>,
}

impl TierPolicy {
    /// What a class means for the service of its accounts; `None` of a class that this version does
    /// not have, and of [`NONE`].
    pub fn service_policy(&self, class: &str) -> Option<&ServicePolicy> {
        self.classes.iter().find(|one| one.code == class).map(|one| &one.service)
    }

    /// Whether it says of any class how much effort it may take.
    pub fn has_effort_budgets(&self) -> bool {
        self.classes.iter().any(|class| class.service.effort_share_bp.is_some())
    }

    /// On which of the next days an account of a class is greeted.
    pub fn greetings(&self, class: &str, on: NaiveDate) -> Vec<Greeting> {
        festival::greetings(&self.festivals, class, on)
    }

    fn preset(description: &str, method: CutMethod, cuts_bp: &[i32], codes: &[&str]) -> Self {
        // Whoever follows the owner of a most valuable account is to know whom to meet.
        let class = |(place, code): (usize, &&str)| {
            let handover_required = place == 0;
            let service = ServicePolicy { handover_required, ..ServicePolicy::default() };
            Class { code: (*code).into(), service }
        };
        Self {
            description: description.into(),
            population: Population::Accounts,
            measure: Measure::NetRevenue,
            window_months: WINDOW_MONTHS,
            currency: None,
            method,
            cuts_bp: cuts_bp.to_vec(),
            band_bp: BAND_BP,
            dwell_days: DWELL_DAYS,
            demotion_runs: DEMOTION_RUNS,
            demotion_approval: true,
            loyalty_min_bp: LOYALTY_MIN_BP,
            loyalty_band_bp: LOYALTY_BAND_BP,
            classes: codes.iter().enumerate().map(class).collect(),
            festivals: codes.first().map(|first| festival::built_in(first)).unwrap_or_default(),
        }
    }
}

impl Terms for TierPolicy {
    const KIND: PolicyKind = PolicyKind::Tier;
    const RESOURCE: &'static str = "tierPolicy";
    const COLLECTION: &'static str = "tierPolicies";
    const FIRST: &'static str = "abc";

    fn built_in() -> Vec<(&'static str, Self)> {
        let share = CutMethod::CumulativeShare;
        vec![
            (
                Self::FIRST,
                Self::preset(
                    "Built in: the first 15 % of accounts are A, up to 50 % B, the others C.",
                    CutMethod::CountQuantile,
                    &[1_500, 5_000],
                    &["A", "B", "C"],
                ),
            ),
            (
                "pareto",
                Self::preset(
                    "Built in: who makes the first 80 % of the value is KEY, the others are OTHER.",
                    share,
                    &[8_000],
                    &["KEY", "OTHER"],
                ),
            ),
            (
                "pyramid",
                Self::preset(
                    "Built in: PLATINUM makes the first 50 % of the value, GOLD is loyal and \
                     makes up to 80 %, LEAD has nothing left of its trade, IRON is the rest.",
                    CutMethod::Pyramid,
                    &[5_000, 8_000],
                    &["PLATINUM", "GOLD", "IRON", "LEAD"],
                ),
            ),
        ]
    }
}
