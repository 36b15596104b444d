//! Invoices that come first, are too high, belong to nothing, are corrected and reversed.

use super::*;

fn version(document: pb::Document, version: i64) -> pb::Document {
    pb::Document { source_version: version, ..document }
}

on_both_engines! {
    async fn an_invoice_that_comes_before_its_reservation_counts_once(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        counter.desk.post([billed("I1", "60.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 60.00 = 60.00");
        let reserved = counter.reserve("4711", "100.00").await;
        assert_decided(&reserved, "APPROVED", &[]);
        assert_eq!(text(&reserved.counted_amount), "40.00");
        assert_eq!(counter.exposure().await, "open 60.00, orders 40.00 = 100.00");
        // Its reversal revives nothing, also of what came before.
        counter.desk.try_reverse("I1", None).await.expect("reversed");
        assert_eq!(counter.exposure().await, "orders 40.00 = 40.00");
        counter.desk.verify(&server).await;
    }

    async fn an_invoice_frees_only_its_own_order(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.reserve("4711", "100.00").await;
        counter.reserve("4712", "100.00").await;
        counter.desk.post([billed("I1", "150.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 150.00, orders 100.00 = 250.00");
        // One that names no order, or one that nobody reserved, adds.
        counter.desk.post([billed("I2", "20.00", 30), billed("I3", "5.00", 30).names("9")]).await;
        assert_eq!(counter.exposure().await, "open 175.00, orders 100.00 = 275.00");
        // A credit note that settles the invoice gives the order nothing back.
        let credit = document(pb::DocumentKind::CreditNote, "C1", day(0), "50.00");
        counter.desk.post([credit.settles("I1")]).await;
        assert_eq!(counter.exposure().await, "open 125.00, orders 100.00 = 225.00");
        counter.desk.verify(&server).await;
    }

    async fn a_corrected_invoice_counts_once_and_a_reversed_one_revives_nothing(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.reserve("4711", "100.00").await;
        counter.desk.post([version(billed("I1", "60.00", 30).names("4711"), 1)]).await;
        assert_eq!(counter.exposure().await, "open 60.00, orders 40.00 = 100.00");
        counter.desk.post([version(billed("I1", "80.00", 30).names("4711"), 2)]).await;
        assert_eq!(counter.exposure().await, "open 80.00, orders 20.00 = 100.00");
        counter.desk.post([version(billed("I1", "50.00", 30).names("4711"), 3)]).await;
        assert_eq!(counter.exposure().await, "open 50.00, orders 20.00 = 70.00");
        counter.desk.try_reverse("I1", None).await.expect("reversed");
        assert_eq!(counter.exposure().await, "orders 20.00 = 20.00");
        counter.desk.post([billed("I2", "50.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 50.00, orders 20.00 = 70.00");
        counter.desk.post([billed("I3", "40.00", 30).names("4711")]).await;
        assert_eq!(counter.exposure().await, "open 90.00, orders 10.00 = 100.00");
        let order = counter.order("4711").await;
        assert_eq!((stage(&order), text(&order.invoiced)), ("ORDERED".into(), "90.00".into()));
        // It belonged to another order all along.
        counter.reserve("4712", "70.00").await;
        counter.desk.post([version(billed("I3", "40.00", 30).names("4712"), 2)]).await;
        assert_eq!(counter.exposure().await, "open 90.00, orders 40.00 = 130.00");
        counter.desk.verify(&server).await;
    }
}
