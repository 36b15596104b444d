//! Our people: who they are, whom they report to, and what may become of them.

pub mod command;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::error::{Precondition, Reason, Result};
use super::external_ref::ExternalRef;
use super::group;
use super::machine::{Transition, advance};
use super::names::{MemberRef, member_name};
use super::page::PageOf;
use super::personal::Personal;
use super::stored::stored_enum;
use super::version;

/// The member that is there from the start: whatever nobody owns is his.
pub const UNASSIGNED: &str = "unassigned";

pub const DISPLAY_NAME_CHARS_MAX: usize = 200;
pub const BUSINESS_UNIT_CHARS_MAX: usize = 64;
pub const PRINCIPALS_MAX: usize = 20;
pub const PRINCIPAL_CHARS_MAX: usize = 128;
/// The best rating of a competency; the worst is 1.
pub const RATING_MAX: i32 = 5;
/// Most levels of a reporting line, the topmost manager's own included.
pub const LEVELS_MAX: usize = 16;

stored_enum! {
    #[derive(Default)]
    pub enum MemberState {
        #[default]
        Active => "ACTIVE",
        /// Works here no more, or not for now.
        Inactive => "INACTIVE",
    }
}

stored_enum! {
    pub enum MemberVerb {
        Deactivate => "DEACTIVATE",
        Reactivate => "REACTIVATE",
    }
}

/// What may become of a member.
pub const STATES: &[Transition<MemberState, MemberVerb>] = &[
    Transition {
        verb: MemberVerb::Deactivate,
        from: &[MemberState::Active],
        to: MemberState::Inactive,
    },
    Transition {
        verb: MemberVerb::Reactivate,
        from: &[MemberState::Inactive],
        to: MemberState::Active,
    },
];

/// How good a member is at what, from 1 to [`RATING_MAX`]; `None` is not rated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Competencies {
    pub negotiation: Option<i32>,
    pub product: Option<i32>,
    pub responsibility: Option<i32>,
    pub resources: Option<i32>,
}

/// One of our people. Instants are microseconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: String,
    pub display_name: Personal,
    pub external_refs: Vec<ExternalRef>,
    /// Id of the member he reports to.
    pub manager_id: Option<String>,
    /// Who he is to the access layer; each is one member's.
    pub principals: Vec<Personal>,
    /// Empty for none.
    pub business_unit: String,
    pub competencies: Competencies,
    /// May be the sponsor of an account.
    pub executive: bool,
    pub state: MemberState,
    /// Why he was last deactivated.
    pub deactivate_reason: Option<Personal>,
    /// 0 for who is there from the start.
    pub create_us: i64,
    pub update_us: i64,
    pub version: i64,
}

impl Member {
    /// A new member of whom nothing is known but whom he reports to.
    pub fn new(id: String, manager_id: Option<String>, now_us: i64) -> Self {
        Self { id, manager_id, create_us: now_us, update_us: now_us, version: 1, ..Self::default() }
    }

    pub fn name(&self) -> String {
        member_name(&self.id)
    }

    /// Refuses a version that was read before somebody else changed the member.
    ///
    /// # Errors
    /// ETAG_MISMATCH.
    pub fn check_version(&self, read: i64) -> Result<()> {
        version::check("member", self.name(), self.version, read)
    }

    /// # Errors
    /// MEMBER_IS_DEFAULT_OWNER, STATE_WRONG.
    pub fn deactivate(&mut self, reason: String, is_default_owner: bool) -> Result<()> {
        if is_default_owner || self.id == UNASSIGNED {
            return Err(self.refuse_as_default_owner("he stays active").into());
        }
        self.state = advance(STATES, &self.name(), self.state, MemberVerb::Deactivate)?;
        self.deactivate_reason = Some(reason.into());
        Ok(())
    }

    /// That a change would leave what nobody owns to nobody.
    pub fn refuse_as_default_owner(&self, so: &str) -> Precondition {
        let description = format!("owns whatever nobody else does: {so}");
        Precondition::new(Reason::MemberIsDefaultOwner, self.name(), description)
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn reactivate(&mut self) -> Result<()> {
        self.state = advance(STATES, &self.name(), self.state, MemberVerb::Reactivate)?;
        Ok(())
    }
}

/// Checks that a member who brings `levels` levels (1 if nobody reports to him) may report to the
/// manager. `managers` are the manager's and those of everybody above.
///
/// # Errors
/// MEMBER_CYCLE, MEMBER_LINE_TOO_DEEP.
pub fn check_line(
    field: &str,
    member_id: &str,
    levels: usize,
    manager_id: &str,
    managers: &HashMap<String, String>,
) -> Result<()> {
    let manager_of = |id: &str| managers.get(id).cloned();
    let refuse =
        |reason, what: String| Precondition::new(reason, member_name(member_id), what).at(field);
    if group::would_cycle(member_id, manager_id, manager_of) {
        let what = format!("is above {} already", member_name(manager_id));
        return Err(refuse(Reason::MemberCycle, what).into());
    }
    if group::level(manager_id, manager_of) + levels > LEVELS_MAX {
        let what = format!("would make a reporting line of more than {LEVELS_MAX} levels");
        let refused = refuse(Reason::MemberLineTooDeep, what);
        return Err(refused.with("levels_max", LEVELS_MAX).into());
    }
    Ok(())
}

/// Which members to list; `None` is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberFilter {
    pub state: Option<MemberState>,
    pub business_unit: Option<String>,
    /// Those who report to him directly.
    pub manager: Option<MemberRef>,
    pub principal: Option<Personal>,
}

/// What to sort members by; the id comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOrder {
    Id,
    DisplayName,
}

/// The values to sort by of the last member of a page: the next page begins behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberKey {
    Id(String),
    DisplayName(Personal, String),
}

impl MemberKey {
    pub fn of(member: &Member, order: MemberOrder) -> Self {
        let id = member.id.clone();
        match order {
            MemberOrder::Id => Self::Id(id),
            MemberOrder::DisplayName => Self::DisplayName(member.display_name.clone(), id),
        }
    }
}

/// A page of members as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberList {
    pub filter: MemberFilter,
    pub order: MemberOrder,
    pub descending: bool,
    pub page: PageOf<MemberKey>,
}
