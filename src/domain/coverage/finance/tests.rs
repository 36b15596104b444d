use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::coverage::{CellState, Facts, Seat, Tie};
use crate::domain::edge::{Edge, TouchDay};
use crate::domain::job::{Function, Level};
use crate::domain::personal::Personal;
use crate::domain::position::PositionTerms;
use crate::domain::position::incumbency::{self, Seating};

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
}

fn position(n: u128, first: u64, last: Option<u64>) -> Position {
    Position {
        id: Uuid::from_u128(n),
        account_id: "a".into(),
        terms: PositionTerms {
            site: None,
            function: Function::Finance,
            function_text: String::new(),
            level: Level::Staff,
            title: String::new(),
            buying_roles: vec![],
            reports_to: None,
        },
        first_day: day(first),
        last_day: last.map(day),
        create_us: 0,
        update_us: 0,
        version: 1,
    }
}

fn seating(n: u128, from: u64, us: i64, contact: Option<&str>) -> Seating {
    Seating {
        id: Uuid::from_u128(us.unsigned_abs().into()),
        account_id: "a".into(),
        position_id: Uuid::from_u128(n),
        from_date: day(from),
        recorded_us: us,
        contact_id: contact.map(str::to_owned),
        recorded_by: "p".into(),
        reason: Personal::default(),
    }
}

fn met(contact: &str, n: u64) -> Met {
    Met { contact_id: contact.into(), day: day(n) }
}

fn recorded(positions: &[Position], seatings: Vec<Seating>, met: &[Met]) -> Recorded {
    Recorded {
        people_from: Some(day(0)),
        positions: positions.to_vec(),
        sat: incumbency::told(seatings),
        met: met.to_vec(),
    }
}

fn signal(positions: &[Position], seatings: Vec<Seating>, met: &[Met]) -> Signal {
    Signal::of(&recorded(positions, seatings, met), &[]).expect("somebody is known")
}

fn missing(signal: &Signal, n: u64) -> Missing {
    match signal.on("a", day(n)) {
        FinanceContact::Missing(missing) => missing,
        other => panic!("{other:?} on day {n}"),
    }
}

fn is_live(signal: &Signal, n: u64) -> bool {
    signal.on("a", day(n)) == FinanceContact::Live
}

#[test]
fn r12_who_leaves_is_missing_until_who_comes_is_met() {
    let seatings = vec![
        seating(1, 10, 1, Some("li")),
        seating(1, 100, 2, None),
        seating(1, 120, 3, Some("wu")),
    ];
    let signal = signal(&[position(1, 0, None)], seatings, &[met("li", 40), met("wu", 130)]);
    assert_eq!([39, 40, 99, 100].map(|n| is_live(&signal, n)), [false, true, true, false]);
    let at = |signal: &Signal, n| {
        let Missing { since, subject, evidence } = missing(signal, n);
        (since, subject, evidence)
    };
    let seat = child_name("a", POSITIONS, Uuid::from_u128(1));
    let li = || "contacts/li".to_owned();
    assert_eq!(at(&signal, 100), (day(100), seat.clone(), vec![li(), seat.clone()]));
    // He is there and was not met: he is whom to meet.
    let wu = "contacts/wu".to_owned();
    assert_eq!(at(&signal, 129), (day(100), wu.clone(), vec![li(), seat.clone(), wu]));
    assert_eq!([130, 309, 310].map(|n| is_live(&signal, n)), [true, true, false]);
    let turns: Vec<_> =
        [0, 40, 100, 130, 310].map(|n| signal.turns_after(day(n))).into_iter().collect();
    assert_eq!(turns, [Some(day(40)), Some(day(100)), Some(day(130)), Some(day(310)), None]);
    assert_eq!(missing(&signal, 400).since, day(310));
    let before = day(0).pred_opt().unwrap();
    assert_eq!(signal.on("a", before), FinanceContact::Unknown, "nobody was known yet");
}

