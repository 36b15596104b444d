//! From terms to due dates and amounts.

use chrono::{Datelike, NaiveDate};

use super::{Instalment, InstalmentKind, PaymentTerms, Share, TermStep};
use crate::domain::dates::{add_days, add_months, day_of_month, month_end};
use crate::domain::money;

/// The due date: the steps applied to the baseline date, in order.
pub fn due(baseline_date: NaiveDate, steps: &[TermStep]) -> NaiveDate {
    steps.iter().fold(baseline_date, |date, step| step.apply(date))
}

impl TermStep {
    fn apply(self, date: NaiveDate) -> NaiveDate {
        match self {
            Self::AddDays(n) => add_days(date, n.into()),
            Self::AddMonths(n) => add_months(date, n.into()),
            Self::MonthEnd => month_end(date),
            Self::DayOfMonth(n) => next_day_of_month(date, n),
            Self::DaysOfMonth(days) => {
                days.iter().map(|n| next_day_of_month(date, n)).min().unwrap_or(date)
            }
            Self::CutoffDay(n) if date.day() > n.into() => add_days(month_end(date), 1),
            Self::CutoffDay(_) => date,
        }
    }
}

fn next_day_of_month(date: NaiveDate, n: u8) -> NaiveDate {
    let this_month = day_of_month(date, n.into());
    if this_month >= date { this_month } else { day_of_month(add_months(date, 1), n.into()) }
}

impl PaymentTerms {
    /// Splits a gross amount into instalments that add up to it exactly. Without a baseline
    /// date none of them has a due date.
    pub fn instalments(
        &self,
        gross_minor: i64,
        baseline_date: Option<NaiveDate>,
    ) -> Vec<Instalment> {
        let shares_bp: Vec<u32> = self.shares.iter().map(|share| share.share_bp).collect();
        let amounts = money::split(gross_minor, &shares_bp);
        self.shares
            .iter()
            .zip(amounts)
            .map(|(share, amount_minor)| Instalment {
                kind: share.kind,
                due_date: baseline_date.and_then(|date| share.due(date)),
                amount_minor,
                release_condition: None,
            })
            .collect()
    }
}

impl Share {
    fn due(&self, baseline_date: NaiveDate) -> Option<NaiveDate> {
        match self.kind {
            // Due at once would release the deposit on delivery: no steps, no day.
            InstalmentKind::Retention if self.steps.is_empty() => None,
            InstalmentKind::Retention | InstalmentKind::Normal => {
                Some(due(baseline_date, &self.steps))
            }
        }
    }
}
