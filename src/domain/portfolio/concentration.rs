//! On how few groups a figure rests, in whole numbers.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::rounding::div_half_even;
use crate::domain::severity::Severity;

/// The whole, in basis points.
const WHOLE_BP: i128 = 10_000;
/// A share from which on a customer is one to name (the line that ASC 280 draws).
const AMBER_BP: i128 = 1_000;
const RED_BP: i128 = 3_000;
/// A sum of squared shares from which on a book rests on few.
const RED_HHI_BP: i128 = 2_500;
/// Up to this total the square of it, in basis points, is told exactly; larger books are first made
/// smaller, which moves a figure by less than a billionth.
const EXACT_MAX: i128 = 10_i128.pow(16);
/// What a share of the total is told for, in basis points.
const PARETO_BP: [i32; 3] = [5_000, 8_000, 9_500];
/// Points of the curve: the beginning, and hundredths of the groups.
const CURVE_POINTS: usize = 100;

/// A group with its value, above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub id: String,
    pub value: i128,
}

/// How many of the largest groups make a share of the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pareto {
    pub share_bp: i32,
    pub groups: usize,
}

/// A point of the curve: what the largest groups make together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub groups: usize,
    pub share_bp: i32,
}

/// The figures of a ranked book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concentration {
    pub groups: usize,
    pub total: i128,
    pub pareto: Vec<Pareto>,
    /// What the largest 1, 3 and 5 have of the total, in basis points.
    pub largest_bp: [i32; 3],
    /// The sum of the squared shares (Herfindahl and Hirschman).
    pub hhi_bp: i32,
    /// How many groups of one size would have that sum; three decimals. `None` of an empty book.
    pub effective: Option<Decimal>,
    /// 0 where all are of one size.
    pub gini_bp: i32,
    /// `None` where no share is large.
    pub severity: Option<Severity>,
    pub curve: Vec<Point>,
}

/// The groups with a value above zero, the largest first, then by id.
pub fn ranked(values: BTreeMap<String, i128>) -> Vec<Share> {
    let share = |(id, value)| Share { id, value };
    let mut shares: Vec<Share> =
        values.into_iter().filter(|(_, value)| *value > 0).map(share).collect();
    shares.sort_by(|a, b| b.value.cmp(&a.value).then_with(|| a.id.cmp(&b.id)));
    shares
}

/// A part in basis points, rounded half to even; `None` of nothing.
pub fn share_bp(part: i128, whole: i128) -> Option<i32> {
    if whole <= 0 {
        return None;
    }
    i32::try_from(div_half_even(part * WHOLE_BP, whole)).ok()
}

impl Concentration {
    /// Of groups as [`ranked`] has them.
    pub fn of(ranked: &[Share]) -> Self {
        let total: i128 = ranked.iter().map(|share| share.value).sum();
        let sums = cumulated(ranked);
        let bp = |part| share_bp(part, total).unwrap_or_default();
        let largest =
            |n: usize| bp(sums.get(n.min(sums.len()).wrapping_sub(1)).copied().unwrap_or(0));
        let (squares, square) = squares(ranked, total);
        let pareto = |share_bp: i32| {
            let reached = |sum: &&i128| **sum * WHOLE_BP < i128::from(share_bp) * total;
            let before = sums.iter().take_while(reached).count();
            Pareto { share_bp, groups: (before + 1).min(ranked.len()) }
        };
        Self {
            groups: ranked.len(),
            total,
            pareto: PARETO_BP.map(pareto).into(),
            largest_bp: [1, 3, 5].map(largest),
            hhi_bp: share_bp(squares, square).unwrap_or_default(),
            effective: effective(squares, square),
            gini_bp: gini_bp(ranked, total),
            severity: severity(
                ranked.first().map_or(0, |share| share.value),
                total,
                squares,
                square,
            ),
            curve: curve(&sums, total),
        }
    }
}

/// What the largest groups make together, by their number less one.
fn cumulated(ranked: &[Share]) -> Vec<i128> {
    let add = |sum: &mut i128, share: &Share| {
        *sum += share.value;
        Some(*sum)
    };
    ranked.iter().scan(0, add).collect()
}

/// The sum of the squared values, and the square of their sum, both of a book made small enough.
fn squares(ranked: &[Share], total: i128) -> (i128, i128) {
    let scale = total / EXACT_MAX + 1;
    let squares = ranked.iter().map(|share| (share.value / scale).pow(2)).sum();
    (squares, (total / scale).pow(2))
}

fn effective(squares: i128, square: i128) -> Option<Decimal> {
    const SCALE: u32 = 3;
    if squares == 0 {
        return None;
    }
    let thousandths = div_half_even(square * 10_i128.pow(SCALE), squares);
    Decimal::try_from_i128_with_scale(thousandths, SCALE).ok()
}

/// Σ (n + 1 − 2r) · value / (n · total) over the ranks r, the largest being 1.
fn gini_bp(ranked: &[Share], total: i128) -> i32 {
    let n = ranked.len() as i128;
    let weighted = (1..).zip(ranked).map(|(rank, share)| (n + 1 - 2 * rank) * share.value);
    share_bp(weighted.sum::<i128>().abs(), n * total).unwrap_or_default()
}

