//! Classes that people give to accounts for some days, whatever runs apply.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::dated::{CannotEnd, Interval};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::names::{AccountRef, ChildName, TIER_OVERRIDES, child_name};
use crate::domain::page::PageOf;
use crate::domain::personal::Personal;

/// Days for which a class may be given: a run looks at most at three years.
pub const DAYS_MAX: i64 = 1_100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierOverride {
    pub id: Uuid,
    pub account_id: String,
    /// The code of the class.
    pub class: String,
    /// It has a last day.
    pub days: Interval,
    pub recorded_by: String,
    pub reason: Personal,
    /// `None` if nobody ended it.
    pub end_reason: Option<Personal>,
}

impl TierOverride {
    pub fn name(&self) -> String {
        child_name(&self.account_id, TIER_OVERRIDES, self.id)
    }

    /// Its last day as it is known now.
    pub fn last_day(&self) -> NaiveDate {
        self.days.last_day_known(i64::MAX).unwrap_or(NaiveDate::MAX)
    }

    /// Ends it: it holds through `last_day`, which may be the day before its first where it was
    /// given in error.
    ///
    /// # Errors
    /// STATE_WRONG if it was ended, DATE_INVALID.
    pub fn end(&mut self, last_day: NaiveDate, us: i64, reason: Personal) -> Result<()> {
        let refuse = |what: String| Error::invalid("valid_to", Reason::DateInvalid, what);
        self.days.end(last_day, us).map_err(|cannot| match cannot {
            CannotEnd::Ended => {
                let refused = Precondition::new(Reason::StateWrong, self.name(), "was ended");
                refused.with("state", "ENDED").with("allowed", "OPEN").into()
            }
            CannotEnd::TooEarly(earliest) => refuse(format!(
                "{last_day} lies before {earliest}, the day before its first, by which it never held"
            )),
            CannotEnd::TooLate(said) => refuse(format!("it ends on {said} anyway")),
        })?;
        self.end_reason = Some(reason);
        Ok(())
    }
}

/// Gives an account a class.
#[derive(Debug, Clone, Serialize)]
pub struct OverrideTier {
    pub account: AccountRef,
    pub class: String,
    /// `None` is the business date.
    pub first_day: Option<NaiveDate>,
    pub last_day: NaiveDate,
    pub reason: String,
}

impl OverrideTier {
    /// Its days, of which none is past.
    ///
    /// # Errors
    /// DATE_INVALID.
    pub fn days(&self, today: NaiveDate, recorded_us: i64) -> Result<Interval> {
        let first_day = self.first_day.unwrap_or(today);
        let refuse =
            |field: &str, what: String| Err(Error::invalid(field, Reason::DateInvalid, what));
        if first_day < today {
            let what = format!("{first_day} lies before the business date, {today}");
            return refuse("valid_from", what);
        }
        let last_day = self.last_day;
        if last_day < first_day {
            return refuse(
                "valid_to",
                format!("{last_day} lies before {first_day}, its first day"),
            );
        }
        if (last_day - first_day).num_days() >= DAYS_MAX {
            return refuse("valid_to", format!("it would hold for more than {DAYS_MAX} days"));
        }
        Ok(Interval { first_day, last_day: Some(last_day), recorded_us, end: None })
    }
}

/// Ends an override.
#[derive(Debug, Clone, Serialize)]
pub struct EndOverride {
    pub named: ChildName,
    /// `None`: the day before the business date, so that it holds no more.
    pub last_day: Option<NaiveDate>,
    pub reason: String,
}

/// ListTierOverrides.
#[derive(Debug, Clone)]
pub struct ListOverrides<A> {
    /// `None`: of all accounts.
    pub account: Option<A>,
    /// Only those that hold on this day.
    pub as_of: Option<NaiveDate>,
    pub page: PageOf,
}

/// The override that has a day in common with these days, if there is one.
pub fn overlapping<'a>(overrides: &'a [TierOverride], days: &Interval) -> Option<&'a TierOverride> {
    let last_day = days.last_day.unwrap_or(NaiveDate::MAX);
    overrides.iter().find(|one| {
        let held = one.days.first_day <= one.last_day();
        held && one.days.first_day <= last_day && days.first_day <= one.last_day()
    })
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn given(first: u64, last: u64) -> TierOverride {
        TierOverride {
            id: Uuid::nil(),
            account_id: "a".into(),
            class: "A".into(),
            days: Interval {
                first_day: day(first),
                last_day: Some(day(last)),
                recorded_us: 1,
                end: None,
            },
            recorded_by: "p".into(),
            reason: "r".into(),
            end_reason: None,
        }
    }

    #[test]
    fn days_overlap_as_long_as_both_hold() {
        let mut all = vec![given(10, 20)];
        for (first, last, found) in [(0, 9, false), (0, 10, true), (20, 30, true), (21, 30, false)]
        {
            assert_eq!(overlapping(&all, &given(first, last).days).is_some(), found, "{first}");
        }
        all[0].end(day(9), 2, "r".into()).unwrap();
        assert!(overlapping(&all, &given(0, 30).days).is_none(), "it never held");
        assert!(all[0].end(day(9), 3, "r".into()).is_err(), "ended");
        for last in [8, 20] {
            assert!(given(10, 20).end(day(last), 2, "r".into()).is_err(), "{last}");
        }
    }
}
