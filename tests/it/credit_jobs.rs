//! What changes by itself, told to other systems: each transition once, whoever comes first.

use ballast::ctx::Ctx;
use ballast::pb;
use ballast::service::Settings;
use ballast::service::credit::Credit;
use chrono::{Duration, TimeZone as _, Utc};
use serde_json::Value as Json;

use crate::support::ledger::*;
use crate::support::{Engine, TestServer};

/// Events of credit that changed by itself, in the order they were recorded: type, and what
/// began and ended.
async fn told(server: &TestServer) -> Vec<(String, Json, Json)> {
    let sql = "SELECT event_type, data FROM outbox WHERE event_type IN \
        ('ballast.credit.reservation_expired.v1', 'ballast.credit.standing_changed.v1') \
        ORDER BY recorded_us, id";
    let url = server.database_url();
    let rows: Vec<(String, String)> = match server.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            sqlx::query_as(sql).fetch_all(&pool).await.expect("events")
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            sqlx::query_as(sql).fetch_all(&pool).await.expect("events")
        }
    };
    let read = |(event, data): (String, String)| {
        let data: Json = serde_json::from_str(&data).expect("JSON");
        let kind = event.trim_start_matches("ballast.credit.").trim_end_matches(".v1");
        (kind.to_owned(), data["begun"].clone(), data["ended"].clone())
    };
    rows.into_iter().map(read).collect()
}

/// Two instances look for what changed, at the same time.
async fn two_passes(server: &TestServer) {
    let credit = |_| Credit::new(server.store().clone(), Settings::default());
    let [one, other] = [1, 2].map(credit);
    let ctx = Ctx::system(server.clock().clone());
    let (first, second) = tokio::join!(one.pass(&ctx), other.pass(&ctx));
    first.and(second).expect("both passes");
}

fn move_to(server: &TestServer, days: i64) {
    let start = Utc.with_ymd_and_hms(2019, 6, 30, 10, 0, 0).single().expect("a time");
    server.clock().set(start + Duration::days(days));
}

async fn limit(server: &TestServer, valid_to: Option<pb::Date>) {
    let limit = pb::CreditLimit {
        kind: pb::CreditLimitKind::Amount.into(),
        amount: Some(usd("1000.00")),
        valid_to,
        approver: "Ms Wang".into(),
        reason: "agreed".into(),
        overdue_days_max: Some(10),
        ..pb::CreditLimit::default()
    };
    let request = pb::SetCreditLimitRequest {
        account: ACCOUNT.into(),
        limit: Some(limit),
        request_id: fresh(),
    };
    server.credit().set_credit_limit(request).await.expect("a limit");
}

async fn reserve(server: &TestServer, order_ref: &str, expire_days: i64) -> pb::CreditDecision {
    let at = server.clock().now_micros() / 1_000_000 + expire_days * 86_400;
    let request = pb::ReserveCreditRequest {
        account: ACCOUNT.into(),
        amount: Some(usd("100.00")),
        order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: order_ref.into() }),
        expire_time: Some(prost_types::Timestamp { seconds: at, nanos: 0 }),
        request_id: fresh(),
        ..pb::ReserveCreditRequest::default()
    };
    server.credit().reserve_credit(request).await.expect("a decision").into_inner()
}

on_both_engines! {
    async fn what_changes_by_itself_is_told_once_by_two_instances_that_race(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([invoice("I1", day(0), "50.00", &[(day(5), "50.00")])]).await;
        limit(&server, Some(day(30))).await;
        reserve(&server, "O1", 3).await;
        two_passes(&server).await;
        assert_eq!(told(&server).await, [], "nothing has changed yet");

        // A day on which everything is still well; then the order lapses, the invoice is too
        // long overdue, and at last the limit ends.
        move_to(&server, 2);
        two_passes(&server).await;
        assert_eq!(told(&server).await, []);
        move_to(&server, 4);
        two_passes(&server).await;
        two_passes(&server).await;
        let mut expected = vec![("reservation_expired".to_owned(), Json::Null, Json::Null)];
        assert_eq!(told(&server).await, expected);
        move_to(&server, 16);
        two_passes(&server).await;
        two_passes(&server).await;
        expected.push(("standing_changed".into(), ["OVERDUE_DAYS"].as_slice().into(), Json::Array(vec![])));
        assert_eq!(told(&server).await, expected);
        desk.post([receipt("R1", day(16), "50.00").settles("I1")]).await;
        two_passes(&server).await;
        expected.push(("standing_changed".into(), Json::Array(vec![]), ["OVERDUE_DAYS"].as_slice().into()));
        assert_eq!(told(&server).await, expected);
        move_to(&server, 31);
        two_passes(&server).await;
        two_passes(&server).await;
        expected.push(("standing_changed".into(), ["LIMIT_EXPIRED"].as_slice().into(), Json::Array(vec![])));
        assert_eq!(told(&server).await, expected);
        desk.verify(&server).await;
    }

    async fn an_order_that_lapsed_is_told_by_the_decision_that_comes_before_the_job(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([document(pb::DocumentKind::Invoice, "I1", day(0), "1.00")]).await;
        limit(&server, None).await;
        reserve(&server, "O1", 3).await;
        move_to(&server, 4);
        reserve(&server, "O2", 3).await;
        assert_eq!(told(&server).await.len(), 1);
        two_passes(&server).await;
        assert_eq!(told(&server).await.len(), 1, "told already");
        desk.verify(&server).await;
    }

    async fn one_instance_at_a_time_has_the_lease(server: TestServer) {
        let credit = Credit::new(server.store().clone(), Settings::default());
        let ctx = Ctx::system(server.clock().clone());
        let lease = server.store().lease(&ctx, "credit-transitions", 60).await.expect("asked");
        let lease = lease.expect("free");
        assert_eq!(credit.publish_transitions(&ctx).await.expect("asked"), None);
        server.store().end_lease(&ctx, lease).await.expect("given back");
        assert!(credit.publish_transitions(&ctx).await.expect("asked").is_some());
        // A lease that nobody gave back ends by itself.
        server.store().lease(&ctx, "credit-transitions", 60).await.expect("asked").expect("free");
        move_to(&server, 1);
        assert!(credit.publish_transitions(&ctx).await.expect("asked").is_some());
    }

    async fn goods_that_left_are_invoiced_also_to_a_blocked_account(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([document(pb::DocumentKind::Invoice, "I1", day(0), "1.00")]).await;
        limit(&server, None).await;
        let name = reserve(&server, "O1", 3).await.reservation.expect("reserved").name;
        let block = pb::BlockAccountRequest {
            name: ACCOUNT.into(),
            reason: "insolvent".into(),
            request_id: fresh(),
        };
        server.accounts().block_account(block).await.expect("blocked");
        let mut of_order = document(pb::DocumentKind::Invoice, "I2", day(0), "100.00");
        of_order.order_ref = "O1".into();
        let refused = desk.try_post(vec![of_order.clone()]).await.expect_err("nothing left yet");
        crate::support::assert_refused(
            &refused,
            tonic::Code::FailedPrecondition,
            "ACCOUNT_BLOCKED",
            None,
        );
        let deliver = pb::DeliverReservationRequest {
            name,
            amount: None,
            request_id: fresh(),
        };
        server.credit().deliver_reservation(deliver).await.expect("left");
        desk.post([of_order]).await;
        desk.try_post(vec![document(pb::DocumentKind::Invoice, "I3", day(0), "1.00")])
            .await
            .expect_err("of no order");
        desk.verify(&server).await;
    }
}
