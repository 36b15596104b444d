//! The rhythm in which an account buys, and when its silence is out of it.

use std::cmp::Reverse;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use crate::domain::rounding::div_half_even;

/// The gaps between days with an invoice that are looked at.
pub const GAPS_MAX: usize = 12;
/// With fewer no rhythm can be told.
pub const GAPS_MIN: usize = 3;

/// A day on which an account was invoiced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceDay {
    pub day: NaiveDate,
    /// From when on all its invoices are taken back; `None` while one stands.
    pub ended: Option<NaiveDate>,
}

impl InvoiceDay {
    fn counts(&self, on: NaiveDate) -> bool {
        self.day <= on && self.ended.is_none_or(|ended| on < ended)
    }

    /// Puts days of several accounts, each with its own once, into the order of one: the latest first,
    /// each once.
    pub fn settle(days: &mut Vec<Self>) {
        days.sort_by_key(|one| Reverse(one.day));
        days.dedup_by(|next, one| {
            let same = next.day == one.day;
            if same {
                one.ended = one.ended.zip(next.ended).map(|(one, next)| one.max(next));
            }
            same
        });
    }
}

/// How an account buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// The last day with an invoice.
    pub last_day: NaiveDate,
    pub gaps: usize,
    /// Twice the median of the gaps in days, so that it is whole; `None` with too few gaps.
    twice_median: Option<u64>,
}

impl Rhythm {
    /// As it was on a day, from days with invoices, the latest first.
    pub fn on(days: &[InvoiceDay], on: NaiveDate) -> Option<Self> {
        let later = days.partition_point(|one| one.day > on);
        let counted = days.iter().skip(later).filter(|one| one.counts(on));
        let latest: Vec<NaiveDate> = counted.map(|one| one.day).take(GAPS_MAX + 1).collect();
        Self::of(&latest)
    }

    /// From the latest days with an invoice, each once, the latest first; `None` without any.
    fn of(days: &[NaiveDate]) -> Option<Self> {
        let last_day = *days.first()?;
        let gaps = days.windows(2).take(GAPS_MAX);
        let mut gaps: Vec<u64> =
            gaps.map(|pair| (pair[0] - pair[1]).num_days().unsigned_abs()).collect();
        gaps.sort_unstable();
        let middle = gaps.len() / 2;
        let twice_median = (gaps.len() >= GAPS_MIN).then(|| match gaps.len() % 2 {
            0 => gaps[middle - 1] + gaps[middle],
            _ => 2 * gaps[middle],
        });
        Some(Self { last_day, gaps: gaps.len(), twice_median })
    }

    /// The median of the gaps, in days.
    pub fn median_days(&self) -> Option<Decimal> {
        self.twice_median.map(|twice| (Decimal::from(twice) / Decimal::TWO).normalize())
    }

    /// Days since the last one over the median gap, with two decimals.
    pub fn ratio(&self, day: NaiveDate) -> Option<Decimal> {
        let twice = i128::from(self.twice_median?);
        let since = i128::from((day - self.last_day).num_days());
        let hundredths = div_half_even(since * 200, twice);
        Decimal::try_from_i128_with_scale(hundredths, 2).ok().map(|ratio| ratio.normalize())
    }

    /// The first day on which it has been silent for twice its median gap.
    pub fn lapses_on(&self) -> Option<NaiveDate> {
        self.last_day.checked_add_days(Days::new(self.twice_median?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn every(days: u64, times: u64) -> Vec<NaiveDate> {
        (0..times).map(|n| day(1_000 - n * days)).collect()
    }

    #[test]
    fn d4_24_the_same_silence_alarms_one_and_not_the_other() {
        let ratio = |gap| Rhythm::of(&every(gap, 8)).unwrap().ratio(day(1_075)).unwrap();
        assert_eq!((ratio(30).to_string(), ratio(90).to_string()), ("2.5".into(), "0.83".into()));
        let lapses = |gap| Rhythm::of(&every(gap, 8)).unwrap().lapses_on();
        assert_eq!((lapses(30), lapses(90)), (Some(day(1_060)), Some(day(1_180))));
    }

    #[test]
    fn few_gaps_tell_nothing_and_old_ones_do_not_count() {
        assert_eq!(Rhythm::of(&[]), None);
        let three = Rhythm::of(&every(30, 3)).unwrap();
        assert_eq!((three.gaps, three.ratio(day(2_000)), three.lapses_on()), (2, None, None));
        let mut days = every(10, 13);
        let oldest = days[12];
        days.extend((1..30).map(|n| oldest - Days::new(n * 20)));
        assert_eq!(Rhythm::of(&days).unwrap().median_days(), Some(Decimal::TEN));
        let even = [day(40), day(30), day(19), day(7), day(0)];
        assert_eq!(Rhythm::of(&even).unwrap().median_days().unwrap().to_string(), "10.5");
    }
}
