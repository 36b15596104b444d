//! Who may own an account, and who is suggested instead.

use super::*;
use crate::support::Engine;

fn rated(rating: i32, manager: &str) -> pb::Member {
    let all = pb::MemberCompetencies {
        negotiation: rating,
        product: rating,
        responsibility: rating,
        resources: rating,
    };
    let manager = if manager.is_empty() { String::new() } else { format!("members/{manager}") };
    pb::Member { competencies: Some(all), manager, ..Default::default() }
}

/// What he lacks, who is to own the account instead, and whether that one may.
async fn refused(server: &TestServer, account: &str, member: &str) -> [String; 3] {
    let answer = assign(server, account, member, TeamRole::Owner, 0).await;
    let status = answer.expect_err("not eligible");
    assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("member"));
    let told = details(&status).error_info().expect("info").metadata.clone();
    ["unmet", "suggested_owner", "suggestion"].map(|key| told.get(key).cloned().unwrap_or_default())
}

async fn a_strong_all_rounder_owns_it_or_the_boss_takes_it(engine: Engine) {
    let server = TestServer::start_with(engine, |config| {
        config.business.owner_rating_min = 4;
        config.business.owner_accounts_max = 8;
    })
    .await;
    member(&server, "director", rated(3, "")).await;
    member(&server, "manager", rated(4, "director")).await;
    let weak = pb::MemberCompetencies { product: 3, ..rated(4, "").competencies.expect("rated") };
    let rep = pb::Member { competencies: Some(weak), ..rated(4, "manager") };
    member(&server, "rep", rep).await;
    for n in 0..10 {
        account(&server, &format!("a{n}")).await;
    }
    let lacks = ["PRODUCT", "members/manager", "ELIGIBLE"];
    assert_eq!(refused(&server, "a0", "rep").await, lacks);
    let all = "NEGOTIATION,PRODUCT,RESPONSIBILITY,RESOURCES";
    let lacks = [all, "members/manager", "ELIGIBLE"];
    assert_eq!(refused(&server, "a0", "director").await, lacks, "as long as another may");
    assert!(list(&server, "a0", None).await.team_members.is_empty(), "nothing changed");
    assert_eq!(by(&server, "a0", None).await.0, "unassigned");

    for n in 0..8 {
        assign(&server, &format!("a{n}"), "manager", TeamRole::Owner, 0).await.expect("owner");
    }
    // What he owns already he may own again.
    assign(&server, "a7", "manager", TeamRole::Owner, 5).await.expect("owner");
    let lacks = ["LOAD", "members/director", "NO_ELIGIBLE"];
    assert_eq!(refused(&server, "a8", "manager").await, lacks);
    let lacks = ["PRODUCT", "members/director", "NO_ELIGIBLE"];
    assert_eq!(refused(&server, "a8", "rep").await, lacks);
    assign(&server, "a8", "director", TeamRole::Owner, 0).await.expect("somebody has to");

    // A stand-in needs no ratings.
    assign(&server, "a8", "rep", TeamRole::Backup, 0).await.expect("backup");
    // What he gave away he does not carry any more.
    assign(&server, "a0", "director", TeamRole::Owner, 0).await.expect_err("another may");
    let owned = list(&server, "a0", None).await.team_members.remove(0);
    end(&server, &owned.name, "a0", 0).await.expect("ended");
    assert_eq!(refused(&server, "a9", "manager").await[0], "LOAD", "today he owns it yet");
    let later = pb::AssignTeamMemberRequest {
        etag: list(&server, "a9", None).await.etag,
        ..wish("a9", "manager", TeamRole::Owner, 1)
    };
    server.accounts().assign_team_member(later).await.expect("from tomorrow on he may");
}

mod a1_the_owner_is_eligible_or_the_boss_takes_it {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        a_strong_all_rounder_owns_it_or_the_boss_takes_it(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        a_strong_all_rounder_owns_it_or_the_boss_takes_it(Engine::Postgres).await;
    }
}
