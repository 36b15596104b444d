use chrono::Days;
use proptest::prelude::*;
use uuid::Uuid;

use super::measure::*;
use super::*;
use crate::domain::account::profile::Site;
use crate::domain::edge::{ONE, TouchDay};
use crate::domain::tier::service::{CellScope, RequiredCell};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 30).unwrap()
}

fn ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

fn seat(n: u128, site: &str, function: Function, level: Level, contact: &str) -> Seat {
    Seat {
        position: PositionKey { id: Uuid::from_u128(n), account_id: "a".into() },
        site: (!site.is_empty()).then(|| site.to_owned()),
        function,
        level,
        contact_id: (!contact.is_empty()).then(|| contact.to_owned()),
    }
}

/// A tie with one touch so many days ago, of this sum today.
fn tie(member: &str, contact: &str, days: u64, sum: i64) -> Tie {
    let day = TouchDay { day: ago(days), weight_milli: 1_000, touches: 1, others: 0 };
    let edge = Edge { sum, ..Edge::of(&[day]).unwrap() };
    Tie { member_id: member.into(), contact_id: contact.into(), edge, word_kept: false }
}

fn site(id: &str, region: &str) -> Site {
    Site { id: id.into(), display_name: id.into(), region: region.into() }
}

fn facts(sites: &[&str], seats: Vec<Seat>, ties: Vec<Tie>) -> Facts {
    Facts {
        on: today(),
        cells: required::cells(&[], &sites.iter().map(|id| site(id, "")).collect::<Vec<_>>()),
        has_people: seats.iter().any(|seat| seat.contact_id.is_some()),
        seats,
        ties,
        scores: Vec::new(),
    }
}

fn bp(facts: &Facts) -> Option<i32> {
    coverage_bp(facts, &facts.filled())
}

#[test]
fn c1_coverage_is_the_live_part_of_required_cells_and_unknown_without_people() {
    use Function::{Finance, Management, Procurement, Production, Technology};
    let one = |n, function, contact: &str| seat(n, "", function, Level::Staff, contact);
    let seats = vec![
        one(1, Procurement, "p"),
        one(2, Production, "q"),
        one(3, Technology, "t"),
        one(4, Finance, ""),
        one(5, Management, "m"),
    ];
    let ties = vec![tie("x", "p", 3, ONE), tie("x", "q", 179, ONE), tie("x", "t", 180, ONE)];
    let known = facts(&[], seats, ties);
    let filled = known.filled();
    let states: Vec<CellState> = filled.iter().map(|one| one.state).collect();
    use CellState::{Blank, Live, Stale};
    assert_eq!(states, [Live, Live, Stale, Blank, Stale]);
    assert_eq!(bp(&known), Some(4_000));
    assert_eq!(
        filled[3].position.as_ref().map(|of| of.id),
        Some(Uuid::from_u128(4)),
        "the seat is known, nobody in it"
    );
    assert_eq!(bp(&facts(&[], vec![], vec![])), None, "nobody is known: not zero");

    // 4 of 6 live.
    let cells: Vec<Cell> =
        [Procurement, Production, Technology, Finance, Management, Function::Legal]
            .map(|function| Cell {
                function,
                level_min: Level::Staff,
                site: None,
                window_days: WINDOW_DAYS,
            })
            .into();
    let seats = vec![
        one(1, Procurement, "p"),
        one(2, Production, "q"),
        one(3, Technology, "t"),
        one(4, Finance, "f"),
    ];
    let ties = ["p", "q", "t", "f"].map(|contact| tie("x", contact, 1, ONE)).into();
    let four = facts(&[], seats, ties);
    assert_eq!(bp(&Facts { cells, ..four }), Some(6_667));

    // Two sites with three functions each and management once: 7 cells, 4 live.
    let of = |site: &str| {
        [Procurement, Production, Finance].map(|function| Cell {
            function,
            level_min: Level::Staff,
            site: Some(site.to_owned()),
            window_days: WINDOW_DAYS,
        })
    };
    let once = Cell {
        function: Management,
        level_min: Level::Manager,
        site: None,
        window_days: WINDOW_DAYS,
    };
    let cells: Vec<Cell> = of("n").into_iter().chain(of("s")).chain([once]).collect();
    let seats = vec![
        seat(1, "n", Procurement, Level::Staff, "a"),
        seat(2, "n", Production, Level::Staff, "b"),
        seat(3, "s", Finance, Level::Staff, "c"),
        seat(4, "s", Management, Level::Executive, "d"),
        seat(5, "", Procurement, Level::Staff, "e"),
    ];
    let ties = ["a", "b", "c", "d", "e"].map(|contact| tie("x", contact, 1, ONE)).into();
    let two = facts(&["n", "s"], seats, ties);
    assert_eq!(two.cells.len(), 9);
    assert_eq!(bp(&Facts { cells, ..two }), Some(5_714));
}

