//! How regularly an account buys: the share of quarters with an invoice.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::policy::WHOLE_BP;
use crate::domain::rounding::div_half_even;

/// Quarters that are looked at, the present one included.
const QUARTERS: i32 = 8;
/// With fewer nothing can be told.
const QUARTERS_MIN: i32 = 4;

/// Quarters with an invoice over quarters since the first one, at most the last eight, in basis
/// points; `None` before there are four. `days` are those of the invoices, or one of each month.
pub fn loyalty_bp(days: impl IntoIterator<Item = NaiveDate>, as_of: NaiveDate) -> Option<i32> {
    let quarter = |day: NaiveDate| day.year() * 4 + day.month0() as i32 / 3;
    let last = quarter(as_of);
    let bought: BTreeSet<i32> = days.into_iter().map(quarter).filter(|q| *q <= last).collect();
    let since = (last - bought.first()? + 1).min(QUARTERS);
    if since < QUARTERS_MIN {
        return None;
    }
    let counted = bought.range(last - since + 1..).count();
    let share = div_half_even(counted as i128 * i128::from(WHOLE_BP), since.into());
    i32::try_from(share).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, 10).unwrap()
    }

    #[test]
    fn d4_24_loyalty_is_the_share_of_quarters_with_an_invoice() {
        let now = day(2026, 12);
        let quarters = |n: &[u32]| {
            let days = n.iter().map(|q| day(2025 + (*q as i32 - 1) / 4, (q - 1) % 4 * 3 + 1));
            loyalty_bp(days, now)
        };
        assert_eq!(quarters(&[1, 2, 3, 5, 6, 7, 8]), Some(8_750));
        assert_eq!(quarters(&[1, 8]), Some(2_500));
        assert_eq!(quarters(&[5, 8]), Some(5_000), "four quarters since the first");
        assert_eq!(quarters(&[6, 7, 8]), None);
        assert_eq!(quarters(&[]), None);
        assert_eq!(loyalty_bp([day(2020, 1), day(2026, 11)], now), Some(1_250));
    }
}
