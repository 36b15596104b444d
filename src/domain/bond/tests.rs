use chrono::Days;
use proptest::collection::vec;
use proptest::prelude::*;

use super::evidence::{Evidence, Promised, Seated, TieDays, Traded};
use super::*;
use crate::domain::commitment::Word;
use crate::domain::currency::Currency;
use crate::domain::edge::{Edge, Rung, TouchDay};

fn day(n: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Duration::days(n)
}

fn touch(n: i64) -> TouchDay {
    TouchDay { day: day(n), weight_milli: 1_000, touches: 1, others: 0 }
}

fn kept(n: i64) -> Promised {
    Promised { due: day(n), settled: Some((day(n), true)) }
}

fn sold(n: i64, amount: i128) -> Traded {
    let currency = Currency::parse("USD").unwrap();
    Traded { posting_date: day(n), ended: None, currency, amount }
}

fn met(days: &[i64], promises: &[Promised]) -> TieDays {
    TieDays {
        member_id: "wang".into(),
        contact_id: "li".into(),
        days: days.iter().copied().map(touch).collect(),
        promises: promises.to_vec(),
    }
}

fn sits() -> Seated {
    Seated { contact_id: "li".into(), first_day: day(-100), last_day: None }
}

fn told(evidence: &Evidence) -> Vec<(i64, AccountType, Vec<ChangeReason>)> {
    let changes = evidence.changes(day(2_000)).into_iter();
    changes.map(|of| ((of.day - day(0)).num_days(), of.after, of.reasons())).collect()
}

#[test]
fn a7_trust_and_trade_make_four_types() {
    let trust = || vec![met(&[0, 1, 2], &[kept(2)])];
    let evidence =
        |ties: Vec<TieDays>, trades: Vec<Traded>| Evidence { ties, seats: vec![sits()], trades };
    let on = |evidence: &Evidence| evidence.on(day(10), day(-700)).of_type;
    assert_eq!(on(&Evidence::default()), AccountType::Outsider);
    assert_eq!(on(&evidence(trust(), vec![])), AccountType::Friend);
    assert_eq!(on(&evidence(vec![], vec![sold(5, 1)])), AccountType::Supplier);
    assert_eq!(on(&evidence(trust(), vec![sold(5, 1)])), AccountType::Partner);
    let familiar = vec![met(&[0, 1, 2], &[])];
    assert_eq!(on(&evidence(familiar, vec![sold(5, 0)])), AccountType::Outsider);
}

#[test]
fn a7_who_orders_no_more_is_a_friend_on_the_day_the_last_order_is_a_year_old() {
    use AccountType::*;
    use ChangeReason::*;
    let talks: Vec<i64> = (0..8).map(|n| n * 100).collect();
    let evidence = Evidence {
        ties: vec![met(&talks, &[kept(150)])],
        seats: vec![sits()],
        trades: vec![sold(10, 500), sold(40, 100)],
    };
    assert_eq!(
        told(&evidence),
        [
            (10, Supplier, vec![TradeBegan]),
            // The third talk, as a word was kept.
            (200, Partner, vec![TrustGained]),
            (40 + 365, Friend, vec![TradeLapsed]),
            (700 + 180, Outsider, vec![TrustLost]),
        ]
    );
    assert_eq!(evidence.on(day(404), day(-326)).of_type, Partner);
    let on = evidence.on(day(405), day(-325));
    assert_eq!(on, TypeOn { of_type: Friend, since: Some(day(405)) });
    assert_eq!(evidence.on(day(800), day(406)).since, None, "for longer than is looked back");
}

#[test]
fn what_is_credited_or_taken_back_is_no_trade_and_currencies_stand_apart() {
    let ended = |n, at| Traded { ended: Some(day(at)), ..sold(n, 100) };
    let of = |trades| told(&Evidence { trades, ..Evidence::default() });
    let days = |trades| of(trades).into_iter().map(|(day, ..)| day).collect::<Vec<_>>();
    assert_eq!(days(vec![sold(0, 100), sold(9, -100)]), [0, 9]);
    assert_eq!(days(vec![ended(0, 9)]), [0, 9]);
    assert_eq!(days(vec![ended(0, 0)]), Vec::<i64>::new());
    let euro = Traded { currency: Currency::parse("EUR").unwrap(), ..sold(9, -500) };
    assert_eq!(days(vec![sold(0, 100), euro]), [0, 365]);
    // The credit outlives what it was for by nine days.
    assert_eq!(days(vec![sold(0, 100), sold(9, -100), sold(20, 50)]), [0, 9, 20, 365, 374, 385]);
}

