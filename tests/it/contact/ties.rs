//! Declared ties: between whom, how they end, and which have to be looked into.

use ballast::pb::{Tie, TieKind, TieReview};

use super::*;
use crate::interaction::member;
use crate::support::fields;

pub fn tie(kind: TieKind, from: &str, to: &str) -> Tie {
    Tie { kind: kind.into(), from: from.into(), to: to.into(), ..Tie::default() }
}

pub async fn declare(server: &TestServer, tie: Tie) -> Result<Tie, Status> {
    let request = pb::CreateTieRequest { tie: Some(tie), ..Default::default() };
    server.contacts().create_tie(request).await.map(|r| r.into_inner())
}

async fn end(server: &TestServer, name: &str, last: i64) -> Result<Tie, Status> {
    let request = pb::EndTieRequest {
        name: name.into(),
        valid_to: Some(day(last)),
        reason: "it is over".into(),
        ..Default::default()
    };
    server.contacts().end_tie(request).await.map(|r| r.into_inner())
}

pub async fn clear(server: &TestServer, name: &str) -> Result<Tie, Status> {
    let request = pb::ClearTieReviewRequest {
        name: name.into(),
        reason: "he takes no part in it".into(),
        ..Default::default()
    };
    server.contacts().clear_tie_review(request).await.map(|r| r.into_inner())
}

async fn ties(server: &TestServer, request: pb::ListTiesRequest) -> Vec<Tie> {
    server.contacts().list_ties(request).await.expect("a list").into_inner().ties
}

/// A decider of an account, who sits there from a day on.
pub async fn decider(server: &TestServer, account: &str, contact: &str, from: i64) -> String {
    let wish = Position {
        buying_roles: vec![BuyingRole::Decider.into()],
        ..seat(PositionFunction::Management, PositionLevel::Executive)
    };
    let seat = try_position(server, account, wish).await.expect("created").name;
    move_from_to(server, contact, "", &seat, from).await.expect("hired");
    seat
}

