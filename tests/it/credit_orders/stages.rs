//! Ordered, amended, delivered, invoiced, returned and canceled.

use super::*;

on_both_engines! {
    async fn an_order_counts_once_from_its_reservation_to_its_last_invoice(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "2000.00").await;
        let reserved = counter.reserve("4711", "100.00").await;
        assert_decided(&reserved, "APPROVED", &[]);
        assert_eq!(text(&reserved.available), "1000.00", "before it");
        assert_eq!(counter.exposure().await, "orders 100.00 = 100.00");

        let raised = counter.amend("4711", "150.00").await;
        assert_decided(&raised, "APPROVED", &[]);
        assert_eq!(text(&raised.counted_amount), "50.00", "only the difference is decided");
        assert_eq!(counter.exposure().await, "orders 150.00 = 150.00");
        let lowered = counter.amend("4711", "120.00").await;
        assert_eq!(text(&lowered.counted_amount), "-30.00");
        assert_eq!(counter.exposure().await, "orders 120.00 = 120.00");

        assert_eq!(stage(&counter.deliver("4711", "50.00").await), "ORDERED");
        assert_eq!(counter.exposure().await, "orders 70.00, delivered 50.00 = 120.00");
        counter.desk.post([billed("I1", "30.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 30.00, orders 70.00, delivered 20.00 = 120.00");
        refused(counter.try_deliver("4711", Some("70.01")).await, STATE, "RESERVATION_EXCEEDED");
        assert_eq!(stage(&counter.try_deliver("4711", None).await.expect("the rest")), "DELIVERED");
        assert_eq!(counter.exposure().await, "open 30.00, delivered 90.00 = 120.00");
        let below = counter.try_amend(amending("4711", "119.99")).await;
        refused(below, STATE, "RESERVATION_BELOW_HANDLED");

        counter.desk.post([billed("I2", "90.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 120.00 = 120.00");
        let order = counter.order("4711").await;
        assert_eq!((stage(&order), text(&order.invoiced)), ("COMMITTED".into(), "120.00".into()));
        // More than was ordered: the surplus is a receivable like any other.
        counter.desk.post([billed("I3", "10.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 130.00 = 130.00");
        counter.desk.verify(&server).await;
    }

    async fn what_is_delivered_counts_until_it_is_invoiced_or_returned(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.reserve("4711", "100.00").await;
        counter.deliver("4711", "60.00").await;
        let why = pb::CancelReservationRequest {
            name: order_name("4711"),
            request_id: fresh(),
            ..pb::CancelReservationRequest::default()
        };
        let status = counter.client.cancel_reservation(why).await.expect_err("no reason");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("reason"));
        let much = counter.try_cancel("4711", Some("60.01")).await;
        refused(much, STATE, "RETURN_EXCEEDS_DELIVERED");
        let canceled = counter.try_cancel("4711", Some("20.00")).await.expect("canceled");
        assert_eq!(
            (stage(&canceled), text(&canceled.delivered)),
            ("CANCELED".into(), "40.00".into())
        );
        assert_eq!(counter.exposure().await, "delivered 40.00 = 40.00");
        refused(counter.try_deliver("4711", None).await, STATE, "RESERVATION_NOT_LIVE");
        refused(counter.try_amend(amending("4711", "90.00")).await, STATE, "RESERVATION_NOT_LIVE");
        refused(counter.try_cancel("4711", None).await, STATE, "RESERVATION_NOT_LIVE");

        counter.desk.post([billed("I1", "15.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 15.00, delivered 25.00 = 40.00");
        counter.try_cancel("4711", Some("25.00")).await.expect("the rest came back");
        assert_eq!(counter.exposure().await, "open 15.00 = 15.00");
        counter.desk.verify(&server).await;
    }

    async fn a_canceled_order_is_reserved_anew(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let first = counter.reserve("4711", "80.00").await;
        counter.deliver("4711", "30.00").await;
        counter.desk.post([billed("I1", "10.00", 30).names("4711")]).await;
        counter.try_cancel("4711", None).await.expect("canceled");
        assert_eq!(counter.exposure().await, "open 10.00, delivered 20.00 = 30.00");
        let below = counter.try_reserve(reserving("4711", "29.00")).await;
        refused(below, STATE, "RESERVATION_BELOW_HANDLED");
        let order = Some(order_key("4711"));
        let ask = |amount| pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(usd(amount)),
            order: order.clone(),
            ..pb::CheckCreditRequest::default()
        };
        assert_eq!(text(&counter.check(ask("100.00")).await.counted_amount), "70.00");
        let below = counter.client.check_credit(ask("29.00")).await;
        refused(below, STATE, "RESERVATION_BELOW_HANDLED");
        let declined = counter.reserve("4711", "100.01").await;
        assert_decided(&declined, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        assert_eq!(stage(&counter.order("4711").await), "CANCELED");
        let anew = counter.reserve("4711", "100.00").await;
        assert_decided(&anew, "APPROVED", &[]);
        assert_ne!(anew.name, first.name);
        assert_eq!(text(&anew.counted_amount), "70.00");
        assert_eq!(counter.exposure().await, "open 10.00, orders 70.00, delivered 20.00 = 100.00");
        assert_eq!(counter.reserve("4711", "100.00").await.name, anew.name);
        counter.desk.verify(&server).await;
    }

    async fn documents_that_do_not_name_their_order_are_committed_by_key(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.reserve("4711", "100.00").await;
        counter.reserve("4712", "100.00").await;
        counter.desk.post([billed("I1", "60.00", 30), billed("I2", "30.00", 30)]).await;
        assert_eq!(counter.exposure().await, "open 90.00, orders 200.00 = 290.00");
        counter.try_commit("4711", &["I1"], false).await.expect("committed");
        assert_eq!(counter.exposure().await, "open 90.00, orders 140.00 = 230.00");
        counter.try_commit("4711", &["I1"], false).await.expect("changes nothing");
        assert_eq!(counter.exposure().await, "open 90.00, orders 140.00 = 230.00");
        let taken = counter.try_commit("4712", &["I2", "I1"], false).await;
        refused(taken, STATE, "DOCUMENT_ALREADY_COMMITTED");
        assert_eq!(counter.exposure().await, "open 90.00, orders 140.00 = 230.00", "all or none");
        counter.desk.try_reverse("I2", None).await.expect("reversed");
        refused(counter.try_commit("4712", &["I2"], false).await, STATE, "DOCUMENT_REVERSED");
        // Corrected, it still invoices the order it was committed to.
        let corrected = pb::Document { source_version: 2, ..billed("I1", "70.00", 30) };
        counter.desk.post([corrected]).await;
        assert_eq!(counter.exposure().await, "open 70.00, orders 130.00 = 200.00");

        counter.deliver("4711", "80.00").await;
        let waiting = counter.try_commit("4711", &[], true).await;
        refused(waiting, STATE, "RESERVATION_NOT_INVOICED");
        counter.desk.post([billed("I3", "10.00", 30).names("4711")]).await;
        let done = counter.try_commit("4711", &[], true).await.expect("nothing more will come");
        assert_eq!((stage(&done), text(&done.amount)), ("COMMITTED".into(), "80.00".into()));
        assert_eq!(counter.exposure().await, "open 80.00, orders 100.00 = 180.00");
        counter.desk.verify(&server).await;
    }
}
