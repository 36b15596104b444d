//! How an account stands from a day on: change points, which are only added to.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::applied::{Cause, Standing};
use super::classify::Note;
use crate::domain::money::Money;
use crate::domain::names::{TIER_ASSIGNMENTS, child_name};
use crate::domain::page::PageOf;
use crate::domain::personal::Personal;

/// The numbers that a class rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// `None` without trade.
    pub value: Option<Money>,
    /// Counted from 1; `None` if it is not ranked.
    pub rank: Option<i64>,
    /// The value of the last account of the class that is applied; `None` for the last class.
    pub cut: Option<Money>,
    pub notes: Vec<Note>,
}

impl Figures {
    /// Without what others are compared by, and a value that may be that of a group.
    pub fn alone(self) -> Self {
        Self { notes: self.notes, ..Self::default() }
    }
}

/// A change point of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub id: Uuid,
    pub account_id: String,
    pub from_date: NaiveDate,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
    pub run_id: Uuid,
    /// The class that was applied before.
    pub before: Option<String>,
    pub standing: Standing,
    pub cause: Cause,
    pub figures: Figures,
    pub recorded_by: String,
    /// What a person gave as reason; `None` where a run decided.
    pub reason: Option<Personal>,
}

impl Assignment {
    pub fn name(&self) -> String {
        child_name(&self.account_id, TIER_ASSIGNMENTS, self.id)
    }

    /// Whether another class is applied.
    pub fn is_change(&self) -> bool {
        self.before.as_deref() != Some(&self.standing.class)
    }
}

/// ListTierAssignments.
#[derive(Debug, Clone)]
pub struct ListAssignments<A> {
    /// `None`: of all accounts.
    pub account: Option<A>,
    /// Only those of a run.
    pub run_id: Option<Uuid>,
    /// Only those that wait for a person, as accounts stand by now.
    pub proposed_only: bool,
    pub page: PageOf,
}
