//! Clearing: credits against debits, and what it must never do to an item's open amount.

mod allocation;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

pub use self::allocation::{Allocation, OpenAmount, allocate_oldest_first, spread};
use super::item::Side;

/// The first day on which an entry would put an item on the wrong side of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignChange {
    pub date: NaiveDate,
    /// The open amount of that day without the entry, signed, in minor units.
    pub open_minor: i64,
    /// And with it.
    pub would_be_minor: i64,
}

/// Refuses an entry that would turn an item's sign on any day from its effective date on.
///
/// `open_now` is the sum of all the item's entries, whatever their date; `future` those that
/// take effect after `from`, summed by date, ascending; `change` the signed amount that would
/// take effect on `from`. Debits are positive. Only days on which something changes are
/// looked at: between them the open amount stands still.
///
/// # Errors
/// The first such day.
pub fn check_no_sign_change(
    sign: Side,
    open_now: i64,
    future: &[(NaiveDate, i64)],
    from: NaiveDate,
    change: i64,
) -> Result<(), SignChange> {
    let later = future.iter().map(|&(date, _)| date);
    let days = std::iter::once(from).chain(later);
    for (date, open_minor) in days.zip(open_by_day(open_now, future)) {
        let would_be_minor = open_minor + change;
        if would_be_minor * sign.sign() < 0 {
            return Err(SignChange { date, open_minor, would_be_minor });
        }
    }
    Ok(())
}

/// The largest amount that can be cleared from `from` on without a sign change, in minor
/// units, never negative. Arguments as in [`check_no_sign_change`]: what is open then and
/// after every later change bounds it.
pub fn max_clearable(side: Side, open_now: i64, future: &[(NaiveDate, i64)]) -> i64 {
    open_by_day(open_now, future).map(|open| open * side.sign()).min().map_or(0, |open| open.max(0))
}

/// The open amount on the day in question, then after each later change.
fn open_by_day(open_now: i64, future: &[(NaiveDate, i64)]) -> impl Iterator<Item = i64> + '_ {
    let first = open_now - future.iter().map(|&(_, minor)| minor).sum::<i64>();
    let later = future.iter().scan(first, |open, &(_, minor)| {
        *open += minor;
        Some(*open)
    });
    std::iter::once(first).chain(later)
}