#[test]
fn c1_a_class_asks_for_whom_it_says_at_the_sites_and_in_the_days_it_says() {
    let asked = |scope, region: &str, window_days| RequiredCell {
        function: Function::Finance,
        level_min: Level::Manager,
        scope,
        window_days,
        region: (!region.is_empty()).then(|| region.to_owned()),
    };
    let (north, south) = (site("n", "华北"), site("s", "华南"));
    let sites = |rule: RequiredCell, sites: &[Site]| {
        let cells = required::cells(&[rule], sites).into_iter();
        cells.map(|cell| cell.site.unwrap_or_default()).collect::<Vec<_>>()
    };
    let both = [north.clone(), south];
    assert_eq!(sites(asked(CellScope::Site, "", 30), &both), ["n", "s"]);
    assert_eq!(sites(asked(CellScope::Site, "", 30), &[]), [""]);
    assert_eq!(sites(asked(CellScope::Account, "", 30), &both), [""]);
    assert_eq!(sites(asked(CellScope::Site, "华南", 30), &both), ["s"]);
    let nowhere: [&str; 0] = [];
    assert_eq!(sites(asked(CellScope::Site, "华南", 30), std::slice::from_ref(&north)), nowhere);
    // Two rules for one cell are one: that of a region first, then the shorter window.
    let windows = |rules: &[RequiredCell], sites: &[Site]| {
        required::cells(rules, sites).iter().map(|cell| cell.window_days).collect::<Vec<_>>()
    };
    let rules = [asked(CellScope::Site, "", 30), asked(CellScope::Site, "华南", 90)];
    assert_eq!(windows(&rules, &both), [30, 90]);
    let rules = [asked(CellScope::Site, "", 90), asked(CellScope::Account, "", 30)];
    assert_eq!(windows(&rules, &[]), [30]);
    assert_eq!(windows(&rules, &[north]), [90, 30]);
    // Of the level, and within the days.
    let seats = vec![
        seat(1, "", Function::Finance, Level::Staff, "a"),
        seat(2, "", Function::Finance, Level::Manager, "b"),
    ];
    let ties = vec![tie("x", "a", 0, ONE), tie("x", "b", 30, ONE)];
    let covered = |window| {
        let cells = required::cells(&[asked(CellScope::Account, "", window)], &[]);
        bp(&Facts { cells, ..facts(&[], seats.clone(), ties.clone()) })
    };
    assert_eq!([covered(30), covered(31)], [Some(0), Some(10_000)]);
    // Nothing is required: nothing is missing, and no part can be told.
    let none = Facts { cells: vec![], ..facts(&[], seats.clone(), ties.clone()) };
    assert_eq!((bp(&none), none.filled().len()), (None, 0));
}

#[test]
fn c3_ties_at_the_top_alone_are_red_where_the_floor_is_unhappy_or_unknown() {
    let seats = vec![
        seat(1, "", Function::Management, Level::Executive, "boss"),
        seat(2, "", Function::Production, Level::Staff, "floor"),
        seat(3, "", Function::Production, Level::Staff, "hand"),
        seat(4, "", Function::Production, Level::Staff, "foot"),
        seat(5, "", Function::Finance, Level::Executive, "chief"),
    ];
    let half = ONE / 2;
    let ties = vec![tie("x", "boss", 0, 9 * half), tie("x", "floor", 0, half)];
    let score =
        |contact: &str, days, score| Score { contact_id: contact.into(), day: ago(days), score };
    let mut known = facts(&[], seats, ties);
    known.scores = vec![
        score("boss", 400, 1),
        score("boss", 9, 9),
        score("chief", 9, 9),
        score("floor", 20, 9),
        score("floor", 10, 3),
        score("hand", 10, 4),
        score("foot", 10, 2),
    ];
    let peers = known.peers();
    assert_eq!(executive_share_bp(&peers), Some(9_000));
    let told = satisfaction(&known);
    assert_eq!(
        told,
        [
            Satisfaction { level: Level::Executive, people: 2, sum: 18 },
            Satisfaction { level: Level::Staff, people: 3, sum: 9 },
        ]
    );
    assert_eq!(top_heavy(&peers, &told), TopHeavy::Red);
    let happy = [Satisfaction { level: Level::Staff, people: 1, sum: 6 }];
    assert_eq!(top_heavy(&peers, &happy), TopHeavy::Amber);
    let boss_alone: Vec<Peer> = peers[..1].to_vec();
    assert_eq!(top_heavy(&boss_alone, &happy), TopHeavy::Red, "no live tie below");
    assert_eq!(top_heavy(&[], &happy), TopHeavy::Unknown);
    let even: Vec<Peer> = peers.iter().map(|peer| Peer { sum: ONE, ..peer.clone() }).collect();
    assert_eq!(top_heavy(&even, &told), TopHeavy::Green);
}

