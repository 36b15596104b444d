//! The tie between one of ours and one of theirs at an account, as their real touches make it: how
//! strong it is, and how far it has come. A real touch is an interaction in which both sides spoke.
//!
//! A tie is the same whatever order its touches are recorded in: it is made from its days, of each of
//! which only the heaviest touch counts.

use chrono::NaiveDate;

use super::rounding::div_half_even;
use super::stored::stored_enum;
use crate::domain::naming::NamesContacts;

/// Days in which a touch loses half of what it counts: one number for all channels, so that every
/// share of strengths stays what it is until somebody meets somebody.
pub const HALF_LIFE_DAYS: i32 = 90;
/// Silent days that cost one rung of the ladder.
pub const RUNG_DAYS: i64 = 180;
/// Real touches, on [`FAMILIAR_DAYS`] days, from which on two are familiar.
const FAMILIAR_TOUCHES: i64 = 3;
const FAMILIAR_DAYS: i64 = 2;
/// Strengths are sums in billionths.
pub const ONE: i64 = 1_000_000_000;
/// The sum at which a tie is half as strong as it can be.
const HALF: i128 = 2 * ONE as i128;

/// Who has a tie with whom, where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    pub account_id: String,
    pub member_id: String,
    pub contact_id: String,
}

/// What two did on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchDay {
    pub day: NaiveDate,
    /// Of the heaviest real touch, in thousandths; 0 for none.
    pub weight_milli: i32,
    /// Real touches.
    pub touches: i64,
    /// Interactions in which one side alone spoke.
    pub others: i64,
}

impl TouchDay {
    /// A day with one interaction more, of this weight; of none it was one in which one side alone
    /// spoke.
    pub fn added(was: Option<Self>, day: NaiveDate, weight_milli: i32) -> Self {
        let was = was.unwrap_or(Self { day, weight_milli: 0, touches: 0, others: 0 });
        let (touches, others) = if weight_milli > 0 { (1, 0) } else { (0, 1) };
        Self {
            day,
            weight_milli: was.weight_milli.max(weight_milli),
            touches: was.touches + touches,
            others: was.others + others,
        }
    }
}

/// A tie as it stands on the day of its last real touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Sum of what its touches count on the day of the last one, in billionths.
    pub sum: i64,
    /// Day of the last real touch.
    pub last_touch: Option<NaiveDate>,
    /// Day of the last interaction of any kind.
    pub last_day: NaiveDate,
    pub touches: i64,
    pub touch_days: i64,
    pub others: i64,
}

stored_enum! {
    /// How far two have come, the least first.
    pub enum Rung {
        Stranger => "STRANGER",
        Familiar => "FAMILIAR",
        Trusted => "TRUSTED",
    }
}

/// What a sum in billionths has become after so many days.
#[expect(clippy::float_arithmetic, reason = "a strength, and no money; rounded at once")]
fn decayed(sum: i64, days: i64) -> i64 {
    // At most some hundred wholes: far below what a float holds to the last billionth.
    (sum as f64 * (-(days as f64) / f64::from(HALF_LIFE_DAYS)).exp2()).round() as i64
}

/// How strong ties of such a sum are, S / (S + 2), in basis points.
pub fn strength_of(sum: i64) -> i32 {
    let sum = i128::from(sum);
    // The quotient is below 1.
    i32::try_from(div_half_even(sum * 10_000, sum + HALF)).unwrap_or(i32::MAX)
}

impl Edge {
    /// The tie that these days make, in any order, one of each; `None` of none.
    pub fn of(days: &[TouchDay]) -> Option<Self> {
        let last_day = days.iter().map(|day| day.day).max()?;
        let mut real: Vec<&TouchDay> = days.iter().filter(|day| day.touches > 0).collect();
        real.sort_by_key(|day| day.day);
        let last_touch = real.last().map(|day| day.day);
        let counts = |day: &&TouchDay| {
            let silent = last_touch.map_or(0, |last| (last - day.day).num_days());
            decayed(i64::from(day.weight_milli) * (ONE / 1_000), silent)
        };
        Some(Self {
            sum: real.iter().map(counts).sum(),
            last_touch,
            last_day,
            touches: real.iter().map(|day| day.touches).sum(),
            touch_days: real.len() as i64,
            others: days.iter().map(|day| day.others).sum(),
        })
    }

