//! The rules about what was held at an account, as of a day.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{State, Turn};
use crate::domain::dates::add_days;
use crate::domain::names::{INTERACTIONS, child_name};
use crate::domain::severity::Severity;

/// Days back in which a hook that nobody met for is looked at.
pub const HOOK_DAYS: u64 = 180;
/// Days in which visits are counted together.
pub const WEEK_DAYS: u64 = 7;
/// Visits of ours in so many days above which it is too much, where no class says.
pub const VISITS_PER_WEEK: i32 = 3;
/// Resource names told with a finding.
const EVIDENCE_MAX: usize = 10;

/// What was held at an account, by a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitFacts {
    /// What left a hook for which nobody met, and after which nobody met anybody there, with its last
    /// day, in the order of these.
    pub hooks: Vec<(NaiveDate, Uuid)>,
    /// Visits, meals and events that we began, of the days that count together, in their order.
    pub visits: Vec<(NaiveDate, Uuid)>,
}

impl VisitFacts {
    /// HOOK_EXPIRED: an occasion to meet is over, and nobody met.
    pub fn hook_expired(&self, account_id: &str) -> Vec<Turn> {
        let since = self.hooks.first().map(|(by, _)| add_days(*by, 1));
        vec![turn(account_id, since, self.hooks.iter())]
    }

    /// OVER_CONTACT: we went there more often than is good (definition 4.1).
    pub fn over_contact(&self, account_id: &str, most: i32) -> Vec<Turn> {
        let most = usize::try_from(most).unwrap_or_default();
        let since = self.visits.get(most).map(|(day, _)| *day);
        vec![turn(account_id, since, self.visits.iter())]
    }
}

fn turn<'a>(
    account_id: &str,
    since: Option<NaiveDate>,
    evidence: impl Iterator<Item = &'a (NaiveDate, Uuid)>,
) -> Turn {
    let Some(from_date) = since else {
        let (from_date, state) = (NaiveDate::MIN, State::No);
        return Turn { from_date, state, severity: None, evidence: Vec::new() };
    };
    let names = evidence.map(|(_, id)| child_name(account_id, INTERACTIONS, *id));
    Turn {
        from_date,
        state: State::Yes,
        severity: Some(Severity::Amber),
        evidence: names.take(EVIDENCE_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i2_the_visit_above_the_most_in_a_week_is_too_much() {
        let day = |n| NaiveDate::from_ymd_opt(2026, 1, n).unwrap();
        let visits = (1..=4).map(|n| (day(n), Uuid::from_u128(n.into()))).collect();
        let facts = VisitFacts { visits, ..VisitFacts::default() };
        let told = facts.over_contact("acme", 3).remove(0);
        assert_eq!((told.state, told.from_date, told.evidence.len()), (State::Yes, day(4), 4));
        assert_eq!(facts.over_contact("acme", 4).remove(0).state, State::No);
    }
}
