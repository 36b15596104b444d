//! How much a recipient and an account may be given in a year (definition 4.20).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::currency::Currency;
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::money::{self, Money};
use crate::domain::names::contact_name;
use crate::domain::naming::NamesContacts;
use crate::domain::rates::{Quote, RateTable, SPOT};
use crate::domain::stored::stored_enum;

/// What was given in so many days counts together.
pub const WINDOW_DAYS: u64 = 365;

stored_enum! {
    /// Whose cap it is.
    pub enum CapScope {
        Recipient => "RECIPIENT",
        /// Of a recipient who is an official: it is not crossed, with approval or without.
        Official => "OFFICIAL",
        Account => "ACCOUNT",
    }
}

stored_enum! {
    /// Why a gift needs approval.
    pub enum ApprovalReason {
        NoCap => "NO_CAP",
        RecipientCap => "RECIPIENT_CAP",
        AccountCap => "ACCOUNT_CAP",
        RateMissing => "RATE_MISSING",
    }
}

impl ApprovalReason {
    /// For people, within a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NoCap => "nothing says how much may be given",
            Self::RecipientCap => "the recipient is given more than he may be",
            Self::AccountCap => "the account is given more than it may be",
            Self::RateMissing => "a rate is missing",
        }
    }
}

/// What the class of an account says of gifts; `None` where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GiftCaps {
    pub recipient: Option<Money>,
    pub official: Option<Money>,
    pub account: Option<Money>,
}

/// A gift as caps count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub id: Uuid,
    pub account_id: String,
    pub contact_id: String,
    pub day: NaiveDate,
    pub value: Money,
}

impl NamesContacts for Given {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}

/// A rate that was missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingRate {
    pub currency: Currency,
    pub day: NaiveDate,
}

/// What of a cap is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headroom {
    pub scope: CapScope,
    /// `None`: there is none.
    pub cap: Option<Money>,
    /// In minor units of the cap's currency; 0 without one.
    pub used: i64,
    /// What was given in these currencies on these days is not in it.
    pub missing: Vec<MissingRate>,
}

impl Headroom {
    pub fn is_crossed(&self) -> bool {
        self.cap.is_some_and(|cap| self.used > cap.minor)
    }

    /// What is used of the cap, and what is left of it.
    pub fn used_and_left(&self) -> Option<[Money; 2]> {
        let Money { minor, currency } = self.cap?;
        let left = (minor - self.used).max(0);
        Some([self.used, left].map(|minor| Money { minor, currency }))
    }

    fn reasons(&self) -> impl Iterator<Item = ApprovalReason> {
        let crossed = match self.scope {
            CapScope::Recipient | CapScope::Official => ApprovalReason::RecipientCap,
            CapScope::Account => ApprovalReason::AccountCap,
        };
        let told = [
            (self.cap.is_none(), ApprovalReason::NoCap),
            (self.is_crossed(), crossed),
            (!self.missing.is_empty(), ApprovalReason::RateMissing),
        ];
        told.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason)
    }
}

/// Why what is used needs approval, each reason once.
pub fn approval_reasons(headroom: &[Headroom]) -> Vec<ApprovalReason> {
    let reasons: BTreeSet<_> = headroom.iter().flat_map(Headroom::reasons).collect();
    reasons.into_iter().collect()
}

/// Refuses what takes an official above his cap.
///
/// # Errors
/// GIFT_CAP_EXCEEDED.
pub fn check_official(headroom: &[Headroom], contact_id: &str, field: &str) -> Result<()> {
    let his = headroom.iter().filter(|one| one.scope == CapScope::Official);
    for one in his.filter(|one| one.is_crossed()) {
        let Some((cap, [used, _])) = one.cap.zip(one.used_and_left()) else { continue };
        let what = format!("is an official: {used} in {WINDOW_DAYS} days, and {cap} is the most");
        let refused = Precondition::new(Reason::GiftCapExceeded, contact_name(contact_id), what);
        let refused = refused.with("cap", money::digits(cap.minor.into(), cap.currency));
        let refused = refused.with("used", money::digits(used.minor.into(), used.currency));
        return Err(refused.with("currency", cap.currency).at(field).into());
    }
    Ok(())
}

