//! Who looks after an account, in its status.

use prost_types::Timestamp;

use super::*;
use crate::support::Engine;

on_both_engines! {
    async fn each_step_is_told_with_who_it_leads_to(server: TestServer) {
        people(&server, false, &["director"]).await;
        let manager = "members/director".to_owned();
        let under = pb::Member { manager, ..Default::default() };
        member(&server, "wang", under).await;
        people(&server, false, &["li", "chen"]).await;
        account(&server, "group").await;
        account_under(&server, "acme", "group").await;
        let nobody = team(&server, "acme", None).await;
        assert_eq!(nobody.accountable, "members/unassigned");
        assert_eq!((nobody.owner, nobody.backup), (String::new(), String::new()));
        assert_eq!(nobody.gaps, [i32::from(pb::TeamGap::OwnerMissing)]);

        assign(&server, "acme", "wang", TeamRole::Owner, 0).await.expect("an owner");
        assign(&server, "acme", "li", TeamRole::Backup, 0).await.expect("a backup");
        assign(&server, "group", "chen", TeamRole::Owner, 0).await.expect("an owner");
        use AccountableStep as Step;
        let steps = [
            ("wang", Step::Owner),
            ("li", Step::Backup),
            ("chen", Step::AncestorOwner),
            ("director", Step::ReportingLine),
        ];
        for (id, step) in steps {
            assert_eq!(by(&server, "acme", None).await, (id.to_owned(), step));
            deactivate(&server, id).await;
        }
        let last = team(&server, "acme", None).await;
        assert_eq!(last.accountable_step(), Step::DefaultOwner);
        assert_eq!((&*last.owner, &*last.backup), ("members/wang", "members/li"));
    }

    async fn the_team_of_a_status_is_that_of_the_day_asked_about(server: TestServer) {
        people(&server, false, &["wang", "li", "zhou"]).await;
        people(&server, true, &["ceo"]).await;
        account(&server, "acme").await;
        assign(&server, "acme", "wang", TeamRole::Owner, 0).await.expect("an owner");
        let micros = server.clock().now_micros();
        let known_at = Timestamp { seconds: micros / 1_000_000, nanos: (micros % 1_000_000 * 1_000) as i32 };
        assign(&server, "acme", "li", TeamRole::Owner, 10).await.expect("an owner");
        assign(&server, "acme", "zhou", TeamRole::Finance, 5).await.expect("for money");
        assign(&server, "acme", "ceo", TeamRole::ExecutiveSponsor, 6).await.expect("a sponsor");
        for (on, owner, finance, sponsor) in [
            (-1, "", "", ""),
            (4, "members/wang", "", ""),
            (9, "members/wang", "members/zhou", "members/ceo"),
            (10, "members/li", "members/zhou", "members/ceo"),
        ] {
            let told = team(&server, "acme", Some(on)).await;
            let told = (&*told.owner, &*told.finance, &*told.sponsor);
            assert_eq!(told, (owner, finance, sponsor), "on day {on}");
        }
        let request = pb::GetAccountStatusRequest {
            name: "accounts/acme".into(),
            as_of: Some(day(10)),
            known_at: Some(known_at),
            ..Default::default()
        };
        let before = server.accounts().get_account_status(request).await.expect("a status");
        let before = before.into_inner().team.expect("a team");
        assert_eq!((&*before.owner, &*before.sponsor), ("members/wang", ""), "as known before");
    }
}

async fn a_required_sponsor_is_missed(engine: Engine) {
    let server =
        TestServer::start_with(engine, |config| config.business.sponsor_required = true).await;
    people(&server, true, &["ceo"]).await;
    people(&server, false, &["wang"]).await;
    account(&server, "acme").await;
    assign(&server, "acme", "wang", TeamRole::Owner, 0).await.expect("an owner");
    let lacks = [i32::from(pb::TeamGap::SponsorMissing)];
    assert_eq!(team(&server, "acme", None).await.gaps, lacks);
    assign(&server, "acme", "ceo", TeamRole::ExecutiveSponsor, 0).await.expect("a sponsor");
    assert_eq!(team(&server, "acme", None).await.gaps, [0; 0]);
    deactivate(&server, "ceo").await;
    assert_eq!(team(&server, "acme", None).await.gaps, lacks);
}

mod a3_an_account_without_the_sponsor_it_needs_is_told {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        a_required_sponsor_is_missed(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        a_required_sponsor_is_missed(Engine::Postgres).await;
    }
}
