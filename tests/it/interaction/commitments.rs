//! What was promised, what became of it, and what that makes of a tie.

use ballast::pb::{
    Commitment, CommitmentEvidence, CommitmentSettlement, CommitmentSide, CommitmentState, TieRung,
};

use super::*;
use crate::support::ledger::{day, fresh, usd};

pub fn promise(member: &str, contact: &str, made: i64, due: i64) -> Commitment {
    Commitment {
        side: CommitmentSide::Ours.into(),
        member: member.into(),
        contact: contact.into(),
        text: "The test report".into(),
        made_date: Some(day(made)),
        due_date: Some(day(due)),
        ..Commitment::default()
    }
}

fn wish(account: &str, commitment: Commitment) -> pb::CreateCommitmentRequest {
    pb::CreateCommitmentRequest {
        account: format!("accounts/{account}"),
        commitment: Some(commitment),
        request_id: fresh(),
    }
}

pub async fn create(server: &TestServer, account: &str, commitment: Commitment) -> Commitment {
    let created = server.interactions().create_commitment(wish(account, commitment)).await;
    created.expect("created").into_inner().commitment.expect("a commitment")
}

pub fn shown(name: &str, on: i64) -> pb::SettleCommitmentRequest {
    pb::SettleCommitmentRequest {
        name: name.into(),
        settlement: CommitmentSettlement::Kept.into(),
        evidence: vec![CommitmentEvidence {
            date: Some(day(on)),
            note: "report 17".into(),
            ..CommitmentEvidence::default()
        }],
        reason: String::new(),
        request_id: fresh(),
    }
}

pub fn withdrawn(name: &str) -> pb::SettleCommitmentRequest {
    pb::SettleCommitmentRequest {
        settlement: CommitmentSettlement::Withdrawn.into(),
        evidence: vec![],
        reason: "they asked us to".into(),
        ..shown(name, 0)
    }
}

pub async fn settle(
    server: &TestServer,
    request: pb::SettleCommitmentRequest,
) -> Result<Commitment, Status> {
    server.interactions().settle_commitment(request).await.map(|r| r.into_inner())
}

async fn list(server: &TestServer, request: pb::ListCommitmentsRequest) -> Vec<Commitment> {
    let request = pb::ListCommitmentsRequest { parent: "accounts/acme".into(), ..request };
    let page = server.interactions().list_commitments(request).await.expect("a list");
    page.into_inner().commitments
}

/// An account with one of ours, `wang`, and one of theirs, Li.
pub async fn two(server: &TestServer) -> (String, String) {
    account(server, "acme", &[]).await;
    (member(server, "wang").await, person(server, "Li").await)
}

