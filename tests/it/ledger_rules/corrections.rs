//! A correction or a reversal touches the allocations of its own document, and no others; what
//! is said of an item is said of its next version.

use ballast::pb;
use ballast::pb::PromiseState as State;

use super::version;
use crate::support::ledger::*;

/// An invoice of one part, due in 30 days.
fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(30), gross)])
}

/// The next version, which differs in its note only.
fn noted(document: pb::Document) -> pb::Document {
    pb::Document { note: "printed again".into(), ..version(document, 1) }
}

fn credit_note(no: &str, at: pb::Date, gross: &str) -> pb::Document {
    document(pb::DocumentKind::CreditNote, no, at, gross)
}

fn none() -> Vec<String> {
    Vec::new()
}

/// Settles the oldest due with these credits, in one clearing.
async fn clear_oldest(desk: &mut Desk, credits: &[&str], on: pb::Date) -> pb::Clearing {
    let mut items = Vec::new();
    for credit in credits {
        items.push(desk.item(credit).await);
    }
    let request = pb::ClearItemsRequest {
        account: ACCOUNT.into(),
        oldest_first_credits: items,
        apply_date: Some(on),
        request_id: fresh(),
        ..pb::ClearItemsRequest::default()
    };
    desk.client.clear_items(request).await.expect("cleared").into_inner()
}

