//! Whether customers come back, by the BG/NBD model (Fader, Hardie, Lee: "Counting Your Customers"
//! the Easy Way, Marketing Science 24, 2005). Probabilities and expected numbers alone are floats
//! here: they are estimates, and no money.

#![expect(clippy::float_arithmetic, reason = "probabilities and expected numbers, and no money")]

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// With fewer customers that came back an estimate would be a guess.
pub const REPEATERS_MIN: usize = 100;
/// Days that expected purchases are told for.
pub const HORIZON_DAYS: i32 = 365;
const DAYS_A_WEEK: f64 = 7.0;
/// The series of the hypergeometric function ends where nothing more is added.
const TERMS_MAX: u32 = 100_000;
const PRECISION: f64 = 1e-15;
const WHOLE_BP: f64 = 10_000.0;

/// The parameters, fitted to times in weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// When a customer bought, in weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// Purchases after the first.
    pub repeats: f64,
    /// From the first purchase to the last.
    pub recency: f64,
    /// From the first purchase to the day asked about.
    pub age: f64,
}

/// Days with an invoice of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    pub account_id: String,
    pub days: i64,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
}

impl Bought {
    fn history(&self, as_of: NaiveDate) -> History {
        let weeks = |until: NaiveDate| (until - self.first_day).num_days() as f64 / DAYS_A_WEEK;
        let repeats = (self.days - 1) as f64;
        History { repeats, recency: weeks(self.last_day), age: weeks(as_of) }
    }
}

/// What is expected of the customers together, and of the largest one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repurchase {
    pub customers: usize,
    /// Those that bought on more than one day.
    pub repeaters: usize,
    /// `None` where too few came back to tell anything.
    pub estimate: Option<Estimate>,
}

/// Numbers with one decimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// How many customers are still customers.
    pub alive: Decimal,
    /// Purchases of all of them within the horizon.
    pub purchases: Decimal,
    /// Purchases within the horizon after the first of somebody who is new, with two decimals.
    pub purchases_of_new: Decimal,
    pub accounts: Vec<Prospect>,
}

/// What is expected of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    pub bought: Bought,
    /// That it is still a customer, in basis points.
    pub alive_bp: i32,
    /// Within the horizon, with two decimals.
    pub purchases: Decimal,
}

impl Model {
    /// That a customer is still one: P(alive | x, tx, T).
    pub fn alive(&self, of: History) -> f64 {
        1.0 / (1.0 + self.odds_gone(of))
    }

    /// Purchases expected in the weeks to come: E[Y(t) | x, tx, T]. Of a history of nothing it is
    /// what somebody new buys after his first purchase, E[X(t)].
    pub fn purchases(&self, of: History, weeks: f64) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let c = a + b + of.repeats - 1.0;
        let z = weeks / (alpha + of.age + weeks);
        // By Euler's transformation of the function that the authors have: its parameters stay
        // small, so that the series converges and nothing overflows whatever was bought.
        let rest = (1.0 - z).powf(a - 1.0) * hypergeometric(a + b - 1.0 - r, a - 1.0, c, z);
        c / (a - 1.0) * (1.0 - rest) / (1.0 + self.odds_gone(of))
    }

    fn odds_gone(&self, of: History) -> f64 {
        if of.repeats <= 0.0 {
            return 0.0;
        }
        let Self { r, alpha, a, b } = *self;
        let silence = ((alpha + of.age) / (alpha + of.recency)).powf(r + of.repeats);
        a / (b + of.repeats - 1.0) * silence
    }

    /// What is expected of customers on a day. `told` are told one by one, in this order.
    pub fn estimate(&self, customers: &[Bought], told: &[String], as_of: NaiveDate) -> Repurchase {
        let repeaters = customers.iter().filter(|bought| bought.days > 1).count();
        let customers_count = customers.len();
        let estimate = (repeaters >= REPEATERS_MIN).then(|| {
            let weeks = f64::from(HORIZON_DAYS) / DAYS_A_WEEK;
            let expected = |bought: &Bought| {
                let history = bought.history(as_of);
                (self.alive(history), self.purchases(history, weeks))
            };
            let (alive, purchases) = customers
                .iter()
                .map(expected)
                .fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
            let by_id: HashMap<&str, &Bought> =
                customers.iter().map(|bought| (bought.account_id.as_str(), bought)).collect();
            let of_id = |id: &String| by_id.get(id.as_str()).copied();
            let prospect = |bought: &Bought| {
                let (alive, purchases) = expected(bought);
                let alive_bp = (alive * WHOLE_BP).round() as i32;
                Prospect { bought: bought.clone(), alive_bp, purchases: rounded(purchases, 2) }
            };
            let new = History { repeats: 0.0, recency: 0.0, age: 0.0 };
            Estimate {
                alive: rounded(alive, 1),
                purchases: rounded(purchases, 1),
                purchases_of_new: rounded(self.purchases(new, weeks), 2),
                accounts: told.iter().filter_map(of_id).map(prospect).collect(),
            }
        });
        Repurchase { customers: customers_count, repeaters, estimate }
    }
}