/// The days whose gifts stand in one span with a day: from the first to the last.
pub fn days_around(day: NaiveDate) -> [NaiveDate; 2] {
    let span = Days::new(WINDOW_DAYS - 1);
    let first = day.checked_sub_days(span).unwrap_or(NaiveDate::MIN);
    [first, day.checked_add_days(span).unwrap_or(NaiveDate::MAX)]
}

/// What amounts are converted at.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    table: RateTable,
    base: Option<Currency>,
    age_days_max: i64,
    /// What is given later is converted at the rate of today.
    today: NaiveDate,
}

impl Rates {
    pub fn new(
        quotes: Vec<Quote>,
        base: Option<Currency>,
        age_days_max: i64,
        today: NaiveDate,
    ) -> Self {
        Self { table: quotes.into_iter().collect(), base, age_days_max, today }
    }

    fn convert(&self, given: &Given, to: Currency) -> Result<Result<i128, MissingRate>> {
        let (Money { minor, currency }, day) = (given.value, given.day.min(self.today));
        match self.table.lookup(currency, to, day, SPOT, self.base, self.age_days_max) {
            Some(rate) => Ok(Ok(money::convert(minor.into(), currency, to, rate.rate)?)),
            None => Ok(Err(MissingRate { currency, day })),
        }
    }
}

/// What counts when it is looked at what somebody may be given.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub caps: GiftCaps,
    /// What was given around the day to whoever is asked about, at whatever account, and at the account.
    pub given: Vec<Given>,
    pub rates: Rates,
}

impl Known {
    /// The days of the rates that are needed; `None` if none are.
    pub fn quote_days(
        caps: &GiftCaps,
        given: &[Given],
        age_days_max: i64,
        today: NaiveDate,
    ) -> Option<[NaiveDate; 2]> {
        let caps = [caps.recipient, caps.official, caps.account];
        let of_caps: BTreeSet<Currency> =
            caps.into_iter().flatten().map(|cap| cap.currency).collect();
        let differs = |one: &&Given| of_caps.iter().any(|currency| *currency != one.value.currency);
        let days = given.iter().filter(differs).map(|one| one.day.min(today));
        let first = days.clone().min()?;
        let age = Days::new(u64::try_from(age_days_max).unwrap_or_default());
        Some([first.checked_sub_days(age).unwrap_or(NaiveDate::MIN), days.max()?])
    }

    /// What is used of the caps of a recipient and of an account on a day.
    ///
    /// # Errors
    /// AMOUNT_OUT_OF_RANGE.
    pub fn headroom(
        &self,
        account_id: &str,
        contact_id: &str,
        official: bool,
        day: NaiveDate,
    ) -> Result<Vec<Headroom>> {
        let (scope, cap) = match official {
            true => (CapScope::Official, self.caps.official),
            false => (CapScope::Recipient, self.caps.recipient),
        };
        let his = self.given.iter().filter(|one| one.contact_id == contact_id);
        let its = self.given.iter().filter(|one| one.account_id == account_id);
        Ok(vec![
            self.used(scope, cap, his, day)?,
            self.used(CapScope::Account, self.caps.account, its, day)?,
        ])
    }

    /// The most that is given in any span that the day is in.
    fn used<'a>(
        &self,
        scope: CapScope,
        cap: Option<Money>,
        given: impl Iterator<Item = &'a Given>,
        day: NaiveDate,
    ) -> Result<Headroom> {
        let Some(Money { currency: to, .. }) = cap else {
            return Ok(Headroom { scope, cap, used: 0, missing: Vec::new() });
        };
        let [first, last] = days_around(day);
        let (mut by_day, mut missing) = (BTreeMap::<NaiveDate, i128>::new(), BTreeSet::new());
        for one in given.filter(|one| (first..=last).contains(&one.day)) {
            match self.rates.convert(one, to)? {
                Ok(minor) => *by_day.entry(one.day).or_default() += minor,
                Err(rate) => _ = missing.insert(rate),
            }
        }
        // A span with the most ends on a day on which something is given, or on the day itself.
        let ends = by_day.keys().copied().filter(|end| *end > day).chain([day]);
        let sums = ends.map(|end| {
            let [first, _] = days_around(end);
            by_day.range(first..=end).map(|(_, minor)| minor).sum::<i128>()
        });
        let used = money::to_minor(sums.max().unwrap_or_default())?;
        Ok(Headroom { scope, cap, used, missing: missing.into_iter().collect() })
    }
}
