//! How long a customer takes to pay.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::rounding::div_half_even;

/// Statistics of days to pay, each rounded half to even to two decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DaysToPay {
    /// How many payments they rest on.
    pub count: u64,
    /// Every payment counts the same.
    pub mean: Decimal,
    /// Every unit of money counts the same: `Σ days × amount / Σ amount`.
    pub amount_weighted: Decimal,
    /// The middle payment, or half way between the middle two.
    pub median: Decimal,
}

impl DaysToPay {
    /// From pairs of days and amount paid, in minor units of one currency. An amount that is
    /// not positive is no payment and is passed over. `None` without payments: unknown is
    /// not zero.
    pub fn of(observations: &[(i64, i64)]) -> Option<Self> {
        let mut paid: Vec<(i64, i64)> =
            observations.iter().copied().filter(|&(_, amount)| amount > 0).collect();
        if paid.is_empty() {
            return None;
        }
        paid.sort_unstable();
        let wide = |n: i64| i128::from(n);
        let total_days: i128 = paid.iter().map(|&(days, _)| wide(days)).sum();
        let total_amount: i128 = paid.iter().map(|&(_, amount)| wide(amount)).sum();
        let weighted: i128 = paid.iter().map(|&(days, amount)| wide(days) * wide(amount)).sum();
        let middle_two = wide(paid[(paid.len() - 1) / 2].0) + wide(paid[paid.len() / 2].0);
        Some(Self {
            count: paid.len() as u64,
            mean: two_digits(total_days, paid.len() as i128),
            amount_weighted: two_digits(weighted, total_amount),
            median: two_digits(middle_two, 2),
        })
    }
}

fn two_digits(numerator: i128, denominator: i128) -> Decimal {
    Decimal::from_i128_with_scale(div_half_even(numerator * 100, denominator), 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn figures(observations: &[(i64, i64)]) -> [String; 3] {
        let d = DaysToPay::of(observations).unwrap();
        [d.mean, d.amount_weighted, d.median].map(|n| n.to_string())
    }

    #[test]
    fn a_large_late_payment_weighs_on_the_weighted_mean_only() {
        assert_eq!(figures(&[(10, 100), (10, 100), (70, 800)]), ["30.00", "58.00", "10.00"]);
    }

    #[test]
    fn an_even_count_has_its_median_half_way() {
        assert_eq!(figures(&[(31, 1), (30, 1), (-5, 1), (90, 1)])[2], "30.50");
    }

    #[test]
    fn figures_round_half_to_even_and_early_payments_are_negative() {
        // 1/8 = 0.125 and 3/8 = 0.375: both lie half way.
        let eight = |days| (0..8).map(|n| (if n == 0 { days } else { 0 }, 1)).collect::<Vec<_>>();
        assert_eq!(figures(&eight(1))[0], "0.12");
        assert_eq!(figures(&eight(3))[0], "0.38");
        assert_eq!(figures(&eight(-1))[0], "-0.12");
    }

    #[test]
    fn without_payments_the_figures_are_unknown_not_zero() {
        assert_eq!(DaysToPay::of(&[]), None);
        assert_eq!(DaysToPay::of(&[(5, 0), (9, -100)]), None);
    }

    proptest! {
        #[test]
        fn every_figure_lies_between_the_fastest_and_the_slowest_payment(
            observations in prop::collection::vec((-90i64..1000, 1i64..10_000_000_000_000), 1..60),
        ) {
            let d = DaysToPay::of(&observations).unwrap();
            let days = || observations.iter().map(|&(days, _)| Decimal::from(days));
            for figure in [d.mean, d.amount_weighted, d.median] {
                prop_assert!(days().min().unwrap() <= figure && figure <= days().max().unwrap());
            }
        }
    }
}
