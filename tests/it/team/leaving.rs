//! What one of ours leaves who is deactivated.

use ballast::pb::{HandoverObstacle as Obstacle, HandoverState, MemberHandover};

use super::handover::{get, items, promise, start};
use super::*;
use crate::contact::{person, verify};
use crate::support::fields;
use crate::support::ledger::fresh;
use crate::tiers::policies;
use crate::work::give;

/// A wants handovers, and of whom it asks what `owner` says; B wants none.
async fn classes(server: &TestServer, owner: Option<pb::ServiceOwnerRule>) {
    let mut best = policies::class("A", 4);
    let service = best.service.as_mut().expect("a policy");
    (service.handover_required, service.owner) = (true, owner);
    let policy = policies::quantile(&[5_000], vec![best, policies::class("B", 8)]);
    let created = policies::create(server, "handed", policy).await.expect("created");
    let from = Some(day(-1_000));
    policies::activate(server, "handed", from, &created.etag).await.expect("in force");
}

/// Accounts of a member, each in the class of its first letter.
async fn owned(server: &TestServer, member: &str, ids: &[&str]) {
    for id in ids {
        account(server, id).await;
        assign(server, id, member, TeamRole::Owner, -9).await.expect("assigned");
        give(server, id, &id[..1].to_uppercase(), 0).await;
    }
}

fn leaving(member: &str) -> pb::DeactivateMemberRequest {
    pb::DeactivateMemberRequest {
        name: format!("members/{member}"),
        reason: "离职".into(),
        request_id: fresh(),
        ..Default::default()
    }
}

async fn leave(
    server: &TestServer,
    request: pb::DeactivateMemberRequest,
) -> Result<pb::DeactivateMemberResponse, Status> {
    server.accounts().deactivate_member(request).await.map(|r| r.into_inner())
}

fn passing(account: &str, to: &str, obstacle: Obstacle) -> MemberHandover {
    let to = if to.is_empty() { String::new() } else { format!("members/{to}") };
    let account = format!("accounts/{account}");
    MemberHandover { account, to, obstacle: obstacle.into(), ..Default::default() }
}

/// Without the names of handovers.
fn unnamed(told: &pb::DeactivateMemberResponse) -> Vec<MemberHandover> {
    let bare = |one: &MemberHandover| MemberHandover { handover: String::new(), ..one.clone() };
    told.handovers.iter().map(bare).collect()
}

async fn under_way(server: &TestServer) -> usize {
    let request = pb::ListHandoversRequest {
        parent: "accounts/-".into(),
        state: HandoverState::Started.into(),
        ..Default::default()
    };
    server.accounts().list_handovers(request).await.expect("a list").into_inner().handovers.len()
}

