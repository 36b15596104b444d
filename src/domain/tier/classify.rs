//! The raw classes of one day: the book ranked by value and cut, in whole numbers and in one order,
//! whatever the order of what comes in.

use serde::{Deserialize, Serialize};

use super::policy::{CutMethod, TierPolicy, WHOLE_BP};
use crate::domain::stored::stored_enum;

/// What places of a curve are told in: parts of its whole.
const UNIT: i128 = 1_000_000_000;

/// An account or a group with what it is compared by. The value is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked<I = String> {
    pub id: I,
    /// Minor units of the currency of the run.
    pub value: i128,
    /// Share of quarters with an invoice in basis points; `None` where too few are known.
    pub loyalty_bp: Option<i32>,
    /// Whether it costs more than it brings.
    pub is_loss: bool,
}

stored_enum! {
    /// What else decided the class of an account, or has to be known about it.
    pub enum Note {
        /// Its neighbor behind the cut has the same value: the id decided.
        TiedAtCut => "TIED_AT_CUT",
        /// Too few quarters are known to tell its loyalty.
        LoyaltyUnknown => "LOYALTY_UNKNOWN",
        /// It would be in a better class if it were loyal.
        NotLoyal => "NOT_LOYAL",
        /// There was trade, and nothing is left of it.
        NonPositive => "NON_POSITIVE",
        /// Its contribution is negative.
        NegativeContribution => "NEGATIVE_CONTRIBUTION",
    }
}

/// A place in the ranked book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<I = String> {
    pub ranked: Ranked<I>,
    /// Counted from 1.
    pub rank: usize,
    /// Index of its raw class, the best being 0.
    pub class: usize,
    pub notes: Vec<Note>,
}

/// The ranked book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified<I = String> {
    /// By value, the largest first, then by id.
    pub placed: Vec<Placed<I>>,
    pub total: i128,
    pub cuts: Vec<Cut>,
}

/// Where the ranking is cut: between two neighbors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut<V = i128> {
    /// The value of the last account above it; `None` where there is none.
    pub last: Option<V>,
    /// The value of the first account below it; `None` where there is none.
    pub next: Option<V>,
}

/// Ranks the book and cuts it.
pub fn classify<I: Ord>(policy: &TierPolicy, mut book: Vec<Ranked<I>>) -> Classified<I> {
    // No two have one id.
    book.sort_unstable_by(|a, b| b.value.cmp(&a.value).then_with(|| a.id.cmp(&b.id)));
    let values: Vec<i128> = book.iter().map(|ranked| ranked.value).collect();
    let ends = match policy.method {
        CutMethod::CountQuantile => by_count(&policy.cuts_bp, values.len()),
        CutMethod::CumulativeShare | CutMethod::Pyramid => by_share(&policy.cuts_bp, &values),
        CutMethod::ComputedAbc => by_curve(&values),
    };
    let cut = |end: &usize| Cut {
        last: end.checked_sub(1).and_then(|last| values.get(last).copied()),
        next: values.get(*end).copied(),
    };
    let cuts = ends.iter().map(cut).collect();
    let place = |(at, ranked): (usize, Ranked<I>)| {
        let class = ends.iter().filter(|end| **end <= at).count();
        let tied = |end: &usize| {
            let same = |other: usize| values.get(other) == Some(&ranked.value);
            *end > 0 && same(end - 1) && same(*end)
        };
        let mut notes = Vec::new();
        if ends.iter().any(tied) {
            notes.push(Note::TiedAtCut);
        }
        let class = match policy.method {
            CutMethod::Pyramid => {
                pyramid(policy, class, (ranked.loyalty_bp, ranked.is_loss), &mut notes)
            }
            _ => class,
        };
        Placed { rank: at + 1, class, notes, ranked }
    };
    let total = values.iter().sum();
    Classified { placed: book.into_iter().enumerate().map(place).collect(), total, cuts }
}

/// How many accounts are above each cut: share × number, rounded up.
fn by_count(cuts_bp: &[i32], n: usize) -> Vec<usize> {
    let whole = WHOLE_BP.unsigned_abs() as usize;
    let above = |cut: &i32| (cut.unsigned_abs() as usize * n).div_ceil(whole);
    cuts_bp.iter().map(above).collect()
}

/// How many accounts are above each cut: those before which less than the share was made.
fn by_share(cuts_bp: &[i32], values: &[i128]) -> Vec<usize> {
    let total: i128 = values.iter().sum();
    let above = |cut: &i32| {
        let limit = i128::from(*cut) * total;
        let mut before = 0;
        let is_above = |value: &&i128| {
            let is_above = before * i128::from(WHOLE_BP) < limit;
            before += **value;
            is_above
        };
        values.iter().take_while(is_above).count()
    };
    cuts_bp.iter().map(above).collect()
}