    /// With a tie of the same two at another account that is the same customer. A day on which they met at both
    /// counts with both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let last_touch = self.last_touch.max(other.last_touch);
        let sum = |of: Self| last_touch.map_or(0, |last| of.sum_on(last));
        Self {
            sum: sum(self) + sum(other),
            last_touch,
            last_day: self.last_day.max(other.last_day),
            touches: self.touches + other.touches,
            touch_days: self.touch_days + other.touch_days,
            others: self.others + other.others,
        }
    }

    /// The sum of what the touches count on a day, not before the last of them, in billionths.
    pub fn sum_on(&self, day: NaiveDate) -> i64 {
        let Some(last) = self.last_touch else { return 0 };
        let silent = (day - last).num_days().max(0);
        decayed(self.sum, silent)
    }

    /// How strong the tie is on a day, in basis points of the most there can be.
    pub fn strength_bp(&self, day: NaiveDate) -> i32 {
        strength_of(self.sum_on(day))
    }

    /// Whether a real touch lies in the last `window` days before and on a day.
    pub fn is_live(&self, day: NaiveDate, window_days: i32) -> bool {
        let is_in = |last: NaiveDate| (day - last).num_days() < window_days.into();
        self.last_touch.is_some_and(is_in)
    }

    /// How far the two have come by a day. `word_kept`: we promised him something and kept it, and
    /// broke nothing since.
    pub fn rung(&self, day: NaiveDate, word_kept: bool) -> Rung {
        let Some(last) = self.last_touch else { return Rung::Stranger };
        let is_familiar = self.touches >= FAMILIAR_TOUCHES && self.touch_days >= FAMILIAR_DAYS;
        let base = match (is_familiar, word_kept) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        };
        let lost = (day - last).num_days().max(0) / RUNG_DAYS;
        match base - lost {
            2 => Rung::Trusted,
            1 => Rung::Familiar,
            _ => Rung::Stranger,
        }
    }
}

impl NamesContacts for Pair {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn touch(n: u64, weight_milli: i32, touches: i64) -> TouchDay {
        TouchDay { day: day(n), weight_milli, touches, others: 0 }
    }

    /// Visits on days 0, 30 and 60.
    fn three_visits() -> Edge {
        Edge::of(&[0, 30, 60].map(|n| touch(n, 1_000, 1))).unwrap()
    }

    #[test]
    fn strength_is_the_worked_example_of_its_definition() {
        let edge = three_visits();
        let ten_thousandths = |sum: i64| (sum + 50_000) / 100_000;
        assert_eq!(ten_thousandths(edge.sum_on(day(60))), 24_237);
        assert_eq!(edge.strength_bp(day(60)), 5_479);
        assert_eq!(ten_thousandths(edge.sum_on(day(150))), 12_118);
        assert_eq!(edge.strength_bp(day(150)), 3_773);
        assert!(edge.strength_bp(day(60 + 167)) > 2_500);
        assert!(edge.strength_bp(day(60 + 168)) < 2_500);
        // Five messages in a day count as one.
        assert_eq!(Edge::of(&[touch(0, 200, 5)]).unwrap().sum_on(day(0)), ONE / 5);
    }

    #[test]
    fn c9_trust_needs_a_kept_word_and_silence_takes_a_rung_each_half_year() {
        let edge = three_visits();
        let rung = |silent: u64, kept| edge.rung(day(60 + silent), kept);
        let rungs = [100, 200, 365].map(|silent| rung(silent, true));
        assert_eq!(rungs, [Rung::Trusted, Rung::Familiar, Rung::Stranger]);
        assert_eq!(
            [0, 179, 180].map(|silent| rung(silent, false)),
            [Rung::Familiar, Rung::Familiar, Rung::Stranger]
        );
        let of = |days: &[TouchDay]| Edge::of(days).unwrap().rung(day(9), true);
        assert_eq!(of(&[touch(0, 1_000, 3)]), Rung::Stranger, "three on one day");
        assert_eq!(of(&[touch(0, 1_000, 1), touch(1, 1_000, 1)]), Rung::Stranger, "two");
        assert_eq!(of(&[touch(0, 200, 2), touch(1, 200, 1)]), Rung::Trusted);
        let outreach = TouchDay { others: 9, ..touch(0, 0, 0) };
        let edge = Edge::of(&[outreach]).unwrap();
        assert_eq!((edge.rung(day(0), true), edge.sum_on(day(0))), (Rung::Stranger, 0));
        assert_eq!((edge.last_touch, edge.last_day, edge.others), (None, day(0), 9));
        assert_eq!(Edge::of(&[]), None);
    }

    #[test]
    fn a_touch_is_live_through_the_last_day_of_its_window() {
        let edge = three_visits();
        assert!(edge.is_live(day(60 + 179), 180) && !edge.is_live(day(60 + 180), 180));
    }

    proptest! {
        #[test]
        fn whatever_the_order_of_recording_the_tie_is_the_same(
            weights in prop::collection::btree_map(0_u64..900, prop::sample::select(vec![0, 200, 500, 1_000]), 1..30),
            turned in any::<prop::sample::Index>(),
        ) {
            let days: Vec<TouchDay> =
                weights.into_iter().map(|(n, w)| touch(n, w, i64::from(w > 0))).collect();
            let mut other = days.clone();
            other.rotate_left(turned.index(days.len()));
            other.reverse();
            prop_assert_eq!(Edge::of(&days), Edge::of(&other));
        }

        #[test]
        fn shares_of_strength_stay_what_they_are_while_nobody_meets_anybody(
            one in 1_u64..400, other in 1_u64..400, later in 0_u64..400,
        ) {
            let edges = [one, other].map(|n| Edge::of(&[touch(n, 1_000, 1)]).unwrap());
            let share_millionths = |on: NaiveDate| {
                let [a, b] = edges.map(|edge| i128::from(edge.sum_on(on)));
                a * 1_000_000 / (a + b)
            };
            let [now, then] = [400, 400 + later].map(|n| share_millionths(day(n)));
            prop_assert!((now - then).abs() <= 5);
        }
    }
}
