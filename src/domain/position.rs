//! Seats at customers, which outlive whoever sits there. Who does is in [`incumbency`].

pub mod command;
pub mod incumbency;

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::Account;
use super::dated;
use super::error::{Error, Precondition, Reason, Result};
use super::group;
use super::job::{Function, Level};
use super::machine::{Transition, advance};
use super::names::{POSITIONS, child_name};
use super::stored::stored_enum;
use super::version;

pub const FUNCTION_TEXT_CHARS_MAX: usize = 100;
pub const TITLE_CHARS_MAX: usize = 200;

stored_enum! {
    /// What a position does when something is bought: the buying centre of Webster and Wind (1972),
    /// and who approves.
    pub enum BuyingRole {
        Initiator => "INITIATOR",
        User => "USER",
        Influencer => "INFLUENCER",
        Evaluator => "EVALUATOR",
        Buyer => "BUYER",
        Decider => "DECIDER",
        Approver => "APPROVER",
        Gatekeeper => "GATEKEEPER",
    }
}

stored_enum! {
    pub enum PositionState {
        Open => "OPEN",
        /// It has a last day.
        Closed => "CLOSED",
    }
}

stored_enum! {
    pub enum PositionVerb {
        Close => "CLOSE",
    }
}

/// What may become of a position.
pub const STATES: &[Transition<PositionState, PositionVerb>] = &[Transition {
    verb: PositionVerb::Close,
    from: &[PositionState::Open],
    to: PositionState::Closed,
}];

/// What is said of a position, and may be said anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionTerms {
    /// A site that the account declares.
    pub site: Option<String>,
    pub function: Function,
    /// What it does, of [`Function::Other`].
    pub function_text: String,
    pub level: Level,
    pub title: String,
    pub buying_roles: Vec<BuyingRole>,
    /// The position of the same account that it reports to.
    pub reports_to: Option<Uuid>,
}

/// A position by its id and its account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PositionKey {
    pub id: Uuid,
    pub account_id: String,
}

impl PositionKey {
    pub fn name(&self) -> String {
        child_name(&self.account_id, POSITIONS, self.id)
    }
}

/// A seat. Instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub id: Uuid,
    pub account_id: String,
    pub terms: PositionTerms,
    pub first_day: NaiveDate,
    /// The day before the first if it never was.
    pub last_day: Option<NaiveDate>,
    pub create_us: i64,
    pub update_us: i64,
    pub version: i64,
}

impl Position {
    pub fn name(&self) -> String {
        child_name(&self.account_id, POSITIONS, self.id)
    }

    pub fn key(&self) -> PositionKey {
        PositionKey { id: self.id, account_id: self.account_id.clone() }
    }

    /// What it is called, or else does.
    pub fn called(&self) -> String {
        let PositionTerms { title, level, function, function_text, .. } = &self.terms;
        match (title.as_str(), function_text.as_str()) {
            ("", "") => format!("{level} {function}"),
            ("", text) => format!("{level} {text}"),
            (title, _) => title.to_owned(),
        }
    }

    pub fn state(&self) -> PositionState {
        if self.last_day.is_some() { PositionState::Closed } else { PositionState::Open }
    }

    /// Whether it is there on a day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.first_day <= day && self.last_day.is_none_or(|last| day <= last)
    }

    /// Refuses a version that was read before somebody else changed the position.
    ///
    /// # Errors
    /// ETAG_MISMATCH.
    pub fn check_version(&self, read: i64) -> Result<()> {
        version::check("position", self.name(), self.version, read)
    }

    /// Checks that what it does is said in words where no function of ours fits, and only there.
    ///
    /// # Errors
    /// FIELD_REQUIRED, FIELD_INVALID.
    pub fn check_text(&self) -> Result<()> {
        let field = "position.function_text";
        match (self.terms.function, self.terms.function_text.is_empty()) {
            (Function::Other, true) => {
                Err(Error::invalid(field, Reason::FieldRequired, "says what OTHER is"))
            }
            (Function::Other, false) | (_, true) => Ok(()),
            (_, false) => Err(Error::invalid(field, Reason::FieldInvalid, "goes with OTHER only")),
        }
    }

    /// # Errors
    /// STATE_WRONG, DATE_INVALID.
    pub fn close(&mut self, last_day: NaiveDate) -> Result<()> {
        advance(STATES, &self.name(), self.state(), PositionVerb::Close)?;
        let earliest = dated::day_before(self.first_day);
        if last_day < earliest {
            let what = format!("{last_day} lies before {earliest}, by which it never was");
            return Err(Error::invalid("valid_to", Reason::DateInvalid, what));
        }
        self.last_day = Some(last_day);
        Ok(())
    }

    /// Checks that it is there on the day on which somebody comes or leaves.
    ///
    /// # Errors
    /// DATE_INVALID.
    pub fn check_there(&self, day: NaiveDate) -> Result<()> {
        if self.holds(day) {
            return Ok(());
        }
        let what = format!("{} is not there on {day}", self.name());
        Err(Error::invalid("effective_date", Reason::DateInvalid, what))
    }
}

/// Checks that a position is at a site that its account declares.
///
/// # Errors
/// FIELD_INVALID.
pub fn check_site(account: &Account, site: Option<&str>) -> Result<()> {
    match site {
        Some(id) if !account.sites.iter().any(|site| site.id == id) => {
            let what = "is not among the sites that the account declares";
            Err(Error::invalid("position.site", Reason::FieldInvalid, what))
        }
        _ => Ok(()),
    }
}

/// Checks that a position of an account may report to another. `above` tells to which each position
/// of the account reports.
///
/// # Errors
/// POSITION_CYCLE.
pub fn check_line(position: &Position, to: Uuid, above: &HashMap<Uuid, Uuid>) -> Result<()> {
    let text = |id: Uuid| id.to_string();
    let above_of = |id: &str| {
        let id = Uuid::try_parse(id).ok()?;
        above.get(&id).copied().map(text)
    };
    if group::would_cycle(&text(position.id), &text(to), above_of) {
        let other = child_name(&position.account_id, POSITIONS, to);
        let what = format!("is above {other} already");
        let refused = Precondition::new(Reason::PositionCycle, position.name(), what);
        return Err(refused.at("position.reports_to").into());
    }
    Ok(())
}
