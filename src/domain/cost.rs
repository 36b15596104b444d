//! What it costs to serve customers (definition 4.25).

use std::collections::BTreeMap;

use super::error::Result;
use super::money::{Currency, Money, to_minor};
use super::rounding::div_half_even;

/// Minor units by currency.
pub type Costs = BTreeMap<Currency, i64>;

/// What it cost to serve in some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CostToServe {
    pub interactions: Costs,
    pub gifts: Costs,
    /// Ours who work at customers; `None`: not for who asks.
    pub embedded: Option<Costs>,
    /// `None` without a rate.
    pub effort: Option<Money>,
}

impl CostToServe {
    /// All of it, by currency.
    ///
    /// # Errors
    /// AMOUNT_OUT_OF_RANGE.
    pub fn total(&self) -> Result<Costs> {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        let parts = [&self.interactions, &self.gifts].into_iter().chain(&self.embedded);
        let parts = parts.flatten().map(|(currency, minor)| (*currency, *minor));
        for (currency, minor) in parts.chain(self.effort.map(|of| (of.currency, of.minor))) {
            *sums.entry(currency).or_default() += i128::from(minor);
        }
        sums.into_iter().map(|(currency, sum)| Ok((currency, to_minor(sum)?))).collect()
    }
}

/// What so many minutes cost at a rate for each hour, half to even.
///
/// # Errors
/// AMOUNT_OUT_OF_RANGE.
pub fn of_effort(minutes: i64, hour_rate: Money) -> Result<Money> {
    let minor = div_half_even(i128::from(minutes) * i128::from(hour_rate.minor), 60);
    Ok(Money { minor: to_minor(minor)?, currency: hour_rate.currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d4_25_sixty_hours_at_80_and_costs_of_5_200_are_10_000() {
        let usd = Currency::parse("USD").unwrap();
        let rate = Money { minor: 8_000, currency: usd };
        let effort = of_effort(60 * 60, rate).unwrap();
        assert_eq!(effort.minor, 480_000);
        let cost = CostToServe {
            interactions: [(usd, 120_000)].into(),
            gifts: [(usd, 50_000)].into(),
            embedded: Some([(usd, 350_000)].into()),
            effort: Some(effort),
        };
        assert_eq!(cost.total().unwrap(), [(usd, 1_000_000)].into());
        let unread = CostToServe { embedded: None, effort: None, ..cost };
        assert_eq!(unread.total().unwrap(), [(usd, 170_000)].into());
        assert_eq!(
            of_effort(1, Money { minor: 30, currency: usd }).unwrap().minor,
            0,
            "half to even"
        );
    }
}
