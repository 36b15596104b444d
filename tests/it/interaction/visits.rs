//! One visit, one call: what was held, promised, kept and planned, all of it or nothing.

use ballast::pb::{
    CommitmentSettlement, CommitmentSide, CommitmentState, InteractionState, NextHook,
    SettledCommitment,
};

use super::commitments::{create, promise};
use super::*;
use crate::contract::Books;
use crate::support::ledger::{day, fresh, usd};

fn kept(name: &str) -> SettledCommitment {
    SettledCommitment {
        name: name.into(),
        settlement: CommitmentSettlement::Kept.into(),
        ..SettledCommitment::default()
    }
}

fn visit(interaction: Interaction) -> pb::RecordInteractionRequest {
    pb::RecordInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(interaction),
        request_id: fresh(),
        ..Default::default()
    }
}

fn tea(member: &str, contact: &str) -> pb::Gift {
    pb::Gift {
        kind: pb::GiftKind::Gift.into(),
        value: Some(usd("50.00")),
        occasion: "中秋节".into(),
        member: member.into(),
        contact: contact.into(),
        ..pb::Gift::default()
    }
}

/// How much there is of what a visit writes.
async fn counts(server: &TestServer) -> Vec<String> {
    let counted = |table| format!("SELECT '{table} ' || count(*) FROM {table}");
    let tables =
        ["interaction", "edge", "commitment", "commitment_evidence", "gift", "timeline", "outbox"];
    let all = tables.map(counted).join(" UNION ALL ");
    Books::of(server).await.lines(all).await
}

