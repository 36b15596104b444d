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

async fn an_account_that_is_to_be_his_anyway_counts_once(engine: Engine) {
    let server =
        TestServer::start_with(engine, |config| config.business.owner_accounts_max = 2).await;
    people(&server, false, &["wang", "li"]).await;
    for id in ["a", "b", "c"] {
        account(&server, id).await;
    }
    assign(&server, "a", "wang", TeamRole::Owner, 0).await.expect("owner");
    assign(&server, "c", "wang", TeamRole::Owner, 0).await.expect("owner");
    assign(&server, "b", "li", TeamRole::Owner, 0).await.expect("owner");
    assign(&server, "a", "li", TeamRole::Owner, 20).await.expect("owner");
    let request = |accounts: &[&str]| pb::TransferAccountsRequest {
        from: "members/wang".into(),
        to: "members/li".into(),
        effective_date: Some(crate::support::ledger::day(10)),
        accounts: accounts.iter().map(|id| format!("accounts/{id}")).collect(),
        reason: "another territory".into(),
        ..Default::default()
    };
    let mut client = server.accounts();
    let status = client.transfer_accounts(request(&["a", "c"])).await.expect_err("three");
    assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("to"));
    client.transfer_accounts(request(&["a"])).await.expect("the two he has");
}

mod an_account_that_is_to_be_his_anyway_counts_once_in_a_transfer {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        an_account_that_is_to_be_his_anyway_counts_once(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        an_account_that_is_to_be_his_anyway_counts_once(Engine::Postgres).await;
    }
}

/// Two servers give one member his last account at once, over and over: one of the two is refused.
async fn at_once(role: TeamRole) {
    let server = TestServer::start_with(Engine::Postgres, |config| {
        config.business.owner_accounts_max = 2;
        config.business.sponsor_accounts_max = 2;
    })
    .await;
    let other = server.beside().await;
    member(&server, "boss", pb::Member::default()).await;
    for n in 0..6 {
        let who = format!("m{n}");
        let executive =
            pb::Member { manager: "members/boss".into(), executive: true, ..Default::default() };
        member(&server, &who, executive).await;
        let ids = ["a", "b", "c"].map(|id| format!("{id}{n}"));
        for id in &ids {
            account(&server, id).await;
        }
        assign(&server, &ids[0], &who, role, 0).await.expect("the first");
        let (mut one, mut two) = (server.accounts(), other.accounts());
        let (one, two) = tokio::join!(
            one.assign_team_member(wish(&ids[1], &who, role, 0)),
            two.assign_team_member(wish(&ids[2], &who, role, 0)),
        );
        let (served, refused): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
        assert_eq!(served.len(), 1, "{role:?}");
        let status = refused.into_iter().find_map(Result::err).expect("the other is refused");
        assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("member"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_an_owner_is_not_given_more_than_he_may_by_two_servers_at_once() {
    at_once(TeamRole::Owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a3_an_executive_is_not_given_more_than_he_may_by_two_servers_at_once() {
    at_once(TeamRole::ExecutiveSponsor).await;
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

/// A asks for all-rounders who own at most two of it; C for anybody who is rated.
async fn in_force(server: &TestServer) {
    use crate::tiers::policies::{activate, class, create, quantile};
    let asking = |code, competency_min, accounts_max| {
        let mut class = class(code, 4);
        let owner = pb::ServiceOwnerRule { competency_min, accounts_max };
        class.service.get_or_insert_default().owner = Some(owner);
        class
    };
    let classes = vec![asking("A", 4, Some(2)), asking("C", 1, None)];
    let created = create(server, "p", quantile(&[2_000], classes)).await.expect("created");
    activate(server, "p", Some(day(-1_000)), &created.etag).await.expect("in force");
}

async fn give(server: &TestServer, account: &str, tier: &str, from: i64, to: i64) {
    let request = pb::OverrideTierRequest {
        account: format!("accounts/{account}"),
        tier: tier.into(),
        valid_from: Some(day(from)),
        valid_to: Some(day(to)),
        reason: "for a while".into(),
        ..Default::default()
    };
    server.tiers().override_tier(request).await.expect("given");
}

on_both_engines! {
    async fn a1_the_class_of_an_account_says_what_its_owner_brings(server: TestServer) {
        in_force(&server).await;
        member(&server, "director", rated(5, "")).await;
        member(&server, "rep", rated(3, "director")).await;
        member(&server, "new", pb::Member { manager: "members/rep".into(), ..Default::default() }).await;
        for id in ["a0", "a1", "a2", "c0", "c1", "free"] {
            account(&server, id).await;
        }
        for (id, tier) in [("a0", "A"), ("a1", "A"), ("a2", "A"), ("c0", "C"), ("c1", "C")] {
            give(&server, id, tier, 0, 20).await;
        }
        let all = "NEGOTIATION,PRODUCT,RESPONSIBILITY,RESOURCES";
        let status = assign(&server, "a0", "rep", TeamRole::Owner, 0).await.expect_err("too weak");
        let metadata = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(metadata["tier"], "A");
        assert_eq!(refused(&server, "a0", "rep").await, [all, "members/director", "ELIGIBLE"]);
        assert_eq!(refused(&server, "c0", "new").await, [all, "members/rep", "ELIGIBLE"]);
        assign(&server, "c0", "rep", TeamRole::Owner, 0).await.expect("of C he may");
        assign(&server, "free", "new", TeamRole::Owner, 0).await.expect("no class asks for anything");
        assign(&server, "a0", "rep", TeamRole::Owner, 21).await.expect("it is in no class by then");

        // Two of A and any number of others.
        for id in ["a0", "a1", "c1", "free"] {
            assign(&server, id, "director", TeamRole::Owner, 1).await.expect("owner");
        }
        // Nobody else may: the boss takes it all the same, and whoever is below him is told so.
        assert_eq!(refused(&server, "a2", "rep").await, [all, "members/director", "NO_ELIGIBLE"]);
        assign(&server, "a2", "director", TeamRole::Owner, 1).await.expect("somebody has to");
        member(&server, "manager", rated(4, "director")).await;
        let lacks = ["LOAD", "members/manager", "ELIGIBLE"];
        assert_eq!(refused(&server, "a2", "director").await, lacks, "he has two of A beside it");
    }

    async fn a1_of_accounts_that_change_hands_each_class_asks_for_itself(server: TestServer) {
        in_force(&server).await;
        member(&server, "director", rated(5, "")).await;
        member(&server, "strong", rated(4, "director")).await;
        member(&server, "weak", rated(2, "director")).await;
        for (id, tier) in [("a0", "A"), ("a1", "A"), ("a2", "A"), ("c0", "C")] {
            account(&server, id).await;
            give(&server, id, tier, 0, 20).await;
        }
        let request = |to: &str, accounts: &[&str]| pb::TransferAccountsRequest {
            from: "members/unassigned".into(),
            to: format!("members/{to}"),
            effective_date: Some(day(5)),
            accounts: accounts.iter().map(|id| format!("accounts/{id}")).collect(),
            reason: "another territory".into(),
            ..Default::default()
        };
        let mut client = server.accounts();
        let status = client.transfer_accounts(request("weak", &["a0", "c0"])).await.expect_err("A");
        assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("to"));
        let status = client.transfer_accounts(request("strong", &["a0", "a1", "a2"])).await.expect_err("three");
        let metadata = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!((&*metadata["unmet"], &*metadata["tier"]), ("LOAD", "A"));
        client.transfer_accounts(request("strong", &["a0", "a1", "c0"])).await.expect("two of A");
    }
}
