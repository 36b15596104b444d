use proptest::prelude::*;

use super::TermStep::{AddDays, AddMonths, CutoffDay, DayOfMonth, DaysOfMonth, MonthEnd};
use super::*;
use crate::domain::dates::parse_iso;
use crate::domain::error::Reason;

fn day(iso: &str) -> NaiveDate {
    parse_iso("date", iso).unwrap()
}

fn due_on(from: &str, steps: &[TermStep]) -> String {
    due(day(from), steps).to_string()
}

fn share(share_bp: u32, steps: &[TermStep]) -> Share {
    Share { share_bp, steps: steps.to_vec(), kind: InstalmentKind::Normal }
}

fn retention(share_bp: u32, steps: &[TermStep]) -> Share {
    Share { kind: InstalmentKind::Retention, ..share(share_bp, steps) }
}

fn terms(shares: Vec<Share>, discounts: &[(u16, u32)]) -> PaymentTerms {
    let discounts = discounts.iter().map(|&(days, rate_bp)| Discount { days, rate_bp }).collect();
    PaymentTerms { baseline: Baseline::Document, shares, discounts }
}

fn faults(terms: &PaymentTerms) -> Vec<(String, Reason)> {
    terms.validate("terms").into_iter().map(|v| (v.field, v.reason)).collect()
}

fn invalid(path: &str) -> Vec<(String, Reason)> {
    vec![(format!("terms.{path}"), Reason::TermsInvalid)]
}

#[test]
fn the_order_of_steps_matters() {
    assert_eq!(due_on("2016-01-22", &[AddDays(30), MonthEnd]), "2016-02-29");
    assert_eq!(due_on("2016-01-22", &[MonthEnd, AddDays(30)]), "2016-03-01");
}

#[test]
fn month_end_terms_follow_the_calendar() {
    // AR-24.
    let end_of_next_month = [AddMonths(1), MonthEnd];
    assert_eq!(due_on("2016-01-22", &[AddDays(30)]), "2016-02-21");
    assert_eq!(due_on("2016-01-22", &end_of_next_month), "2016-02-29");
    assert_eq!(due_on("2017-01-22", &end_of_next_month), "2017-02-28");
    assert_eq!(due_on("2016-01-22", &[]), "2016-01-22");
}

#[test]
fn thirty_percent_now_and_the_rest_at_the_end_of_the_following_month() {
    // AR-24: 2300.00.
    let terms = terms(vec![share(3000, &[]), share(7000, &[AddMonths(1), MonthEnd])], &[]);
    let plan = |date| -> Vec<_> {
        let parts = terms.instalments(230_000, Some(day(date)));
        parts.iter().map(|i| (i.due_date.unwrap().to_string(), i.amount_minor)).collect()
    };
    let expected = [("2019-01-01".to_owned(), 69_000), ("2019-02-28".to_owned(), 161_000)];
    assert_eq!(plan("2019-01-01"), expected);
    assert_eq!(plan("2019-02-01")[1].0, "2019-03-31");
}

#[test]
fn a_day_of_the_month_is_the_next_one_and_clamped_to_the_month() {
    assert_eq!(due_on("2026-03-10", &[DayOfMonth(10)]), "2026-03-10");
    assert_eq!(due_on("2026-03-10", &[DayOfMonth(15)]), "2026-03-15");
    assert_eq!(due_on("2026-03-10", &[DayOfMonth(9)]), "2026-04-09");
    assert_eq!(due_on("2026-02-10", &[DayOfMonth(31)]), "2026-02-28");
    assert_eq!(due_on("2026-01-31", &[DayOfMonth(30)]), "2026-02-28");
    assert_eq!(due_on("2026-12-31", &[DayOfMonth(1)]), "2027-01-01");
}

