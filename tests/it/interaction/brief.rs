//! What to know before a visit: each part equals what its own call answers.

use ballast::pb::interaction_service_client::InteractionServiceClient;
use ballast::pb::{CommitmentSide, InteractionState, NextHook, PositionLevel, VisitBrief};

use super::commitments::{create, promise};
use super::*;
use crate::support::credit::{Counter, moment};
use crate::support::ledger::{Desk, day, document, fresh, money, text, usd};
use crate::support::people::{self, as_somebody};

fn brief_of(name: &str) -> pb::GetVisitBriefRequest {
    pb::GetVisitBriefRequest { name: name.into() }
}

async fn brief(server: &TestServer, name: &str) -> VisitBrief {
    let told = server.interactions().get_visit_brief(brief_of(name)).await;
    told.expect("told").into_inner()
}

async fn plan(server: &TestServer, interaction: Interaction) -> Interaction {
    let request = pb::PlanInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(interaction),
        request_id: fresh(),
    };
    server.interactions().plan_interaction(request).await.expect("planned").into_inner()
}

/// What an aging has in its buckets, by currency, with how old the oldest open item of it is.
async fn past_due(desk: &mut Desk) -> Vec<(String, i32)> {
    let request = pb::GetAgingRequest { account: "accounts/acme".into(), ..Default::default() };
    let aging = desk.aging(request).await;
    let items = desk.open_items(day(0)).await;
    let mut told = Vec::new();
    for currency in aging.currencies {
        let columns = currency.columns.expect("columns");
        let mut sum = money("0.00", &currency.currency_code);
        for bucket in columns.buckets {
            let amount = bucket.amount.expect("an amount");
            sum.units += amount.units;
            sum.nanos += amount.nanos;
        }
        let of = |item: &&pb::OpenItem| {
            item.open.as_ref().is_some_and(|open| open.currency_code == currency.currency_code)
        };
        let worst = items.iter().filter(of).map(|item| item.days_overdue).max();
        if sum.units != 0 {
            told.push((
                format!("{} {}", text(&Some(sum)), currency.currency_code),
                worst.expect("an item"),
            ));
        }
    }
    told
}

on_both_engines! {
    async fn what_a_brief_leaves_out_is_counted(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        for n in 0..51 {
            let mut talk = held(InteractionChannel::Call, -1, &[&wang], &[&li]);
            let topic = format!("topic {n}");
            talk.next_hook = Some(NextHook { topic, by: Some(day(60 - n)), ..Default::default() });
            record(&server, "acme", talk).await.expect("recorded");
            create(&server, "acme", promise(&wang, &li, -30, n)).await;
        }
        let visit = plan(&server, held(InteractionChannel::Visit, 2, &[&wang], &[&li])).await;
        let told = brief(&server, &visit.name).await;
        assert_eq!((told.hooks_open.len(), told.hooks_open_count), (50, 51));
        assert_eq!(told.hooks_open[0].topic, "topic 50", "the one that ends first comes first");
        assert_eq!((told.commitments_ours.len(), told.commitments_ours_count), (50, 51));
        assert_eq!(told.commitments_ours[49].due_date, Some(day(50)), "what is due last is told");
        assert_eq!(told.commitments_ours[0].due_date, Some(day(1)));
    }
}

