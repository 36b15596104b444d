use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn day(offset: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(offset.into())
}

fn open(item: u128, due: u32, available: i64) -> OpenAmount {
    OpenAmount { item: Uuid::from_u128(item), due: day(due), available }
}

fn allocated(credits: &[OpenAmount], debits: &[OpenAmount]) -> Vec<(u128, u128, i64)> {
    let flat = |a: Allocation| (a.credit.as_u128(), a.debit.as_u128(), a.amount);
    allocate_oldest_first(credits, debits).into_iter().map(flat).collect()
}

#[test]
fn a_credit_note_larger_than_what_is_open_is_refused() {
    // AR-01: 60.00 is still open, a return of 100.00 would leave −40.00.
    let refused = check_no_sign_change(Side::Debit, 6_000, &[], day(0), -10_000);
    let fault = SignChange { date: day(0), open_minor: 6_000, would_be_minor: -4_000 };
    assert_eq!(refused, Err(fault));
    assert_eq!(check_no_sign_change(Side::Debit, 6_000, &[], day(0), -6_000), Ok(()));
    assert_eq!(max_clearable(Side::Debit, 6_000, &[]), 6_000);
}

#[test]
fn more_than_is_left_on_a_receipt_is_refused() {
    // AR-18: receipt of 200.00 with 100.00 applied elsewhere.
    assert!(check_no_sign_change(Side::Credit, -10_000, &[], day(0), 20_000).is_err());
    assert_eq!(check_no_sign_change(Side::Credit, -10_000, &[], day(0), 10_000), Ok(()));
    assert_eq!(max_clearable(Side::Credit, -10_000, &[]), 10_000);
}

#[test]
fn an_entry_must_leave_room_for_those_already_dated_later() {
    // 100 open, of which 70 will be cleared on day 5.
    let future = [(day(5), -70)];
    assert_eq!(check_no_sign_change(Side::Debit, 30, &future, day(1), -30), Ok(()));
    let fault = SignChange { date: day(5), open_minor: 30, would_be_minor: -1 };
    assert_eq!(check_no_sign_change(Side::Debit, 30, &future, day(1), -31), Err(fault));
    assert_eq!(max_clearable(Side::Debit, 30, &future), 30);
}

#[test]
fn what_comes_back_only_later_cannot_be_cleared_today() {
    // All is cleared today; the clearing is reset on day 5.
    let future = [(day(5), 100)];
    assert_eq!(max_clearable(Side::Debit, 100, &future), 0);
    let fault = SignChange { date: day(1), open_minor: 0, would_be_minor: -100 };
    assert_eq!(check_no_sign_change(Side::Debit, 100, &future, day(1), -100), Err(fault));
}

#[test]
fn an_item_on_the_wrong_side_has_nothing_to_clear() {
    assert_eq!(max_clearable(Side::Debit, -5, &[]), 0);
    assert_eq!(max_clearable(Side::Credit, 5, &[]), 0);
}

#[test]
fn a_payment_fills_instalments_oldest_due_first() {
    // AR-01: 40.00 on 30.00, 50.00 and 20.00.
    let instalments = [open(3, 90, 2_000), open(1, 30, 3_000), open(2, 60, 5_000)];
    let (parts, surplus) = spread(4_000, &instalments);
    let parts: Vec<_> = parts.iter().map(|(item, part)| (item.as_u128(), *part)).collect();
    assert_eq!((parts, surplus), (vec![(1, 3_000), (2, 1_000)], 0));
}

#[test]
fn what_no_debit_takes_is_surplus() {
    let (parts, surplus) = spread(100, &[open(1, 0, 60)]);
    assert_eq!((parts, surplus), (vec![(Uuid::from_u128(1), 60)], 40));
    assert_eq!(spread(0, &[open(1, 0, 60)]), (vec![], 0));
}

#[test]
fn credits_go_in_the_order_given_and_debits_by_due_date_then_id() {
    let credits = [open(9, 50, 50), open(8, 0, 100)];
    let debits = [open(3, 10, 40), open(2, 10, 40), open(1, 20, 40)];
    let expected = [(9, 2, 40), (9, 3, 10), (8, 3, 30), (8, 1, 40)];
    assert_eq!(allocated(&credits, &debits), expected);
}

#[test]
fn nothing_open_is_nothing_cleared() {
    assert_eq!(allocated(&[open(9, 0, 0), open(8, 0, 5)], &[open(1, 0, 0)]), []);
    assert_eq!(allocated(&[], &[open(1, 0, 5)]), []);
}

fn any_open(ids: std::ops::Range<u128>) -> impl Strategy<Value = Vec<OpenAmount>> {
    let available = prop::collection::vec((0u32..5, 0i64..100), 0..8);
    available.prop_map(move |list| {
        ids.clone().zip(list).map(|(id, (due, available))| open(id, due, available)).collect()
    })
}

fn total(amounts: &[OpenAmount]) -> i64 {
    amounts.iter().map(|open| open.available).sum()
}

/// The open amount of every single day, from all entries.
fn open_on(entries: &[(u32, i64)], day: u32) -> i64 {
    entries.iter().filter(|&&(at, _)| at <= day).map(|&(_, minor)| minor).sum()
}

proptest! {
    #[test]
    fn allocation_never_takes_more_than_is_available_and_leaves_one_side_empty(
        credits in any_open(100..108),
        debits in any_open(1..9),
    ) {
        let allocations = allocate_oldest_first(&credits, &debits);
        prop_assert!(allocations.iter().all(|a| a.amount > 0));
        let taken = |of: &dyn Fn(&Allocation) -> bool| -> i64 {
            allocations.iter().filter(|a| of(a)).map(|a| a.amount).sum()
        };
        for credit in &credits {
            prop_assert!(taken(&|a| a.credit == credit.item) <= credit.available);
        }
        for debit in &debits {
            prop_assert!(taken(&|a| a.debit == debit.item) <= debit.available);
        }
        prop_assert_eq!(taken(&|_| true), total(&credits).min(total(&debits)));
    }

    #[test]
    fn a_spread_and_its_surplus_are_the_whole_amount(amount in 0i64..500, debits in any_open(1..9)) {
        let (parts, surplus) = spread(amount, &debits);
        prop_assert_eq!(parts.iter().map(|&(_, part)| part).sum::<i64>() + surplus, amount);
        prop_assert!(surplus == 0 || amount - surplus == total(&debits));
    }

    #[test]
    fn the_sign_rule_equals_a_check_of_every_single_day(
        entries in prop::collection::vec((0u32..20, -50i64..50), 0..8),
        from in 0u32..20,
        change in -80i64..80,
        side in prop::sample::select(Side::ALL),
    ) {
        let open_now = entries.iter().map(|&(_, minor)| minor).sum();
        let mut by_day = std::collections::BTreeMap::new();
        for &(at, minor) in entries.iter().filter(|&&(at, _)| at > from) {
            *by_day.entry(day(at)).or_insert(0) += minor;
        }
        let future: Vec<_> = by_day.into_iter().collect();

        let wrong = |at: &u32| (open_on(&entries, *at) + change) * side.sign() < 0;
        let first_wrong = (from..25).find(wrong).map(|at| {
            let open_minor = open_on(&entries, at);
            SignChange { date: day(at), open_minor, would_be_minor: open_minor + change }
        });
        let verdict = check_no_sign_change(side, open_now, &future, day(from), change);
        prop_assert_eq!(verdict.err(), first_wrong);

        let room = (from..25).map(|at| open_on(&entries, at) * side.sign()).min().unwrap().max(0);
        prop_assert_eq!(max_clearable(side, open_now, &future), room);
    }
}