/// Where the curve of cumulated values is nearest to its corner, and from there to the corner of
/// the last value that is not below the mean.
fn by_curve(values: &[i128]) -> Vec<usize> {
    let (n, total) = (values.len() as i128, values.iter().sum::<i128>());
    if n == 0 || total == 0 {
        return vec![0, 0];
    }
    let mut sum = 0;
    let points: Vec<(usize, i128, i128)> = (1..)
        .zip(values)
        .map(|(i, value)| {
            sum += value;
            (i, i as i128 * UNIT / n, sum * UNIT / total)
        })
        .collect();
    let nearest = |corner: i128| {
        let distance = |(_, x, y): &&(usize, i128, i128)| (x - corner).pow(2) + (UNIT - y).pow(2);
        points.iter().min_by_key(distance).map_or(0, |(i, ..)| *i)
    };
    let pareto = nearest(0);
    let not_below_mean = values.iter().take_while(|value| **value * n >= total).count();
    let first = pareto.min(not_below_mean);
    let second = nearest(not_below_mean as i128 * UNIT / n);
    vec![first, second.max(first)]
}

/// The class in the pyramid, from the one that the share of the total gives: platinum, gold, iron,
/// lead.
fn pyramid(
    policy: &TierPolicy,
    by_share: usize,
    (loyalty_bp, is_loss): (Option<i32>, bool),
    notes: &mut Vec<Note>,
) -> usize {
    const IRON: usize = 2;
    const LEAD: usize = 3;
    if is_loss {
        notes.push(Note::NegativeContribution);
        return LEAD;
    }
    match (by_share, loyalty_bp) {
        (1, None) => {
            notes.push(Note::LoyaltyUnknown);
            IRON
        }
        (1, Some(loyalty)) if loyalty < policy.loyalty_min_bp => {
            notes.push(Note::NotLoyal);
            IRON
        }
        (class, _) => class,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Terms;
    use proptest::prelude::*;

    const G1: [i128; 20] =
        [400, 220, 120, 60, 40, 30, 25, 20, 15, 12, 10, 9, 8, 7, 6, 5, 5, 4, 2, 2];
    const BENT: [i128; 10] = [500, 100, 90, 80, 70, 60, 40, 30, 20, 10];

    fn policy(method: CutMethod, cuts_bp: &[i32]) -> TierPolicy {
        let (_, preset) = TierPolicy::built_in().remove(0);
        TierPolicy { method, cuts_bp: cuts_bp.to_vec(), ..preset }
    }

    fn book(values: &[i128]) -> Vec<Ranked> {
        let ranked = |(i, value): (usize, &i128)| Ranked {
            id: format!("{i:03}"),
            value: *value,
            loyalty_bp: None,
            is_loss: false,
        };
        values.iter().enumerate().map(ranked).collect()
    }

    /// How many are in each class.
    fn sizes(method: CutMethod, cuts_bp: &[i32], values: &[i128]) -> Vec<usize> {
        let policy = policy(method, cuts_bp);
        let placed = classify(&policy, book(values)).placed;
        let classes = method.classes(cuts_bp.len());
        (0..classes).map(|c| placed.iter().filter(|p| p.class == c).count()).collect()
    }

    #[test]
    fn t1_counts_are_rounded_up_in_whole_numbers() {
        use CutMethod::CountQuantile as Count;
        assert_eq!(sizes(Count, &[1_500, 5_000], &G1), [3, 7, 10]);
        for (share, n, first) in [(2_000, 10, 2), (2_000, 100, 20), (2_000, 1, 1), (2_800, 25, 7)] {
            assert_eq!(sizes(Count, &[share], &vec![7; n])[0], first, "{share} of {n}");
        }
        assert_eq!(sizes(Count, &[1_500, 5_000], &G1[..7]), [2, 2, 3]);
    }

    #[test]
    fn t2_who_crosses_the_share_is_still_above_the_cut() {
        assert_eq!(sizes(CutMethod::CumulativeShare, &[8_000], &G1), [4, 16]);
        assert_eq!(sizes(CutMethod::CumulativeShare, &[8_000, 9_500], &G1), [4, 7, 9]);
    }

    #[test]
    fn t2_the_computed_cuts_are_where_the_curve_bends() {
        assert_eq!(sizes(CutMethod::ComputedAbc, &[], &G1), [4, 2, 14]);
        assert_eq!(sizes(CutMethod::ComputedAbc, &[], &BENT), [2, 2, 6]);
        assert_eq!(sizes(CutMethod::ComputedAbc, &[], &[]), [0, 0, 0]);
    }

    #[test]
    fn t3_the_pyramid_asks_for_loyalty() {
        let policy = policy(CutMethod::Pyramid, &[5_000, 8_000]);
        let of = |id: &str, value, loyalty_bp| Ranked {
            id: id.to_owned(),
            value,
            loyalty_bp,
            is_loss: false,
        };
        let book = ["large", "unknown", "rest"].into_iter().zip([600, 300, 100]);
        let book = book.map(|(id, value)| of(id, value, None)).collect();
        let placed = classify(&policy, book).placed;
        assert_eq!((placed[1].class, &*placed[1].notes), (2, &[Note::LoyaltyUnknown][..]));

        let book = vec![
            of("large", 600, None),
            of("loyal", 100, Some(9_000)),
            of("not", 100, Some(2_000)),
            of("unknown", 100, None),
            of("small", 100, Some(9_000)),
        ];
        let placed = classify(&policy, book).placed;
        let of = |id: &str| {
            let found = placed.iter().find(|p| p.ranked.id == id).unwrap();
            (found.class, found.notes.clone())
        };
        assert_eq!(of("large"), (0, vec![]));
        // The second cut falls between three of one value.
        assert_eq!(of("loyal"), (1, vec![Note::TiedAtCut]));
        assert_eq!(of("not"), (2, vec![Note::TiedAtCut, Note::NotLoyal]));
        assert_eq!(of("unknown"), (2, vec![Note::TiedAtCut]));
        assert_eq!(of("small"), (2, vec![Note::TiedAtCut]));
    }

    #[test]
    fn a_cut_is_the_value_of_the_last_above_it_and_ties_go_by_id() {
        let policy = policy(CutMethod::CountQuantile, &[2_500, 5_000]);
        let found = classify(&policy, book(&[10, 30, 10, 10]));
        let order: Vec<_> = found.placed.iter().map(|p| (&*p.ranked.id, p.class)).collect();
        assert_eq!(order, [("001", 0), ("000", 1), ("002", 2), ("003", 2)]);
        let ends: Vec<_> = found.cuts.iter().map(|cut| (cut.last, cut.next)).collect();
        assert_eq!(ends, [(Some(30), Some(10)), (Some(10), Some(10))]);
        let tied = |p: &&Placed| p.notes == [Note::TiedAtCut];
        assert_eq!(found.placed.iter().filter(tied).count(), 3);
    }

    fn methods() -> impl Strategy<Value = (CutMethod, Vec<i32>)> {
        let cuts = prop::collection::btree_set(1i32..10_000, 1..5);
        let cuts = cuts.prop_map(|cuts| cuts.into_iter().collect::<Vec<_>>());
        prop_oneof![
            cuts.clone().prop_map(|cuts| (CutMethod::CountQuantile, cuts)),
            cuts.prop_map(|cuts| (CutMethod::CumulativeShare, cuts)),
            Just((CutMethod::ComputedAbc, vec![])),
            Just((CutMethod::Pyramid, vec![5_000, 8_000])),
        ]
    }

    proptest! {
        #[test]
        fn tiers_partition_the_book_and_no_better_class_has_a_lesser_value(
            (method, cuts) in methods(),
            values in prop::collection::vec(1i128..1_000_000, 0..60),
        ) {
            let found = classify(&policy(method, &cuts), book(&values));
            prop_assert_eq!(found.placed.len(), values.len());
            prop_assert_eq!(found.total, values.iter().sum::<i128>());
            let classes = method.classes(cuts.len());
            prop_assert!(found.placed.iter().all(|p| p.class < classes));
            let mut ids: Vec<_> = found.placed.iter().map(|p| &p.ranked.id).collect();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), values.len());
            for pair in found.placed.windows(2) {
                prop_assert!(pair[0].class <= pair[1].class && pair[0].ranked.value >= pair[1].ranked.value);
            }
        }

        #[test]
        fn the_order_of_what_comes_in_does_not_matter(
            (method, cuts) in methods(),
            values in prop::collection::vec(1i128..50, 0..40),
            seed in any::<u64>(),
        ) {
            let policy = policy(method, &cuts);
            let mut shuffled = book(&values);
            fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
            prop_assert_eq!(classify(&policy, shuffled), classify(&policy, book(&values)));
        }
    }
}
