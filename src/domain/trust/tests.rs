use super::*;
use crate::domain::commitment::{Settled, Settlement};

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
}

fn commitment(side: CommitmentSide, due: u64, settled: Option<(Settlement, u64)>) -> Commitment {
    let settled = settled.map(|(settlement, on)| Settled {
        settlement,
        day: day(on),
        evidence: vec![],
        reason: Default::default(),
        by: "me".into(),
        recorded_us: 0,
    });
    Commitment {
        id: Uuid::from_u128(due.into()),
        account_id: "acme".into(),
        side,
        member_id: "wang".into(),
        contact_id: "li".into(),
        text: "the report".into(),
        amount: None,
        made_date: day(0),
        due_date: day(due),
        interaction_id: None,
        delegated_to: None,
        settled,
        recorded_by: "me".into(),
        recorded_us: 0,
    }
}

fn promise(n: u128, state: PromiseState, received: i64) -> Promise {
    Promise {
        id: Uuid::from_u128(n),
        account_id: "acme".into(),
        items: vec![Uuid::from_u128(n)],
        currency: Currency::parse("USD").unwrap(),
        amount: 100,
        promise_date: day(0),
        pay_by_date: day(20),
        grace_days: 3,
        contact_id: None,
        promised_by: Default::default(),
        received,
        lapsed: 0,
        state,
        recorded_us: 0,
    }
}

#[test]
fn i5_eight_kept_of_ten_are_a_rate_of_80_percent() {
    let kept =
        (10..18).map(|due| commitment(CommitmentSide::Ours, due, Some((Settlement::Kept, 5))));
    let late = commitment(CommitmentSide::Ours, 18, Some((Settlement::Kept, 19)));
    let broken = commitment(CommitmentSide::Ours, 19, None);
    let others = [
        commitment(CommitmentSide::Ours, 60, None),
        commitment(CommitmentSide::Ours, 20, Some((Settlement::Withdrawn, 7))),
    ];
    let names = [broken.name(), late.name()];
    let commitments = kept.chain([late, broken]).chain(others).collect();
    let words = Words { commitments, ..Words::default() };
    let told = words.on(day(40)).unwrap();
    assert_eq!(told.ours, Tally { kept: 8, kept_late: 1, broken: 1, open: 1, kept_partly: 0 });
    let Rate { rate_bp, low_bp, high_bp } = told.ours.rate().unwrap();
    assert_eq!((rate_bp, low_bp, high_bp), (8_000, 4_902, 9_433));
    assert_eq!(told.evidence, names, "the latest due first");
    assert_eq!(told.theirs.rate(), None);
    // Of the first the due date is a year back on day 375.
    assert_eq!(words.on(day(374)).unwrap().ours.kept, 8);
    assert_eq!(words.on(day(375)).unwrap().ours.kept, 7);
}

#[test]
fn d4_17_what_was_paid_in_part_is_not_kept() {
    use PromiseState::{Broken, Kept, Lapsed, PartiallyKept, Withdrawn};
    let states = [Kept, Kept, Kept, Kept, PartiallyKept, PartiallyKept, Broken, Broken, Broken];
    let received = [100, 100, 100, 100, 40, 40, 0, 0, 0];
    let promises = (1..).zip(states.into_iter().zip(received));
    let promises = promises.map(|(n, (state, received))| promise(n, state, received));
    let lapsed = [promise(90, Lapsed, 0), promise(91, Withdrawn, 0)];
    let words = Words {
        commitments: vec![commitment(CommitmentSide::Theirs, 9, Some((Settlement::Kept, 9)))],
        promises: promises.chain(lapsed).collect(),
        ..Words::default()
    };
    let told = words.on(day(40)).unwrap();
    assert_eq!(told.theirs, Tally { kept: 5, kept_partly: 2, broken: 3, ..Tally::default() });
    assert_eq!(told.theirs.rate().unwrap().rate_bp, 5_000);
    let usd = |minor| vec![Money { minor, currency: Currency::parse("USD").unwrap() }];
    assert_eq!((told.payments.promised, told.payments.in_time), (usd(900), usd(480)));
    assert_eq!(told.payments.tally.kept, 4);
}

#[test]
fn j8_of_a_dispute_it_is_told_who_broke_his_word_first() {
    let dispute = |item| Dispute {
        id: Uuid::from_u128(7),
        account_id: "acme".into(),
        item_id: Uuid::from_u128(item),
        currency: Currency::parse("USD").unwrap(),
        amount: 1,
        reason_code: "SHORT".into(),
        note: Default::default(),
        open_date: day(30),
        resolved: None,
        recorded_us: 0,
    };
    let words = |item, due| Words {
        commitments: vec![commitment(CommitmentSide::Ours, due, None)],
        promises: vec![promise(1, PromiseState::Broken, 0)],
        disputes: vec![dispute(item)],
        ..Words::default()
    };
    let told = |item, due| {
        let first = words(item, due).on(day(40)).unwrap().first_broken.remove(0);
        assert_eq!(first.conflict, child_name("acme", DISPUTES, Uuid::from_u128(7)));
        (first.side, first.day)
    };
    assert_eq!(told(1, 22), (CommitmentSide::Ours, day(23)));
    assert_eq!(told(1, 24), (CommitmentSide::Theirs, day(24)), "with the days of grace");
    assert_eq!(told(1, 23), (CommitmentSide::Ours, day(24)));
    assert_eq!(
        told(2, 24),
        (CommitmentSide::Ours, day(25)),
        "of another item nothing was promised"
    );
    let nothing = Words { commitments: vec![], promises: vec![], ..words(1, 1) };
    assert_eq!(nothing.on(day(40)).unwrap().first_broken, []);
}
