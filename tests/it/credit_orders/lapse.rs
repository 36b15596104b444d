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
        let short =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "100.00") };
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

        // More of what lapsed is nothing that could be delivered.
        refused(counter.try_amend(amending("4711", "900.00")).await, STATE, "RESERVATION_NOT_LIVE");

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

    async fn pages_of_what_is_live_leave_out_what_lapsed_and_nothing_else(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        for no in ["4711", "4712", "4713"] {
            counter.reserve(no, "10.00").await;
        }
        let short =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4714", "10.00") };
        counter.try_reserve(short).await.expect("reserved");
        server.clock().set(moment(5));
        for page_size in 1..=4 {
            let mut request = pb::ListReservationsRequest {
                parent: ACME.into(),
                live_only: true,
                page_size,
                ..pb::ListReservationsRequest::default()
            };
            let mut live = Vec::new();
            loop {
                let page = counter.client.list_reservations(request.clone()).await;
                let page = page.expect("a page").into_inner();
                let no = |order: pb::CreditReservation| order.order.unwrap_or_default().order_ref;
                live.extend(page.reservations.into_iter().map(no));
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            assert_eq!(live, ["4713", "4712", "4711"], "pages of {page_size}");
        }
    }

    async fn a_check_asks_for_a_lapsed_order_as_for_a_live_one(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let short =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "80.00") };
        counter.try_reserve(short).await.expect("reserved");
        let check = |no: &str, account: &str| pb::CheckCreditRequest {
            account: account.into(),
            amount: Some(usd("80.00")),
            order: Some(order_key(no)),
            ..pb::CheckCreditRequest::default()
        };
        let counted = text(&counter.check(check("4711", ACME)).await.counted_amount);
        assert_eq!(counted, "0.00", "it counts already");
        server.clock().set(moment(5));
        counter.reserve("4712", "50.00").await;
        let decision = counter.check(check("4711", ACME)).await;
        assert_decided(&decision, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        assert_eq!(text(&decision.counted_amount), "80.00");
        // As ReserveCredit would refuse.
        let status = counter.client.check_credit(check("4711", GROUP)).await;
        refused(status, Code::AlreadyExists, "ORDER_ALREADY_RESERVED");
        counter.try_cancel("4711", None).await.expect("canceled");
        let decision = counter.check(check("4711", ACME)).await;
        assert_decided(&decision, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        counter.desk.verify(&server).await;
    }

    async fn a_policy_says_when_an_order_lapses_that_does_not(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let policy = pb::CreditPolicy { reservation_days: 2, ..pb::CreditPolicy::default() };
        counter.policy("short", policy).await;
        counter.reserve("4711", "100.00").await;
        server.clock().set(moment(1));
        assert_decided(
            &counter.ask("0.01").await,
            "DECLINED",
            &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"],
        );
        server.clock().set(moment(2) + chrono::Duration::seconds(1));
        assert_decided(&counter.ask("100.00").await, "APPROVED", &[]);
        // Canceled after it lapsed, it stays at nothing.
        counter.try_cancel("4711", None).await.expect("canceled");
        assert_eq!(counter.exposure().await, "= 0.00");
        counter.desk.verify(&server).await;
    }
}
