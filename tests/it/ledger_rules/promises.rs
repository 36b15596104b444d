//! Promises: judged by the day the money came, and only as far as the debt was there to pay.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::PromiseState as State;
use tonic::Code;

use crate::contact as people;
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

    async fn who_promised_is_a_contact_of_the_account_or_what_was_written_of_him(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00"), bill("I2", "100.00")]).await;
        let account = ACCOUNT.strip_prefix("accounts/").expect("a name");
        let seat = people::position(&server, account, pb::PositionFunction::Finance, pb::PositionLevel::Manager).await;
        let (li, wu) = (people::person(&server, "Li").await, people::person(&server, "Wu").await);
        people::move_from_to(&server, &li, "", &seat, -20).await.expect("hired");
        let items = desk.items("I1").await;
        let request = |contact: &str, promised_by: &str| pb::RecordPromiseToPayRequest {
            account: ACCOUNT.into(),
            items: items.clone(),
            amount: Some(usd("100.00")),
            promise_date: Some(day(-20)),
            pay_by_date: Some(day(10)),
            contact: contact.into(),
            promised_by: promised_by.into(),
            request_id: fresh(),
            ..Default::default()
        };
        let by_li = request(&li, "");
        let made = desk.client.record_promise_to_pay(by_li.clone()).await.expect("promised").into_inner();
        assert_eq!((&made.contact, &*made.promised_by), (&li, ""));
        let again = desk.client.record_promise_to_pay(by_li.clone()).await.expect("the same").into_inner();
        assert_eq!(again, made);
        let by_name = desk.client.record_promise_to_pay(request("", "Accounts payable")).await;
        let by_name = by_name.expect("promised").into_inner();
        assert_eq!((&*by_name.contact, &*by_name.promised_by), ("", "Accounts payable"));

        // Told wherever promises are.
        let mut at_risk = desk.risk_usd(day(0)).await.promises;
        at_risk.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(at_risk, [made.clone(), by_name.clone()]);
        let of_li = pb::ListCommitmentsRequest { parent: ACCOUNT.into(), contact: li.clone(), ..Default::default() };
        let of_li = server.interactions().list_commitments(of_li).await.expect("listed").into_inner().commitments;
        assert_eq!(of_li.iter().map(|one| (&one.name, &one.contact)).collect::<Vec<_>>(), [(&made.name, &li)]);
        let of_wu = pb::ListCommitmentsRequest { parent: ACCOUNT.into(), contact: wu.clone(), ..Default::default() };
        let of_wu = server.interactions().list_commitments(of_wu).await.expect("listed").into_inner().commitments;
        assert_eq!(of_wu, []);

        // Nobody of another customer, nor before he came; and not two at a time.
        let early = pb::RecordPromiseToPayRequest { promise_date: Some(day(-21)), ..request(&li, "") };
        for refused in [request(&wu, ""), early] {
            let refused = desk.client.record_promise_to_pay(refused).await.expect_err("not there");
            assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("contact"));
        }
        let refused = desk.client.record_promise_to_pay(request(&li, "Li")).await.expect_err("two");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("promised_by"));
        let refused = desk.client.record_promise_to_pay(request("contacts/none", "")).await;
        assert_refused(&refused.expect_err("nobody"), Code::NotFound, "RESOURCE_NOT_FOUND", None);
        people::move_from_to(&server, &li, &seat, "", -5).await.expect("left");
        let delete = pb::DeleteContactRequest { name: li.clone(), ..Default::default() };
        server.contacts().delete_contact(delete).await.expect("deleted");
        let refused = desk.client.record_promise_to_pay(request(&li, "")).await.expect_err("deleted");
        assert_refused(&refused, Code::FailedPrecondition, "STATE_WRONG", None);
        assert_eq!(desk.client.record_promise_to_pay(by_li).await.expect("as it was").into_inner(), made);
        desk.verify(&server).await;
    }
}