on_both_engines! {
    async fn j6_a_brief_is_what_the_calls_of_its_parts_answer(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        let invoice = |no, on, gross: pb::Money| pb::Document {
            gross: Some(gross),
            ..document(pb::DocumentKind::Invoice, no, day(on), "1.00")
        };
        let credit = document(pb::DocumentKind::CreditNote, "C1", day(-3), "7.00");
        counter.desk.post([
            invoice("I1", -40, usd("300.00")),
            invoice("I2", -10, usd("50.00")),
            invoice("I3", -5, money("20.00", "EUR")),
            credit,
        ]).await;
        let item = counter.desk.item_of("I2", day(0)).await.name;
        let promised = pb::RecordPromiseToPayRequest {
            account: "accounts/acme".into(),
            items: vec![item.clone()],
            amount: Some(usd("50.00")),
            promise_date: Some(day(-1)),
            pay_by_date: Some(day(5)),
            request_id: fresh(),
            ..Default::default()
        };
        let promised = counter.desk.client.record_promise_to_pay(promised).await.expect("promised").into_inner();
        let dispute = pb::OpenDisputeRequest {
            item,
            amount: Some(usd("20.00")),
            reason_code: "SHORT".into(),
            open_date: Some(day(0)),
            request_id: fresh(),
            ..Default::default()
        };
        let dispute = counter.desk.client.open_dispute(dispute).await.expect("disputed").into_inner();

        let (wang, chen) = (member(&server, "wang").await, member(&server, "chen").await);
        let (li, guest) = (person(&server, "李雷").await, person(&server, "Guest").await);
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Manager).await;
        move_from_to(&server, &li, "", &seat, -90).await.expect("hired");
        let mut first = held(InteractionChannel::Visit, -20, &[&wang], &[&li]);
        first.theirs[0].satisfaction = Some(9);
        record(&server, "acme", first).await.expect("recorded");
        let mut second = held(InteractionChannel::Call, -8, &[&chen], &[&li]);
        second.theirs[0].satisfaction = Some(4);
        second.next_hook = Some(NextHook { topic: "the trial".into(), by: Some(day(30)), ..Default::default() });
        let second = record(&server, "acme", second).await.expect("recorded").name;
        let broken = create(&server, "acme", promise(&wang, &li, -30, -2)).await;
        let open = create(&server, "acme", promise(&wang, &li, -30, 3)).await;
        let mut theirs = promise(&wang, &li, -30, 4);
        theirs.side = CommitmentSide::Theirs.into();
        let theirs = create(&server, "acme", theirs).await;

        let mut visit = held(InteractionChannel::Visit, 2, &[&wang], &[&guest, &li]);
        visit.theirs[1].confirmed = true;
        let planned = plan(&server, visit).await;
        let visit = planned.name.clone();
        let told = brief(&server, &visit).await;
        assert_eq!((told.as_of, told.interaction), (Some(day(0)), Some(planned)));
        let who: Vec<_> = told.attendees.iter()
            .map(|one| (&*one.contact, &*one.display_name, &*one.position, one.satisfaction, one.confirmed))
            .collect();
        assert_eq!(who, [(&*guest, "Guest", "", None, false), (&*li, "李雷", &*seat, Some(4), true)]);
        let coverage = pb::GetCoverageRequest { account: "accounts/acme".into() };
        let coverage = server.contacts().get_coverage(coverage).await.expect("told").into_inner();
        let best = coverage.ties.iter().max_by_key(|tie| tie.strength_bp).cloned();
        assert_eq!(best.as_ref().map(|tie| &tie.member), Some(&wang), "a visit is more than a call");
        assert_eq!((&told.attendees[1].best_tie, &told.attendees[0].best_tie), (&best, &None));
        let gaps = coverage.cells.into_iter().filter(|cell| cell.state() != pb::CellState::Live);
        let mut gaps: Vec<_> = gaps.collect();
        gaps.sort_by_key(|cell| cell.state());
        assert_eq!(told.coverage_gaps, gaps);
        let hooks: Vec<_> = told.hooks_open.iter().map(|hook| (&*hook.interaction, &*hook.topic, hook.by)).collect();
        assert_eq!(hooks, [(&*second, "the trial", Some(day(30)))]);
        assert_eq!(told.commitments_ours, [broken, open]);
        assert_eq!(told.commitments_theirs, [theirs]);
        let promises: Vec<_> = told.promises_due.iter().map(|one| (&*one.name, text(&one.amount))).collect();
        assert_eq!(promises, [(&*promised.name, "50.00".into())]);
        assert_eq!(told.disputes_open, [dispute.name]);
        let counts = [told.hooks_open_count, told.promises_due_count, told.disputes_open_count];
        assert_eq!((counts, told.commitments_ours_count, told.commitments_theirs_count), ([1; 3], 2, 1));
        let overdue: Vec<_> = told.overdue.iter()
            .map(|of| {
                let currency = of.amount.clone().expect("an amount").currency_code;
                (format!("{} {currency}", text(&of.amount)), of.worst_days)
            })
            .collect();
        assert_eq!(overdue, [("20.00 EUR".to_owned(), 5), ("350.00 USD".to_owned(), 40)]);
        assert_eq!(overdue, past_due(&mut counter.desk).await);
        let contacts = vec![guest.clone(), li.clone()];
        let account = "accounts/acme".into();
        let room = pb::GetGiftHeadroomRequest { account, contacts, date: None };
        let room = server.interactions().get_gift_headroom(room).await.expect("told").into_inner();
        assert_eq!((told.gift_headroom.len(), told.gift_headroom), (2, room.contacts));
        let mut credit = counter.profile("accounts/acme").await;
        credit.evaluate_time = told.credit.as_ref().and_then(|credit| credit.evaluate_time);
        assert_eq!(told.credit, Some(credit));

        // The day after it says the same of what is missed, and nothing of what was held.
        server.clock().set(moment(3));
        assert_eq!(brief(&server, &visit).await.overdue[1].worst_days, 43);
        let request = pb::RecordInteractionRequest {
            account: "accounts/acme".into(),
            interaction: Some(held(InteractionChannel::Visit, 2, &[&wang], &[&li])),
            plan: visit.clone(),
            ..Default::default()
        };
        let made = recorded(&server, request).await.expect("held").interaction.expect("one");
        assert_eq!(made.state(), InteractionState::Held);
        let refused = server.interactions().get_visit_brief(brief_of(&visit)).await.expect_err("held");
        assert_refused(&refused, Code::FailedPrecondition, "STATE_WRONG", None);
    }
}

#[tokio::test]
async fn a_brief_tells_of_the_account_to_those_who_may_read_it() {
    let server = people::with_tokens(&[
        ("all", &["*"]),
        ("talks", &["interactions.read", "contacts.personal"]),
        ("clerk", &["interactions.read", "accounts.read"]),
    ])
    .await;
    let (wang, li) = people::member_and_contact(&server, "all").await;
    let talks =
        |who| InteractionServiceClient::with_interceptor(server.channel(), as_somebody(who));
    let request = pb::PlanInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(held(InteractionChannel::Visit, 2, &[&wang], &[&li])),
        request_id: fresh(),
    };
    let visit = talks("all").plan_interaction(request).await.expect("planned").into_inner().name;
    let refused = talks("talks").get_visit_brief(brief_of(&visit)).await.expect_err("not accounts");
    assert_refused(&refused, Code::PermissionDenied, "SCOPE_MISSING", None);
    let told = talks("clerk").get_visit_brief(brief_of(&visit)).await.expect("told").into_inner();
    assert_eq!((&*told.attendees[0].contact, &*told.attendees[0].display_name), (&*li, ""));
    assert!(told.interaction.expect("the plan").masked);
}
