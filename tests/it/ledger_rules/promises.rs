//! Promises: judged by the day the money came, and only as far as the debt was there to pay.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::PromiseState as State;
use tonic::Code;

use crate::support::assert_refused;
use crate::support::ledger::*;

fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(-40), gross, &[(day(-30), gross)])
}

/// A promise of 100 on a document, made on day -20 for day -10, as it stands today.
async fn promised(desk: &mut Desk, no: &str) -> (State, String, String) {
    let promise = desk.promise(no, usd("100.00"), day(-20), day(-10), 0).await;
    (promise.state(), text(&promise.received), text(&promise.lapsed))
}

fn told(state: State, received: &str, lapsed: &str) -> (State, String, String) {
    (state, received.into(), lapsed.into())
}

on_both_engines! {
    async fn fault_f9_money_that_came_in_time_keeps_a_promise_also_if_applied_later(server: TestServer) {
        let mut desk = Desk::new(&server);
        for (no, came) in [("I1", -12), ("I2", -9), ("I3", -25)] {
            desk.post([bill(no, "100.00"), receipt(&format!("R{no}"), day(came), "100.00")]).await;
            desk.clear(&format!("R{no}"), no, day(-5)).await;
        }
        assert_eq!(promised(&mut desk, "I1").await, told(State::Kept, "100.00", "0.00"));
        assert_eq!(promised(&mut desk, "I2").await, told(State::Broken, "0.00", "0.00"));
        // What lay there before was never promised; applied after the deadline, it broke nothing
        // before that and mends nothing now.
        assert_eq!(promised(&mut desk, "I3").await, told(State::Broken, "0.00", "0.00"));
        // Until it was applied nobody knew what the money was for.
        let broken = desk.risk_usd(day(-6)).await.promises;
        assert_eq!(broken.len(), 3, "{broken:?}");
        assert_eq!(desk.risk_usd(day(-5)).await.promises.len(), 2);
        desk.verify(&server).await;
    }

    async fn fault_f9_a_promise_lapses_with_the_debt(server: TestServer) {
        let mut desk = Desk::new(&server);
        let credit = |no: &str, of: &str, gross: &str| {
            document(Kind::CreditNote, no, day(-15), gross).settles(of)
        };
        desk.post([
            bill("I1", "100.00"),
            credit("C1", "I1", "100.00"),
            bill("I2", "100.00"),
            credit("C2", "I2", "60.00"),
            receipt("R2", day(-12), "40.00").settles("I2"),
            bill("I3", "100.00"),
            credit("C3", "I3", "60.00"),
            bill("I4", "100.00"),
            bill("I5", "100.00"),
        ])
        .await;
        desk.try_write_off("I4", None, Some(day(-11))).await.expect("written off");
        desk.try_reverse("I5", Some(day(-11))).await.expect("reversed");
        assert_eq!(promised(&mut desk, "I1").await, told(State::Lapsed, "0.00", "100.00"));
        assert_eq!(promised(&mut desk, "I2").await, told(State::Kept, "40.00", "60.00"));
        assert_eq!(promised(&mut desk, "I3").await, told(State::Broken, "0.00", "60.00"));
        assert_eq!(promised(&mut desk, "I4").await, told(State::Lapsed, "0.00", "100.00"));
        assert_eq!(promised(&mut desk, "I5").await, told(State::Lapsed, "0.00", "100.00"));
        let shown = desk.risk_usd(day(0)).await.promises;
        assert_eq!(shown.len(), 1, "only the broken one: {shown:?}");
        // While it was open, what might still come was the rest.
        assert_eq!(text(&desk.risk_usd(day(-10)).await.promised), "40.00");
        desk.verify(&server).await;
    }

    async fn fault_f9_what_ends_after_the_deadline_mends_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", "100.00"),
            document(Kind::CreditNote, "C1", day(-5), "100.00").settles("I1"),
            bill("I2", "100.00"),
            receipt("R2", day(-15), "100.00").settles("I2"),
        ])
        .await;
        desk.try_reverse("R2", Some(day(-5))).await.expect("the cheque bounced");
        assert_eq!(promised(&mut desk, "I1").await, told(State::Broken, "0.00", "0.00"));
        assert_eq!(promised(&mut desk, "I2").await, told(State::Broken, "0.00", "0.00"));
        desk.verify(&server).await;
    }

    async fn fault_f9_nothing_is_promised_on_what_is_not_owed(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", "100.00"),
            bill("I2", "100.00"),
            receipt("R2", day(-25), "100.00").settles("I2"),
            bill("I3", "100.00"),
        ])
        .await;
        let replaced = desk.items("I1").await;
        let mut higher = invoice("I1", day(-40), "100.00", &[(day(10), "100.00")]);
        higher.source_version = 1;
        desk.post([higher]).await;
        let (paid, reversed) = (desk.items("I2").await, desk.items("I3").await);
        desk.try_reverse("I3", Some(day(-22))).await.expect("reversed");
        for items in [replaced, paid, reversed] {
            let request = pb::RecordPromiseToPayRequest {
                account: ACCOUNT.into(),
                items,
                amount: Some(usd("100.00")),
                promise_date: Some(day(-20)),
                pay_by_date: Some(day(-10)),
                request_id: fresh(),
                ..pb::RecordPromiseToPayRequest::default()
            };
            let refused = desk.client.record_promise_to_pay(request).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("items[0]"));
            assert!(refused.message().contains("nothing is open of it"), "{refused:?}");
        }
        assert_eq!(promised(&mut desk, "I1").await.0, State::Broken, "the version that counts");
        desk.verify(&server).await;
    }
}