#[test]
fn of_several_days_of_the_month_the_first_counts() {
    let days = |days: &[u8]| DaysOfMonth(MonthDays::of(days.iter().copied()).unwrap());
    let due = |from: &str| due_on(from, &[AddDays(30), days(&[10, 25])]);
    assert_eq!(due("2026-01-05"), "2026-02-10");
    assert_eq!(due("2026-01-11"), "2026-02-10");
    assert_eq!(due("2026-01-12"), "2026-02-25");
    assert_eq!(due("2026-01-26"), "2026-02-25");
    assert_eq!(due("2026-01-27"), "2026-03-10");
    // Two days that a short month lacks are its last day.
    assert_eq!(due_on("2026-02-16", &[days(&[15, 30, 31])]), "2026-02-28");
    assert_eq!(due_on("2026-03-10", &[days(&[9])]), "2026-04-09");
}

#[test]
fn after_the_cutoff_a_date_counts_as_next_month() {
    let closing_on_25th = [CutoffDay(25), MonthEnd, AddMonths(1), MonthEnd];
    assert_eq!(due_on("2026-01-25", &[CutoffDay(25)]), "2026-01-25");
    assert_eq!(due_on("2026-01-26", &[CutoffDay(25)]), "2026-02-01");
    assert_eq!(due_on("2026-01-25", &closing_on_25th), "2026-02-28");
    assert_eq!(due_on("2026-01-26", &closing_on_25th), "2026-03-31");
    assert_eq!(due_on("2026-12-31", &[CutoffDay(30)]), "2027-01-01");
}

#[test]
fn three_percent_kept_back_is_a_retention_due_on_its_release() {
    let terms = terms(vec![share(9700, &[AddDays(60)]), retention(300, &[AddMonths(12)])], &[]);
    let plan = terms.instalments(100_033, Some(day("2026-01-31")));
    let flat: Vec<_> = plan.iter().map(|i| (i.kind, i.due_date, i.amount_minor)).collect();
    assert_eq!(
        flat,
        [
            (InstalmentKind::Normal, Some(day("2026-04-01")), 97_032),
            (InstalmentKind::Retention, Some(day("2027-01-31")), 3_001),
        ]
    );
}

#[test]
fn a_retention_without_steps_waits_for_its_release_day() {
    let terms = terms(vec![share(9700, &[]), retention(300, &[])], &[]);
    let plan = terms.instalments(100, Some(day("2026-01-31")));
    assert_eq!(plan[0].due_date, Some(day("2026-01-31")));
    assert_eq!(plan[1].due_date, None);
}

#[test]
fn nothing_is_due_while_the_baseline_event_is_missing() {
    let terms = terms(vec![share(5000, &[AddDays(30)]), share(5000, &[AddDays(60)])], &[]);
    let plan = terms.instalments(101, None);
    assert!(plan.iter().all(|i| i.due_date.is_none()));
    assert_eq!(plan.iter().map(|i| i.amount_minor).collect::<Vec<_>>(), [50, 51]);
}

#[test]
fn a_discount_holds_until_its_last_day_and_the_next_tier_follows() {
    let terms = terms(vec![share(10_000, &[AddDays(30)])], &[(10, 200), (20, 100)]);
    let available = |date| terms.discount_available(day("2026-03-01"), day(date), 10_000);
    assert_eq!(available("2026-02-20"), 200);
    assert_eq!(available("2026-03-11"), 200);
    assert_eq!(available("2026-03-12"), 100);
    assert_eq!(available("2026-03-21"), 100);
    assert_eq!(available("2026-03-22"), 0);
}

#[test]
fn discounts_round_half_to_even() {
    let terms = terms(vec![share(10_000, &[])], &[(0, 5000)]);
    let available = |amount| terms.discount_available(day("2026-03-01"), day("2026-03-01"), amount);
    assert_eq!([1, 3, 5, -1, -3].map(available), [0, 2, 2, 0, -2]);
}

