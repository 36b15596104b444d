use proptest::prelude::*;

use super::*;
use crate::domain::dates::add_days;

fn day(offset: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 30).unwrap() + chrono::Duration::days(offset)
}

fn heading(class: ItemClass, age: i64, basis: Basis) -> String {
    let edges = Edges::default();
    match Column::of(class, day(-age), day(0), basis, &edges) {
        Column::Bucket(at) => labels(basis, &edges)[at].clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn edges_by_due_date_are_closed_above_and_today_is_not_overdue() {
    // AR-14, column current_then_1_30.
    for (age, expected) in [
        (-1, "NotDue"),
        (0, "NotDue"),
        (1, "1-30"),
        (29, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, ">120"),
    ] {
        assert_eq!(heading(ItemClass::Ordinary, age, Basis::DueDate), expected, "age {age}");
    }
}

#[test]
fn edges_by_document_or_posting_date_are_closed_above_and_begin_at_zero() {
    // AR-14, column closed_upper_0_30; only a date ahead differs, as these bases have no
    // "not due".
    for (age, expected) in [
        (-1, "0-30"),
        (0, "0-30"),
        (1, "0-30"),
        (29, "0-30"),
        (30, "0-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, ">120"),
    ] {
        for basis in [Basis::DocumentDate, Basis::PostingDate] {
            assert_eq!(heading(ItemClass::Ordinary, age, basis), expected, "age {age}");
        }
    }
}

#[test]
fn sixty_day_terms_are_one_day_overdue_on_day_sixty_one() {
    let document = day(0);
    assert_eq!(age_days(add_days(document, 61), add_days(document, 60)), 1);
}

#[test]
fn part_payments_leave_the_rest_in_its_own_bucket() {
    // AR-12: due 2017-02-28, as of 2017-04-04.
    let date = |m, d| NaiveDate::from_ymd_opt(2017, m, d).unwrap();
    let (due, as_of) = (date(2, 28), date(4, 4));
    assert_eq!(age_days(as_of, due), 35);
    let column = Column::of(ItemClass::Ordinary, due, as_of, Basis::DueDate, &Edges::default());
    assert_eq!(column, Column::Bucket(1));
}

#[test]
fn overdue_follows_instalments_not_the_last_due_date() {
    // AR-15: 600.00 due 60 days ago, 600.00 due in 30 days.
    let edges = Edges::default();
    let column = |due| Column::of(ItemClass::Ordinary, day(due), day(0), Basis::DueDate, &edges);
    let mut unpaid = Aging::new(&edges);
    unpaid.add(column(-60), 60_000, 1);
    unpaid.add(column(30), 60_000, 1);
    assert_eq!((unpaid.overdue(), unpaid.balance(), unpaid.items()), (60_000, 120_000, 2));

    let mut part_paid = Aging::new(&edges);
    part_paid.add(column(30), 60_000, 1);
    assert_eq!((part_paid.overdue(), part_paid.balance()), (0, 60_000));
}

#[test]
fn unapplied_money_never_hides_an_overdue_item() {
    let mut aging = Aging::new(&Edges::default());
    aging.add(Column::Bucket(0), 100, 1);
    aging.add(Column::UnappliedCash, -100, 1);
    assert_eq!((aging.overdue(), aging.balance()), (100, 0));
}

#[test]
fn retention_becomes_an_ordinary_item_on_its_release_day() {
    let retention = ItemClass::Retention;
    assert_eq!(heading(retention, -1, Basis::DueDate), "Retention");
    assert_eq!(heading(retention, 0, Basis::DueDate), "NotDue");
    assert_eq!(heading(retention, 1, Basis::DueDate), "1-30");
    let edges = Edges::default();
    let never = Column::of(retention, NO_DATE, NO_DATE, Basis::DueDate, &edges);
    assert_eq!(never, Column::Retention);
}

#[test]
fn a_retention_ages_from_its_release_under_every_basis() {
    let (due, document, posting) = (day(-40), day(-400), day(-399));
    let aged = |class, basis: Basis| basis.date(class, due, document, posting);
    for &basis in Basis::ALL {
        assert_eq!(aged(ItemClass::Retention, basis), due);
    }
    assert_eq!(aged(ItemClass::Ordinary, Basis::DueDate), due);
    assert_eq!(aged(ItemClass::Ordinary, Basis::DocumentDate), document);
    assert_eq!(aged(ItemClass::Ordinary, Basis::PostingDate), posting);
    assert_eq!(heading(ItemClass::Retention, 40, Basis::DocumentDate), "31-60");
    assert_eq!(heading(ItemClass::Retention, -1, Basis::DocumentDate), "Retention");
}

#[test]
fn what_is_not_an_ordinary_receivable_has_a_column_of_its_own_at_any_age() {
    for age in [-100, 0, 1, 500] {
        for &basis in Basis::ALL {
            assert_eq!(heading(ItemClass::DuePending, age, basis), "DuePending");
            assert_eq!(heading(ItemClass::UnappliedCash, age, basis), "UnappliedCash");
            assert_eq!(heading(ItemClass::OrderAdvance, age, basis), "UnappliedCash");
            assert_eq!(heading(ItemClass::OpenCredit, age, basis), "OpenCredits");
            assert_eq!(heading(ItemClass::Bill, age, basis), "Bills");
        }
    }
}

#[test]
fn headings_name_the_edges() {
    assert_eq!(
        labels(Basis::DueDate, &Edges::default()),
        ["1-30", "31-60", "61-90", "91-120", ">120"]
    );
    let edges = Edges::new("edges", &[1, 2, 7]).unwrap();
    assert_eq!(labels(Basis::PostingDate, &edges), ["0-1", "2", "3-7", ">7"]);
    assert_eq!(labels(Basis::DueDate, &edges), ["1", "2", "3-7", ">7"]);
}

#[test]
fn edges_are_positive_ascending_and_few() {
    let reason = |days: &[i32]| Edges::new("edges", days).map_err(|v| v.reason).err();
    assert_eq!(reason(&[]), Some(Reason::FieldRequired));
    assert_eq!(reason(&[0, 30]), Some(Reason::FieldInvalid));
    assert_eq!(reason(&[-30]), Some(Reason::FieldInvalid));
    assert_eq!(reason(&[30, 30]), Some(Reason::FieldInvalid));
    assert_eq!(reason(&[60, 30]), Some(Reason::FieldInvalid));
    let many: Vec<i32> = (1..=13).collect();
    assert_eq!(reason(&many), Some(Reason::TooManyElements));
    assert_eq!(reason(&many[..12]), None);
    assert!(serde_json::from_str::<Edges>("[30,10]").is_err());
}

fn any_item() -> impl Strategy<Value = (ItemClass, i64, i64)> {
    (prop::sample::select(ItemClass::ALL), -500i64..500, -1_000_000i64..1_000_000)
}

proptest! {
    #[test]
    fn columns_add_up_to_the_balance_and_a_merge_to_the_whole(
        items in prop::collection::vec(any_item(), 0..40),
        cut in 0usize..40,
        basis in prop::sample::select(Basis::ALL),
    ) {
        let edges = Edges::default();
        let report = |items: &[(ItemClass, i64, i64)]| {
            let mut aging = Aging::new(&edges);
            for &(class, age, minor) in items {
                let column = Column::of(class, day(-age), day(0), basis, &edges);
                aging.add(column, minor.into(), 1);
            }
            aging
        };
        let whole = report(&items);
        let expected: i128 = items.iter().map(|&(_, _, minor)| i128::from(minor)).sum();
        prop_assert_eq!(whole.balance(), expected);
        prop_assert_eq!(whole.items(), items.len() as i64);
        let by_hand = whole.not_due + whole.overdue() + whole.retention + whole.due_pending
            + whole.bills + whole.unapplied_cash + whole.open_credits;
        prop_assert_eq!(by_hand, expected);
        if basis != Basis::DueDate {
            prop_assert_eq!(whole.not_due_items, 0);
        }

        let (first, second) = items.split_at(cut.min(items.len()));
        let mut merged = report(first);
        merged.merge(&report(second));
        prop_assert_eq!(merged, whole);
    }
}