#[test]
fn who_sits_and_was_met_at_an_account_of_the_customer_counts_from_the_day_on_which_it_is_one() {
    let at = |account: &str, mut of: Recorded| {
        of.positions.iter_mut().for_each(|one| one.account_id = account.into());
        of
    };
    let sits = recorded(&[position(1, 0, None)], vec![seating(1, 10, 1, Some("li"))], &[]);
    let sits = at("b", sits);
    let meets = Recorded { people_from: None, ..recorded(&[], vec![], &[met("li", 40)]) };
    assert_eq!(Signal::of(&meets, &[]), None, "nobody is known to sit there");
    let of_where_they_met = Signal::of(&meets, &[(day(60), &sits)]).unwrap();
    let of_where_he_sits = Signal::of(&sits, &[(day(60), &meets)]).unwrap();
    for signal in [&of_where_they_met, &of_where_he_sits] {
        assert_eq!([59, 60, 219, 220].map(|n| is_live(signal, n)), [false, true, true, false]);
    }
    assert_eq!(of_where_they_met.on("a", day(59)), FinanceContact::Unknown);
    let Missing { evidence, .. } = missing(&of_where_they_met, 220);
    assert_eq!(evidence[1], child_name("b", POSITIONS, Uuid::from_u128(1)));
    assert_eq!(missing(&of_where_he_sits, 59).since, day(0));
}

#[test]
fn nobody_to_be_met_is_missing_since_anybody_is_known() {
    let signal = signal(&[position(1, 0, None)], vec![], &[]);
    let Missing { since, subject, evidence } = missing(&signal, 9);
    assert_eq!((since, &*subject, evidence), (day(0), "accounts/a", vec![]));
}

#[test]
fn a_tie_from_before_he_answered_for_money_counts_from_then_on() {
    let signal =
        signal(&[position(1, 0, None)], vec![seating(1, 50, 1, Some("li"))], &[met("li", 0)]);
    assert_eq!([49, 50, 179, 180].map(|n| is_live(&signal, n)), [false, true, true, false]);
}

proptest! {
    #[test]
    fn each_day_reads_as_coverage_tells_of_it(
        ends in prop::collection::vec((0_u64..60, prop::option::of(0_u64..500)), 1..3),
        facts in prop::collection::vec((1_u128..3, 0_u64..400, prop::option::of("[ab]")), 0..8),
        touches in prop::collection::vec(("[ab]", 0_u64..300), 0..6),
    ) {
        let positions: Vec<Position> = (1..).zip(ends)
            .map(|(n, (first, days))| position(n, first, days.map(|days| first + days))).collect();
        let there = |n: &u128| positions.iter().any(|one| one.id == Uuid::from_u128(*n));
        let seatings: Vec<Seating> = facts.into_iter().filter(|(n, ..)| there(n)).zip(1..)
            .map(|((n, from, who), us)| seating(n, from, us, who.as_deref())).collect();
        let all: Vec<Met> = touches.iter().map(|(who, n)| met(who, *n)).collect();
        let signal = signal(&positions, seatings.clone(), &all);
        for n in 0..520 {
            let seats = positions.iter().filter(|one| one.holds(day(n))).map(|one| {
                let here: Vec<Seating> =
                    seatings.iter().filter(|of| of.position_id == one.id).cloned().collect();
                Seat {
                    position: one.key(),
                    site: None,
                    function: Function::Finance,
                    level: Level::Staff,
                    contact_id: incumbency::incumbent(&here, day(n)).map(str::to_owned),
                }
            });
            let tie = |who: &str| {
                let days: BTreeSet<NaiveDate> = all.iter()
                    .filter(|met| met.contact_id == who && met.day <= day(n))
                    .map(|met| met.day).collect();
                let days: Vec<TouchDay> = days.into_iter()
                    .map(|day| TouchDay { day, weight_milli: 1_000, touches: 1, others: 0 }).collect();
                Edge::of(&days).map(|edge| Tie { member_id: "m".into(), contact_id: who.into(), edge, word_kept: false })
            };
            let known = Facts {
                on: day(n),
                cells: crate::domain::coverage::required::cells(&[], &[]),
                seats: seats.collect(),
                ties: ["a", "b"].into_iter().filter_map(tie).collect(),
                scores: vec![],
                has_people: true,
            };
            let filled = known.filled();
            let finance = filled.iter().find(|one| one.cell.function == Function::Finance).unwrap();
            prop_assert_eq!(is_live(&signal, n), finance.state == CellState::Live, "day {}", n);
            let turns = signal.turns_after(day(n));
            if is_live(&signal, n) != is_live(&signal, n + 1) {
                prop_assert_eq!(turns, Some(day(n + 1)));
            } else {
                prop_assert!(turns.is_none_or(|on| on > day(n + 1)));
            }
        }
    }
}
