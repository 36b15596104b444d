//! Memberships one by one: what never held, and staff that works at a site.

use super::*;
use crate::support::ledger::{money, usd};
use crate::tiers::policies;
use crate::work::give;

/// Puts in force that people of ours may work at accounts of class A and at no others, and gives accounts
/// to classes, each as `("acme", "A")`.
pub async fn embedding(server: &TestServer, accounts: &[(&str, &str)]) {
    let mut best = policies::class("A", 4);
    let service = best.service.as_mut().expect("a policy");
    (service.embedded_allowed, service.gift_cap) = (true, Some(usd("1000")));
    let policy = policies::quantile(&[5_000], vec![best, policies::class("B", 8)]);
    let created = policies::create(server, "embedding", policy).await.expect("created");
    let from = Some(day(-1_000));
    policies::activate(server, "embedding", from, &created.etag).await.expect("in force");
    for (account, tier) in accounts {
        give(server, account, tier, 0).await;
    }
}

on_both_engines! {
    async fn an_owner_replaced_on_his_first_day_stays_in_the_list(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        account(&server, "acme").await;
        let wang = assign(&server, "acme", "wang", TeamRole::Owner, 5).await.expect("owner");
        let li = assign(&server, "acme", "li", TeamRole::Owner, 5).await.expect("owner");
        let all = list(&server, "acme", None).await.team_members;
        let told: Vec<_> = all.iter().map(|one| (&*one.name, one.valid_to)).collect();
        assert_eq!(told, [(&*wang.name, Some(day(4))), (&*li.name, None)]);
        for on in [4, 5, 6] {
            let expected: &[&str] = if on < 5 { &[] } else { &["members/li"] };
            assert_eq!(owners(&server, "acme", on).await, expected, "on day {on}");
        }
        let status = end(&server, &wang.name, "acme", 4).await.expect_err("it never held");
        assert_refused(&status, Code::FailedPrecondition, "STATE_WRONG", None);

        // One recorded in error is ended on the day before his first.
        let ended = end(&server, &li.name, "acme", 4).await.expect("ended");
        assert_eq!((ended.valid_to, &*ended.end_reason), (Some(day(4)), "left"));
        let all = list(&server, "acme", None).await.team_members;
        assert_eq!(all[1].valid_to, Some(day(4)));
        assert_eq!((all.len(), &*all[1].end_reason), (2, "left"));
        assert!(owners(&server, "acme", 5).await.is_empty());
    }

    async fn what_never_held_stands_in_nobodys_way(server: TestServer) {
        people(&server, false, &["li"]).await;
        account(&server, "acme").await;
        let wrong = assign(&server, "acme", "li", TeamRole::Backup, 5).await.expect("backup");
        let twice = assign(&server, "acme", "li", TeamRole::Backup, 7).await.expect_err("twice");
        assert_refused(&twice, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        end(&server, &wrong.name, "acme", 4).await.expect("ended");
        assign(&server, "acme", "li", TeamRole::Backup, 1).await.expect("backup");
    }

    async fn staff_works_at_a_site_for_a_cost_a_day(server: TestServer) {
        people(&server, false, &["han"]).await;
        account_at(&server, "acme", &["suzhou-1", "wuxi"]).await;
        embedding(&server, &[("acme", "A")]).await;
        let request = |site: &str, cost| pb::AssignTeamMemberRequest {
            site: site.into(),
            cost_per_day: cost,
            ..wish("acme", "han", TeamRole::Specialist, 0)
        };
        let mut client = server.accounts();
        let wrong = request("-", Some(usd("-1.00")));
        let status = client.assign_team_member(wrong).await.expect_err("refused");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("site"));
        assert_refused(&status, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", Some("cost_per_day"));
        let status = client.assign_team_member(request("hefei", None)).await.expect_err("no site");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("site"));
        assert!(list(&server, "acme", None).await.team_members.is_empty(), "nothing changed");
        let first = request("suzhou-1", Some(money("850.50", "CNY")));
        let made = client.assign_team_member(first).await.expect("assigned").into_inner();
        let other = pb::AssignTeamMemberRequest { etag: made.etag.clone(), ..request("wuxi", None) };
        client.assign_team_member(other).await.expect("at another site");
        let again = pb::AssignTeamMemberRequest {
            etag: list(&server, "acme", None).await.etag,
            ..request("suzhou-1", None)
        };
        let status = client.assign_team_member(again).await.expect_err("at the same site");
        assert_refused(&status, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        let all = list(&server, "acme", None).await.team_members;
        let told: Vec<_> = all.iter().map(|one| (&*one.site, one.cost_per_day.clone())).collect();
        assert_eq!(told, [("suzhou-1", Some(money("850.50", "CNY"))), ("wuxi", None)]);

        // A site at which somebody works stays.
        let read = pb::GetAccountRequest { name: "accounts/acme".into() };
        let mut acme = client.get_account(read).await.expect("read").into_inner();
        acme.sites.retain(|site| site.site_id == "suzhou-1");
        let request = pb::UpdateAccountRequest {
            account: Some(acme),
            update_mask: Some(prost_types::FieldMask { paths: vec!["sites".into()] }),
            ..Default::default()
        };
        let status = client.update_account(request).await.expect_err("somebody works there");
        assert_refused(&status, Code::FailedPrecondition, "SITE_IN_USE", None);
        let info = crate::support::details(&status).error_info().expect("info").clone();
        assert_eq!((&*info.metadata["sites"], &info.metadata["used_by"]), ("wuxi", &all[1].name));
    }

    async fn i13_people_of_ours_work_where_the_class_lets_them_and_there_alone(server: TestServer) {
        people(&server, false, &["han"]).await;
        for id in ["acme", "small", "new"] {
            account(&server, id).await;
        }
        embedding(&server, &[("acme", "A"), ("small", "B")]).await;
        let request = |id: &str, role| pb::AssignTeamMemberRequest {
            cost_per_day: Some(usd("350.00")),
            valid_to: Some(day(9)),
            ..wish(id, "han", role, 0)
        };
        let mut client = server.accounts();
        for (id, tier, policy) in [("small", "B", "tierPolicies/embedding"), ("new", "", "")] {
            let asked = request(id, TeamRole::Specialist);
            let refused = client.assign_team_member(asked).await.expect_err("not there");
            assert_refused(&refused, Code::FailedPrecondition, "EMBEDDED_NOT_ALLOWED", None);
            let info = details(&refused).error_info().expect("info").clone();
            let told = ["tier", "policy"].map(|key| info.metadata[key].clone());
            assert_eq!(told, [tier, policy], "{id}");
        }
        let stands_in = client.assign_team_member(request("acme", TeamRole::Backup)).await;
        let refused = stands_in.expect_err("he does not work there");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("cost_per_day"));
        assert!(list(&server, "acme", None).await.team_members.is_empty(), "nothing changed");
        client.assign_team_member(request("acme", TeamRole::Service)).await.expect("there");
        for (on, there) in [(-1, 0), (0, 1), (9, 1), (10, 0)] {
            let told = team(&server, "acme", Some(on)).await.embedded;
            assert_eq!(told, vec!["members/han".to_owned(); there], "on day {on}");
        }
        // Without a cost nobody is said to work there.
        assign(&server, "small", "han", TeamRole::Service, 0).await.expect("assigned");
        assert_eq!(team(&server, "small", None).await.embedded, [""; 0]);
    }
}
