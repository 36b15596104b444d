//! Keys and versions: what posting a document again does.

use ballast::pb;
use ballast::pb::PostOutcome as Outcome;
use tonic::Code;

use super::version;
use crate::support::assert_refused;
use crate::support::ledger::*;

/// An invoice of one part, due in 30 days.
fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(30), gross)])
}

fn outcomes(results: &[pb::PostResult]) -> Vec<Outcome> {
    results.iter().map(|r| r.outcome()).collect()
}

on_both_engines! {
    async fn a_key_is_posted_once_and_only_a_higher_version_changes_it(server: TestServer) {
        let mut desk = Desk::new(&server);
        let first = version(bill("I1", "100.00"), 2);
        assert_eq!(outcomes(&desk.post([first.clone()]).await), [Outcome::Posted]);
        assert_eq!(outcomes(&desk.post([first.clone()]).await), [Outcome::AlreadyPosted]);
        let lower = version(bill("I1", "70.00"), 1);
        assert_eq!(outcomes(&desk.post([lower]).await), [Outcome::Superseded]);
        assert_eq!(desk.open_of("I1", day(0)).await, ["100.00"]);

        let other_account = pb::Document {
            payer: "accounts/ERP~OTHER".into(),
            ..version(bill("I1", "100.00"), 3)
        };
        let mut other_currency = version(document(pb::DocumentKind::Invoice, "I1", day(0), "1"), 3);
        other_currency.gross = Some(money("100.00", "EUR"));
        let other_kind =
            version(document(pb::DocumentKind::DebitNote, "I1", day(0), "100.00"), 3);
        let other_content = version(bill("I1", "100.01"), 2);
        for conflict in [other_account, other_currency, other_kind, other_content] {
            let refused = desk.try_post(vec![bill("I2", "1.00"), conflict]).await.unwrap_err();
            assert_refused(&refused, Code::AlreadyExists, "DOCUMENT_CONFLICT", None);
            assert!(refused.message().contains("documents[1]"), "{refused:?}");
        }
        assert_eq!(desk.open(day(0)).await.len(), 1, "all or none");

        let higher = version(bill("I1", "130.00"), 3);
        assert_eq!(outcomes(&desk.post([higher]).await), [Outcome::Revised]);
        assert_eq!(desk.open_of("I1", day(0)).await, ["130.00"]);
        assert_eq!(outcomes(&desk.post([first]).await), [Outcome::Superseded]);
        desk.verify(&server).await;
    }

    async fn a_key_may_come_twice_in_one_batch(server: TestServer) {
        let mut desk = Desk::new(&server);
        let results = desk
            .post([
                bill("I1", "100.00"),
                bill("I1", "100.00"),
                version(bill("I1", "80.00"), 1),
                bill("I1", "100.00"),
            ])
            .await;
        assert_eq!(
            outcomes(&results),
            [Outcome::Posted, Outcome::AlreadyPosted, Outcome::Revised, Outcome::Superseded]
        );
        assert_eq!(desk.open_of("I1", day(0)).await, ["80.00"]);
        assert_eq!(desk.documents().await.len(), 2);
        desk.verify(&server).await;
    }

    async fn a_number_of_another_year_is_another_document(server: TestServer) {
        let mut desk = Desk::new(&server);
        let of_year = |year| {
            let mut bill = bill("I1", "100.00");
            bill.key.as_mut().expect("a key").fiscal_year = year;
            bill
        };
        let results = desk.post([of_year(2018), of_year(2019), of_year(2018)]).await;
        assert_eq!(
            outcomes(&results),
            [Outcome::Posted, Outcome::Posted, Outcome::AlreadyPosted]
        );
        assert_eq!(desk.balance(day(0)).await, "200.00");
        desk.verify(&server).await;
    }

    async fn a_reversed_key_comes_back_only_with_a_higher_version(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([version(bill("I1", "100.00"), 1)]).await;
        desk.try_reverse("I1", Some(day(3))).await.expect("reversed");
        for (again, outcome) in [(0, Outcome::Superseded), (1, Outcome::AlreadyReversed)] {
            let results = desk.post([version(bill("I1", "100.00"), again)]).await;
            assert_eq!(outcomes(&results), [outcome]);
        }
        let twice = desk.try_reverse("I1", Some(day(3))).await.unwrap_err();
        assert_refused(&twice, Code::FailedPrecondition, "DOCUMENT_REVERSED", None);
        assert_eq!(desk.balance(day(3)).await, "0.00");
        let results = desk.post([version(bill("I1", "90.00"), 2)]).await;
        assert_eq!(outcomes(&results), [Outcome::Posted]);
        // Until day 3 the first one counted as well.
        assert_eq!(desk.balance(day(2)).await, "190.00");
        assert_eq!(desk.balance(day(3)).await, "90.00");
        desk.verify(&server).await;
    }

    async fn what_was_cleared_moves_over_oldest_due_first(server: TestServer) {
        let mut desk = Desk::new(&server);
        let parts = [(day(10), "60.00"), (day(20), "40.00")];
        desk.post([
            invoice("I1", day(0), "100.00", &parts),
            receipt("R1", day(1), "50.00").settles("I1"),
            receipt("R2", day(2), "45.00").settles("I1"),
        ])
        .await;
        assert_eq!(desk.open_of("I1", day(2)).await, ["5.00"]);
        // 95 was paid, 80 is owed now: the later receipt gets the surplus back.
        let parts = [(day(40), "30.00"), (day(15), "50.00")];
        desk.post([version(invoice("I1", day(0), "80.00", &parts), 1)]).await;
        assert_eq!(desk.open_of("I1", day(2)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("R1", day(2)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("R2", day(2)).await, ["-15.00"]);
        // The clearings keep their days: on day 1 the part due first was paid.
        assert_eq!(
            desk.open(day(1)).await,
            [("I1".into(), "2019-08-09".into(), "30.00".into())]
        );
        assert_eq!(desk.balance(day(0)).await, "80.00");
        // A credit is corrected the same way: what it leaves is for the other that asked.
        desk.post([version(receipt("R1", day(1), "20.00").settles("I1"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(2)).await, ["15.00"]);
        assert_eq!(desk.open_of("R2", day(2)).await, Vec::<String>::new());
        assert_eq!(desk.balance(day(2)).await, "15.00");
        desk.verify(&server).await;
    }

    async fn a_clearing_that_was_undone_stays_undone(server: TestServer) {
        let mut desk = Desk::new(&server);
        let posted = desk
            .post([bill("I1", "100.00"), receipt("R1", day(5), "100.00").settles("I1")])
            .await;
        desk.try_reset(&posted[1].clearings[0], Some(day(20))).await.expect("reset");
        assert_eq!(desk.open_of("I1", day(19)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("I1", day(20)).await, ["100.00"]);

        desk.post([version(bill("I1", "120.00"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(20)).await, ["120.00"]);
        assert_eq!(desk.open_of("R1", day(20)).await, ["-100.00"]);
        desk.post([version(receipt("R1", day(5), "90.00").settles("I1"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(20)).await, ["120.00"]);
        assert_eq!(desk.open_of("R1", day(20)).await, ["-90.00"]);
        for on in [0, 5, 19, 20] {
            let balance = if on < 5 { "120.00" } else { "30.00" };
            assert_eq!(desk.balance(day(on)).await, balance, "day {on}");
        }
        desk.verify(&server).await;
    }

    async fn a_moved_clearing_keeps_the_rate_and_the_amounts_of_the_bank(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut euros = receipt("R1", day(0), "1");
        euros.gross = Some(money("90.00", "EUR"));
        desk.post([bill("I1", "100.00"), euros]).await;
        let allocation = pb::Allocation {
            credit_item: desk.item("R1").await,
            debit_item: desk.item("I1").await,
            amount: Some(usd("100.00")),
            credit_amount: Some(money("90.00", "EUR")),
            ..pb::Allocation::default()
        };
        desk.try_allocate(vec![allocation], Some(day(0))).await.expect("the bank's amounts");
        assert_eq!(desk.open(day(0)).await, []);
        desk.post([version(bill("I1", "150.00"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(0)).await, ["50.00"]);
        assert_eq!(desk.open_of("R1", day(0)).await, Vec::<String>::new());
        // The clearing shrinks in both currencies alike.
        desk.post([version(bill("I1", "50.00"), 2)]).await;
        assert_eq!(desk.open_of("I1", day(0)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("R1", day(0)).await, ["-45.00"]);

        desk.rates(&[("USD", "EUR", day(0), "0.5")]).await;
        let mut euros = receipt("R2", day(0), "1").settles("I2");
        euros.gross = Some(money("50.00", "EUR"));
        desk.post([bill("I2", "100.00"), euros]).await;
        desk.post([version(bill("I2", "110.00"), 1)]).await;
        let clearing = desk.get("I2", day(0)).await.clearings.remove(0);
        let rate = clearing.allocations[0].rate.clone().expect("the rate it was settled at");
        assert_eq!(rate.rate.expect("a rate").value, "0.5");
        assert_eq!(desk.open_of("I2", day(0)).await, ["10.00"]);
        desk.verify(&server).await;
    }

    async fn a_version_clears_only_what_it_names_for_the_first_time(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", "50.00"),
            bill("I2", "50.00"),
            receipt("R1", day(0), "100.00").settles("I1"),
        ])
        .await;
        desk.post([version(receipt("R1", day(0), "100.00").settles("I1").settles("I2"), 1)]).await;
        assert_eq!(desk.open(day(0)).await, []);
        desk.post([version(receipt("R1", day(0), "100.00").settles("I2"), 2)]).await;
        assert_eq!(desk.open_of("I1", day(0)).await, ["50.00"]);
        assert_eq!(desk.open_of("R1", day(0)).await, ["-50.00"]);
        desk.verify(&server).await;
    }
}