on_both_engines! {
    async fn a14_whoever_leaves_hands_over_what_its_class_wants_handed_over(server: TestServer) {
        people(&server, false, &["boss", "chen"]).await;
        let manager = "members/boss".to_owned();
        member(&server, "wang", pb::Member { manager, ..Default::default() }).await;
        classes(&server, None).await;
        owned(&server, "wang", &["a1", "a2", "a3", "b1"]).await;
        let there = start(&server, "a3", "chen").await.expect("started");
        let li = person(&server, "李雷").await;
        promise(&server, "a1", "wang", &li).await;

        let would = pb::DeactivateMemberRequest { validate_only: true, ..leaving("wang") };
        let would = leave(&server, would).await.expect("told");
        assert_eq!(would.member.as_ref().expect("a member").state(), pb::MemberState::Active);
        assert_eq!((would.accounts, would.handovers_left), (4, 0));
        let none = Obstacle::Unspecified;
        let mut waits = passing("a3", "chen", Obstacle::UnderWay);
        waits.handover.clone_from(&there.name);
        let expected = [passing("a1", "boss", none), passing("a2", "boss", none), waits.clone()];
        assert_eq!(would.handovers, expected);
        assert_eq!(under_way(&server).await, 1, "nothing is started");

        let request = leaving("wang");
        let left = leave(&server, request.clone()).await.expect("deactivated");
        let gone = left.member.clone().expect("a member");
        assert_eq!((gone.state(), &*gone.deactivate_reason), (pb::MemberState::Inactive, "离职"));
        assert_eq!((unnamed(&left), &left.handovers[2]), (unnamed(&would), &waits));
        let started = get(&server, &left.handovers[0].handover).await;
        assert_eq!((started.state(), &*started.from, &*started.to), (HandoverState::Started, "members/wang", "members/boss"));
        assert_eq!((&*started.reason, items(&started).len()), ("离职", 1));
        for (id, one) in ["a1", "a2"].iter().zip(&left.handovers) {
            assert_eq!(team(&server, id, None).await.handover, one.handover);
        }
        assert_eq!((under_way(&server).await, team(&server, "b1", None).await.handover), (3, String::new()));
        assert_eq!(leave(&server, request).await.expect("the same again"), left);
        let again = leave(&server, leaving("wang")).await.expect_err("gone already");
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);
        let would = pb::DeactivateMemberRequest { validate_only: true, ..leaving("wang") };
        let again = leave(&server, would).await.expect_err("gone already");
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);
        verify(&server).await;
    }

    async fn a14_a_named_successor_takes_as_many_as_he_may(server: TestServer) {
        people(&server, false, &["wang", "chen"]).await;
        let rating = pb::MemberCompetencies { negotiation: 4, product: 4, responsibility: 4, resources: 4 };
        for id in ["able", "best"] {
            member(&server, id, pb::Member { competencies: Some(rating), ..Default::default() }).await;
        }
        owned(&server, "wang", &["a1", "a2"]).await;
        classes(&server, Some(pb::ServiceOwnerRule { competency_min: 4, accounts_max: Some(1) })).await;
        let named = |successor: &str| pb::DeactivateMemberRequest {
            successor: format!("members/{successor}"),
            validate_only: true,
            ..leaving("wang")
        };
        let himself = leave(&server, named("wang")).await.expect_err("he leaves");
        assert_refused(&himself, Code::InvalidArgument, "FIELD_INVALID", Some("successor"));
        let nobody = leave(&server, named("nobody")).await.expect_err("unknown");
        assert_refused(&nobody, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        let wrong = pb::DeactivateMemberRequest { successor: "x".into(), reason: String::new(), ..leaving("wang") };
        let wrong = leave(&server, wrong).await.expect_err("wrong");
        let mut told: Vec<String> = fields(&wrong).into_iter().map(|(field, _)| field).collect();
        told.sort();
        assert_eq!(told, ["reason", "successor"]);
        let (none, not) = (Obstacle::Unspecified, Obstacle::NotEligible);
        let lacks = leave(&server, named("chen")).await.expect("told");
        assert_eq!(lacks.handovers, [passing("a1", "", not), passing("a2", "", not)]);
        let one = leave(&server, named("able")).await.expect("told");
        assert_eq!(one.handovers, [passing("a1", "able", none), passing("a2", "", not)]);
        // Nobody named, each account is for the next who may.
        let each = leave(&server, leaving("wang")).await.expect("deactivated");
        assert_eq!(unnamed(&each), [passing("a1", "able", none), passing("a2", "best", none)]);
        verify(&server).await;
    }

    async fn a14_nobody_follows_where_nobody_is_there(server: TestServer) {
        people(&server, false, &["wang"]).await;
        // In force until another is, the built-in policy wants its first class handed over.
        owned(&server, "wang", &["a1", "b1"]).await;
        let owner = pb::DeactivateMemberRequest { validate_only: true, ..leaving("unassigned") };
        let owner = leave(&server, owner).await.expect_err("he stands for nobody");
        assert_refused(&owner, Code::FailedPrecondition, "MEMBER_IS_DEFAULT_OWNER", None);
        let owner = leave(&server, leaving("unassigned")).await.expect_err("he stands for nobody");
        assert_refused(&owner, Code::FailedPrecondition, "MEMBER_IS_DEFAULT_OWNER", None);
        let left = leave(&server, leaving("wang")).await.expect("deactivated");
        assert_eq!(left.handovers, [passing("a1", "", Obstacle::NoSuccessor)]);
        assert_eq!((left.accounts, under_way(&server).await), (2, 0));
    }
}
