//! May an order go out, knowing the people: whoever answers for money at the account.

use std::time::Duration;

use ballast::pb::{
    self, CreditDisposition as Leads, CreditReasonCode as Why, FinanceContactState as State,
    InteractionChannel, PositionFunction, PositionLevel,
};

use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use crate::contact::{move_from_to, person, position, verify};
use crate::interaction::{held, member, record};
use crate::support::credit::*;
use crate::support::ledger::{day, usd};
use crate::support::{Engine, TestServer};

/// The counter of `accounts/acme`, which has room, and a policy by which this leads to that.
async fn counter(server: &TestServer, leads_to: Leads) -> Counter {
    let mut counter = Counter::with_limits(server, "1000.00", "1000.00").await;
    let rule = pb::CreditReasonRule {
        code: Why::NoLiveFinanceContact.into(),
        disposition: leads_to.into(),
    };
    let policy = pb::CreditPolicy { rules: vec![rule], ..pb::CreditPolicy::default() };
    counter.policy("people", policy).await;
    counter
}

async fn finance(server: &TestServer) -> String {
    position(server, "acme", PositionFunction::Finance, PositionLevel::Executive).await
}

async fn meet(server: &TestServer, on: i64, ours: &str, theirs: &str) {
    let visit = held(InteractionChannel::Visit, on, &[ours], &[theirs]);
    record(server, "acme", visit).await.expect("recorded");
}

async fn turn(server: &TestServer, name: &str, active: bool) {
    let (name, mut client) = (name.to_owned(), server.accounts());
    if active {
        let request = pb::ReactivateMemberRequest { name, ..Default::default() };
        client.reactivate_member(request).await.expect("reactivated");
    } else {
        let reason = "left".into();
        let request = pb::DeactivateMemberRequest { name, reason, ..Default::default() };
        client.deactivate_member(request).await.expect("deactivated");
    }
}

async fn risk(server: &TestServer, as_of: Option<pb::Date>) -> pb::FinanceContact {
    let request = pb::GetReceivablesRiskRequest {
        account: ACME.into(),
        view: pb::RiskView::Full.into(),
        as_of,
        ..Default::default()
    };
    let risk = server.receivables().get_receivables_risk(request).await.expect("a risk");
    risk.into_inner().finance_contact.expect("told")
}

#[track_caller]
fn passes(decision: &pb::CreditDecision) {
    assert_decided(decision, "APPROVED", &[]);
}

#[track_caller]
fn asks(decision: pb::CreditDecision) -> pb::CreditReason {
    assert_decided(&decision, "REFERRED", &["NO_LIVE_FINANCE_CONTACT"]);
    decision.reasons.into_iter().next().expect("one")
}

