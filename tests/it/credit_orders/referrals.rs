//! Orders that wait for a person.

use super::*;

on_both_engines! {
    async fn a_referred_order_reserves_nothing_until_a_person_approves_it(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let referred = counter.reserve("4711", "100.00").await;
        assert_decided(&referred, "REFERRED", &["NO_LIMIT"]);
        assert_eq!(counter.exposure().await, "= 0.00");
        assert_eq!(stage(&counter.order("4711").await), "REFERRED");
        refused(counter.try_deliver("4711", None).await, STATE, "RESERVATION_NOT_LIVE");
        let again = counter.reserve("4711", "100.00").await;
        assert_decided(&again, "REFERRED", &["NO_LIMIT"]);
        assert_ne!(again.name, referred.name, "it is judged again");
        assert_eq!(counter.order("4711").await.decision, again.name);

        let less = pb::DecideReferralRequest {
            maximum_amount: Some(usd("99.99")),
            ..deciding("4711", true)
        };
        let status = counter.try_decide(less).await.expect_err("below the order");
        assert_refused(
            &status,
            Code::InvalidArgument,
            "AMOUNT_OUT_OF_RANGE",
            Some("maximum_amount"),
        );
        let up_to = pb::DecideReferralRequest {
            maximum_amount: Some(usd("150.00")),
            valid_until: instant(10),
            ..deciding("4711", true)
        };
        let decided = counter.try_decide(up_to).await.expect("decided");
        assert_decided(&decided, "APPROVED", &["NO_LIMIT"]);
        assert!(decided.overridden);
        assert_eq!(decided.override_reason, "Mr Zhao: knows the owner");
        assert_eq!(counter.exposure().await, "orders 100.00 = 100.00");
        refused(counter.try_decide(deciding("4711", false)).await, STATE, "STATE_WRONG");

        let grown = counter.amend("4711", "150.00").await;
        assert_decided(&grown, "APPROVED", &["NO_LIMIT"]);
        assert!(grown.overridden, "within what was granted");
        assert_decided(&counter.amend("4711", "150.01").await, "REFERRED", &["NO_LIMIT"]);
        assert_eq!(counter.exposure().await, "orders 150.00 = 150.00");
        assert_decided(&counter.amend("4711", "100.00").await, "APPROVED", &[]);
        server.clock().set(moment(10));
        assert_decided(&counter.amend("4711", "100.01").await, "REFERRED", &["NO_LIMIT"]);
        assert_eq!(counter.exposure().await, "orders 100.00 = 100.00");
        counter.desk.verify(&server).await;
    }

    async fn a_rejected_order_may_be_asked_about_anew(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let first = counter.reserve("4711", "100.00").await;
        let rejected = counter.try_decide(deciding("4711", false)).await.expect("decided");
        assert_decided(&rejected, "DECLINED", &["NO_LIMIT"]);
        assert_eq!(stage(&counter.order("4711").await), "REJECTED");
        refused(counter.try_amend(amending("4711", "50.00")).await, STATE, "RESERVATION_NOT_LIVE");
        // An invoice that was sent all the same counts for the order.
        counter.desk.post([billed("I1", "10.00", 30).names("4711")]).await;
        let second = counter.reserve("4711", "80.00").await;
        assert_decided(&second, "REFERRED", &["NO_LIMIT"]);
        assert_ne!(second.name, first.name);
        counter.limit(GROUP, "80.00").await;
        // It waits for a person, and may be amended meanwhile.
        let amended = counter.amend("4711", "79.00").await;
        assert_decided(&amended, "APPROVED", &[]);
        assert_eq!(counter.order("4711").await.decision, amended.name);
        assert_eq!(counter.exposure().await, "open 10.00, orders 69.00 = 79.00");
        counter.desk.verify(&server).await;
    }

    async fn nobody_approves_an_order_that_lapsed_meanwhile(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let short =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "100.00") };
        counter.try_reserve(short).await.expect("referred");
        server.clock().set(moment(5));
        refused(counter.try_decide(deciding("4711", true)).await, STATE, "RESERVATION_NOT_LIVE");
        refused(counter.try_amend(amending("4711", "90.00")).await, STATE, "RESERVATION_NOT_LIVE");
        let longer = pb::AmendReservationRequest {
            amount: None,
            expire_time: instant(20),
            ..amending("4711", "100.00")
        };
        assert_decided(
            &counter.try_amend(longer).await.expect("decided"),
            "REFERRED",
            &["NO_LIMIT"],
        );
        let decided = counter.try_decide(deciding("4711", true)).await.expect("decided");
        assert_decided(&decided, "APPROVED", &["NO_LIMIT"]);
        assert_eq!(counter.exposure().await, "orders 100.00 = 100.00");
        counter.desk.verify(&server).await;
    }

    async fn a_referred_order_asked_again_is_judged_again(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        assert_decided(&counter.reserve("4711", "60.00").await, "REFERRED", &["NO_LIMIT"]);
        // Other content is still another order's.
        let other = counter.try_reserve(reserving("4711", "61.00")).await;
        refused(other, Code::AlreadyExists, "ORDER_ALREADY_RESERVED");
        counter.limit(ACME, "50.00").await;
        let declined = counter.reserve("4711", "60.00").await;
        assert_decided(&declined, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_eq!(stage(&counter.order("4711").await), "REFERRED", "a person may still decide");
        counter.limit(ACME, "100.00").await;
        let approved = counter.reserve("4711", "60.00").await;
        assert_decided(&approved, "APPROVED", &[]);
        assert_eq!(counter.exposure_of(ACME).await, "orders 60.00 = 60.00");
        assert_eq!(counter.reserve("4711", "60.00").await.name, approved.name);
        counter.desk.verify(&server).await;
    }

    async fn a_canceled_order_referred_anew_still_counts_what_is_delivered(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        counter.reserve("4711", "90.00").await;
        counter.deliver("4711", "40.00").await;
        counter.try_cancel("4711", None).await.expect("canceled");
        let policy = pb::CreditPolicy {
            rules: vec![pb::CreditReasonRule {
                code: pb::CreditReasonCode::OnHold.into(),
                disposition: pb::CreditDisposition::Refer.into(),
            }],
            ..pb::CreditPolicy::default()
        };
        counter.policy("refers", policy).await;
        counter.hold(ACME, pb::CreditHoldScope::Account).await;
        let referred = counter.reserve("4711", "80.00").await;
        assert_decided(&referred, "REFERRED", &["ON_HOLD"]);
        assert_eq!(text(&referred.counted_amount), "40.00", "only what it would count more");
        let waits = "delivered 40.00 = 40.00";
        assert_eq!(counter.exposure().await, waits);
        counter.desk.verify(&server).await;
        // Rejected, it may still come back.
        counter.try_decide(deciding("4711", false)).await.expect("rejected");
        assert_eq!(counter.exposure().await, waits);
        refused(counter.try_cancel("4711", None).await, STATE, "RESERVATION_NOT_LIVE");
        counter.try_cancel("4711", Some("40.00")).await.expect("it came back");
        assert_eq!(counter.exposure().await, "= 0.00");
        counter.desk.verify(&server).await;
    }
}
