use chrono::Days;
use uuid::Uuid;

use super::*;
use crate::domain::coverage::{Seat, Tie};
use crate::domain::edge::{Edge, TouchDay};
use crate::domain::personal::Personal;
use crate::domain::position::PositionTerms;
use crate::domain::position::incumbency::{Seating, told};

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
}

fn position() -> Position {
    Position {
        id: Uuid::from_u128(1),
        account_id: "a".into(),
        terms: PositionTerms {
            site: None,
            function: Function::Technology,
            function_text: String::new(),
            level: Level::Staff,
            title: String::new(),
            buying_roles: vec![],
            reports_to: None,
        },
        first_day: day(0),
        last_day: None,
        create_us: 0,
        update_us: 0,
        version: 1,
    }
}

/// Since when it is overdue on a day that one of ours has not met who followed, ten days being given:
/// from each day on somebody sits there or nobody, and these were met on those days.
fn overdue(sat: &[(u64, Option<&str>)], met: &[(&str, u64)], on: u64) -> Option<NaiveDate> {
    let seating = |(us, (from, contact)): (i64, &(u64, Option<&str>))| Seating {
        id: Uuid::from_u128(us.unsigned_abs().into()),
        account_id: "a".into(),
        position_id: Uuid::from_u128(1),
        from_date: day(*from),
        recorded_us: us,
        contact_id: contact.map(str::to_owned),
        recorded_by: "p".into(),
        reason: Personal::default(),
    };
    let sat = told((1..).zip(sat).map(seating).collect());
    let tie = |(contact, n): &(&str, u64)| {
        let touch = TouchDay { day: day(*n), weight_milli: 1_000, touches: 1, others: 0 };
        let edge = Edge::of(&[touch]).unwrap();
        Tie { member_id: "m".into(), contact_id: (*contact).to_owned(), edge, word_kept: false }
    };
    let facts = Facts {
        on: day(on),
        cells: crate::domain::coverage::required::cells(&[], &[]),
        seats: Vec::<Seat>::new(),
        ties: met.iter().filter(|(_, n)| *n <= on).map(tie).collect(),
        scores: vec![],
        has_people: true,
    };
    let (coverage, positions) = (Coverage::of("a", &facts), [position()]);
    let rules = PeopleFacts {
        facts: &facts,
        coverage: &coverage,
        positions: &positions,
        sat: &sat,
        ties: None,
    };
    let found = rules.vacancy_overdue(|since| since + Days::new(10));
    assert_eq!(found.state == State::Yes, found.since.is_some());
    found.since
}

#[test]
fn d4_13_a_vacancy_lasts_until_a_successor_is_met_whoever_came_between() {
    let sat = [(0, Some("li")), (20, None), (22, Some("wu")), (25, None), (40, Some("xu"))];
    assert_eq!(overdue(&sat, &[], 30), None, "ten days are given");
    assert_eq!(overdue(&sat, &[], 31), Some(day(31)));
    assert_eq!(overdue(&sat, &[], 90), Some(day(31)), "two came and nobody met them");
    assert_eq!(overdue(&sat, &[("li", 30)], 90), Some(day(31)), "who left is no successor");
    assert_eq!(overdue(&sat, &[("xu", 50)], 90), None);
    // Who was met opens another when he leaves.
    assert_eq!(overdue(&sat, &[("wu", 23)], 36), Some(day(36)));
    // Whoever follows from the next day on is to be met too.
    let next = [(0, Some("li")), (20, Some("wu"))];
    assert_eq!(overdue(&next, &[], 31), Some(day(31)));
    assert_eq!(overdue(&next, &[("wu", 5)], 31), None, "he was known when he came");
    assert_eq!(overdue(&[(0, Some("li"))], &[], 90), None, "nobody left");
}
