//! How it goes with whoever has just become a customer.

use super::visits::everywhere;
use super::*;
use crate::support::ledger::{Settles as _, receipt};

fn of_acme(document: pb::Document) -> pb::Document {
    pb::Document { payer: "accounts/acme".into(), ..document }
}

fn sold(no: &str, on: i64) -> pb::Document {
    of_acme(document(pb::DocumentKind::Invoice, no, day(on), "100"))
}

fn paid(no: &str, of: &str, on: i64, amount: &str) -> pb::Document {
    of_acme(receipt(no, day(on), amount)).settles_amount(of, amount)
}

/// Wang owns an account, and Li is there.
async fn owned(server: &TestServer) -> [String; 2] {
    crate::contact::account(server, "acme", &[]).await;
    let (wang, li) = (member(server, "wang").await, person(server, "Li").await);
    assign(server, "acme", &wang, TeamRole::Owner).await;
    let seat = position(server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
    move_from_to(server, &li, "", &seat, -90).await.expect("hired");
    [wang, li]
}

async fn mode(server: &TestServer) -> (pb::SellingMode, Option<pb::Date>) {
    let told = crate::findings::status(server, "acme").await.relationship.expect("one");
    (told.mode(), told.first_paid_date)
}

fn caring() -> pb::ListWorkItemsRequest {
    pb::ListWorkItemsRequest { kinds: vec![Kind::Care.into()], ..of("acme") }
}

on_both_engines! {
    async fn i17_the_first_paid_invoice_flips_the_mode_and_schedules_care(server: TestServer) {
        let [wang, li] = owned(&server).await;
        let first = (pb::SellingMode::RelationFirst, None);
        let mut desk = Desk::new(&server);
        let invoice = desk.post([sold("I1", -10)]).await.remove(0).document;
        record(&server, "acme", held(pb::InteractionChannel::Visit, -1, &[&wang], &[&li])).await.expect("recorded");
        desk.post([paid("R1", "I1", -5, "40")]).await;
        assert_eq!(mode(&server).await, first, "some of it is open");
        assert_eq!(list(&server, caring()).await, []);
        desk.post([paid("R2", "I1", 0, "60")]).await;
        assert_eq!(mode(&server).await, (pb::SellingMode::Deepening, Some(day(0))));

        let all = everywhere(&server, of("-")).await;
        assert_eq!(told(&all), [(Kind::Care, "accounts/acme".to_owned())]);
        let item = &all[0];
        assert_eq!((item.start_date, item.due_date, &item.member), (Some(day(0)), Some(day(7)), &wang));
        assert_eq!((item.urgency_bp, item.score_bp, item.evidence.as_slice()), (0, 0, &[invoice][..]));
        let step = item.next_step.clone().expect("a step");
        assert_eq!((step.action(), &step.contact), (Action::Meet, &li));
        assert_eq!(item.at_stake_basis(), AtStakeBasis::OpenReceivables);
        assert_eq!(item.why, "The first invoice was paid on 2019-06-30; how it goes is asked by 2019-07-07.");
        let due = async |on: i64| {
            let asked = pb::ListWorkItemsRequest { as_of: Some(day(on)), ..caring() };
            list(&server, asked).await.into_iter().map(|item| item.due_date.expect("a day")).collect::<Vec<_>>()
        };
        assert_eq!((due(100).await, due(179).await, due(180).await), (vec![day(7)], vec![day(7)], vec![]));

        // Each is ended by a talk on its first day or later.
        server.clock().set(moment(5));
        let mail = pb::Interaction { two_way: Some(false), ..held(pb::InteractionChannel::Message, 5, &[&wang], &[&li]) };
        record(&server, "acme", mail).await.expect("recorded");
        assert_eq!(due(5).await, [day(7)], "nobody was met by it");
        record(&server, "acme", held(pb::InteractionChannel::Call, 5, &[&wang], &[&li])).await.expect("recorded");
        assert_eq!((due(7).await, due(8).await, due(31).await), (vec![], vec![day(30)], vec![day(30)]));
        server.clock().set(moment(33));
        let all = everywhere(&server, caring()).await;
        assert_eq!((all[0].start_date, all[0].urgency_bp), (Some(day(8)), 11_364), "25 days of 22");
        record(&server, "acme", held(pb::InteractionChannel::Call, 33, &[&wang], &[&li])).await.expect("recorded");
        assert_eq!(everywhere(&server, caring()).await, [], "which ends the third too");
        assert_eq!(due(91).await, Vec::<pb::Date>::new());
    }

    async fn i17_a_payment_that_bounced_is_none(server: TestServer) {
        owned(&server).await;
        let mut desk = Desk::new(&server);
        let posted = desk.post([sold("I1", -10), paid("R1", "I1", -5, "100")]).await;
        assert_eq!(mode(&server).await, (pb::SellingMode::Deepening, Some(day(-5))));
        let request = pb::ReverseDocumentRequest {
            name: posted[1].document.clone(),
            effective_date: Some(day(-2)),
            reason: "bounced".into(),
            request_id: fresh(),
        };
        desk.client.reverse_document(request).await.expect("reversed");
        assert_eq!(mode(&server).await, (pb::SellingMode::RelationFirst, None));
        assert_eq!(list(&server, caring()).await, []);
        // What is credited was not paid, and what is paid again was paid then.
        let credit = of_acme(document(pb::DocumentKind::CreditNote, "C", day(-1), "100"));
        desk.post([sold("I2", -10), credit.settles("I2")]).await;
        assert_eq!(mode(&server).await.1, None);
        desk.post([paid("R2", "I1", 0, "100")]).await;
        assert_eq!(mode(&server).await, (pb::SellingMode::Deepening, Some(day(0))));
    }

    async fn i17_who_was_a_customer_before_is_not_looked_after_anew(server: TestServer) {
        owned(&server).await;
        let opening = of_acme(document(pb::DocumentKind::OpeningBalance, "O", day(-20), "300"));
        let mut desk = Desk::new(&server);
        desk.post([opening, sold("I1", -10)]).await;
        desk.post([paid("R1", "I1", 0, "100")]).await;
        assert_eq!(mode(&server).await, (pb::SellingMode::Deepening, Some(day(0))));
        assert_eq!(list(&server, caring()).await, []);
        assert_eq!(list(&server, pb::ListWorkItemsRequest { parent: "accounts/-".into(), ..caring() }).await, []);
    }
}