fn rounded(number: f64, decimals: u32) -> Decimal {
    Decimal::from_f64(number).unwrap_or_default().round_dp(decimals)
}

/// A parameter as it was given.
pub fn parameter(given: Decimal) -> Option<f64> {
    given.to_f64().filter(|of| of.is_finite())
}

/// 2F1(a, b; c; z) for z from 0 to less than 1, by its series.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in (0..TERMS_MAX).map(f64::from) {
        term *= (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z;
        sum += term;
        if term.abs() <= PRECISION * f64::abs(sum) {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAPER: Model = Model { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

    fn history(repeats: f64, recency: f64, age: f64) -> History {
        History { repeats, recency, age }
    }

    fn assert_is(found: f64, expected: &str) {
        let places = expected.len() - expected.find('.').unwrap() - 1;
        assert_eq!(format!("{found:.places$}"), expected);
    }

    #[test]
    fn g6_every_number_of_the_paper() {
        assert_is(PAPER.purchases(history(2.0, 30.43, 38.86), 39.0), "1.22603");
        assert_is(PAPER.alive(history(2.0, 30.43, 38.86)), "0.72658");
        assert_is(PAPER.alive(history(23.0, 39.0, 39.0)), "0.96856");
        assert_is(PAPER.alive(history(5.0, 30.0, 39.0)), "0.70563");
        assert_is(PAPER.alive(history(20.0, 30.0, 39.0)), "0.19682");
        assert_is(PAPER.purchases(history(0.0, 0.0, 0.0), 2.0), "0.10339");
        assert_is(PAPER.purchases(history(0.0, 0.0, 0.0), 10.0), "0.43241");
    }

    #[test]
    fn few_that_came_back_tell_nothing() {
        let day = |n| NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n);
        let bought = |n: usize| Bought {
            account_id: n.to_string(),
            days: 3,
            first_day: day(0),
            last_day: day(200),
        };
        let customers: Vec<_> = (0..REPEATERS_MIN).map(bought).collect();
        let told = ["7".to_owned()];
        let few = PAPER.estimate(&customers[1..], &told, day(270));
        assert_eq!((few.customers, few.repeaters, few.estimate), (99, 99, None));
        let estimate = PAPER.estimate(&customers, &told, day(270)).estimate.unwrap();
        assert_eq!(estimate.accounts.len(), 1);
        let one = PAPER.alive(history(2.0, 200.0 / 7.0, 270.0 / 7.0));
        assert_eq!(estimate.accounts[0].alive_bp, (one * 10_000.0).round() as i32);
        assert_eq!(estimate.alive, rounded(one * 100.0, 1));
    }

    proptest! {
        #[test]
        fn whatever_was_bought_it_is_a_probability_and_a_number(
            repeats in 0u32..2_000, recency in 0.0..500.0f64, silence in 0.0..500.0f64,
            weeks in 0.1..100.0f64, r in 0.05..5.0f64, alpha in 0.5..50.0f64, a in 0.1..5.0f64, b in 1.1..5.0f64,
        ) {
            prop_assume!((a - 1.0).abs() > 0.01);
            let model = Model { r, alpha, a, b };
            let of = history(f64::from(repeats), recency, recency + silence);
            let alive = model.alive(of);
            prop_assert!((0.0..=1.0).contains(&alive), "{alive}");
            let purchases = model.purchases(of, weeks);
            prop_assert!(purchases.is_finite() && purchases >= -1e-6, "{purchases}");
            // Longer silence makes it less likely, and more time brings more.
            let later = history(f64::from(repeats), recency, recency + silence + 10.0);
            prop_assert!(model.alive(later) <= alive + 1e-12);
            prop_assert!(model.purchases(of, weeks + 10.0) >= purchases - 1e-6);
        }
    }
}
