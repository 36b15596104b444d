//! Memberships as they are recorded and as they are told. Of an owner a change point is recorded:
//! how long he is told to be owner follows from the next one.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Assignment, Team, TeamRole};
use crate::domain::dated::{self, CannotEnd, ChangePoint, End, Interval};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::machine::{Transition, advance};
use crate::domain::money::{Money, to_minor};
use crate::domain::names::{TEAM_MEMBERS, account_name, child_name};
use crate::domain::personal::Personal;
use crate::domain::stored::stored_enum;

stored_enum! {
    pub enum MembershipState {
        Open => "OPEN",
        /// Somebody ended it, or another owner follows.
        Ended => "ENDED",
    }
}

stored_enum! {
    pub enum MembershipVerb {
        End => "END",
    }
}

/// What may become of a membership.
pub const STATES: &[Transition<MembershipState, MembershipVerb>] = &[Transition {
    verb: MembershipVerb::End,
    from: &[MembershipState::Open],
    to: MembershipState::Ended,
}];

/// The version of a team, 0 while nobody was ever assigned, and when it was last changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TeamHead {
    pub version: i64,
    pub update_us: i64,
}

impl TeamHead {
    /// Refuses a version of a team that was read before somebody else changed it.
    ///
    /// # Errors
    /// ETAG_REQUIRED once there is a team, ETAG_MISMATCH.
    pub fn check(&self, account_id: &str, read: Option<i64>) -> Result<()> {
        match read {
            None if self.version == 0 => Ok(()),
            None => {
                let what = "is required: the etag of the team that was read";
                Err(Error::invalid("etag", Reason::EtagRequired, what))
            }
            Some(read) if read == self.version => Ok(()),
            Some(_) => Err(Error::Aborted {
                reason: Reason::EtagMismatch,
                resource: Resource { kind: "account", name: account_name(account_id) },
                description: "the team was changed since it was read: read it again".into(),
            }),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub id: Uuid,
    pub account_id: String,
    pub role: TeamRole,
    /// `None` for an owner: from that day on the account has none. Such are not told.
    pub member_id: Option<String>,
    pub days: Interval,
    /// The site of the account that he works at.
    pub site: Option<String>,
    /// What he costs us on each day there.
    pub cost_per_day: Option<Money>,
    pub recorded_by: String,
    pub reason: Personal,
    /// `None` if nobody ended it.
    pub end_reason: Option<Personal>,
    /// Of the team.
    pub version: i64,
}

impl Membership {
    pub fn name(&self) -> String {
        child_name(&self.account_id, TEAM_MEMBERS, self.id)
    }

    /// Whether he works at the customer, for a cost a day.
    pub fn is_embedded(&self) -> bool {
        self.role.may_be_embedded() && self.cost_per_day.is_some()
    }

    /// What he costs from one day through another: that of a day for each on which he works there.
    ///
    /// # Errors
    /// AMOUNT_OUT_OF_RANGE.
    pub fn cost_between(&self, from: NaiveDate, to: NaiveDate) -> Result<Option<Money>> {
        let Some(cost) = self.cost_per_day.filter(|_| self.is_embedded()) else { return Ok(None) };
        let first = self.days.first_day.max(from);
        let last = self.days.last_day_known(i64::MAX).map_or(to, |last| last.min(to));
        let days = (last - first).num_days() + 1;
        let minor = to_minor(i128::from(cost.minor) * i128::from(days.max(0)))?;
        Ok((days > 0).then_some(Money { minor, currency: cost.currency }))
    }

    fn state(&self) -> MembershipState {
        let replaced = self.role == TeamRole::Owner && self.days.last_day.is_some();
        if replaced || self.days.end.is_some() {
            MembershipState::Ended
        } else {
            MembershipState::Open
        }
    }

    /// Refuses to end one that has ended.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check_open(&self) -> Result<()> {
        advance(STATES, &self.name(), self.state(), MembershipVerb::End).map(drop)
    }

    /// Ends one that is open.
    ///
    /// # Errors
    /// STATE_WRONG, DATE_INVALID.
    pub fn end(&mut self, last_day: NaiveDate, us: i64, reason: Personal) -> Result<()> {
        self.check_open()?;
        let refuse = |what: String| Error::invalid("valid_to", Reason::DateInvalid, what);
        self.days.end(last_day, us).map_err(|cannot| match cannot {
            CannotEnd::Ended => Error::internal("an open membership has an end"),
            CannotEnd::TooEarly(earliest) => refuse(format!(
                "{last_day} lies before {earliest}, the day before its first, by which it never held"
            )),
            CannotEnd::TooLate(said) => refuse(format!("it ends on {said} anyway")),
        })?;
        self.end_reason = Some(reason);
        Ok(())
    }
}

/// Adds what is recorded to a team.
pub fn record(team: &mut Team, recorded: Membership) {
    let embedded = recorded.is_embedded();
    let Membership { role, member_id, days, .. } = recorded;
    match (role, member_id) {
        (TeamRole::Owner, value) => {
            let Interval { first_day: from_date, recorded_us, .. } = days;
            team.owners.push(ChangePoint { from_date, recorded_us, value });
        }
        (role, Some(member_id)) => {
            team.others.push(Assignment { member_id, role, days, embedded });
        }
        // Of an owner alone nobody is recorded.
        (_, None) => {}
    }
}

/// What is recorded of a team, as it is told: every owner with his last day, which is the one
/// before his first if he was replaced or ended from that day on and so never was owner; in the
/// order of ids.
pub fn told(recorded: Vec<Membership>) -> Vec<Membership> {
    let (mut owners, mut told): (Vec<_>, Vec<_>) =
        recorded.into_iter().partition(|one| one.role == TeamRole::Owner);
    owners.sort_by_key(|one| (one.days.first_day, one.days.recorded_us));
    let next = owners.iter().skip(1).cloned().map(Some).chain([None]).collect::<Vec<_>>();
    for (mut owner, next) in owners.into_iter().zip(next) {
        if owner.member_id.is_none() {
            continue;
        }
        if let Some(next) = next {
            let last_day = dated::day_before(next.days.first_day);
            match next.member_id {
                Some(_) => owner.days.last_day = Some(last_day),
                // Nobody follows: somebody ended it.
                None => {
                    let recorded_us = next.days.recorded_us;
                    owner.days.end = Some(End { last_day, recorded_us });
                    owner.end_reason = Some(next.reason);
                }
            }
        }
        told.push(owner);
    }
    told.sort_by_key(|one| one.id);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, n).unwrap()
    }

    fn staff(role: TeamRole, last_day: Option<NaiveDate>, cost: Option<i64>) -> Membership {
        let usd = Currency::parse("USD").unwrap();
        Membership {
            id: Uuid::nil(),
            account_id: "acme".into(),
            role,
            member_id: Some("han".into()),
            days: Interval { first_day: day(10), last_day, recorded_us: 1, end: None },
            site: None,
            cost_per_day: cost.map(|minor| Money { minor, currency: usd }),
            recorded_by: "me".into(),
            reason: Personal::default(),
            end_reason: None,
            version: 1,
        }
    }

    #[test]
    fn i13_embedded_staff_costs_its_days_within_a_period() {
        let cost = |of: &Membership, from, to| {
            of.cost_between(day(from), day(to)).unwrap().map(|cost| cost.minor)
        };
        let mut han = staff(TeamRole::Specialist, Some(day(19)), Some(80_000));
        assert_eq!(cost(&han, 1, 31), Some(800_000), "ten days");
        assert_eq!(cost(&han, 10, 10), Some(80_000));
        assert_eq!(cost(&han, 18, 31), Some(160_000));
        assert_eq!((cost(&han, 1, 9), cost(&han, 20, 31)), (None, None));
        han.end(day(12), 2, Personal::default()).unwrap();
        assert_eq!(cost(&han, 1, 31), Some(240_000));
        let open = staff(TeamRole::Service, None, Some(100));
        assert_eq!(cost(&open, 1, 31), Some(2_200));
        assert_eq!(
            cost(&staff(TeamRole::Service, None, None), 1, 31),
            None,
            "he costs nothing there"
        );
        assert_eq!(cost(&staff(TeamRole::Backup, None, Some(100)), 1, 31), None, "he stands in");
    }

    #[test]
    fn i13_who_works_there_is_told_of_a_day() {
        let mut team = Team::default();
        record(&mut team, staff(TeamRole::Service, Some(day(19)), Some(100)));
        record(&mut team, staff(TeamRole::Specialist, Some(day(12)), Some(200)));
        record(&mut team, staff(TeamRole::Finance, None, None));
        let on = |n| team.on(day(n), i64::MAX).embedded;
        assert_eq!((on(9), on(10), on(19)), (vec![], vec!["han".to_owned()], vec!["han".into()]));
        assert!(on(20).is_empty() && team.on(day(10), 0).embedded.is_empty());
    }
}
