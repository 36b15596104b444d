//! The rules about what was held at an account, as of a day.

use chrono::{Days, NaiveDate};

use super::{State, Turn};
use crate::domain::dates::add_days;
use crate::domain::severity::Severity;

/// Days back in which a hook that nobody met for is looked at.
pub const HOOK_DAYS: u64 = 180;
/// Days in which visits are counted together.
pub const WEEK_DAYS: u64 = 7;
/// Days back in which it is looked at since when there were too many.
pub const RUN_DAYS: u64 = 56;
/// Visits of ours in so many days above which it is too much, where no class says.
pub const VISITS_PER_WEEK: i32 = 3;
/// Resource names told with a finding.
const EVIDENCE_MAX: usize = 10;

/// What was held at an account, by a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitFacts {
    /// Resource names of what left a hook for which nobody met, and after which nobody met anybody there, with its last
    /// day, in the order of these.
    pub hooks: Vec<(NaiveDate, String)>,
    /// Resource names of visits, meals and events that we began in [`RUN_DAYS`] and a week, in their order, at this account and
    /// at those that count as it.
    pub visits: Vec<(NaiveDate, String)>,
}

impl VisitFacts {
    /// HOOK_EXPIRED: an occasion to meet is over, and nobody met.
    pub fn hook_expired(&self) -> Vec<Turn> {
        let since = self.hooks.first().map(|(by, _)| add_days(*by, 1));
        vec![turn(since, self.hooks.iter())]
    }

    /// OVER_CONTACT: we went there more often than is good on a day (definition 4.1), and since when that
    /// has been so without a break, as far as is known.
    pub fn over_contact(&self, most: i32, on: NaiveDate) -> Vec<Turn> {
        let most = usize::try_from(most).unwrap_or_default();
        let week_before = |day: NaiveDate| {
            let first = day.checked_sub_days(Days::new(WEEK_DAYS - 1)).unwrap_or(NaiveDate::MIN);
            self.visits.iter().filter(move |(visited, _)| (first..=day).contains(visited))
        };
        let days = std::iter::successors(Some(on), |day| day.pred_opt());
        let days = days.take(usize::try_from(RUN_DAYS).unwrap_or_default());
        let since = days.take_while(|day| week_before(*day).count() > most).last();
        vec![turn(since, week_before(on))]
    }
}

fn turn<'a>(
    since: Option<NaiveDate>,
    evidence: impl Iterator<Item = &'a (NaiveDate, String)>,
) -> Turn {
    let Some(from_date) = since else {
        let (from_date, state) = (NaiveDate::MIN, State::No);
        return Turn { from_date, state, severity: None, evidence: Vec::new() };
    };
    let names = evidence.map(|(_, name)| name.clone());
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
        let visits = (1..=4).map(|n| (day(n), n.to_string())).collect();
        let facts = VisitFacts { visits, ..VisitFacts::default() };
        let told = facts.over_contact(3, day(4)).remove(0);
        assert_eq!((told.state, told.from_date, told.evidence.len()), (State::Yes, day(4), 4));
        assert_eq!(facts.over_contact(4, day(4)).remove(0).state, State::No);
        let told = facts.over_contact(3, day(7)).remove(0);
        assert_eq!((told.state, told.from_date), (State::Yes, day(4)), "it has not ceased");
        assert_eq!(facts.over_contact(3, day(8)).remove(0).state, State::No);
    }
}
