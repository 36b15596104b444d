//! How much was held, and what came of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::cost::CostToServe;
use crate::domain::money::{Currency, Money};
use crate::domain::names::AccountRef;
use crate::domain::rounding::div_half_even;
use crate::domain::stored::stored_enum;

/// Most days that are counted together, the first one not included.
pub const DAYS_MAX: i64 = 1_096;

stored_enum! {
    /// What interactions are counted by.
    pub enum GroupBy {
        Tier => "TIER",
        Campaign => "CAMPAIGN",
        Member => "MEMBER",
        Channel => "CHANNEL",
        Function => "FUNCTION",
    }
}

/// CalculateInteractionStats.
#[derive(Debug, Clone)]
pub struct CalculateStats {
    pub group_by: GroupBy,
    pub from: NaiveDate,
    /// `None`: the business date.
    pub to: Option<NaiveDate>,
    pub campaign: Option<String>,
    pub account: Option<AccountRef>,
    /// What an hour of ours costs.
    pub hour_rate: Option<Money>,
}

/// Interactions that were held, counted together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub interactions: i64,
    pub real_touches: i64,
    pub accounts: i64,
    pub contacts: i64,
    pub accounts_responded: i64,
    pub scores: i64,
    pub score_sum: i64,
    pub hooks_left: i64,
    pub hooks_used: i64,
    pub hooks_expired: i64,
    /// Minor units.
    pub costs: BTreeMap<Currency, i64>,
    pub effort_minutes: i64,
}

impl Counts {
    /// Accounts that answered of all that were asked, in basis points.
    pub fn response_rate_bp(&self) -> i32 {
        share_bp(self.accounts_responded, self.accounts).unwrap_or_default()
    }

    /// Hooks that were used of all that are decided, in basis points.
    pub fn hook_conversion_bp(&self) -> Option<i32> {
        share_bp(self.hooks_used, self.hooks_used + self.hooks_expired)
    }
}

fn share_bp(part: i64, whole: i64) -> Option<i32> {
    match whole {
        1.. => i32::try_from(div_half_even(i128::from(part) * 10_000, whole.into())).ok(),
        _ => None,
    }
}

/// Counts by key, and of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    pub groups: BTreeMap<String, Counts>,
    pub total: Counts,
    /// By class, in basis points, which share of all effort is meant for it.
    pub budgets_bp: BTreeMap<String, i32>,
    /// `None` of a campaign.
    pub cost: Option<CostToServe>,
}
