use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::domain::calendar::WorkCalendar;
use crate::domain::dated::ChangePoint;
use crate::domain::policy::Policy;
use crate::domain::work::facts::Deadlines;

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
}

fn between(start: u64, due: u64, on: u64) -> Urgency {
    Urgency::between(day(start), day(due), day(on))
}

#[test]
fn d4_16_a_score_is_the_weight_of_the_class_times_the_urgency() {
    let whole = |urgency: Urgency, place| urgency.score_bp(place, WHOLE_BP);
    // A overdue for 20 days; A seen 40 days ago of 30; C 150 of 90; a commitment of B due today.
    assert_eq!(whole(Urgency::overdue(20), Some(0)), 25_000);
    assert_eq!(whole(between(0, 30, 40), Some(0)), 20_000);
    assert_eq!(whole(between(0, 90, 150), Some(2)), 16_667);
    assert_eq!(whole(between(0, 10, 10), Some(1)), 12_000);
    assert_eq!(between(0, 10, 10).score_bp(Some(0), 3_000), 4_500, "an occasion of A");
    assert_eq!(whole(between(0, 1, 90), None), 30_000, "more than three times counts no more");
}

#[test]
fn d4_1_urgency_is_what_passed_of_what_there_was() {
    assert_eq!(between(0, 30, 40).bp(), 13_333);
    assert_eq!(between(0, 30, 30).bp(), 10_000);
    let one_day = [4, 5, 6, 8].map(|on| between(5, 5, on).bp());
    assert_eq!(one_day, [0, 10_000, 20_000, 40_000]);
}

proptest! {
    #[test]
    fn the_first_day_with_a_deadline_is_the_first_one(deadline in 0_u64..400, days in 0_u32..15) {
        let value = Policy::<WorkCalendar>::built_in().remove(0);
        let deadlines = Deadlines(vec![
            ChangePoint { from_date: NaiveDate::MIN, recorded_us: 0, value },
        ]);
        let deadline = day(deadline);
        let first = deadlines.first_with(deadline, days);
        prop_assert!(deadlines.after(first, days) >= deadline);
        prop_assert!(deadlines.after(first - Days::new(1), days) < deadline);
    }
}
