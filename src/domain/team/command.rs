//! What is asked of teams.

use chrono::NaiveDate;
use serde::Serialize;

use super::TeamRole;
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
