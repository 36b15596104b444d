use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::domain::credit::decision::{Disposition, ReasonCode};
use crate::domain::credit::limit::{Limit, LimitKind, LimitTerms};
use crate::domain::credit::policy::Policy;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::standing::{Node, Rates};
use crate::domain::dates::NO_DATE;
use crate::domain::rates::RateTable;

const CALLER: Caller<'static> = Caller { principal: "tester", may_override: true };
const ACCOUNTS: [&str; 2] = ["left", "right"];

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 10).expect("a date")
}

fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("USD").expect("a currency") }
}

/// Two accounts under one, each with a limit.
fn standing(limits: [i64; 3]) -> Standing {
    let node = |id: &str, amount: i64| Node {
        limits: vec![Limit {
            id: Uuid::now_v7(),
            account_id: id.into(),
            terms: LimitTerms {
                segment: String::new(),
                kind: LimitKind::Amount,
                amount: Some(usd(amount)),
                temporary: false,
                overdue_amount_max: None,
                overdue_days_max: None,
            },
            valid_from: today(),
            valid_to: NO_DATE,
            cut: false,
            approver: "Ms Wang".into(),
            reason: "agreed".into(),
            recorded_us: 1,
        }],
        ..Node::default()
    };
    let ids = ["left", "right", "top"];
    Standing {
        now: Now { us: 1, today: today() },
        policy: Policy::default(),
        rates: Rates { table: RateTable::default(), day: today(), base: None, age_days_max: 7 },
        nodes: ids
            .into_iter()
            .zip(limits)
            .map(|(id, l)| (id.to_owned(), node(id, l).into()))
            .collect(),
        class_terms: HashMap::new(),
        signals: HashMap::new(),
        parents: ACCOUNTS.map(|id| (id.to_owned(), "top".to_owned())).into(),
        secured: Vec::new(),
    }
}

fn order_key(number: usize) -> OrderKey {
    OrderKey { system: "ERP".into(), company_code: "1000".into(), order_ref: number.to_string() }
}

