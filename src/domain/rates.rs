//! Exchange rates: which quote counts on a day.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::stored::stored_enum;

/// The type of rates that totals and exposures are converted with.
pub const SPOT: &str = "SPOT";

/// A recorded rate: `rate` units of `to` per unit of `from`, not per minor unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quote {
    pub from: Currency,
    pub to: Currency,
    pub date: NaiveDate,
    pub rate: Decimal,
    /// Which kind of rate: `SPOT`, `MONTH_END`, or what the ledger calls it.
    pub rate_type: String,
}

stored_enum! {
    /// How a rate was found.
    pub enum RatePath {
        Direct => "DIRECT",
        /// One over the quote of the opposite pair.
        Inverse => "INVERSE",
        /// The product of two rates, into the base currency and out of it.
        ThroughBase => "THROUGH_BASE",
    }
}

/// A rate with where it came from, for the answer that used it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsedRate {
    /// Units of the target per unit of the source.
    pub rate: Decimal,
    /// The day of the quote, the older one of two; the day asked for if no quote was needed.
    pub date: NaiveDate,
    pub path: RatePath,
    pub rate_type: String,
    /// The currency in between, where there is one.
    pub through: Option<Currency>,
}

/// Positive quotes by type, pair and day.
#[derive(Debug, Clone, Default)]
pub struct RateTable {
    by_type: HashMap<String, Pairs>,
}

impl RateTable {
    /// Takes quotes in the order they were recorded: the last one for a pair, day and type
    /// counts. A rate that is not positive is no rate and is passed over.
    pub fn new(quotes: impl IntoIterator<Item = Quote>) -> Self {
        let mut table = Self::default();
        for Quote { from, to, date, rate, rate_type } in quotes {
            if rate > Decimal::ZERO {
                let pairs = table.by_type.entry(rate_type).or_default();
                pairs.entry((from, to)).or_default().insert(date, rate);
            }
        }
        table
    }

    /// The rate that counts on `day`: the latest on or before it and at most `max_age_days`
    /// old; of the pair itself, else the inverse of the opposite pair, else by way of
    /// `base`. Between the same currency it is 1. `None` is for the caller to answer
    /// `RATE_MISSING`, never to take as 1.
    pub fn lookup(
        &self,
        from: Currency,
        to: Currency,
        day: NaiveDate,
        rate_type: &str,
        base: Option<Currency>,
        max_age_days: i64,
    ) -> Option<UsedRate> {
        let used = |rate, date, path, through| {
            let rate_type = rate_type.to_owned();
            UsedRate { rate, date, path, rate_type, through }
        };
        if from == to {
            return Some(used(Decimal::ONE, day, RatePath::Direct, None));
        }
        let window = Window::ending(day, max_age_days)?;
        let pairs = self.by_type.get(rate_type)?;
        let pair = |from, to| either_way(pairs, window, from, to);
        if let Some((rate, date, path)) = pair(from, to) {
            return Some(used(rate, date, path, None));
        }
        let base = base.filter(|&base| base != from && base != to)?;
        let (into, into_date, _) = pair(from, base)?;
        let (out, out_date, _) = pair(base, to)?;
        let rate = into.checked_mul(out).filter(|&rate| rate > Decimal::ZERO)?;
        Some(used(rate, into_date.min(out_date), RatePath::ThroughBase, Some(base)))
    }
}

impl FromIterator<Quote> for RateTable {
    fn from_iter<I: IntoIterator<Item = Quote>>(quotes: I) -> Self {
        Self::new(quotes)
    }
}

type Pairs = HashMap<(Currency, Currency), BTreeMap<NaiveDate, Decimal>>;

/// The days whose quotes still count, both included.
#[derive(Clone, Copy)]
struct Window {
    first: NaiveDate,
    last: NaiveDate,
}

impl Window {
    /// `None` for a negative age: then no quote counts.
    fn ending(last: NaiveDate, max_age_days: i64) -> Option<Self> {
        let days = Days::new(u64::try_from(max_age_days).ok()?);
        Some(Self { first: last.checked_sub_days(days).unwrap_or(NaiveDate::MIN), last })
    }
}

fn latest(pairs: &Pairs, w: Window, pair: (Currency, Currency)) -> Option<(NaiveDate, Decimal)> {
    let (&date, &rate) = pairs.get(&pair)?.range(w.first..=w.last).next_back()?;
    Some((date, rate))
}

fn either_way(
    pairs: &Pairs,
    window: Window,
    from: Currency,
    to: Currency,
) -> Option<(Decimal, NaiveDate, RatePath)> {
    if let Some((date, rate)) = latest(pairs, window, (from, to)) {
        return Some((rate, date, RatePath::Direct));
    }
    let (date, rate) = latest(pairs, window, (to, from))?;
    let inverse = Decimal::ONE.checked_div(rate).filter(|&rate| rate > Decimal::ZERO)?;
    Some((inverse, date, RatePath::Inverse))
}
