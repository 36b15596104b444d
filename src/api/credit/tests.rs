//! How orders and decisions look on the wire.

use chrono::NaiveDate;
use uuid::Uuid;

use super::encode;
use crate::api::convert::write;
use crate::domain::credit::component::Component;
use crate::domain::credit::decision::{
    Decision, DecisionKind, Disposition, LimitUse, Part, Reason, ReasonCode, Remedy, RemedyAction,
    Verdict,
};
use crate::domain::credit::limit::{Limit, LimitKind, LimitTerms};
use crate::domain::credit::reservation::{
    Advance, Counted, Grant, NEVER, Now, Reservation, ReservationState,
};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::pb;

fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("USD").unwrap() }
}

fn wire(minor: i64) -> Option<pb::Money> {
    Some(write::money(minor, usd(0).currency))
}

fn now() -> Now {
    Now { us: 1_561_885_200_000_000, today: NaiveDate::from_ymd_opt(2019, 6, 30).unwrap() }
}

/// 100 ordered, 30 delivered, 10 invoiced, 25 paid in advance and 5 more from tomorrow on.
fn reservation() -> Reservation {
    Reservation {
        id: Uuid::from_u128(1),
        account_id: "acme".into(),
        system: "SAP".into(),
        order_ref: "订单/7".into(),
        company_code: "1000".into(),
        currency: usd(0).currency,
        state: ReservationState::Open,
        amount: 10_000,
        delivered: 3_000,
        invoiced: 1_000,
        invoiced_live: 0,
        advance: Advance { now: 2_500, later: [(now().today.succ_opt().unwrap(), 500)].into() },
        expire_us: NEVER,
        grant: None,
        decision: Uuid::from_u128(2),
        cancel_reason: Personal::default(),
        stored: Counted::default(),
        create_us: 1,
        update_us: 2,
    }
}

fn decision(id: Uuid) -> Decision {
    Decision {
        id,
        account_id: "acme".into(),
        kind: DecisionKind::Reserve,
        verdict: Verdict::Declined,
        reasons: Vec::new(),
        order: None,
        company_code: "1000".into(),
        amount: usd(10_000),
        counted: 6_500,
        limits: Vec::new(),
        available: None,
        rates: Vec::new(),
        policy: "default".into(),
        evaluate_us: now().us,
        business_date: now().today,
        reservation: None,
        overridden: false,
        override_reason: Personal::default(),
        decided_by: "erp".into(),
    }
}

#[test]
fn an_order_that_never_lapses_has_no_expiry_and_counts_as_it_does_now() {
    let told = encode::reservation(reservation(), now());
    assert_eq!(told.name, format!("accounts/acme/creditReservations/{}", Uuid::from_u128(1)));
    assert_eq!(told.decision, format!("accounts/acme/creditDecisions/{}", Uuid::from_u128(2)));
    let key = pb::OrderKey { source_system: "SAP".into(), order_ref: "订单/7".into() };
    assert_eq!(told.order, Some(key));
    assert_eq!(told.stage(), pb::CreditReservationStage::Ordered);
    assert_eq!((told.expire_time, told.granted_amount, told.granted_until), (None, None, None));
    // 70 to be delivered and 20 to be invoiced, less 25; invoices are told at their highest.
    assert_eq!((told.counted_amount, told.invoiced), (wire(6_500), wire(1_000)));
    assert_eq!((told.delivered, told.advance), (wire(3_000), wire(2_500)));
}

#[test]
fn an_order_is_told_as_of_the_moment_asked_about() {
    let grant = Some(Grant { amount: 15_000, until_us: NEVER });
    let reservation = Reservation { expire_us: now().us, grant, ..reservation() };
    let told = encode::reservation(reservation.clone(), now());
    assert_eq!(told.stage(), pb::CreditReservationStage::Expired);
    assert_eq!(told.expire_time, Some(write::timestamp(now().us)));
    assert_eq!((told.granted_amount, told.granted_until), (wire(15_000), None));
    // What is delivered still counts, as far as it is not paid.
    assert_eq!(told.counted_amount, wire(0));
    let tomorrow = Now { us: now().us - 1, today: now().today.succ_opt().unwrap() };
    assert_eq!(encode::reservation(reservation, tomorrow).advance, wire(3_000));
}

