//! What is asked of positions.

use chrono::NaiveDate;
use serde::Serialize;

use super::{BuyingRole, Function, Level, Position};
use crate::domain::change::Changed;
use crate::domain::names::{AccountRef, ChildName, ContactRef};
use crate::domain::page::PageOf;

/// What changes of a position by itself; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PositionChange {
    /// The inner `None`: at no site.
    pub site: Option<Option<String>>,
    pub function: Option<Function>,
    pub function_text: Option<String>,
    pub level: Option<Level>,
    pub title: Option<String>,
    pub buying_roles: Option<Vec<BuyingRole>>,
}

impl PositionChange {
    /// Writes it into a position; answers the fields that became different.
    pub fn apply(self, position: &mut Position) -> Vec<&'static str> {
        let terms = &mut position.terms;
        let mut changed = Changed::default();
        changed.set("site", &mut terms.site, self.site);
        changed.set("function", &mut terms.function, self.function);
        changed.set("function_text", &mut terms.function_text, self.function_text);
        changed.set("level", &mut terms.level, self.level);
        changed.set("title", &mut terms.title, self.title);
        changed.set("buying_roles", &mut terms.buying_roles, self.buying_roles);
        changed.into_names()
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct CreatePosition {
    pub account: AccountRef,
    pub function: Function,
    pub level: Level,
    /// The rest of it.
    pub change: PositionChange,
    pub reports_to: Option<ChildName>,
    /// `None` is the business date.
    pub valid_from: Option<NaiveDate>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpdatePosition {
    pub position: ChildName,
    /// The version that was read.
    pub version: i64,
    pub change: PositionChange,
    /// The inner `None`: to nobody.
    pub reports_to: Option<Option<ChildName>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ClosePosition {
    pub position: ChildName,
    /// `None` is the business date.
    pub last_day: Option<NaiveDate>,
}

#[derive(Debug, Clone)]
pub struct ListPositions {
    pub account: AccountRef,
    pub function: Option<Function>,
    /// Only those that are there on this day.
    pub as_of: Option<NaiveDate>,
    pub page: PageOf,
}

#[derive(Debug, Clone, Serialize)]
pub struct MoveContact {
    pub contact: ContactRef,
    pub from: Option<ChildName>,
    pub to: Option<ChildName>,
    /// `None` is the business date.
    pub effective_date: Option<NaiveDate>,
    pub reason: String,
}

/// Whose incumbencies to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatsOf {
    Account(AccountRef),
    Position(ChildName),
    Contact(ContactRef),
}

#[derive(Debug, Clone)]
pub struct ListIncumbencies {
    pub of: SeatsOf,
    /// Only those that hold on this day.
    pub as_of: Option<NaiveDate>,
    pub page: PageOf<super::incumbency::IncumbencyKey>,
}
