//! Money paid in advance belongs to its order.

use super::*;

on_both_engines! {
    async fn thirty_percent_down_reserves_seventy(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "70.00", "70.00").await;
        let down = receipt("R1", day(0), "30.00").names("4711");
        counter.desk.post([down]).await;
        assert_eq!(counter.exposure().await, "= 0.00", "it is no cash that others may use");
        assert_decided(&counter.ask("100.00").await, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        let reserved = counter.reserve("4711", "100.00").await;
        assert_decided(&reserved, "APPROVED", &[]);
        assert_eq!(text(&reserved.counted_amount), "70.00");
        assert_eq!(counter.exposure().await, "orders 100.00, advances -30.00 = 70.00");
        // More than the order is worth frees no more than the order.
        counter.desk.post([receipt("R2", day(0), "90.00").names("4711")]).await;
        assert_eq!(counter.exposure().await, "orders 100.00, advances -100.00 = 0.00");
        counter.desk.try_reverse("R2", None).await.expect("the check bounced");
        assert_eq!(counter.exposure().await, "orders 100.00, advances -30.00 = 70.00");

        // Money of nobody in particular is cash, which this policy deducts.
        counter.desk.post([receipt("R3", day(0), "5.00")]).await;
        assert_eq!(
            counter.exposure().await,
            "cash -5.00, orders 100.00, advances -30.00 = 65.00"
        );
        counter.desk.post([billed("I1", "40.00", 30).names("4711")]).await;
        assert_eq!(
            counter.exposure().await,
            "open 40.00, cash -5.00, orders 60.00, advances -30.00 = 65.00"
        );
        counter.desk.clear("R1", "I1", day(0)).await;
        assert_eq!(counter.exposure().await, "open 10.00, cash -5.00, orders 60.00 = 65.00");
        assert_eq!(text(&counter.order("4711").await.advance), "0.00");
        counter.desk.post([billed("I2", "60.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 70.00, cash -5.00 = 65.00");
        counter.desk.verify(&server).await;
    }

    async fn prepaid_orders_pass_a_hold_and_an_exceeded_limit(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        counter.desk.post([billed("I1", "150.00", 30)]).await;
        counter.hold(GROUP, pb::CreditHoldScope::Group).await;
        let all = ["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED", "ON_HOLD"];
        assert_decided(&counter.reserve("4711", "80.00").await, "DECLINED", &all);
        counter.desk.post([receipt("R1", day(0), "79.99").names("4711")]).await;
        assert_decided(&counter.reserve("4711", "80.00").await, "DECLINED", &all);
        counter.desk.post([receipt("R2", day(0), "0.01").names("4711")]).await;
        let prepaid = counter.reserve("4711", "80.00").await;
        assert_decided(&prepaid, "APPROVED", &[]);
        assert_eq!((text(&prepaid.counted_amount), prepaid.overridden), ("0.00".into(), false));
        assert_eq!(
            counter.exposure().await,
            "open 150.00, orders 80.00, advances -80.00 = 150.00"
        );
        // Delivered goods can always be invoiced.
        counter.try_deliver("4711", None).await.expect("delivered");
        counter.desk.post([billed("I2", "80.00", 30).names("4711")]).await;
        counter.desk.clear("R1", "I2", day(0)).await;
        counter.desk.clear("R2", "I2", day(0)).await;
        assert_eq!(counter.exposure().await, "open 150.00 = 150.00");
        counter.desk.verify(&server).await;
    }

    async fn a_held_order_may_grow_when_all_of_it_is_prepaid(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.reserve("4711", "100.00").await;
        counter.hold(ACME, pb::CreditHoldScope::Account).await;
        let held = counter.amend("4711", "150.00").await;
        assert_decided(&held, "DECLINED", &["ON_HOLD"]);
        assert_eq!(counter.exposure().await, "orders 100.00 = 100.00", "it stays as it was");
        // What is asked for is what passes: the whole order is credit as long as it is not paid.
        assert_eq!(remedies(&held.reasons[0]), ["RELEASE_HOLD -", "PREPAY 150.00"]);
        counter.desk.post([receipt("R1", day(0), "149.99").names("4711")]).await;
        assert_decided(&counter.amend("4711", "150.00").await, "DECLINED", &["ON_HOLD"]);
        counter.desk.post([receipt("R2", day(0), "0.01").names("4711")]).await;
        assert_decided(&counter.amend("4711", "150.00").await, "APPROVED", &[]);
        counter.desk.verify(&server).await;
    }
}
