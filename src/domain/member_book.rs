//! What the accounts of one of ours come to, taken together.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::bond::Relationship;
use super::error::Result;
use super::finding::{Code, Finding};
use super::money::{Currency, Money, to_minor};
use super::names::MemberRef;
use super::rounding::div_half_even;
use super::severity::Severity;
use super::trust::Tally;

/// A book has no more accounts.
pub const ACCOUNTS_MAX: usize = 5_000;
/// How far back revenue, words and hooks are looked at, the day included.
pub const DAYS: u64 = 365;

/// GetMemberBook.
#[derive(Debug, Clone)]
pub struct GetMemberBook {
    pub member: MemberRef,
    /// `None` is the business date.
    pub as_of: Option<NaiveDate>,
}

/// Amounts by currency, and all of them in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    amounts: BTreeMap<Currency, i128>,
    /// `None` where one cannot be converted.
    converted: Option<i128>,
}

impl Default for Worth {
    fn default() -> Self {
        Self { amounts: BTreeMap::new(), converted: Some(0) }
    }
}

impl Worth {
    /// One amount more, and what it is in the currency of all; `None` if that is not known.
    pub fn add(&mut self, currency: Currency, minor: i128, converted: Option<i128>) {
        *self.amounts.entry(currency).or_default() += minor;
        self.converted = self.converted.zip(converted).map(|(sum, one)| sum + one);
    }

    /// By currency, none of which there is nothing.
    ///
    /// # Errors
    /// INTERNAL if a sum is beyond what an amount holds.
    pub fn amounts(&self) -> Result<Vec<Money>> {
        let some = self.amounts.iter().filter(|(_, minor)| **minor != 0);
        some.map(|(currency, minor)| Ok(Money { minor: to_minor(*minor)?, currency: *currency }))
            .collect()
    }

    /// In the currency of all.
    ///
    /// # Errors
    /// As [`Worth::amounts`].
    pub fn converted(&self, to: Option<Currency>) -> Result<Option<Money>> {
        let all = self.converted.zip(to);
        all.map(|(minor, currency)| Ok(Money { minor: to_minor(minor)?, currency })).transpose()
    }
}

/// How many accounts are to be seen so often, and were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cadence {
    pub accounts: usize,
    pub kept: usize,
}

/// Of how many accounts coverage is known, and what it adds up to in basis points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Covered {
    pub accounts: usize,
    sum_bp: i64,
}

impl Covered {
    pub fn mean_bp(&self) -> Option<i32> {
        let accounts = self.accounts as i128;
        let mean = (accounts > 0).then(|| div_half_even(self.sum_bp.into(), accounts));
        mean.and_then(|mean| i32::try_from(mean).ok())
    }
}

/// What became of hooks by a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooks {
    pub used: i64,
    pub expired: i64,
    pub open: i64,
}

impl Hooks {
    pub fn converted_bp(&self) -> Option<i32> {
        let decided = i128::from(self.used + self.expired);
        let share = (decided > 0).then(|| div_half_even(i128::from(self.used) * 10_000, decided));
        share.and_then(|share| i32::try_from(share).ok())
    }
}

/// What is known of one account, without what it owes.
#[derive(Debug)]
pub struct AccountFacts {
    /// `None`: in no class.
    pub class: Option<String>,
    /// How often its class wants it to be seen.
    pub target_days: Option<i32>,
    pub relationship: Option<Relationship>,
    pub ours: Tally,
    pub theirs: Tally,
    /// Those that are so and not hidden.
    pub findings: Vec<Finding>,
}

/// The book of one of ours.
#[derive(Debug, Default)]
pub struct Book {
    pub accounts: usize,
    /// By class; `None` is none.
    pub classes: BTreeMap<Option<String>, usize>,
    pub revenue: Worth,
    pub open: Worth,
    pub overdue: Worth,
    pub cadence: Cadence,
    pub covered: Covered,
    pub ours: Tally,
    pub theirs: Tally,
    pub findings: BTreeMap<(Code, Option<Severity>), usize>,
    pub hooks: Hooks,
}

impl Book {
    /// One account more, on a day.
    pub fn add(&mut self, account: AccountFacts, on: NaiveDate) {
        let AccountFacts { class, target_days, relationship, ours, theirs, findings } = account;
        self.accounts += 1;
        *self.classes.entry(class).or_default() += 1;
        if let Some(target) = target_days {
            let last = relationship.as_ref().and_then(|of| of.people.last_touch);
            let due = last.map(|last| last + Days::new(target.unsigned_abs().into()));
            self.cadence.accounts += 1;
            self.cadence.kept += usize::from(due.is_some_and(|due| on <= due));
        }
        if let Some(bp) = relationship.and_then(|of| of.people.coverage.coverage_bp) {
            self.covered.accounts += 1;
            self.covered.sum_bp += i64::from(bp);
        }
        self.ours.add(&ours);
        self.theirs.add(&theirs);
        for Finding { code, severity, .. } in findings {
            *self.findings.entry((code, severity)).or_default() += 1;
        }
    }
}

/// The day before the first of those that are looked at.
pub fn after(on: NaiveDate) -> NaiveDate {
    on.checked_sub_days(Days::new(DAYS)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn a_sum_of_which_one_rate_is_missing_is_told_by_currency_alone() {
        let mut worth = Worth::default();
        worth.add(of("USD"), 100, Some(100));
        worth.add(of("EUR"), 50, Some(55));
        worth.add(of("USD"), -100, Some(-100));
        let money = |minor, currency| Money { minor, currency: of(currency) };
        assert_eq!(worth.amounts().unwrap(), [money(50, "EUR")]);
        assert_eq!(worth.converted(Some(of("USD"))).unwrap(), Some(money(55, "USD")));
        assert_eq!(worth.converted(None).unwrap(), None);
        worth.add(of("CNY"), 1, None);
        assert_eq!(worth.converted(Some(of("USD"))).unwrap(), None);
    }

    #[test]
    fn an_account_is_seen_in_time_up_to_the_day_on_which_it_is_due() {
        let day = |n| NaiveDate::from_ymd_opt(2026, 1, n).unwrap();
        let none = || AccountFacts {
            class: None,
            target_days: Some(10),
            relationship: None,
            ours: Tally::default(),
            theirs: Tally::default(),
            findings: Vec::new(),
        };
        let mut book = Book::default();
        book.add(none(), day(1));
        book.add(AccountFacts { target_days: None, ..none() }, day(1));
        assert_eq!((book.cadence, book.accounts), (Cadence { accounts: 1, kept: 0 }, 2));
        assert_eq!((book.covered.mean_bp(), book.hooks.converted_bp()), (None, None));
        assert_eq!(Hooks { used: 1, expired: 2, open: 5 }.converted_bp(), Some(3_333));
    }
}
