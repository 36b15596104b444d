//! Only what is not delivered lapses.

use super::*;

fn prolonging(days: i64) -> pb::AmendReservationRequest {
    pb::AmendReservationRequest {
        name: order_name("4711"),
        expire_time: instant(days),
        request_id: fresh(),
        ..pb::AmendReservationRequest::default()
    }
}

on_both_engines! {
    async fn what_lapsed_is_revived_by_a_decision_on_the_difference(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let short = pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "100.00") };
        assert_decided(&counter.try_reserve(short).await.expect("decided"), "APPROVED", &[]);
        counter.deliver("4711", "40.00").await;
        assert_eq!(counter.exposure().await, "orders 60.00, delivered 40.00 = 100.00");
        server.clock().set(moment(5));
        assert_eq!(stage(&counter.order("4711").await), "EXPIRED");
        assert_eq!(counter.exposure().await, "delivered 40.00 = 40.00");
        refused(counter.try_deliver("4711", Some("1.00")).await, STATE, "RESERVATION_NOT_LIVE");
        let again = counter.try_reserve(reserving("4711", "100.00")).await;
        refused(again, STATE, "RESERVATION_NOT_LIVE");
        let past = counter.try_amend(prolonging(4)).await.expect_err("past");
        assert_refused(&past, Code::InvalidArgument, "DATE_INVALID", Some("expire_time"));

        // Another order took what was free.
        assert_decided(&counter.reserve("4712", "0.01").await, "APPROVED", &[]);
        let declined = counter.try_amend(prolonging(20)).await.expect("decided");
        assert_decided(&declined, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        assert_eq!(text(&declined.counted_amount), "60.00");
        assert_eq!(stage(&counter.order("4711").await), "EXPIRED");
        counter.try_cancel("4712", None).await.expect("canceled");
        let revived = counter.try_amend(prolonging(20)).await.expect("decided");
        assert_decided(&revived, "APPROVED", &[]);
        assert_eq!(counter.exposure().await, "orders 60.00, delivered 40.00 = 100.00");
        counter.try_deliver("4711", None).await.expect("in time");
        server.clock().set(moment(30));
        assert_eq!(counter.exposure().await, "delivered 100.00 = 100.00");
        counter.desk.verify(&server).await;
    }

    async fn a_policy_says_when_an_order_lapses_that_does_not(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let policy = pb::CreditPolicy { reservation_days: 2, ..pb::CreditPolicy::default() };
        counter.policy("short", policy).await;
        counter.reserve("4711", "100.00").await;
        server.clock().set(moment(1));
        assert_decided(&counter.ask("0.01").await, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        server.clock().set(moment(2) + chrono::Duration::seconds(1));
        assert_decided(&counter.ask("100.00").await, "APPROVED", &[]);
        // Canceled after it lapsed, it stays at nothing.
        counter.try_cancel("4711", None).await.expect("canceled");
        assert_eq!(counter.exposure().await, "= 0.00");
        counter.desk.verify(&server).await;
    }
}