#[test]
fn a_check_has_no_name_and_a_decision_tells_its_reservation_as_it_was_then() {
    assert_eq!(encode::decision(decision(Uuid::nil())).name, "");
    let expires = Reservation { expire_us: now().us + 1, ..reservation() };
    let decision = Decision { reservation: Some(expires), ..decision(Uuid::from_u128(3)) };
    let told = encode::decision(decision);
    assert_eq!(told.name, format!("accounts/acme/creditDecisions/{}", Uuid::from_u128(3)));
    assert_eq!((&*told.account, &*told.policy), ("accounts/acme", "creditPolicies/default"));
    let reservation = told.reservation.expect("a reservation");
    assert_eq!(reservation.stage(), pb::CreditReservationStage::Ordered);
    assert_eq!((told.amount, told.counted_amount), (wire(10_000), wire(6_500)));
    assert_eq!((told.available, told.order), (None, None));
}

#[test]
fn a_reason_tells_its_figures_and_what_would_remove_it() {
    let reason = Reason {
        code: ReasonCode::LimitExceeded,
        disposition: Disposition::Decline,
        subject: "accounts/acme".into(),
        summary: "s".into(),
        hold_reason: "lawsuit".into(),
        segment: "asia".into(),
        limit: Some(usd(5_000)),
        exposure: Some(usd(1_000)),
        shortfall: Some(usd(2_500)),
        overdue_days: 0,
        overdue_days_max: 0,
        terms_source: String::new(),
        documents: vec!["d".into()],
        evidence: vec![],
        since: None,
        remedies: vec![Remedy {
            action: RemedyAction::ReduceOrder,
            amount: Some(usd(4_000)),
            subject: String::new(),
        }],
    };
    let decision = Decision { reasons: vec![reason], ..decision(Uuid::nil()) };
    let told = encode::decision(decision);
    assert_eq!(told.verdict(), pb::CreditVerdict::Declined);
    let told = &told.reasons[0];
    assert_eq!(told.code(), pb::CreditReasonCode::LimitExceeded);
    assert_eq!(told.disposition(), pb::CreditDisposition::Decline);
    assert_eq!((&*told.summary, &*told.hold_reason), ("s", "lawsuit"));
    assert_eq!((told.limit.clone(), told.exposure.clone()), (wire(5_000), wire(1_000)));
    assert_eq!(told.remedies[0].action(), pb::CreditRemedyAction::ReduceOrder);
    assert_eq!(told.remedies[0].amount, wire(4_000));
}

#[test]
fn a_limit_that_was_applied_is_active_or_expired() {
    let today = now().today;
    let limit = |valid_to| Limit {
        id: Uuid::from_u128(4),
        account_id: "group".into(),
        terms: LimitTerms {
            segment: String::new(),
            kind: LimitKind::Amount,
            amount: Some(usd(5_000)),
            temporary: false,
            overdue_amount_max: None,
            overdue_days_max: None,
        },
        valid_from: today,
        valid_to,
        cut: false,
        approver: "王芳".into(),
        reason: "r".into(),
        recorded_us: 5,
    };
    let used = |valid_to| LimitUse {
        account_id: "group".into(),
        limit: Some(limit(valid_to)),
        version: 7,
        segment: String::new(),
        currency: usd(0).currency,
        exposure: Some(6_000),
        parts: vec![
            Part { component: Some(Component::Bills), amount: 7_000, counted: true },
            Part { component: None, amount: -1_000, counted: true },
        ],
        available: Some(-1_000),
        utilization_bp: Some(12_000),
    };
    let limits = vec![used(today), used(today.pred_opt().unwrap())];
    let told = encode::decision(Decision { limits, ..decision(Uuid::nil()) }).limits;
    let state = |i: usize| told[i].limit.as_ref().expect("a limit").state();
    assert_eq!(state(0), pb::CreditLimitState::Active);
    assert_eq!(state(1), pb::CreditLimitState::Expired);
    assert_eq!((told[0].exposure.clone(), told[0].available.clone()), (wire(6_000), wire(-1_000)));
    let parts: Vec<_> = told[0].parts.iter().map(|p| (p.component(), p.amount.clone())).collect();
    let expected =
        [(pb::CreditComponent::Bills, wire(7_000)), (pb::CreditComponent::Cover, wire(-1_000))];
    assert_eq!(parts, expected);
}
