//! How often a word was kept (definition 4.17), with how sure that is: of few promises a rate says
//! little. In integers alone, so that no figure depends on a machine.

use crate::domain::rounding::div_half_even;

/// Billionths.
const UNIT: u128 = 1_000_000_000;
/// The square of the quantile of the normal distribution that leaves out 5 % on both sides together,
/// 1.959963985², in billionths.
const Z_SQUARE: u128 = 3_841_458_821;
/// More cannot be counted here.
const DECIDED_MAX: u128 = 1_000_000_000;

/// A rate with its interval, in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub rate_bp: i32,
    pub low_bp: i32,
    pub high_bp: i32,
}

/// The share of `kept` in `decided`, of which it is part, with the interval of Wilson (1927) at 95 %:
/// `(2k + z² ± z √(z² + 4k(n − k)/n)) / 2(n + z²)`. `None` of none.
pub fn rate(kept: u32, decided: u32) -> Option<Rate> {
    let (k, n) = (u128::from(kept.min(decided)), u128::from(decided).min(DECIDED_MAX));
    if n == 0 {
        return None;
    }
    let k = k.min(n);
    // Under the root everything is in billionths of billionths.
    let root = (Z_SQUARE * (Z_SQUARE + 4 * k * (n - k) * UNIT / n)).isqrt();
    let (middle, whole) = (2 * k * UNIT + Z_SQUARE, 2 * (n * UNIT + Z_SQUARE));
    Some(Rate {
        rate_bp: share_bp(k, n),
        low_bp: share_bp(middle.saturating_sub(root), whole),
        high_bp: share_bp((middle + root).min(whole), whole),
    })
}

fn share_bp(part: u128, whole: u128) -> i32 {
    let narrow = |n: u128| i128::try_from(n).unwrap_or(i128::MAX);
    let share = div_half_even(narrow(part * 10_000), narrow(whole));
    i32::try_from(share).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[expect(clippy::float_arithmetic, reason = "integers are held against the formula itself")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(kept: u32, decided: u32) -> (i32, i32, i32) {
        let Rate { rate_bp, low_bp, high_bp } = rate(kept, decided).unwrap();
        (rate_bp, low_bp, high_bp)
    }

    #[test]
    fn i5_eight_of_ten_are_80_percent_and_not_sure() {
        assert_eq!(told(8, 10), (8_000, 4_902, 9_433));
        assert_eq!(told(5, 10).0, 5_000);
        // Of nothing and of everything the bounds are z²/(n + z²) and n/(n + z²).
        assert_eq!((told(0, 3), told(3, 3)), ((0, 0, 5_615), (10_000, 4_385, 10_000)));
        assert_eq!(rate(0, 0), None);
    }

    proptest! {
        #[test]
        fn a_rate_lies_within_its_interval_which_mirrors_that_of_the_broken(
            kept in 0_u32..2_000_000, broken in 0_u32..2_000_000,
        ) {
            let Some(of) = rate(kept, kept + broken) else { return Ok(()) };
            prop_assert!((0..=of.rate_bp).contains(&of.low_bp));
            prop_assert!((of.rate_bp..=10_000).contains(&of.high_bp));
            let other = rate(broken, kept + broken).unwrap();
            prop_assert!((of.low_bp + other.high_bp - 10_000).abs() <= 1);
        }

        #[test]
        fn a_bound_is_where_the_rate_would_be_just_as_far_off(kept in 0_u32..400, broken in 0_u32..400) {
            // The score interval is where (p − k/n)² = z² p (1 − p) / n.
            let n = kept + broken;
            let Some(of) = rate(kept, n) else { return Ok(()) };
            for bound in [of.low_bp, of.high_bp] {
                let off = |bp: i32| {
                    let (p, k, n) = (f64::from(bp) / 1e4, f64::from(kept), f64::from(n));
                    (p - k / n).powi(2) - 3.841_458_820_694_124 * p * (1.0 - p) / n
                };
                let changes = off(bound - 1) * off(bound + 1) <= 0.0;
                prop_assert!(changes || bound == 0 || bound == 10_000, "{:?}", of);
            }
        }
    }
}
