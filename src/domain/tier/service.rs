//! What a class means for the service of its accounts. What is absent is not ruled by the class.

use serde::{Deserialize, Serialize};

use crate::domain::gift::caps::GiftCaps;
use crate::domain::job::{Function, Level};
use crate::domain::money::Money;
use crate::domain::stored::stored_enum;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicePolicy {
    /// Working hours until somebody answers.
    pub response_hours: Option<i32>,
    /// Working hours after which an open case goes one step up, ascending.
    pub ladder_hours: Vec<i32>,
    pub cadence: Option<Cadence>,
    pub owner: Option<OwnerRule>,
    /// Whether an executive sponsor is wanted.
    pub sponsor_required: bool,
    pub terms: CustomerTerms,
    /// Least price, in basis points of the list price.
    pub price_floor_bp: Option<i32>,
    pub discount: Option<DiscountBand>,
    /// Of a recipient.
    pub gift_cap: Option<Money>,
    /// Of a recipient who is an official.
    pub gift_cap_official: Option<Money>,
    /// Of an account; `None` is that of a recipient.
    pub gift_cap_account: Option<Money>,
    /// Share of all effort that is meant for the class.
    pub effort_share_bp: Option<i32>,
    /// Whether people of ours may work at the customer.
    pub embedded_allowed: bool,
    /// Whether an interaction must say what it is for.
    pub purpose_required: bool,
    /// Whether an interaction must leave an occasion for the next one.
    pub hook_required: bool,
    /// Whether an account is handed over when its owner leaves.
    #[serde(default)]
    pub handover_required: bool,
    pub standards: Vec<ServiceStandard>,
    /// Whom we should know; empty: whom we should know at any account.
    pub required_cells: Vec<RequiredCell>,
}

impl ServicePolicy {
    pub fn gift_caps(&self) -> GiftCaps {
        GiftCaps {
            recipient: self.gift_cap,
            official: self.gift_cap_official,
            account: self.gift_cap_account.or(self.gift_cap),
        }
    }
}

/// How often an account is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// Days after the last touch when the next one is due.
    pub target_days: i32,
    /// Days after the last touch before which none is suggested.
    pub min_days: i32,
    /// Visits in seven days above which it is too much.
    pub visits_per_week: i32,
}

/// Who may own an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRule {
    /// Least of each competency.
    pub competency_min: i32,
    /// Most accounts of the class one member owns; `None` for no such rule.
    pub accounts_max: Option<i32>,
}

/// What is agreed about payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerTerms {
    pub net_days: Option<i32>,
    pub overdue_days_max: Option<i32>,
    pub overdue_amount_max: Option<Money>,
}

/// Terms with the class that they are of, by which version of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassTerms {
    pub class: String,
    /// Resource name of the version.
    pub policy: String,
    pub terms: CustomerTerms,
}

/// Discounts that need nobody's leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountBand {
    pub min_bp: i32,
    pub max_bp: i32,
}

/// Something the class gets, or may buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStandard {
    pub code: String,
    pub text: String,
    /// Without being paid for.
    pub included: bool,
    /// What it costs where it is not included.
    pub unit_price: Option<Money>,
}

stored_enum! {
    /// How often somebody is to be known.
    pub enum CellScope {
        /// At each site that the account declares; once if it declares none.
        Site => "SITE",
        /// Once, wherever he sits.
        Account => "ACCOUNT",
    }
}

/// Somebody whom we should know at accounts of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredCell {
    pub function: Function,
    pub level_min: Level,
    pub scope: CellScope,
    /// Days for which a real touch with him counts.
    pub window_days: i32,
    /// Only at sites that the account declares in this region; `None`: at all.
    pub region: Option<String>,
}