fn severity(largest: i128, total: i128, squares: i128, square: i128) -> Option<Severity> {
    let at_least = |line: i128| total > 0 && largest * WHOLE_BP >= line * total;
    if at_least(RED_BP) || (square > 0 && squares * WHOLE_BP >= RED_HHI_BP * square) {
        Some(Severity::Red)
    } else if at_least(AMBER_BP) {
        Some(Severity::Amber)
    } else {
        None
    }
}

fn curve(sums: &[i128], total: i128) -> Vec<Point> {
    let points = sums.len().min(CURVE_POINTS);
    let point = |i: usize| {
        let groups = (sums.len() * i).div_ceil(points.max(1));
        let sum = groups.checked_sub(1).map_or(0, |last| sums[last]);
        Point { groups, share_bp: share_bp(sum, total).unwrap_or_default() }
    };
    if points == 0 { Vec::new() } else { (0..=points).map(point).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const G1: [i128; 20] =
        [400, 220, 120, 60, 40, 30, 25, 20, 15, 12, 10, 9, 8, 7, 6, 5, 5, 4, 2, 2];

    fn of(values: impl IntoIterator<Item = i128>) -> Concentration {
        let named = (0..).zip(values).map(|(n, value)| (format!("{n:05}"), value));
        Concentration::of(&ranked(named.collect()))
    }

    fn one_and(largest: &[i128], small: usize) -> Concentration {
        of(largest.iter().copied().chain(std::iter::repeat_n(1, small)))
    }

    #[test]
    fn g1_the_curve_and_its_figures() {
        let found = of(G1);
        assert_eq!((found.gini_bp, found.hhi_bp, found.total), (7_265, 2_307, 1_000));
        assert_eq!(found.largest_bp, [4_000, 7_400, 8_400]);
        let told: Vec<_> = found.curve[..6].iter().map(|p| (p.groups, p.share_bp)).collect();
        assert_eq!(told, [(0, 0), (1, 4_000), (2, 6_200), (3, 7_400), (4, 8_000), (5, 8_400)]);
        let pareto: Vec<_> = found.pareto.iter().map(|p| (p.share_bp, p.groups)).collect();
        assert_eq!(pareto, [(5_000, 2), (8_000, 4), (9_500, 11)]);
        assert_eq!(found.severity, Some(Severity::Red));
    }

    #[test]
    fn g2_seventy_percent_of_one_customer_is_red() {
        let found = one_and(&[70], 30);
        assert_eq!(found.hhi_bp, 4_930);
        assert_eq!(found.effective, Some("2.028".parse().unwrap()));
        assert_eq!(found.severity, Some(Severity::Red));
        assert_eq!(found.largest_bp, [7_000, 7_200, 7_400]);
    }

    #[test]
    fn d4_33_two_subsidiaries_of_six_are_one_of_twelve() {
        let apart = one_and(&[6, 6], 88);
        assert_eq!((apart.hhi_bp, apart.severity), (160, None));
        let together = one_and(&[12], 88);
        assert_eq!((together.hhi_bp, together.severity), (232, Some(Severity::Amber)));
    }

    #[test]
    fn nothing_rests_on_nobody() {
        let found = of([]);
        assert_eq!((found.groups, found.total, found.hhi_bp, found.gini_bp), (0, 0, 0, 0));
        assert_eq!((found.effective, found.severity), (None, None));
        assert!(found.curve.is_empty() && found.pareto.iter().all(|p| p.groups == 0));
    }

    proptest! {
        #[test]
        fn the_figures_hold_together(values in prop::collection::vec(1i128..1_000_000_000_000_000, 1..300)) {
            let found = of(values.clone());
            let n = values.len() as i128;
            prop_assert!(found.largest_bp.is_sorted() && found.largest_bp[2] <= 10_000);
            let last = found.curve.last().map(|p| (p.groups, p.share_bp));
            prop_assert_eq!(last, Some((values.len(), 10_000)));
            prop_assert!(found.curve.windows(2).all(|p| p[0].groups < p[1].groups && p[0].share_bp <= p[1].share_bp));
            // One of all at the least, all of one size at the most.
            let effective = found.effective.unwrap();
            prop_assert!(effective >= Decimal::ONE && effective <= Decimal::from(n) + Decimal::new(1, 3));
            prop_assert!(i128::from(found.hhi_bp) * n >= 10_000 - n);
            prop_assert!((0..=10_000).contains(&found.gini_bp));
        }

        #[test]
        fn a_larger_unit_of_money_changes_nothing(values in prop::collection::vec(1i128..1_000_000, 1..50)) {
            let (cents, many) = (of(values.clone()), of(values.iter().map(|v| v * 1_000_000_000_000)));
            prop_assert!((cents.hhi_bp - many.hhi_bp).abs() <= 1);
            prop_assert_eq!(cents.gini_bp, many.gini_bp);
            prop_assert_eq!(cents.severity, many.severity);
        }
    }
}
