//! Who of our people looks after an account, and since when.

pub mod accountable;
pub mod command;
pub mod eligible;
pub mod membership;
pub mod status;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use super::dated::{self, ChangePoint, Interval};
use super::stored::stored_enum;

stored_enum! {
    /// What a member does for an account.
    pub enum TeamRole {
        /// Answers for the account; one at a time.
        Owner => "OWNER",
        /// Stands in for the owner.
        Backup => "BACKUP",
        /// Our executive who stands by the account.
        ExecutiveSponsor => "EXECUTIVE_SPONSOR",
        Specialist => "SPECIALIST",
        Service => "SERVICE",
        /// Whom to call about money.
        Finance => "FINANCE",
    }
}

impl TeamRole {
    /// Whether somebody in it may work at the customer.
    pub fn may_be_embedded(self) -> bool {
        matches!(self, Self::Specialist | Self::Service)
    }
}

/// A member in a role that others may have beside him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub member_id: String,
    pub role: TeamRole,
    pub days: Interval,
    /// He works at the customer, for a cost a day.
    pub embedded: bool,
}

/// Everything recorded about the team of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Team {
    /// The owner from a day on; `None` where it has none from then on.
    pub owners: Vec<ChangePoint<Option<String>>>,
    pub others: Vec<Assignment>,
}

/// The team of an account on one day: ids of members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TeamOn {
    pub owner: Option<String>,
    /// The owner, or who was it last where nobody is.
    pub last_owner: Option<String>,
    /// Who stand in, the longest assigned first.
    pub backups: Vec<String>,
    /// The longest assigned first.
    pub sponsors: Vec<String>,
    /// The longest assigned first.
    pub finance: Vec<String>,
    /// Who works at the customer, the longest assigned first.
    pub embedded: Vec<String>,
}

impl Team {
    /// The team on a day as known at an instant, in microseconds since the epoch.
    pub fn on(&self, day: NaiveDate, known_us: i64) -> TeamOn {
        let owner = dated::at(&self.owners, day, known_us).and_then(|p| p.value.clone());
        let had = dated::stretches(&self.owners, known_us);
        let had = had.into_iter().filter(|stretch| stretch.first_day <= day);
        let last_owner = had.filter_map(|stretch| stretch.value.clone()).next_back();
        let mut holding: Vec<_> =
            self.others.iter().filter(|other| other.days.holds(day, known_us)).collect();
        holding.sort_by(|a, b| {
            let key = |x: &Assignment| (x.days.first_day, x.days.recorded_us);
            key(a).cmp(&key(b)).then_with(|| a.member_id.cmp(&b.member_id))
        });
        let of = |role| {
            let theirs = holding.iter().filter(move |other| other.role == role);
            theirs.map(|other| other.member_id.clone())
        };
        let mut embedded: Vec<String> = Vec::new();
        for other in holding.iter().filter(|other| other.embedded) {
            // At two sites he is there once.
            if !embedded.contains(&other.member_id) {
                embedded.push(other.member_id.clone());
            }
        }
        TeamOn {
            owner,
            last_owner,
            backups: of(TeamRole::Backup).collect(),
            sponsors: of(TeamRole::ExecutiveSponsor).collect(),
            finance: of(TeamRole::Finance).collect(),
            embedded,
        }
    }
}
