//! Promises to pay.

use chrono::NaiveDate;

use super::dates::add_days;
use super::machine::Transition;
use super::stored::stored_enum;

stored_enum! {
    /// What became of a promise.
    pub enum PromiseState {
        /// Its deadline has not passed.
        Open => "OPEN",
        /// Receipts on the named items reached the amount in time.
        Kept => "KEPT",
        /// Some of the amount came in time.
        PartiallyKept => "PARTIALLY_KEPT",
        /// Nothing came in time.
        Broken => "BROKEN",
        Withdrawn => "WITHDRAWN",
        /// Nothing of it was owed any more by its deadline: neither kept nor broken.
        Lapsed => "LAPSED",
    }
}

stored_enum! {
    pub enum PromiseVerb {
        Withdraw => "WITHDRAW",
    }
}

/// What people may make of a promise; the rest is told by receipts and time.
pub const STATES: &[Transition<PromiseState, PromiseVerb>] = &[Transition {
    verb: PromiseVerb::Withdraw,
    from: &[
        PromiseState::Open,
        PromiseState::Kept,
        PromiseState::PartiallyKept,
        PromiseState::Broken,
        PromiseState::Lapsed,
    ],
    to: PromiseState::Withdrawn,
}];

/// The last day on which money still keeps a promise.
pub fn deadline(pay_by: NaiveDate, grace_days: i32) -> NaiveDate {
    add_days(pay_by, grace_days.unsigned_abs())
}

/// What was promised, and by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    pub amount: i64,
    pub promise_date: NaiveDate,
    /// The promised day plus grace: the last day in time.
    pub deadline: NaiveDate,
}

/// A receipt that settled something of the promised items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// When the money came: the posting date of the receipt.
    pub posted: NaiveDate,
    pub applied: NaiveDate,
    /// First day on which it settles nothing any more.
    pub reset: Option<NaiveDate>,
    pub amount: i64,
}

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub state: PromiseState,
    /// What came in time and still counts.
    pub received: i64,
    /// The part of the amount that was no longer owed.
    pub lapsed: i64,
}

impl Promised {
    /// Judges a promise as of a day by what is recorded: payments on the promised items, and
    /// their entries by effective day.
    ///
    /// Money is in time by the day it came, whenever it was applied; money that came before the
    /// promise is none of it, and money after the deadline never mends it. What ended otherwise
    /// by the deadline (credited, written off, reversed) could not be paid any more: so much of
    /// the amount lapses. A withdrawn promise stays withdrawn.
    pub fn judge(
        self,
        payments: &[Payment],
        entries: &[(NaiveDate, i64)],
        as_of: NaiveDate,
        withdrawn: bool,
    ) -> Judged {
        let came_after = |p: &&Payment| p.posted >= self.promise_date;
        let counts =
            |p: &&Payment, day| p.applied <= day && p.reset.is_none_or(|reset| reset > day);
        let in_time = payments.iter().filter(came_after).filter(|p| p.posted <= self.deadline);
        let received = sum(in_time.filter(|p| counts(p, as_of)).map(|p| p.amount));
        let day = as_of.min(self.deadline);
        let open = sum(entries.iter().filter(|(on, _)| *on <= day).map(|(_, amount)| *amount));
        let paid =
            sum(payments.iter().filter(came_after).filter(|p| counts(p, day)).map(|p| p.amount));
        let amount = i128::from(self.amount);
        // What came in time was owed, also where it was applied late.
        let owed = (open + paid).max(received).clamp(0, amount);
        let state = if withdrawn {
            PromiseState::Withdrawn
        } else if owed == 0 {
            PromiseState::Lapsed
        } else if received >= owed {
            PromiseState::Kept
        } else if as_of <= self.deadline {
            PromiseState::Open
        } else if received > 0 {
            PromiseState::PartiallyKept
        } else {
            PromiseState::Broken
        };
        let narrow = |n: i128| i64::try_from(n).unwrap_or(i64::MAX);
        Judged { state, received: narrow(received), lapsed: narrow(amount - owed) }
    }
}