on_both_engines! {
    async fn fault_f8_a_dispute_follows_its_item(server: TestServer) {
        let mut desk = Desk::new(&server);
        let parts = [(day(30), "600.00"), (day(60), "400.00")];
        let first = invoice("A1", day(0), "1000.00", &parts);
        desk.post([first.clone()]).await;
        let dispute =
            desk.try_dispute("A1", Some(usd("400.00")), Some(day(15))).await.expect("disputed");
        let disputed = async |desk: &mut Desk, on| text(&desk.risk_usd(day(on)).await.disputed);
        desk.post([noted(first)]).await;
        for (on, expected) in [(14, "0.00"), (15, "400.00"), (40, "400.00")] {
            assert_eq!(disputed(&mut desk, on).await, expected, "day {on}");
        }
        let open = desk.open_items(day(40)).await;
        let of: Vec<_> = open.iter().map(|i| (text(&i.open), i.disputes.clone())).collect();
        let name = dispute.name.clone();
        assert_eq!(of, [("600.00".into(), vec![name]), ("400.00".into(), vec![])]);

        // At most what is open; and what comes on top is no more than the item.
        desk.post([version(invoice("A1", day(0), "300.00", &[(day(45), "300.00")]), 2)]).await;
        assert_eq!(disputed(&mut desk, 40).await, "300.00");
        desk.post([version(invoice("A1", day(0), "1000.00", &parts), 3)]).await;
        assert_eq!(disputed(&mut desk, 40).await, "400.00");
        let over = desk.try_dispute("A1", Some(usd("200.01")), Some(day(40))).await;
        assert!(over.is_err(), "400 of 600 are disputed already");
        desk.try_resolve(&dispute.name, Some(day(41))).await.expect("resolved");
        assert_eq!(disputed(&mut desk, 41).await, "0.00");
        desk.verify(&server).await;
    }

    async fn fault_f9_a_promise_follows_its_items(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("K1", "1000.00")]).await;
        let promise = desk.promise("K1", usd("1000.00"), day(1), day(20), 0).await;
        desk.post([version(invoice("K1", day(0), "1000.00", &[(day(35), "1000.00")]), 1)]).await;
        let shown = desk.risk_usd(day(10)).await.promises.remove(0);
        assert_eq!((shown.name.clone(), shown.state()), (promise.name.clone(), State::Open));
        assert_eq!(shown.items, desk.items("K1").await, "the version that counts");
        desk.post([receipt("R1", day(15), "1000.00").settles("K1")]).await;
        // A kept promise is shown no more, a broken one would be.
        assert_eq!(desk.risk_usd(day(25)).await.promises, []);
        let request = pb::WithdrawPromiseToPayRequest {
            name: promise.name,
            withdraw_date: Some(day(25)),
            request_id: fresh(),
        };
        let withdrawn = desk.client.withdraw_promise_to_pay(request).await.expect("withdrawn");
        assert_eq!(withdrawn.into_inner().items, desk.items("K1").await);
        desk.verify(&server).await;
    }

    async fn fault_b1_a_note_moves_nothing_of_others(server: TestServer) {
        let mut desk = Desk::new(&server);
        let [i1, i2] = [bill("I1", "100.00"), bill("I2", "50.00")];
        desk.post([i1.clone(), i2, receipt("R1", day(5), "150.00")]).await;
        clear_oldest(&mut desk, &["R1"], day(5)).await;
        desk.post([noted(i1)]).await;
        for on in [5, 20, 40] {
            assert_eq!(desk.open(day(on)).await, [], "day {on}");
        }
        // Two credits in one call: each keeps to its own invoices.
        let [i3, i4] = [bill("I3", "70.00"), bill("I4", "30.00")];
        let receipts = [receipt("R3", day(5), "70.00"), receipt("R4", day(5), "30.00")];
        desk.post([i3.clone(), i4]).await;
        desk.post(receipts.clone()).await;
        clear_oldest(&mut desk, &["R3", "R4"], day(6)).await;
        desk.post([version(invoice("I3", day(0), "60.00", &[(day(30), "60.00")]), 1)]).await;
        assert_eq!(desk.open_of("R3", day(6)).await, ["-10.00"]);
        assert_eq!(desk.open_of("R4", day(6)).await, none());
        assert_eq!(desk.open_of("I4", day(6)).await, none());
        desk.post([noted(receipts[1].clone())]).await;
        assert_eq!(desk.open_of("R4", day(6)).await, none());
        assert_eq!(desk.open_of("R3", day(6)).await, ["-10.00"]);
        desk.verify(&server).await;
    }

    async fn fault_b10_a_bounced_payment_opens_only_its_own_invoice(server: TestServer) {
        let mut desk = Desk::new(&server);
        let bills = [bill("I1", "100.00"), bill("I2", "50.00")];
        desk.post(bills).await;
        desk.post([receipt("R1", day(5), "100.00"), receipt("R2", day(5), "50.00")]).await;
        let mut allocations = Vec::new();
        for (credit, debit) in [("R1", "I1"), ("R2", "I2")] {
            allocations.push(pb::Allocation {
                credit_item: desk.item(credit).await,
                debit_item: desk.item(debit).await,
                ..pb::Allocation::default()
            });
        }
        let clearing =
            desk.try_allocate(allocations, Some(day(5))).await.expect("one clearing for both");
        desk.try_reverse("R1", Some(day(10))).await.expect("reversed");
        assert_eq!(desk.open_of("I1", day(10)).await, ["100.00"]);
        assert_eq!(desk.open_of("I2", day(10)).await, none());
        assert_eq!(desk.open_of("R2", day(10)).await, none());
        assert_eq!(desk.open_of("I1", day(9)).await, none(), "until it bounced");
        // The clearing goes on with what is left of it, and says since when the rest is gone.
        let left = desk.get("I2", day(10)).await.clearings.remove(0);
        assert_eq!((left.name.as_str(), left.allocations.len()), (clearing.name.as_str(), 1));
        let before = desk.get("I2", day(9)).await.clearings.remove(0);
        let ends: Vec<_> = before.allocations.iter().map(|a| a.reset_date).collect();
        assert_eq!(ends, [Some(day(10)), None]);
        assert_eq!(before.reset_date, None);
        assert_eq!(desk.get("R1", day(10)).await.clearings, []);
        // Resetting it takes back what is left.
        let reset = desk.try_reset(&clearing.name, Some(day(12))).await.expect("reset");
        assert_eq!(reset.allocations.len(), 1);
        assert_eq!(desk.open_of("I2", day(12)).await, ["50.00"]);
        assert!(desk.try_reset(&clearing.name, Some(day(12))).await.is_err(), "nothing is left");
        desk.verify(&server).await;
    }

    async fn fault_b11_a_corrected_credit_settles_what_it_alone_would(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00"), bill("I2", "40.00")]).await;
        let note = |amount| credit_note("C1", day(5), amount).settles("I1").settles("I2");
        desk.post([note("50.00")]).await;
        desk.post([version(note("80.00"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(5)).await, ["20.00"]);
        assert_eq!(desk.open_of("C1", day(5)).await, none());
        // It reaches the next one it names, and gives back what it no longer settles.
        desk.post([version(note("120.00"), 2)]).await;
        assert_eq!(desk.open_of("I1", day(5)).await, none());
        assert_eq!(desk.open_of("I2", day(5)).await, ["20.00"]);
        desk.post([version(note("30.00"), 3)]).await;
        assert_eq!(desk.open_of("I1", day(5)).await, ["70.00"]);
        assert_eq!(desk.open_of("I2", day(5)).await, ["40.00"]);
        // What somebody else settled meanwhile stays his.
        desk.post([receipt("R1", day(6), "60.00").settles("I1")]).await;
        desk.post([version(note("80.00"), 4)]).await;
        assert_eq!(desk.open_of("R1", day(6)).await, none());
        assert_eq!(desk.open_of("I1", day(6)).await, none());
        assert_eq!(desk.open_of("I2", day(6)).await, none());
        assert_eq!(desk.balance(day(6)).await, "0.00");
        desk.verify(&server).await;
    }

    async fn fault_b6_two_versions_in_one_call_are_the_last_one(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00")]).await;
        let note = |amount| credit_note("C1", day(5), amount).settles("I1");
        desk.post([note("40.00"), version(note("50.00"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(5)).await, ["50.00"]);
        assert_eq!(desk.open_of("C1", day(5)).await, none());
        desk.verify(&server).await;
    }

    async fn what_a_person_reset_stays_reset_over_all_versions(server: TestServer) {
        let mut desk = Desk::new(&server);
        let money = |amount| receipt("R1", day(5), amount).settles("I1");
        let posted = desk.post([bill("I1", "100.00"), money("60.00")]).await;
        desk.try_reset(&posted[1].clearings[0], Some(day(5))).await.expect("reset");
        for (at, amount) in [(1, "70.00"), (2, "80.00")] {
            desk.post([version(money(amount), at)]).await;
            desk.post([version(bill("I1", "100.00"), at)]).await;
            assert_eq!(desk.open_of("I1", day(5)).await, ["100.00"]);
            assert_eq!(desk.open_of("R1", day(5)).await, [format!("-{amount}")]);
        }
        // What a person cleared follows the corrections of both sides.
        desk.clear("R1", "I1", day(6)).await;
        desk.post([version(money("90.00"), 3)]).await;
        assert_eq!(desk.open_of("R1", day(6)).await, ["-10.00"]);
        assert_eq!(desk.open_of("I1", day(6)).await, ["20.00"]);
        desk.verify(&server).await;
    }

    async fn what_was_reversed_is_waited_for(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00"), receipt("R1", day(5), "100.00").settles("I1")]).await;
        desk.try_reverse("I1", Some(day(10))).await.expect("reversed");
        assert_eq!(desk.open_of("R1", day(10)).await, ["-100.00"]);
        let again = desk.post([version(bill("I1", "80.00"), 1)]).await;
        assert_eq!(again[0].outcome(), pb::PostOutcome::Posted);
        assert_eq!(desk.open_of("I1", day(10)).await, none());
        assert_eq!(desk.open_of("R1", day(10)).await, ["-20.00"]);
        desk.verify(&server).await;
    }

    async fn a_surplus_goes_on_by_the_instruction_of_its_credit(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut money = receipt("R1", day(5), "100.00").settles("I1");
        money.clears.as_mut().expect("targets").oldest_first = true;
        desk.post([bill("I1", "100.00"), bill("I2", "50.00"), money]).await;
        assert_eq!(desk.open_of("I2", day(5)).await, ["50.00"]);
        desk.post([version(bill("I1", "70.00"), 1)]).await;
        assert_eq!(desk.open_of("I1", day(5)).await, none());
        assert_eq!(desk.open_of("I2", day(5)).await, ["20.00"]);
        assert_eq!(desk.open_of("R1", day(5)).await, none());
        desk.verify(&server).await;
    }
}