#[test]
fn dependency_is_the_part_of_the_strongest_tie() {
    let seats = ["a", "b", "c", "d"]
        .into_iter()
        .zip(1..)
        .map(|(contact, n)| seat(n, "", Function::Production, Level::Staff, contact));
    let seats: Vec<Seat> = seats.collect();
    let of = |ties: Vec<Tie>| dependency(&facts(&[], seats.clone(), ties).peers());
    let one = of(vec![tie("x", "a", 0, ONE)]).unwrap();
    assert_eq!((one.share_bp, one.on_one), (10_000, true));
    let four = ["a", "b", "c", "d"].map(|contact| tie("x", contact, 0, ONE));
    let four = of(four.into()).unwrap();
    assert_eq!((four.share_bp, four.on_one, &*four.contact_id), (2_500, false, "a"));
    assert_eq!(four.by_member, [Share { id: "x".into(), share_bp: 10_000 }]);
    let tenth = ONE / 10;
    let ties = vec![tie("x", "a", 0, 24 * tenth), tie("y", "b", 0, 16 * tenth)];
    let most = of(ties).unwrap();
    assert_eq!((most.share_bp, most.on_one), (6_000, false), "not above it yet");
    let little = of(vec![tie("x", "a", 0, ONE - 1)]).unwrap();
    assert!(!little.on_one, "there is hardly a tie to hang on");
    assert_eq!(of(vec![]), None);
}

#[test]
fn c7_one_tie_is_a_bow_tie_and_three_functions_on_two_levels_a_diamond() {
    use Function::{Finance, Procurement, Production};
    let seats = vec![
        seat(1, "", Procurement, Level::Manager, "a"),
        seat(2, "", Production, Level::Staff, "b"),
        seat(3, "", Finance, Level::Staff, "c"),
    ];
    let of = |ties: Vec<Tie>| {
        let known = facts(&[], seats.clone(), ties);
        form(&known, &known.peers())
    };
    let shape = |ties| of(ties).shape;
    assert_eq!(shape(vec![]), Shape::None);
    assert_eq!(shape(vec![tie("x", "a", 1, ONE)]), Shape::BowTie);
    assert_eq!(shape(vec![tie("x", "a", 180, ONE)]), Shape::None, "not live");
    assert_eq!(shape(vec![tie("x", "a", 1, ONE), tie("y", "a", 1, ONE)]), Shape::Partial);
    let all = of(["a", "b", "c"].map(|contact| tie("x", contact, 1, ONE)).into());
    let expected = Form { shape: Shape::Diamond, our_members: 1, functions: 3, levels: 2 };
    assert_eq!(all, expected, "one member covers them all: both are true");
    assert_eq!(shape(vec![tie("x", "b", 1, ONE), tie("x", "c", 1, ONE)]), Shape::Partial);
}

fn functions() -> impl Strategy<Value = Function> {
    prop::sample::select(Function::ALL.to_vec())
}

proptest! {
    #[test]
    fn adding_somebody_whom_we_met_never_lowers_coverage(
        seats in prop::collection::vec((functions(), 0_usize..3, prop::option::of(0_u8..5)), 0..12),
        touched in prop::collection::vec((0_u8..5, 0_u64..400), 0..8),
        new in functions(),
    ) {
        let sites = ["n", "s", ""];
        let seats: Vec<Seat> = seats.into_iter().zip(1..).map(|((function, site, who), n)| {
            let contact = who.map(|who| who.to_string()).unwrap_or_default();
            seat(n, sites[site], function, Level::Staff, &contact)
        }).collect();
        let ties: Vec<Tie> = touched.into_iter()
            .map(|(who, days)| tie("x", &who.to_string(), days, ONE)).collect();
        let mut known = facts(&["n", "s"], seats, ties);
        let before = bp(&known).unwrap_or_default();
        known.seats.push(seat(99, "n", new, Level::Manager, "new"));
        known.ties.push(tie("y", "new", 0, ONE));
        known.has_people = true;
        let after = bp(&known).unwrap();
        prop_assert!(after >= before);
        let reaches = known.cells.iter().any(|cell| {
            cell.function == new && cell.site.as_deref().is_none_or(|site| site == "n")
        });
        prop_assert!(!reaches || after > 0);
    }
}
