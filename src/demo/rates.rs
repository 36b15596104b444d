//! Exchange rates: a quote a week, wandering.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::Plan;
use super::chance::Chance;
use super::customers::{dollars, euros};
use crate::domain::rates::Quote;

/// Dollars per euro in ten-thousandths, where the walk begins and stays close to.
pub const DOLLARS_PER_EURO_E4: i64 = 10_800;
/// How far it gets from there.
const RANGE_E4: i64 = 400;

/// From the week before the books begin up to the eve of today.
pub fn weekly(plan: &Plan, chance: &mut Chance) -> Vec<Quote> {
    let mut quotes = Vec::new();
    let mut rate = DOLLARS_PER_EURO_E4;
    let mut day = plan.eve();
    while day > plan.start() {
        quotes.push(quote(day, rate));
        let step = chance.between(-60, 60);
        rate = (rate + step).clamp(DOLLARS_PER_EURO_E4 - RANGE_E4, DOLLARS_PER_EURO_E4 + RANGE_E4);
        day = day.checked_sub_days(Days::new(7)).unwrap_or(plan.start());
    }
    quotes.push(quote(plan.start(), rate));
    quotes
}

fn quote(date: NaiveDate, rate_e4: i64) -> Quote {
    Quote {
        from: euros(),
        to: dollars(),
        date,
        rate: Decimal::new(rate_e4, 4),
        rate_type: "SPOT".into(),
    }
}