on_both_engines! {
    async fn i3_a_visit_is_recorded_with_what_was_promised_kept_and_planned(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "李雷").await);
        let zhao = person(&server, "Zhao").await;
        let report = create(&server, "acme", promise(&wang, &li, -20, 5)).await.name;
        let offer = create(&server, "acme", promise(&wang, &li, -20, 5)).await.name;

        let mut held_now = held(InteractionChannel::Visit, -1, &[&wang], &[&li]);
        held_now.next_hook =
            Some(NextHook { topic: "the trial".into(), by: Some(day(14)), ..Default::default() });
        let mut request = visit(held_now);
        let mut word = promise(&wang, &li, -1, 9);
        word.made_date = None;
        let theirs = pb::Commitment {
            side: CommitmentSide::Theirs.into(),
            contact: zhao.clone(),
            made_date: Some(day(-1)),
            ..word.clone()
        };
        request.commitments_made = vec![word, theirs];
        let withdrawn = SettledCommitment {
            settlement: CommitmentSettlement::Withdrawn.into(),
            reason: "They need none".into(),
            ..kept(&offer)
        };
        request.commitments_settled = vec![kept(&report), withdrawn];
        request.next_plan = Some(held(InteractionChannel::Call, 10, &[&wang], &[&li, &zhao]));
        request.gifts = vec![tea(&wang, &zhao)];

        let answer = recorded(&server, request.clone()).await.expect("recorded");
        let visit = answer.interaction.clone().expect("an interaction");
        let [ours, theirs] = &answer.commitments_made[..] else { panic!("{answer:?}") };
        // The one that is open still and the new one are more than the one that was settled.
        assert_eq!((ours.open_count, theirs.open_count), (1, 1));
        for made in [ours, theirs] {
            let made = made.commitment.as_ref().expect("a commitment");
            assert_eq!((&made.interaction, made.made_date), (&visit.name, Some(day(-1))));
            assert_eq!(made.state(), CommitmentState::Open);
        }
        let [report, offer] = &answer.commitments_settled[..] else { panic!("{answer:?}") };
        assert_eq!((report.state(), report.settle_date), (CommitmentState::Kept, Some(day(-1))));
        assert_eq!(report.evidence[0].interaction, visit.name);
        assert_eq!(offer.state(), CommitmentState::Withdrawn);
        let [given] = &answer.gifts[..] else { panic!("{answer:?}") };
        let gift = given.gift.clone().expect("a gift");
        assert_eq!((&gift.interaction, gift.date), (&visit.name, Some(day(-1))));
        assert_eq!(gift.state(), pb::GiftState::Registered, "no cap: a person decides");
        let plan = answer.next_plan.clone().expect("a plan");
        assert_eq!((plan.state(), &plan.uses_hook), (InteractionState::Planned, &visit.name));

        let read = pb::GetInteractionRequest { name: plan.name.clone(), ..Default::default() };
        let read = server.interactions().get_interaction(read).await.expect("read").into_inner();
        assert_eq!(read, plan);
        let written = counts(&server).await;
        assert_eq!(recorded(&server, request).await.expect("the same again"), answer);
        assert_eq!(counts(&server).await, written);
        verify(&server).await;
    }

    async fn a_fault_in_any_part_is_told_by_its_field_and_nothing_is_recorded(server: TestServer) {
        account(&server, "acme", &[]).await;
        account(&server, "other", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let elsewhere = create(&server, "other", promise(&wang, &li, -20, 5)).await.name;
        let later = create(&server, "acme", promise(&wang, &li, 0, 5)).await.name;
        let good = visit(held(InteractionChannel::Visit, -1, &[&wang], &[&li]));
        let before = counts(&server).await;

        let word = |change: &dyn Fn(&mut pb::Commitment)| {
            let mut one = promise(&wang, &li, -1, 9);
            change(&mut one);
            let mut request = good.clone();
            request.commitments_made = vec![promise(&wang, &li, -1, 9), one];
            request
        };
        let next = |plan: Interaction| {
            pb::RecordInteractionRequest { next_plan: Some(plan), ..good.clone() }
        };
        let settles = |one: SettledCommitment| {
            let commitments_settled = vec![one];
            pb::RecordInteractionRequest { commitments_settled, ..good.clone() }
        };
        let plan = |on| held(InteractionChannel::Call, on, &[&wang], &[&li]);
        let withdrawn = SettledCommitment {
            settlement: CommitmentSettlement::Withdrawn.into(),
            ..kept(&later)
        };
        let gives = |change: &dyn Fn(&mut pb::Gift)| {
            let mut one = tea(&wang, &li);
            change(&mut one);
            pb::RecordInteractionRequest { gifts: vec![one], ..good.clone() }
        };
        let mut scored = plan(3);
        scored.theirs[0].satisfaction = Some(9);
        for (request, field, reason) in [
            (word(&|one| one.text.clear()), "commitments_made[1].text", "FIELD_REQUIRED"),
            (word(&|one| one.due_date = Some(day(-3))), "commitments_made[1].due_date", "DATE_INVALID"),
            (word(&|one| one.made_date = Some(day(-2))), "commitments_made[1].made_date", "DATE_INVALID"),
            (word(&|one| one.interaction = "accounts/acme/interactions/0192aaaa-0000-7000-8000-000000000000".into()),
                "commitments_made[1].interaction", "FIELD_INVALID"),
            (settles(kept(&elsewhere)), "commitments_settled[0].name", "FIELD_INVALID"),
            (settles(kept(&later)), "commitments_settled[0].evidence[0].date", "DATE_INVALID"),
            (settles(withdrawn), "commitments_settled[0].reason", "FIELD_REQUIRED"),
            (gives(&|one| one.kind = pb::GiftKind::RedPacket.into()), "gifts[0].kind", "GIFT_KIND_REFUSED"),
            (gives(&|one| one.date = Some(day(-3))), "gifts[0].date", "DATE_INVALID"),
            (next(plan(-2)), "next_plan.start_time", "DATE_INVALID"),
            (next(scored), "next_plan.theirs[0].satisfaction", "FIELD_INVALID"),
        ] {
            let refused = recorded(&server, request).await.expect_err(field);
            assert_refused(&refused, Code::InvalidArgument, reason, None);
            assert_eq!(named(&refused), [field], "{refused:?}");
        }
        // What is told of the whole request is told at once.
        let mut wrong = word(&|one| one.text.clear());
        wrong.next_plan = Some(Interaction { ours: vec![], ..plan(3) });
        wrong.commitments_settled = vec![kept("accounts/acme/commitments/none")];
        let refused = recorded(&server, wrong).await.expect_err("three faults");
        let told = ["commitments_made[1].text", "commitments_settled[0].name", "next_plan.ours"];
        assert_eq!(named(&refused), told);
        let twice = pb::RecordInteractionRequest {
            commitments_settled: vec![kept(&later), kept(&later)],
            ..visit(held(InteractionChannel::Visit, 0, &[&wang], &[&li]))
        };
        let refused = recorded(&server, twice).await.expect_err("settled twice");
        assert_refused(&refused, Code::FailedPrecondition, "STATE_WRONG", None);
        let gone = person(&server, "Gone").await;
        let mut request = word(&|one| one.contact.clone_from(&gone));
        let gone = pb::DeleteContactRequest { name: gone, ..Default::default() };
        server.contacts().delete_contact(gone).await.expect("deleted");
        request.request_id = fresh();
        let refused = recorded(&server, request).await.expect_err("deleted");
        assert_refused(&refused, Code::FailedPrecondition, "STATE_WRONG", None);
        let mut after = counts(&server).await;
        // The person who came and was deleted is told of.
        assert_ne!(after.pop(), before.last().cloned());
        assert_eq!(after, before[..6]);
        verify(&server).await;
    }
}
