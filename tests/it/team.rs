//! Who looks after an account, as callers see it.

mod eligible;
mod handover;
mod leaving;
mod lists;
mod measure;
pub mod membership;
mod status;
mod transfer;

use ballast::pb::{self, AccountableStep, TeamMembership, TeamRole};
use tonic::{Code, Status};

use crate::support::ledger::day;
use crate::support::{TestServer, assert_refused, details};

async fn member(server: &TestServer, id: &str, member: pb::Member) {
    let member = pb::Member { display_name: id.into(), ..member };
    let request = pb::CreateMemberRequest {
        member: Some(member),
        member_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_member(request).await.expect("created");
}

async fn people(server: &TestServer, executives: bool, ids: &[&str]) {
    for id in ids {
        member(server, id, pb::Member { executive: executives, ..Default::default() }).await;
    }
}

async fn deactivate(server: &TestServer, id: &str) {
    let request = pb::DeactivateMemberRequest {
        name: format!("members/{id}"),
        reason: "left".into(),
        ..Default::default()
    };
    server.accounts().deactivate_member(request).await.expect("deactivated");
}

async fn account(server: &TestServer, id: &str) {
    account_under(server, id, "").await;
}

async fn account_under(server: &TestServer, id: &str, parent: &str) {
    let parent = if parent.is_empty() { String::new() } else { format!("accounts/{parent}") };
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: id.into(), parent, ..Default::default() }),
        account_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

async fn account_at(server: &TestServer, id: &str, sites: &[&str]) {
    let site = |id: &&str| pb::Site {
        site_id: (*id).into(),
        display_name: (*id).into(),
        ..Default::default()
    };
    let sites = sites.iter().map(site).collect();
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: id.into(), sites, ..Default::default() }),
        account_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

/// Who looks after an account on a day; `None` for today.
async fn team(server: &TestServer, account: &str, on: Option<i64>) -> pb::AccountTeam {
    let request = pb::GetAccountStatusRequest {
        name: format!("accounts/{account}"),
        as_of: on.map(day),
        ..Default::default()
    };
    let status = server.accounts().get_account_status(request).await.expect("a status");
    status.into_inner().team.expect("a team")
}

/// Who is accountable for an account on a day, and by which step.
async fn by(server: &TestServer, account: &str, on: Option<i64>) -> (String, AccountableStep) {
    let team = team(server, account, on).await;
    (team.accountable.trim_start_matches("members/").into(), team.accountable_step())
}

async fn end(
    server: &TestServer,
    name: &str,
    account: &str,
    last: i64,
) -> Result<TeamMembership, Status> {
    let request = pb::EndTeamMembershipRequest {
        name: name.into(),
        valid_to: Some(day(last)),
        reason: "left".into(),
        etag: list(server, account, None).await.etag,
        ..Default::default()
    };
    server.accounts().end_team_membership(request).await.map(|r| r.into_inner())
}

async fn list(
    server: &TestServer,
    account: &str,
    as_of: Option<pb::Date>,
) -> pb::ListTeamMembersResponse {
    let request = pb::ListTeamMembersRequest {
        parent: format!("accounts/{account}"),
        as_of,
        ..Default::default()
    };
    server.accounts().list_team_members(request).await.expect("a team").into_inner()
}

fn wish(account: &str, member: &str, role: TeamRole, from: i64) -> pb::AssignTeamMemberRequest {
    pb::AssignTeamMemberRequest {
        account: format!("accounts/{account}"),
        member: format!("members/{member}"),
        role: role.into(),
        valid_from: Some(day(from)),
        ..Default::default()
    }
}

/// Assigns with the etag that the team has now.
async fn assign(
    server: &TestServer,
    account: &str,
    member: &str,
    role: TeamRole,
    from: i64,
) -> Result<TeamMembership, Status> {
    let etag = list(server, account, None).await.etag;
    let request = pb::AssignTeamMemberRequest { etag, ..wish(account, member, role, from) };
    server.accounts().assign_team_member(request).await.map(|r| r.into_inner())
}

