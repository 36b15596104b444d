//! What is at stake where something is found: what the accounts owe on the day.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::error::Result;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::rounding::div_half_even;

/// Most accounts of one member whose stakes are compared.
pub const ACCOUNTS_MAX: usize = 5_000;
/// Most findings of one member that are ordered by them.
pub const FINDINGS_MAX: usize = 20_000;

/// What an account owes and has reserved, one amount of each currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stake {
    pub account_id: String,
    /// Credits deducted.
    pub open: Vec<Money>,
    pub overdue: Vec<Money>,
    /// What orders reserve that are not invoiced; of now.
    pub reserved: Vec<Money>,
    /// What is open, in the currency of the question, in minor units: 0 where credits are more.
    pub converted: i128,
    /// The class that is applied to it; `None` where none is.
    pub class: Option<String>,
    /// Who of ours answers for it.
    pub accountable: String,
    pub lost: Vec<Lost>,
}

/// A position that is required, from which somebody left of whom nobody met the successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub position_id: Uuid,
    /// The first day without him.
    pub since: NaiveDate,
    pub contact_left: String,
    /// Who of ours looks after it meanwhile.
    pub interim: String,
}

/// How much of what the accounts of one member owe is owed where something is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    pub currency: Currency,
    pub total: i64,
    /// Of accounts with a finding that was asked for.
    pub blind: i64,
    /// In basis points, rounded half even; `None` where nothing is owed.
    pub blind_bp: Option<i32>,
}

impl Exposure {
    /// # Errors
    /// INTERNAL if a sum is beyond what an amount holds.
    pub fn of(
        stakes: &[Stake],
        currency: Currency,
        is_blind: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let total: i128 = stakes.iter().map(|stake| stake.converted).sum();
        let blind = stakes.iter().filter(|stake| is_blind(&stake.account_id));
        let blind: i128 = blind.map(|stake| stake.converted).sum();
        let blind_bp = (total > 0).then(|| div_half_even(blind * 10_000, total));
        Ok(Self {
            currency,
            total: to_minor(total)?,
            blind: to_minor(blind)?,
            blind_bp: blind_bp.and_then(|bp| i32::try_from(bp).ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blind_is_a_share_of_what_all_accounts_owe() {
        let currency = Currency::parse("USD").unwrap();
        let stake =
            |id: &str, converted| Stake { account_id: id.into(), converted, ..Stake::default() };
        let stakes = [stake("a", 100), stake("b", 200), stake("c", 0)];
        let exposure = Exposure::of(&stakes, currency, |id| id == "a" || id == "c").unwrap();
        assert_eq!((exposure.total, exposure.blind, exposure.blind_bp), (300, 100, Some(3_333)));
        let nothing = Exposure::of(&stakes[2..], currency, |_| true).unwrap();
        assert_eq!((nothing.total, nothing.blind, nothing.blind_bp), (0, 0, None));
    }
}
