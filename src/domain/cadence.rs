//! When an account is to be seen next, and what is planned for it (definition 4.1).

use chrono::NaiveDate;

use super::dates::add_days;
use super::interaction::Interaction;
use super::tier::service::Cadence;

/// Days after an account is to be seen for which a plan is in time still.
const COVERED_DAYS: u32 = 7;

impl Cadence {
    /// The day by which somebody is to be met: so many days after the last real touch; where there
    /// was none, after the day from which on the account is in its class.
    pub fn due(&self, last_touch: Option<NaiveDate>, since: NaiveDate) -> NaiveDate {
        add_days(last_touch.unwrap_or(since), self.target_days.unsigned_abs())
    }
}

/// The first of these plans, none of which is over, that is in time for a day by which somebody is to
/// be met.
pub fn covering<'a>(
    plans: impl IntoIterator<Item = &'a Interaction>,
    due: NaiveDate,
) -> Option<&'a Interaction> {
    let in_time = add_days(due, COVERED_DAYS);
    plans.into_iter().find(|plan| plan.two_way && plan.day <= in_time)
}

/// When an account is to be seen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextTouch {
    pub due: NaiveDate,
    /// Resource name of the interaction that is planned for it.
    pub covered_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d4_1_a_call_on_day_12_of_14_makes_the_next_one_due_on_day_26() {
        let day = |n| NaiveDate::from_ymd_opt(2026, 3, n).unwrap();
        let cadence = Cadence { target_days: 14, min_days: 7, visits_per_week: 3 };
        assert_eq!(cadence.due(Some(day(12)), day(1)), day(26));
        assert_eq!(cadence.due(None, day(1)), day(15), "never met");
    }
}
