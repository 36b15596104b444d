//! What is asked of teams.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::TeamRole;
use crate::domain::money::Money;
use crate::domain::names::{AccountRef, ChildName, MemberRef};
use crate::domain::page::PageOf;

#[derive(Debug, Clone, Serialize)]
pub struct AssignMember {
    pub account: AccountRef,
    pub member: MemberRef,
    pub role: TeamRole,
    /// `None` is the business date.
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub site: Option<String>,
    pub cost_per_day: Option<Money>,
    pub reason: String,
    /// The version of the team that was read; `None` if nobody is on it.
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct EndMembership {
    pub membership: ChildName,
    /// `None` is the business date.
    pub last_day: Option<NaiveDate>,
    pub reason: String,
    pub version: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct ListTeam {
    pub account: AccountRef,
    /// Only those that hold on this day.
    pub as_of: Option<NaiveDate>,
    pub page: PageOf,
}

/// Accounts of one member that become another's from a day on.
#[derive(Debug, Clone, Serialize)]
pub struct TransferAccounts {
    pub from: MemberRef,
    pub to: MemberRef,
    /// As it was asked for; `None` with handovers.
    pub asked_date: Option<NaiveDate>,
    /// The day by which it goes: that, or the business date, which is not asked for.
    #[serde(skip)]
    pub effective_date: NaiveDate,
    pub which: Which,
    pub reason: String,
    /// They are the other's once he accepts.
    pub with_handover: bool,
}

/// Which of his accounts.
#[derive(Debug, Clone, Serialize)]
pub enum Which {
    /// These, all or none.
    Named(Vec<AccountRef>),
    /// As many at once as one call may move, from behind the last of the call before.
    Filtered { filter: TransferFilter, after: Option<String> },
}

/// What is asked of accounts that are transferred; empty texts ask nothing.
#[derive(Debug, Clone, Serialize)]
pub struct TransferFilter {
    pub parent: Option<AccountRef>,
    /// Those only that are blocked, or those only that are not.
    pub blocked: Option<bool>,
    pub display_name_prefix: String,
    pub region_code: String,
    pub sales_region: String,
    /// Each of these, key and value.
    pub labels: Vec<(String, String)>,
}

/// What a transfer moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// In the order of ids.
    pub account_ids: Vec<String>,
    /// Behind which account the next ones are; `None` if there are none.
    pub next: Option<String>,
}