on_both_engines! {
    async fn a_tie_reads_back_ends_once_and_is_listed_on_its_days(server: TestServer) {
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let wu = person(&server, "Wu").await;
        let wish = Tie {
            valid_from: Some(day(-10)),
            source: "he told us".into(),
            weight_bp: 6_000,
            ..tie(TieKind::Influence, &li, &wu)
        };
        let made = declare(&server, wish.clone()).await.expect("declared");
        let expected = Tie {
            name: made.name.clone(),
            review: TieReview::None.into(),
            recorded_by: crate::support::PRINCIPAL.into(),
            create_time: made.create_time,
            ..wish
        };
        assert_eq!(made, expected);
        let other = declare(&server, tie(TieKind::Counterpart, &wang, &li)).await.expect("declared");
        let again = Tie { weight_bp: 1, ..tie(TieKind::Influence, &li, &wu) };
        refused(declare(&server, again.clone()).await, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        let back = Tie { weight_bp: 1, ..tie(TieKind::Influence, &wu, &li) };
        declare(&server, back).await.expect("the other way is another tie");
        let classmates = declare(&server, tie(TieKind::Classmate, &wang, &wu)).await.expect("declared");
        let turned = declare(&server, tie(TieKind::Classmate, &wu, &wang)).await;
        refused(turned, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");

        let ended = end(&server, &made.name, -1).await.expect("ended");
        assert_eq!((ended.valid_to, &*ended.end_reason), (Some(day(-1)), "it is over"));
        refused(end(&server, &made.name, -1).await, Code::FailedPrecondition, "STATE_WRONG");
        declare(&server, again).await.expect("it is over, and begins anew");
        let names = |ties: Vec<Tie>| ties.into_iter().map(|one| one.name).collect::<Vec<_>>();
        let all = pb::ListTiesRequest::default;
        let of_wang = pb::ListTiesRequest { person: wang.clone(), ..all() };
        assert_eq!(names(ties(&server, of_wang).await), [&*other.name, &*classmates.name]);
        let then = pb::ListTiesRequest { person: li.clone(), as_of: Some(day(-2)), ..all() };
        assert_eq!(names(ties(&server, then).await), [&*made.name]);
        let counterparts = pb::ListTiesRequest { kind: TieKind::Counterpart.into(), ..all() };
        assert_eq!(names(ties(&server, counterparts).await), [&*other.name]);
    }

    async fn c13_a_personal_tie_with_who_decides_is_open_for_review(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let (wu, xu) = (person(&server, "Wu").await, person(&server, "Xu").await);
        let seat = decider(&server, "acme", &li, -5).await;
        let made = declare(&server, tie(TieKind::Classmate, &wang, &li)).await.expect("declared");
        assert_eq!(made.review(), TieReview::Open);
        // Neither what they do nor a tie of two of theirs is looked into.
        let work = declare(&server, tie(TieKind::Counterpart, &wang, &li)).await.expect("declared");
        let theirs = declare(&server, tie(TieKind::Relative, &wu, &li)).await.expect("declared");
        assert_eq!((work.review(), theirs.review()), (TieReview::None, TieReview::None));
        refused(clear(&server, &work.name).await, Code::FailedPrecondition, "STATE_WRONG");
        let cleared = clear(&server, &made.name).await.expect("cleared");
        assert_eq!((cleared.review(), &*cleared.review_reason), (TieReview::Cleared, "he takes no part in it"));
        assert_eq!(cleared.reviewed_by, crate::support::PRINCIPAL);
        refused(clear(&server, &made.name).await, Code::FailedPrecondition, "STATE_WRONG");

        // Who comes to decide later is looked into from then on.
        let early = declare(&server, tie(TieKind::Relative, &wang, &wu)).await.expect("declared");
        assert_eq!(early.review(), TieReview::None);
        move_from_to(&server, &li, &seat, "", -1).await.expect("left");
        move_from_to(&server, &wu, "", &seat, 0).await.expect("hired");
        let open = || pb::ListTiesRequest { review: TieReview::Open.into(), ..Default::default() };
        let told: Vec<_> = ties(&server, open()).await.into_iter().map(|one| one.name).collect();
        assert_eq!(told, [&*early.name]);
        let ended = end(&server, &early.name, 0).await.expect("ended");
        assert_eq!(ended.review(), TieReview::Ended);
        assert!(ties(&server, open()).await.is_empty());

        // And so is he whose position comes to decide.
        let clerk = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        move_from_to(&server, &xu, "", &clerk, 0).await.expect("hired");
        declare(&server, tie(TieKind::Acquaintance, &xu, &wang)).await.expect("declared");
        assert!(ties(&server, open()).await.is_empty());
        let wish = Position { buying_roles: vec![BuyingRole::Approver.into()], ..read_position(&server, &clerk).await };
        let request = pb::UpdatePositionRequest { position: Some(wish), ..Default::default() };
        server.contacts().update_position(request).await.expect("changed");
        assert_eq!(ties(&server, open()).await.len(), 1);
    }

    async fn all_faults_of_a_tie_are_told_at_once(server: TestServer) {
        let li = person(&server, "Li").await;
        let wrong = Tie {
            kind: TieKind::Influence.into(),
            from: "members/x".into(),
            to: li.clone(),
            source: "x".repeat(201),
            valid_from: Some(day(1)),
            valid_to: Some(day(0)),
            ..Tie::default()
        };
        let status = declare(&server, wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("tie.{name}"), reason.to_owned());
        let expected = [
            field("source", "FIELD_TOO_LONG"),
            field("to", "FIELD_INVALID"),
            field("valid_to", "DATE_INVALID"),
            field("weight_bp", "FIELD_INVALID"),
        ];
        assert_eq!(told, expected);
        let himself = declare(&server, tie(TieKind::Classmate, &li, &li)).await.expect_err("himself");
        assert_refused(&himself, Code::InvalidArgument, "FIELD_INVALID", Some("tie.to"));
    }
}