#[test]
fn a_word_that_is_broken_and_a_seat_that_is_left_end_trust() {
    let broken = Promised { due: day(20), settled: None };
    let days = |tie: TieDays, seat: Seated| {
        let evidence = Evidence { ties: vec![tie], seats: vec![seat], trades: vec![] };
        told(&evidence).into_iter().map(|(day, ..)| day).collect::<Vec<_>>()
    };
    assert_eq!(days(met(&[0, 1, 2], &[kept(5)]), sits()), [5, 182]);
    assert_eq!(days(met(&[0, 1, 2], &[kept(5), broken]), sits()), [5, 21]);
    let late = Promised { settled: Some((day(25), true)), ..broken };
    assert_eq!(days(met(&[0, 1, 2], &[kept(5), late]), sits()), [5, 21], "late is broken");
    let withdrawn = Promised { settled: Some((day(19), false)), ..broken };
    assert_eq!(days(met(&[0, 1, 2], &[kept(5), withdrawn]), sits()), [5, 182]);
    let left = Seated { last_day: Some(day(30)), ..sits() };
    assert_eq!(days(met(&[0, 1, 2], &[kept(5)]), left), [5, 31]);
}

#[test]
fn a9_without_structural_evidence_no_bond_is_more_than_social() {
    assert_eq!(BondLevel::of(false, 9, true), BondLevel::None);
    assert_eq!(BondLevel::of(true, 2, false), BondLevel::Financial);
    assert_eq!(BondLevel::of(true, 3, false), BondLevel::Social);
    assert_eq!(BondLevel::of(true, 0, true), BondLevel::Social);
    assert_eq!(BondLevel::ALL.last(), Some(&BondLevel::Social));
}

/// What the account is on a day, of what was known on that day alone.
fn by_hand(evidence: &Evidence, on: NaiveDate) -> AccountType {
    let trusts = evidence.ties.iter().any(|tie| {
        let sits = evidence.seats.iter().any(|seat| {
            seat.contact_id == tie.contact_id
                && seat.first_day <= on
                && seat.last_day.is_none_or(|last| on <= last)
        });
        let days: Vec<TouchDay> = tie.days.iter().filter(|of| of.day <= on).copied().collect();
        let kept = tie.promises.iter().filter_map(|of| {
            let (day, is_kept) = of.settled.filter(|(day, _)| *day <= on)?;
            (is_kept && day <= of.due).then_some(day)
        });
        let broken = tie.promises.iter().filter(|of| {
            let settled = of.settled.filter(|(day, _)| *day <= on);
            of.due < on && settled.is_none_or(|(day, is_kept)| is_kept && of.due < day)
        });
        let word = Word { last_kept: kept.max(), last_broken: broken.map(|of| of.due).max() };
        let edge = Edge::of(&days);
        sits && edge.is_some_and(|edge| edge.rung(on, word.is_kept()) == Rung::Trusted)
    });
    let first = on - Days::new(364);
    let counts = evidence.trades.iter().filter(|of| {
        (first..=on).contains(&of.posting_date) && of.ended.is_none_or(|end| on < end)
    });
    let trades = counts.map(|of| of.amount).sum::<i128>() > 0;
    AccountType::of(trusts, trades)
}

fn a_tie() -> impl Strategy<Value = TieDays> {
    let promised = (0..700_i64, prop::option::of((-40..40_i64, any::<bool>())));
    (
        prop::sample::select(vec!["li", "wu"]),
        prop::collection::btree_set(0..700_i64, 0..9),
        vec(promised, 0..4),
    )
        .prop_map(|(contact, days, promises)| {
            let promised = |(due, settled): (i64, Option<(i64, bool)>)| Promised {
                due: day(due),
                settled: settled.map(|(late, kept)| (day(due + late), kept)),
            };
            TieDays {
                contact_id: contact.into(),
                days: days.into_iter().map(touch).collect(),
                promises: promises.into_iter().map(promised).collect(),
                ..met(&[], &[])
            }
        })
}

proptest! {
    #[test]
    fn the_log_agrees_with_the_type_of_every_day(
        ties in vec(a_tie(), 0..4),
        seats in vec((0..2_usize, -10..600_i64, prop::option::of(0..400_i64)), 0..4),
        trades in vec((0..700_i64, -3..5_i128, prop::option::of(0..300_i64)), 0..6),
    ) {
        let seat = |(who, first, last): (usize, i64, Option<i64>)| Seated {
            contact_id: ["li", "wu"][who].into(),
            first_day: day(first),
            last_day: last.map(|days| day(first + days)),
        };
        let trade = |(n, amount, end): (i64, i128, Option<i64>)| Traded {
            ended: end.map(|days| day(n + days)),
            ..sold(n, amount)
        };
        let evidence = Evidence {
            ties,
            seats: seats.into_iter().map(seat).collect(),
            trades: trades.into_iter().map(trade).collect(),
        };
        let changes = evidence.changes(day(1_200));
        for n in -20..1_200 {
            let held = changes.iter().rfind(|of| of.day <= day(n));
            let held = held.map_or(AccountType::Outsider, |of| of.after);
            prop_assert_eq!(held, by_hand(&evidence, day(n)), "on day {}", n);
            prop_assert_eq!(evidence.on(day(n), day(-20)).of_type, held);
        }
        for of in &changes {
            prop_assert!(of.before != of.after && !of.reasons().is_empty());
        }
    }
}