async fn owners(server: &TestServer, account: &str, on: i64) -> Vec<String> {
    let team = list(server, account, Some(day(on))).await.team_members;
    let owners = team.into_iter().filter(|one| one.role() == TeamRole::Owner);
    owners.map(|one| one.member).collect()
}

on_both_engines! {
    async fn a2_one_owner_at_a_time_and_the_team_of_any_past_day(server: TestServer) {
        people(&server, false, &["wang", "li", "chen"]).await;
        account(&server, "acme").await;
        let first = assign(&server, "acme", "wang", TeamRole::Owner, 0).await.expect("owner");
        let stand_in = assign(&server, "acme", "chen", TeamRole::Backup, 5).await.expect("backup");
        assign(&server, "acme", "li", TeamRole::Owner, 10).await.expect("the next owner");
        for (on, owner) in [(0, "members/wang"), (9, "members/wang"), (10, "members/li"), (99, "members/li")] {
            assert_eq!(owners(&server, "acme", on).await, [owner], "on day {on}");
        }
        let all = list(&server, "acme", None).await;
        let wang = all.team_members.iter().find(|one| one.name == first.name).expect("told");
        assert_eq!(wang.valid_to, Some(day(9)));
        assert_eq!(list(&server, "acme", Some(day(4))).await.team_members.len(), 1);

        let end = |name: &str, etag: &str, last: i64| pb::EndTeamMembershipRequest {
            name: name.into(),
            valid_to: Some(day(last)),
            reason: "left".into(),
            etag: etag.into(),
            ..Default::default()
        };
        let mut client = server.accounts();
        let answer = client.end_team_membership(end(&first.name, &all.etag, 12)).await;
        let status = answer.expect_err("another owner follows");
        assert_refused(&status, Code::FailedPrecondition, "STATE_WRONG", None);
        let early = client.end_team_membership(end(&stand_in.name, &all.etag, 3)).await;
        assert_refused(&early.expect_err("early"), Code::InvalidArgument, "DATE_INVALID", Some("valid_to"));
        let ended = client.end_team_membership(end(&stand_in.name, &all.etag, 7)).await;
        let ended = ended.expect("ended").into_inner();
        assert_eq!((ended.valid_to, &*ended.end_reason), (Some(day(7)), "left"));
        let counts = [7, 8].map(|on| (on, if on == 7 { 2 } else { 1 }));
        for (on, count) in counts {
            assert_eq!(list(&server, "acme", Some(day(on))).await.team_members.len(), count);
        }
    }

    async fn two_owners_assigned_at_one_instant_leave_one(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        account(&server, "acme").await;
        let (mut one, mut two) = (server.accounts(), server.accounts());
        let (a, b) = tokio::join!(
            one.assign_team_member(wish("acme", "wang", TeamRole::Owner, 0)),
            two.assign_team_member(wish("acme", "li", TeamRole::Owner, 0)),
        );
        let (served, refused): (Vec<_>, Vec<_>) = [a, b].into_iter().partition(Result::is_ok);
        let served = served.into_iter().next().expect("one").expect("served").into_inner();
        let refused = refused.into_iter().next().expect("the other").expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "ETAG_REQUIRED", Some("etag"));
        assert_eq!(owners(&server, "acme", 0).await, [served.member]);
    }

    async fn a3_a_sixth_sponsorship_over_a_cap_of_five_is_refused(server: TestServer) {
        people(&server, true, &["boss"]).await;
        people(&server, false, &["rep"]).await;
        for n in 0..6 {
            account(&server, &format!("a{n}")).await;
        }
        for n in 0..5 {
            let account = format!("a{n}");
            let role = TeamRole::ExecutiveSponsor;
            assign(&server, &account, "boss", role, 0).await.expect("a sponsor");
        }
        for member in ["boss", "rep"] {
            let sixth = assign(&server, "a5", member, TeamRole::ExecutiveSponsor, 0).await;
            let status = sixth.expect_err("refused");
            assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("member"));
        }
        assert!(list(&server, "a5", None).await.team_members.is_empty());
    }
}