#[derive(Debug, Clone)]
enum Step {
    Reserve { order: usize, account: usize, amount: i64, lives: i64, force: bool },
    Amend { order: usize, amount: i64, lives: Option<i64>, force: bool },
    Deliver { order: usize, amount: Option<i64> },
    Cancel { order: usize, returned: i64 },
    Decide { order: usize, approve: bool },
    Wait { us: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0usize..6;
    prop_oneof![
        4 => (order.clone(), 0usize..2, 1i64..60, 1i64..40, prop::bool::weighted(0.1)).prop_map(
            |(order, account, amount, lives, force)| Step::Reserve { order, account, amount, lives, force }
        ),
        2 => (order.clone(), 1i64..80, prop::option::of(1i64..40), prop::bool::weighted(0.1)).prop_map(
            |(order, amount, lives, force)| Step::Amend { order, amount, lives, force }
        ),
        2 => (order.clone(), prop::option::of(1i64..40))
            .prop_map(|(order, amount)| Step::Deliver { order, amount }),
        1 => (order.clone(), 0i64..20).prop_map(|(order, returned)| Step::Cancel { order, returned }),
        1 => (order, any::<bool>()).prop_map(|(order, approve)| Step::Decide { order, approve }),
        2 => (1i64..30).prop_map(|us| Step::Wait { us }),
    ]
}

fn exposure(standing: &Standing, account: &str) -> i128 {
    let usd = Currency::parse("USD").expect("a currency");
    let counting = standing.counting(account, "").expect("sums");
    standing.exposure(&counting, usd, (usd, 0)).expect("sums").known().expect("no rates")
}

/// Does one step; answers the decision, if it made one.
fn run(decider: &mut Decider, step: &Step) -> Result<Option<Uuid>> {
    let now = decider.standing.now.us;
    let find = |decider: &Decider, number: usize| {
        let reservation =
            ACCOUNTS.iter().find_map(|a| decider.reservation_of(a, &order_key(number)).cloned());
        reservation.ok_or_else(|| Error::not_found("order", number.to_string()))
    };
    let why = |force: bool| if force { "the boss said so" } else { "" };
    match *step {
        Step::Reserve { order, account, amount, lives, force } => {
            let ask = Reserve {
                account: ACCOUNTS[account],
                amount: usd(amount),
                order: &order_key(order),
                expire_us: Some(now + lives),
                override_reason: why(force),
            };
            decider.reserve(&ask, &CALLER).map(Some)
        }
        Step::Amend { order, amount, lives, force } => {
            let ask = Amend {
                amount: Some(usd(amount)),
                expire_us: lives.map(|lives| now + lives),
                override_reason: why(force),
            };
            let reservation = find(decider, order)?;
            decider.amend(reservation, &ask, &CALLER).map(Some)
        }
        Step::Deliver { order, amount } => {
            let reservation = find(decider, order)?;
            decider.deliver(reservation, amount.map(usd)).map(|_| None)
        }
        Step::Cancel { order, returned } => {
            let reservation = find(decider, order)?;
            let returned = (returned > 0).then(|| usd(returned));
            decider.cancel(reservation, returned, "changed their minds").map(|_| None)
        }
        Step::Decide { order, approve } => {
            let how = Referral {
                approve,
                approver: "Ms Wang",
                reason: "known for long",
                maximum: None,
                valid_until_us: None,
            };
            let reservation = find(decider, order)?;
            decider.decide_referral(reservation, &how, &CALLER).map(Some)
        }
        Step::Wait { .. } => Ok(None),
    }
}

proptest! {
    /// Over any sequence, in any batches: nothing is approved above a limit without a person,
    /// the exposure is what the reservations count, and what is to be written is the difference.
    #[test]
    fn no_sequence_of_commands_gets_above_a_limit(
        limits in (0i64..150, 0i64..150, 0i64..200),
        refers: bool,
        steps in prop::collection::vec((step(), prop::bool::weighted(0.3)), 1..60),
    ) {
        let mut start = standing([limits.0, limits.1, limits.2]);
        if refers {
            for code in [ReasonCode::LimitExceeded, ReasonCode::GroupLimitExceeded] {
                start.policy.rules.insert(code, Disposition::Refer);
            }
        }
        let mut decider = Decider::open(start, Loaded::default());
        let mut stored: BTreeMap<Uuid, Reservation> = BTreeMap::new();
        let mut made: Vec<Decision> = Vec::new();
        for (step, new_batch) in steps {
            if let Step::Wait { us } = step {
                decider.standing.now.us += us;
            }
            if new_batch || matches!(step, Step::Wait { .. }) {
                let (changes, standing) = decider.close();
                let mut moved = 0;
                for reservation in changes.new.iter().chain(&changes.changed) {
                    let before = stored.insert(reservation.id, reservation.clone());
                    moved += reservation.stored.total() - before.map_or(0, |o| o.stored.total());
                }
                prop_assert_eq!(changes.moves.values().sum::<i64>(), moved);
                made.extend(changes.decisions);
                let now = standing.now;
                let late = |of: &&Reservation| of.stored != of.counted(now);
                let due = stored.values().filter(late).cloned().collect();
                let loaded = Loaded {
                    reservations: stored.values().cloned().collect(),
                    decisions: made.clone(),
                    due,
                    ..Loaded::default()
                };
                decider = Decider::open(standing, loaded);
            }
            let before = ["left", "right", "top"].map(|id| exposure(&decider.standing, id));
            let decided = decider.changes.decisions.len();
            match run(&mut decider, &step) {
                Ok(Some(id)) => {
                    let decision = decider.decision(id).expect("kept").clone();
                    // The same order again is answered by the decision of its first call.
                    let fresh = decider.changes.decisions.len() > decided;
                    let free = approved(decision.verdict) && !decision.overridden;
                    if fresh && free && decision.counted > 0 {
                        for (id, limit) in ["left", "right", "top"].iter().zip([limits.0, limits.1, limits.2]) {
                            let binds = *id == "top" || *id == decision.account_id;
                            let exposure = exposure(&decider.standing, id);
                            prop_assert!(!binds || exposure <= i128::from(limit));
                        }
                    }
                }
                Ok(None) => {}
                Err(_) => {
                    let after = ["left", "right", "top"].map(|id| exposure(&decider.standing, id));
                    prop_assert_eq!(before, after, "a refused command changes nothing");
                }
            }
            let now = decider.standing.now;
            for account in ACCOUNTS {
                let counts = decider.reservations.values().filter(|of| of.account_id == account);
                let counts: i64 = counts.map(|reservation| reservation.counted(now).total()).sum();
                prop_assert_eq!(exposure(&decider.standing, account), i128::from(counts));
            }
            let both = exposure(&decider.standing, "left") + exposure(&decider.standing, "right");
            prop_assert_eq!(exposure(&decider.standing, "top"), both);
        }
    }
}

#[test]
fn the_same_order_again_is_answered_as_before_and_another_content_is_refused() {
    let mut decider = Decider::open(standing([100, 100, 100]), Loaded::default());
    let first = Step::Reserve { order: 1, account: 0, amount: 60, lives: 10, force: false };
    let decision = run(&mut decider, &first).expect("decided");
    assert_eq!(run(&mut decider, &first).expect("decided"), decision);
    assert_eq!(exposure(&decider.standing, "left"), 60);
    for other in [
        Step::Reserve { order: 1, account: 0, amount: 61, lives: 10, force: false },
        Step::Reserve { order: 1, account: 1, amount: 60, lives: 10, force: false },
    ] {
        let refused = run(&mut decider, &other).expect_err("taken");
        assert!(
            matches!(refused, Error::AlreadyExists { reason: Reason::OrderAlreadyReserved, .. }),
            "{refused}"
        );
    }
}

#[test]
fn an_override_needs_a_caller_who_may() {
    let mut decider = Decider::open(standing([10, 10, 10]), Loaded::default());
    let ask = Reserve {
        account: "left",
        amount: usd(11),
        order: &order_key(1),
        expire_us: None,
        override_reason: "the boss said so",
    };
    let nobody = Caller { principal: "clerk", may_override: false };
    let refused = decider.reserve(&ask, &nobody).expect_err("refused");
    assert!(matches!(refused, Error::PermissionDenied { .. }), "{refused}");
    assert_eq!(exposure(&decider.standing, "left"), 0);
    let id = decider.reserve(&ask, &CALLER).expect("decided");
    let decision = decider.decision(id).expect("kept");
    assert!(decision.overridden && approved(decision.verdict));
    assert_eq!(decision.reasons.len(), 2, "what was overridden is told");
}