on_both_engines! {
    async fn r12_whoever_answers_for_money_leaves_and_the_next_order_is_referred(server: TestServer) {
        let mut counter = counter(&server, Leads::Refer).await;
        passes(&counter.ask("10.00").await);
        let (wang, li, wu) =
            (member(&server, "wang").await, person(&server, "Li").await, person(&server, "Wu").await);
        let seat = finance(&server).await;
        passes(&counter.ask("10.00").await);
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        let told = asks(counter.ask("10.00").await);
        assert_eq!((told.since_date, &told.evidence), (Some(day(-50)), &vec![li.clone(), seat.clone()]));
        assert_eq!(remedies(&told), ["CONNECT_CONTACT -", "PREPAY 10.00"]);
        assert_eq!((&*told.subject, &told.remedies[0].subject), (ACME, &li));

        meet(&server, -40, &wang, &li).await;
        passes(&counter.ask("10.00").await);
        passes(&counter.reserve("1", "10.00").await);
        assert_eq!(risk(&server, None).await.state(), State::Live);
        assert_eq!(risk(&server, Some(day(-41))).await.state(), State::Missing);
        assert_eq!(risk(&server, Some(day(-51))).await.state(), State::Unknown);

        // He leaves: there is nobody to meet but whoever comes.
        move_from_to(&server, &li, &seat, "", 0).await.expect("left");
        let told = asks(counter.reserve("2", "10.00").await);
        assert_eq!((told.since_date, &told.evidence), (Some(day(0)), &vec![li.clone(), seat.clone()]));
        assert_eq!(told.remedies[0].subject, seat);
        let seen = risk(&server, None).await;
        assert_eq!((seen.state(), seen.since_date, &seen.subject), (State::Missing, Some(day(0)), &seat));
        let profile = counter.profile(ACME).await;
        assert_eq!(codes(&profile.reasons), ["NO_LIVE_FINANCE_CONTACT"]);

        // He is replaced, and that is not enough; an order that is paid for passes all the same.
        move_from_to(&server, &wu, "", &seat, 0).await.expect("hired");
        let told = asks(counter.reserve("3", "10.00").await);
        assert_eq!(told.remedies[0].subject, wu);
        assert_eq!(told.evidence, [li.clone(), seat.clone(), wu.clone()]);
        let mail = held(InteractionChannel::Message, 0, &[&wang], &[&wu]);
        record(&server, "acme", mail).await.expect("one way");
        asks(counter.reserve("4", "10.00").await);

        // He is met.
        meet(&server, 0, &wang, &wu).await;
        passes(&counter.reserve("5", "10.00").await);
        passes(&counter.ask("10.00").await);
        verify(&server).await;
        counter.desk.verify(&server).await;
    }

    async fn r12_a_tie_that_nobody_keeps_up_ends_by_itself(server: TestServer) {
        let mut counter = counter(&server, Leads::Decline).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let seat = finance(&server).await;
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        meet(&server, 0, &wang, &li).await;
        server.clock().set(moment(179));
        passes(&counter.ask("10.00").await);
        server.clock().set(moment(180));
        let told = counter.ask("10.00").await;
        assert_decided(&told, "DECLINED", &["NO_LIVE_FINANCE_CONTACT"]);
        assert_eq!(told.reasons[0].since_date, Some(day(180)));
        // A talk that is recorded late counts from its day.
        meet(&server, 170, &wang, &li).await;
        passes(&counter.ask("10.00").await);
        server.clock().set(moment(350));
        assert_eq!(counter.ask("10.00").await.reasons[0].since_date, Some(day(350)));
        verify(&server).await;
    }

    async fn r12_what_is_recorded_for_days_to_come_is_right_on_each_of_them(server: TestServer) {
        let mut counter = counter(&server, Leads::Refer).await;
        let (wang, li, wu) =
            (member(&server, "wang").await, person(&server, "Li").await, person(&server, "Wu").await);
        let seat = finance(&server).await;
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        meet(&server, 0, &wang, &li).await;
        meet(&server, 0, &wang, &wu).await;
        move_from_to(&server, &li, &seat, "", 10).await.expect("leaves");
        move_from_to(&server, &wu, "", &seat, 12).await.expect("comes");
        for (on, live) in [(9, true), (10, false), (11, false), (12, true)] {
            server.clock().set(moment(on));
            let told = counter.ask("10.00").await;
            let since = told.reasons.first().and_then(|reason| reason.since_date);
            assert_eq!((told.reasons.is_empty(), since), (live, (!live).then(|| day(10))), "day {on}");
        }
        verify(&server).await;
    }

    async fn r12_whoever_of_ours_leaves_knows_nobody_any_more(server: TestServer) {
        let mut counter = counter(&server, Leads::Refer).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let seat = finance(&server).await;
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        meet(&server, -5, &wang, &li).await;
        passes(&counter.ask("10.00").await);
        turn(&server, &wang, false).await;
        assert_eq!(asks(counter.ask("10.00").await).since_date, Some(day(-50)), "he never did");
        turn(&server, &wang, true).await;
        passes(&counter.ask("10.00").await);

        // Nor does who knows somebody whose position answers for money no longer.
        let read = crate::contact::read_position(&server, &seat).await;
        let legal = pb::Position { function: PositionFunction::Legal.into(), ..read };
        let request = pb::UpdatePositionRequest {
            position: Some(legal),
            update_mask: Some(prost_types::FieldMask { paths: vec!["function".into()] }),
            ..Default::default()
        };
        let legal = server.contacts().update_position(request).await.expect("updated").into_inner();
        asks(counter.ask("10.00").await);
        let again = pb::Position { function: PositionFunction::Finance.into(), ..legal };
        let request = pb::UpdatePositionRequest { position: Some(again), ..Default::default() };
        server.contacts().update_position(request).await.expect("updated");
        passes(&counter.ask("10.00").await);
        let request = pb::ClosePositionRequest { name: seat, valid_to: Some(day(-1)), ..Default::default() };
        server.contacts().close_position(request).await.expect("closed");
        assert_eq!(asks(counter.ask("10.00").await).since_date, Some(day(0)));
        verify(&server).await;
    }

    async fn r12_nobody_asks_about_people_unless_the_policy_says_so(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        let li = person(&server, "Li").await;
        let seat = finance(&server).await;
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        passes(&counter.ask("10.00").await);
        passes(&counter.reserve("1", "10.00").await);
        assert_eq!(counter.profile(ACME).await.reasons, []);
        assert_eq!(risk(&server, None).await.state(), State::Missing, "and is told where one asks");
        let view = pb::RiskView::Basic.into();
        let basic = pb::GetReceivablesRiskRequest { account: ACME.into(), view, ..Default::default() };
        let basic = server.receivables().get_receivables_risk(basic).await.expect("a risk");
        assert_eq!(basic.into_inner().finance_contact, None);
        assert_eq!(counter.order("1").await.amount, Some(usd("10.00")));
    }
}

/// The row of the account, which an order holds while it is decided, is nothing that a visit waits for.
#[tokio::test]
async fn a_visit_is_recorded_while_an_order_holds_the_account_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let counter = counter(&server, Leads::Refer).await;
    let (li, seat) = (person(&server, "Li").await, finance(&server).await);
    move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
    member(&server, "wang").await;
    let mut other = PgConnection::connect(server.database_url()).await.expect("the database");
    let mut holding = other.begin().await.expect("begun");
    let lock = "SELECT account_id FROM account_head WHERE account_id = 'acme' FOR UPDATE";
    sqlx::query(lock).fetch_one(&mut *holding).await.expect("what decisions lock");
    let mut order = tonic::Request::new(reserving("1", "10.00"));
    order.set_timeout(Duration::from_millis(500));
    let waits = counter.client.clone().reserve_credit(order).await.expect_err("it is held");
    assert!(matches!(waits.code(), Code::DeadlineExceeded | Code::Cancelled), "{waits:?}");
    let visit = meet(&server, 0, "members/wang", &li);
    tokio::time::timeout(Duration::from_secs(20), visit).await.expect("it waits for the order");
    holding.rollback().await.expect("given back");
}