#[test]
fn sensible_terms_have_no_faults() {
    let steps = [CutoffDay(25), AddMonths(1), MonthEnd];
    let good = terms(vec![share(9700, &steps), retention(300, &[])], &[(10, 200), (20, 100)]);
    assert_eq!(faults(&good), []);
}

#[test]
fn shares_make_the_whole_exactly() {
    assert_eq!(faults(&terms(vec![], &[])), invalid("shares"));
    assert_eq!(faults(&terms(vec![share(9_999, &[])], &[])), invalid("shares"));
    let wraps = vec![share(u32::MAX, &[]), share(10_001, &[])];
    assert_eq!(faults(&terms(wraps, &[])), invalid("shares"));
    let empty = vec![share(0, &[]), share(10_000, &[])];
    assert_eq!(faults(&terms(empty, &[])), invalid("shares[0].share_bp"));
}

#[test]
fn lists_beyond_their_limit_are_refused_without_a_look_inside() {
    let too_many = |path: &str| vec![(format!("terms.{path}"), Reason::TooManyElements)];
    assert_eq!(faults(&terms(vec![share(0, &[]); 37], &[])), too_many("shares"));
    let long = share(10_000, &[DayOfMonth(0); 9]);
    assert_eq!(faults(&terms(vec![long], &[])), too_many("shares[0].steps"));
    let tiers = [(1, 5), (2, 4), (3, 3), (4, 2), (5, 1)];
    assert_eq!(faults(&terms(vec![share(10_000, &[])], &tiers)), too_many("discounts"));
}

#[test]
fn steps_name_days_that_months_have() {
    let steps = [DayOfMonth(31), DayOfMonth(32), CutoffDay(0)];
    let found = faults(&terms(vec![share(10_000, &steps)], &[]));
    let expected = [invalid("shares[0].steps[1]"), invalid("shares[0].steps[2]")].concat();
    assert_eq!(found, expected);
}

#[test]
fn later_discount_tiers_give_less() {
    let with = |tiers: &[(u16, u32)]| faults(&terms(vec![share(10_000, &[])], tiers));
    assert_eq!(with(&[(20, 200), (10, 100)]), invalid("discounts"));
    assert_eq!(with(&[(10, 200), (10, 100)]), invalid("discounts"));
    assert_eq!(with(&[(10, 100), (20, 100)]), invalid("discounts"));
    assert_eq!(with(&[(10, 10_001)]), invalid("discounts[0].rate_bp"));
    assert_eq!(with(&[(10, 10_000)]), []);
}

#[test]
fn terms_survive_storage() {
    let stored = terms(vec![share(10_000, &[AddDays(30), MonthEnd])], &[(10, 200)]);
    let json = serde_json::to_string(&stored).unwrap();
    assert!(json.contains(r#""steps":[{"ADD_DAYS":30},"MONTH_END"]"#), "{json}");
    assert_eq!(serde_json::from_str::<PaymentTerms>(&json).unwrap(), stored);
}

fn any_step() -> impl Strategy<Value = TermStep> {
    prop_oneof![
        (0u16..=u16::MAX).prop_map(AddDays),
        (0u8..=u8::MAX).prop_map(AddMonths),
        Just(MonthEnd),
        (0u8..=u8::MAX).prop_map(DayOfMonth),
        (0u8..=u8::MAX).prop_map(CutoffDay),
        (1u8..=31, 1u8..=31).prop_map(|(a, b)| {
            let days = if a == b { vec![a] } else { vec![a, b] };
            DaysOfMonth(MonthDays::of(days).unwrap())
        }),
    ]
}

proptest! {
    #[test]
    fn a_due_date_never_lies_before_its_baseline(
        offset in 0u32..109_000,
        steps in prop::collection::vec(any_step(), 0..=MAX_STEPS),
    ) {
        let baseline = crate::domain::dates::add_days(day("1900-01-01"), offset);
        prop_assert!(due(baseline, &steps) >= baseline);
    }
}