fn sum(amounts: impl Iterator<Item = i64>) -> i128 {
    amounts.map(i128::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }

    /// 100 of an item of 100, promised on day 2 for day 10.
    const fn promised(amount: i64) -> (i64, u32, u32) {
        (amount, 2, 10)
    }

    /// A payment that came and was applied, with the entry it makes.
    fn paid(posted: u32, applied: u32, amount: i64) -> (Payment, (NaiveDate, i64)) {
        let payment = Payment { posted: date(posted), applied: date(applied), reset: None, amount };
        (payment, (date(applied), -amount))
    }

    fn judge(
        (amount, made, deadline): (i64, u32, u32),
        payments: &[(Payment, (NaiveDate, i64))],
        ends: &[(u32, i64)],
        as_of: u32,
    ) -> Judged {
        let mut entries = vec![(date(1), 100)];
        entries.extend(payments.iter().map(|(_, entry)| *entry));
        entries.extend(ends.iter().map(|(day, amount)| (date(*day), -amount)));
        let payments: Vec<Payment> = payments.iter().map(|(payment, _)| *payment).collect();
        Promised { amount, promise_date: date(made), deadline: date(deadline) }.judge(
            &payments,
            &entries,
            date(as_of),
            false,
        )
    }

    fn state(payments: &[(Payment, (NaiveDate, i64))], as_of: u32) -> PromiseState {
        judge(promised(100), payments, &[], as_of).state
    }

    #[test]
    fn a_promise_is_open_until_its_deadline_has_passed() {
        assert_eq!(state(&[], 2), PromiseState::Open);
        assert_eq!(state(&[paid(3, 3, 99)], 10), PromiseState::Open);
        assert_eq!(state(&[], 11), PromiseState::Broken);
    }

    #[test]
    fn a_promise_is_kept_as_soon_as_its_amount_is_in() {
        assert_eq!(state(&[paid(3, 3, 100)], 3), PromiseState::Kept);
        assert_eq!(state(&[paid(3, 3, 60), paid(10, 10, 40)], 20), PromiseState::Kept);
    }

    #[test]
    fn part_of_the_amount_in_time_keeps_a_promise_partially() {
        assert_eq!(state(&[paid(3, 3, 1)], 11), PromiseState::PartiallyKept);
        assert_eq!(state(&[paid(3, 3, 1), paid(11, 11, 99)], 12), PromiseState::PartiallyKept);
    }

    #[test]
    fn money_counts_by_the_day_it_came() {
        let late = [paid(9, 15, 100)];
        assert_eq!(state(&late, 11), PromiseState::Broken, "nobody knew yet what it is for");
        assert_eq!(state(&late, 15), PromiseState::Kept);
        assert_eq!(state(&[paid(11, 11, 100)], 15), PromiseState::Broken);
        // What lay there before the promise was not promised.
        assert_eq!(state(&[paid(1, 5, 100)], 15), PromiseState::Lapsed);
    }

    #[test]
    fn receipts_taken_back_keep_nothing_and_leave_the_debt() {
        let (payment, entry) = paid(3, 3, 100);
        let bounced = Payment { reset: Some(date(12)), ..payment };
        let back = [(bounced, entry)];
        assert_eq!(judge(promised(100), &back, &[(12, -100)], 11).state, PromiseState::Kept);
        assert_eq!(judge(promised(100), &back, &[(12, -100)], 12).state, PromiseState::Broken);
    }

    #[test]
    fn what_ended_otherwise_lapses() {
        let all = judge(promised(100), &[], &[(5, 100)], 20);
        assert_eq!((all.state, all.lapsed), (PromiseState::Lapsed, 100));
        let rest = judge(promised(100), &[paid(4, 4, 40)], &[(5, 60)], 20);
        assert_eq!((rest.state, rest.received, rest.lapsed), (PromiseState::Kept, 40, 60));
        let some = judge(promised(100), &[paid(4, 4, 10)], &[(5, 60)], 20);
        assert_eq!((some.state, some.lapsed), (PromiseState::PartiallyKept, 60));
        // A promise of a part stands on what is left.
        let part = judge(promised(40), &[], &[(5, 60)], 20);
        assert_eq!((part.state, part.lapsed), (PromiseState::Broken, 0));
        // It was broken before this.
        assert_eq!(judge(promised(100), &[], &[(12, 100)], 20).state, PromiseState::Broken);
    }

    #[test]
    fn a_withdrawn_promise_stays_withdrawn_whatever_comes_in() {
        let promised = Promised { amount: 100, promise_date: date(2), deadline: date(10) };
        let (payment, entry) = paid(3, 3, 100);
        let judged = promised.judge(&[payment], &[(date(1), 100), entry], date(10), true);
        assert_eq!(judged.state, PromiseState::Withdrawn);
    }
}