on_both_engines! {
    async fn a_commitment_reads_back_as_it_was_made_and_settled(server: TestServer) {
        let (wang, li) = two(&server).await;
        let visit = held(InteractionChannel::Visit, -9, &[&wang], &[&li]);
        let visit = record(&server, "acme", visit).await.expect("recorded").name;
        let mut request = wish("acme", promise(&wang, &li, -9, -3));
        request.commitment.as_mut().expect("one").interaction = visit.clone();
        request.commitment.as_mut().expect("one").amount = Some(usd("12.5"));
        let made = server.interactions().create_commitment(request.clone()).await;
        let made = made.expect("created").into_inner();
        let commitment = made.commitment.clone().expect("one");
        let expected = Commitment {
            name: commitment.name.clone(),
            kind: pb::CommitmentKind::Word.into(),
            state: CommitmentState::Broken.into(),
            responsible: wang.clone(),
            recorded_by: crate::support::PRINCIPAL.into(),
            create_time: commitment.create_time,
            ..request.commitment.clone().expect("one")
        };
        assert_eq!((commitment, made.open_count, made.overloaded), (expected.clone(), 0, false));
        let again = server.interactions().create_commitment(request).await.expect("the same again");
        assert_eq!(again.into_inner(), made);

        let mut evidence = shown(&expected.name, -3);
        let seen = held(InteractionChannel::Visit, -1, &[&wang], &[&li]);
        let seen = record(&server, "acme", seen).await.expect("recorded").name;
        evidence.evidence.push(CommitmentEvidence {
            date: Some(day(-1)),
            interaction: seen,
            note: String::new(),
        });
        let settled = settle(&server, evidence.clone()).await.expect("settled");
        let expected = Commitment {
            state: CommitmentState::Kept.into(),
            responsible: String::new(),
            settle_date: Some(day(-3)),
            evidence: evidence.evidence.clone(),
            ..expected
        };
        assert_eq!(settled, expected);
        assert_eq!(settle(&server, evidence).await.expect("the same again"), expected);
        assert_eq!(list(&server, Default::default()).await, [expected]);
        verify(&server).await;
    }

    async fn i5_only_evidence_of_its_days_keeps_a_commitment(server: TestServer) {
        let (wang, li) = two(&server).await;
        account(&server, "rival", &[]).await;
        let other = held(InteractionChannel::Call, -2, &[&wang], &[&li]);
        let other = record(&server, "rival", other).await.expect("recorded").name;
        let made = create(&server, "acme", promise(&wang, &li, -10, -3)).await.name;
        let bare = pb::SettleCommitmentRequest { evidence: vec![], ..shown(&made, 0) };
        let mut foreign = shown(&made, -4);
        foreign.evidence[0].interaction = other;
        let ours = held(InteractionChannel::Call, -2, &[&wang], &[&li]);
        let ours = record(&server, "acme", ours).await.expect("recorded").name;
        let mut of_another_day = shown(&made, -4);
        of_another_day.evidence[0].interaction = ours;
        let mut empty = shown(&made, -4);
        empty.evidence[0].note = String::new();
        let mut both = withdrawn(&made);
        both.evidence = shown(&made, -4).evidence;
        for (request, reason, at) in [
            (bare, "FIELD_REQUIRED", "evidence"),
            (shown(&made, -11), "DATE_INVALID", "evidence[0].date"),
            (shown(&made, 1), "DATE_INVALID", "evidence[0].date"),
            (foreign, "FIELD_INVALID", "evidence[0].interaction"),
            (of_another_day, "DATE_INVALID", "evidence[0].date"),
            (empty, "FIELD_REQUIRED", "evidence[0].note"),
            (both, "FIELD_INVALID", "evidence"),
            (pb::SettleCommitmentRequest { reason: String::new(), ..withdrawn(&made) }, "FIELD_REQUIRED", "reason"),
        ] {
            let status = settle(&server, request).await.expect_err(at);
            assert_refused(&status, Code::InvalidArgument, reason, Some(at));
        }
        let released = settle(&server, withdrawn(&made)).await.expect_err("it is broken");
        assert_refused(&released, Code::FailedPrecondition, "STATE_WRONG", None);
        let late = settle(&server, shown(&made, -2)).await.expect("late is better than never");
        assert_eq!((late.state(), late.settle_date), (CommitmentState::KeptLate, Some(day(-2))));
        let again = settle(&server, shown(&made, -4)).await.expect_err("settled");
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);

        let open = create(&server, "acme", promise(&wang, &li, 0, 0)).await;
        assert_eq!(open.state(), CommitmentState::Open);
        let gone = settle(&server, withdrawn(&open.name)).await.expect("withdrawn");
        assert_eq!((gone.state(), &*gone.settle_reason), (CommitmentState::Withdrawn, "they asked us to"));
    }

    async fn c9_no_trust_without_a_kept_commitment(server: TestServer) {
        let (wang, li) = two(&server).await;
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        move_from_to(&server, &li, "", &seat, -900).await.expect("hired");
        for on in [-9, -8, -8] {
            let visit = held(InteractionChannel::Visit, on, &[&wang], &[&li]);
            record(&server, "acme", visit).await.expect("recorded");
        }
        let rung = async || {
            let request = pb::GetCoverageRequest { account: "accounts/acme".into() };
            let told = server.contacts().get_coverage(request).await.expect("coverage");
            told.into_inner().ties[0].rung()
        };
        assert_eq!(rung().await, TieRung::Familiar);
        // A promise of theirs, one that another of ours kept, and one that is kept late.
        let zhao = member(&server, "zhao").await;
        let theirs = Commitment {
            side: CommitmentSide::Theirs.into(),
            ..promise(&wang, &li, -7, -6)
        };
        for (made, on) in
            [(theirs, -6), (promise(&zhao, &li, -7, -6), -6), (promise(&wang, &li, -7, -6), -5)]
        {
            let name = create(&server, "acme", made).await.name;
            settle(&server, shown(&name, on)).await.expect("settled");
        }
        assert_eq!(rung().await, TieRung::Familiar);
        let name = create(&server, "acme", promise(&wang, &li, -7, -3)).await.name;
        assert_eq!(rung().await, TieRung::Familiar, "the word of a maker is no evidence");
        settle(&server, shown(&name, -4)).await.expect("settled");
        assert_eq!(rung().await, TieRung::Trusted);
        create(&server, "acme", promise(&wang, &li, -7, 0)).await;
        assert_eq!(rung().await, TieRung::Trusted, "it is open");
        create(&server, "acme", promise(&wang, &li, -7, -1)).await;
        assert_eq!(rung().await, TieRung::Familiar, "broken after the last one kept");
    }

    async fn an_amended_day_settles_anew_what_it_shows(server: TestServer) {
        let (wang, li) = two(&server).await;
        let visit = held(InteractionChannel::Visit, -5, &[&wang], &[&li]);
        let visit = record(&server, "acme", visit).await.expect("recorded");
        let made = create(&server, "acme", promise(&wang, &li, -9, -4)).await.name;
        let mut request = shown(&made, -5);
        request.evidence[0].interaction = visit.name.clone();
        request.evidence[0].note = String::new();
        let kept = settle(&server, request).await.expect("settled");
        assert_eq!(kept.state(), CommitmentState::Kept);
        let amend = async |on| {
            let interaction = Some(Interaction { start_time: instant(on), ..visit.clone() });
            let interaction = interaction.map(|one| Interaction { version: 0, ..one });
            let reason = "another day".into();
            let request = pb::AmendInteractionRequest { interaction, reason, request_id: fresh() };
            server.interactions().amend_interaction(request).await
        };
        amend(-3).await.expect("amended");
        let told = list(&server, Default::default()).await.remove(0);
        let on = day(-3);
        assert_eq!((told.state(), told.settle_date), (CommitmentState::KeptLate, Some(on)));
        assert_eq!(told.evidence[0].date, Some(on));
        let status = amend(-10).await.expect_err("before it was promised");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("interaction.start_time"));
    }

    async fn a4_a_delegated_commitment_is_the_delegates_until_it_is_due(server: TestServer) {
        let (boss, li) = two(&server).await;
        let zhao = member(&server, "zhao").await;
        let made = create(&server, "acme", promise(&boss, &li, -2, 0)).await.name;
        let to = |name: &str, member: &str| pb::DelegateCommitmentRequest {
            name: name.into(),
            member: member.into(),
            request_id: fresh(),
        };
        let mut client = server.interactions();
        let given = client.delegate_commitment(to(&made, &zhao)).await.expect("given").into_inner();
        assert_eq!((&given.delegated_to, &given.responsible), (&zhao, &zhao));
        let of = |member: &String| pb::ListCommitmentsRequest { member: member.clone(), ..Default::default() };
        assert_eq!(list(&server, of(&zhao)).await, [given]);
        let back = client.delegate_commitment(to(&made, &boss)).await.expect("back").into_inner();
        assert_eq!((&*back.delegated_to, &back.responsible), ("", &boss));
        assert_eq!(list(&server, of(&zhao)).await, []);

        let late = create(&server, "acme", promise(&boss, &li, -9, -1)).await.name;
        let status = client.delegate_commitment(to(&late, &zhao)).await.expect_err("broken");
        assert_refused(&status, Code::FailedPrecondition, "STATE_WRONG", None);
        let theirs = Commitment { side: CommitmentSide::Theirs.into(), ..promise(&boss, &li, 0, 0) };
        let theirs = create(&server, "acme", theirs).await;
        assert_eq!(theirs.responsible, "");
        let status = client.delegate_commitment(to(&theirs.name, &zhao)).await.expect_err("theirs");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("name"));
        client.delegate_commitment(to(&made, &zhao)).await.expect("given again");
        let request = pb::DeactivateMemberRequest {
            name: zhao.clone(),
            reason: "left".into(),
            ..Default::default()
        };
        server.accounts().deactivate_member(request).await.expect("left");
        assert_eq!(list(&server, of(&zhao)).await, [], "it is the boss's again");
        let status = client.delegate_commitment(to(&made, &zhao)).await.expect_err("inactive");
        assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("member"));
    }

    async fn commitments_are_listed_by_side_state_person_and_due_date(server: TestServer) {
        let (wang, li) = two(&server).await;
        let wu = person(&server, "Wu").await;
        let mut names = Vec::new();
        for (contact, due) in [(&li, 0), (&wu, -1), (&li, -2), (&li, 3), (&li, 4), (&li, 5), (&li, 6)] {
            names.push(create(&server, "acme", promise(&wang, contact, -5, due)).await.name);
        }
        let mut last = wish("acme", promise(&wang, &li, -5, 9));
        last.commitment.as_mut().expect("one").side = CommitmentSide::Theirs.into();
        let told = server.interactions().create_commitment(last.clone()).await.expect("created").into_inner();
        assert_eq!((told.open_count, told.overloaded), (1, false));
        last.commitment.as_mut().expect("one").side = CommitmentSide::Ours.into();
        last.request_id = fresh();
        let told = server.interactions().create_commitment(last).await.expect("created").into_inner();
        assert_eq!((told.open_count, told.overloaded), (6, true), "more than anybody keeps");
        settle(&server, shown(&names[2], -2)).await.expect("kept");
        let found = async |request| {
            let found = list(&server, request).await;
            found.iter().filter_map(|one| names.iter().position(|name| *name == one.name)).collect::<Vec<_>>()
        };
        let all = pb::ListCommitmentsRequest::default;
        let state = |state: CommitmentState| pb::ListCommitmentsRequest { state: state.into(), ..all() };
        assert_eq!(found(all()).await, [2, 1, 0, 3, 4, 5, 6]);
        assert_eq!(found(state(CommitmentState::Broken)).await, [1]);
        assert_eq!(found(state(CommitmentState::Kept)).await, [2]);
        assert_eq!(found(state(CommitmentState::Open)).await, [0, 3, 4, 5, 6]);
        assert_eq!(found(pb::ListCommitmentsRequest { contact: wu, ..all() }).await, [1]);
        assert_eq!(found(pb::ListCommitmentsRequest { due_before: Some(day(0)), ..all() }).await, [2, 1]);
        let theirs = pb::ListCommitmentsRequest { side: CommitmentSide::Theirs.into(), ..all() };
        assert_eq!(list(&server, theirs).await.len(), 1);
    }

    async fn all_faults_of_a_commitment_are_told_at_once(server: TestServer) {
        let (wang, li) = two(&server).await;
        let wrong = Commitment {
            amount: Some(usd("0")),
            made_date: Some(day(0)),
            due_date: Some(day(-1)),
            interaction: "accounts/acme/visits/1".into(),
            ..Commitment::default()
        };
        let status = server.interactions().create_commitment(wish("acme", wrong)).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("commitment.{name}"), reason.to_owned());
        assert_eq!(told, [
            field("amount", "AMOUNT_OUT_OF_RANGE"),
            field("contact", "FIELD_REQUIRED"),
            field("due_date", "DATE_INVALID"),
            field("interaction", "RESOURCE_NAME_INVALID"),
            field("member", "FIELD_REQUIRED"),
            field("side", "ENUM_INVALID"),
            field("text", "FIELD_REQUIRED"),
        ]);
        let ahead = wish("acme", promise(&wang, &li, 1, 2));
        let status = server.interactions().create_commitment(ahead).await.expect_err("not made yet");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("commitment.made_date"));
        let nobody = wish("acme", promise(&wang, "contacts/none", 0, 0));
        let status = server.interactions().create_commitment(nobody).await.expect_err("nobody");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        assert_eq!(list(&server, Default::default()).await, [], "nothing was changed");
    }
}
