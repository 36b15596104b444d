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

    async fn a_corrected_invoice_counts_once_and_a_reversal_revives_nothing(server: TestServer) {
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
        // It took ten more than the invoices before it.
        assert_eq!(counter.exposure().await, "open 90.00, orders 50.00 = 140.00");
        counter.desk.verify(&server).await;
    }

    async fn fault_b12_a_corrected_invoice_gives_back_what_it_took(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "5000.00", "5000.00").await;
        for no in ["O1", "O2"] {
            counter.reserve(no, "500.00").await;
        }
        let invoice = |at, gross: &str, order: &str| version(billed("I1", gross, 30).names(order), at);
        counter.desk.post([invoice(1, "300.00", "O1")]).await;
        assert_eq!(counter.exposure().await, "open 300.00, orders 700.00 = 1000.00");
        counter.desk.post([invoice(2, "300.00", "O2")]).await;
        assert_eq!(counter.exposure().await, "open 300.00, orders 700.00 = 1000.00");
        let invoiced = [counter.order("O1").await, counter.order("O2").await];
        assert_eq!(invoiced.map(|order| text(&order.invoiced)), ["0.00", "300.00"]);
        // Less on the same order is a reduction; all that it took goes along when it leaves.
        counter.desk.post([invoice(3, "200.00", "O2")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 700.00 = 900.00");
        counter.desk.post([invoice(4, "200.00", "O1")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 800.00 = 1000.00");
        // To no order, and to one that nobody reserved.
        counter.desk.post([invoice(5, "200.00", "O3")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 1000.00 = 1200.00");
        counter.desk.post([invoice(6, "200.00", "O1")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 800.00 = 1000.00");
        counter.desk.post([invoice(7, "200.00", "")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 1000.00 = 1200.00");
        // What a reversed one used up stays used up when its replacement leaves.
        counter.desk.post([version(billed("I2", "100.00", 30).names("O1"), 1)]).await;
        counter.desk.try_reverse("I2", None).await.expect("reversed");
        counter.desk.post([invoice(8, "200.00", "O1")]).await;
        counter.desk.post([invoice(9, "200.00", "O2")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 700.00 = 900.00");
        // So does the link of a commitment, and what was found when the order was reserved.
        counter.desk.post([billed("I3", "50.00", 30), billed("I4", "40.00", 30).names("O4")]).await;
        counter.try_commit("O2", &["I3"], false).await.expect("committed");
        counter.reserve("O4", "100.00").await;
        assert_eq!(counter.exposure().await, "open 290.00, orders 710.00 = 1000.00");
        for no in ["I3", "I4"] {
            let gross = if no == "I3" { "50.00" } else { "40.00" };
            counter.desk.post([version(billed(no, gross, 30).names("O1"), 2)]).await;
        }
        assert_eq!(counter.exposure().await, "open 290.00, orders 800.00 = 1090.00");
        counter.desk.verify(&server).await;
    }

    async fn fault_b12_a_reversed_invoice_back_elsewhere_gives_back_what_it_took(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "5000.00", "5000.00").await;
        for no in ["O1", "O2"] {
            counter.reserve(no, "500.00").await;
        }
        let invoice = |at, gross: &str, order: &str| version(billed("I1", gross, 30).names(order), at);
        counter.desk.post([invoice(1, "300.00", "O1")]).await;
        counter.desk.try_reverse("I1", None).await.expect("reversed");
        assert_eq!(counter.exposure().await, "orders 700.00 = 700.00");
        counter.desk.verify(&server).await;
        counter.desk.post([invoice(2, "300.00", "O2")]).await;
        assert_eq!(counter.exposure().await, "open 300.00, orders 700.00 = 1000.00");
        let invoiced = [counter.order("O1").await, counter.order("O2").await];
        assert_eq!(invoiced.map(|order| text(&order.invoiced)), ["0.00", "300.00"]);

        // Back to its own order it takes nothing anew, and gives all of it back when it leaves.
        counter.desk.try_reverse("I1", None).await.expect("reversed");
        counter.desk.post([invoice(3, "200.00", "O2")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 700.00 = 900.00");
        counter.desk.post([invoice(4, "200.00", "O1")]).await;
        assert_eq!(counter.exposure().await, "open 200.00, orders 800.00 = 1000.00");
        // Reversed twice, and back to no order.
        for (at, order) in [(5, "O1"), (6, "")] {
            counter.desk.try_reverse("I1", None).await.expect("reversed");
            counter.desk.post([invoice(at, "200.00", order)]).await;
        }
        assert_eq!(counter.exposure().await, "open 200.00, orders 1000.00 = 1200.00");
        counter.desk.verify(&server).await;
    }

    async fn what_replaced_a_reversed_invoice_stays_when_that_one_is_back_elsewhere(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "5000.00", "5000.00").await;
        for no in ["O1", "O2"] {
            counter.reserve(no, "500.00").await;
        }
        counter.desk.post([version(billed("I1", "300.00", 30).names("O1"), 1)]).await;
        counter.desk.try_reverse("I1", None).await.expect("reversed");
        counter.desk.post([billed("I2", "250.00", 30).names("O1")]).await;
        assert_eq!(counter.exposure().await, "open 250.00, orders 700.00 = 950.00");
        // O1 keeps what I2 invoices.
        counter.desk.post([version(billed("I1", "300.00", 30).names("O2"), 2)]).await;
        assert_eq!(counter.exposure().await, "open 550.00, orders 450.00 = 1000.00");
        counter.desk.verify(&server).await;

        // A commitment goes on with the document that it named.
        counter.desk.post([version(billed("I3", "100.00", 30), 1)]).await;
        counter.try_commit("O2", &["I3"], false).await.expect("committed");
        assert_eq!(counter.exposure().await, "open 650.00, orders 350.00 = 1000.00");
        counter.desk.try_reverse("I3", None).await.expect("reversed");
        refused(counter.try_commit("O1", &["I3"], false).await, STATE, "DOCUMENT_REVERSED");
        assert_eq!(counter.exposure().await, "open 550.00, orders 350.00 = 900.00");
        counter.desk.post([version(billed("I3", "120.00", 30), 2)]).await;
        assert_eq!(counter.exposure().await, "open 670.00, orders 330.00 = 1000.00");
        counter.desk.verify(&server).await;
    }
}
