//! How long ours work on what is said and done at customers, and what it costs to serve them.

use ballast::pb::{
    CalculateInteractionStatsRequest as Asked, CalculateInteractionStatsResponse as Told,
    FindingCode, FindingSeverity, FindingState, InteractionEffort, InteractionGroupBy as By,
};

use super::gifts::{gift, wish};
use super::*;
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh, text, usd};
use crate::support::{as_caller, only_callers};
use crate::team::membership::embedding;
use crate::tiers::policies;
use crate::work::give;

fn effort(member: &str, minutes: i32) -> InteractionEffort {
    InteractionEffort { member: member.into(), minutes }
}

fn visit(on: i64, efforts: &[(&String, i32)], contact: &str) -> Interaction {
    let ours: Vec<&str> = efforts.iter().map(|(member, _)| member.as_str()).collect();
    Interaction {
        efforts: efforts.iter().map(|(member, minutes)| effort(member, *minutes)).collect(),
        ..held(InteractionChannel::Visit, on, &ours, &[contact])
    }
}

async fn calculate(server: &TestServer, asked: Asked) -> Told {
    let told = server.interactions().calculate_interaction_stats(asked).await;
    told.expect("counted").into_inner()
}

fn by(by: By, from: i64) -> Asked {
    Asked { group_by: by.into(), from_date: Some(day(from)), ..Asked::default() }
}

async fn over_budget(server: &TestServer, on: Option<i64>) -> Vec<pb::Finding> {
    let request = pb::ListFindingsRequest {
        parent: "accounts/-".into(),
        codes: vec![FindingCode::EffortOverBudget.into()],
        states: [FindingState::Yes, FindingState::Unknown].map(Into::into).into(),
        as_of: on.map(day),
        ..Default::default()
    };
    server.accounts().list_findings(request).await.expect("findings").into_inner().findings
}

fn amounts(of: &[pb::Money]) -> Vec<String> {
    of.iter().map(|one| text(&Some(one.clone()))).collect()
}

on_both_engines! {
    async fn effort_is_recorded_amended_and_read_back(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, chen) = (member(&server, "wang").await, member(&server, "chen").await);
        let li = person(&server, "Li").await;
        let mut wish = held(InteractionChannel::Visit, -3, &[&wang, &chen], &[&li]);
        wish.efforts = vec![effort(&chen, 30), effort(&wang, 90)];
        let made = record(&server, "acme", wish.clone()).await.expect("recorded");
        assert_eq!(made.efforts, [effort(&wang, 90), effort(&chen, 30)], "in the order of ours");
        let mut amended = made.clone();
        amended.efforts = vec![effort(&wang, 45)];
        let request = pb::AmendInteractionRequest {
            interaction: Some(amended),
            reason: "a slip of the pen".into(),
            request_id: fresh(),
        };
        let now = server.interactions().amend_interaction(request).await.expect("amended").into_inner();
        assert_eq!((now.version, &now.efforts[..]), (2, &[effort(&wang, 45)][..]));
        for (version, expected) in [(1, &made.efforts), (2, &now.efforts)] {
            let request = pb::GetInteractionRequest { name: made.name.clone(), version };
            let read = server.interactions().get_interaction(request).await.expect("read");
            assert_eq!(&read.into_inner().efforts, expected, "version {version}");
        }

        let refused = async |efforts: &[InteractionEffort]| {
            let interaction = Interaction { efforts: efforts.to_vec(), ..wish.clone() };
            named(&record(&server, "acme", interaction).await.expect_err("refused"))
        };
        let both = [effort(&wang, 0), effort("x", 6_001)];
        let fields = refused(&both).await;
        assert_eq!(fields, ["interaction.efforts[0].minutes", "interaction.efforts[1].minutes", "interaction.efforts[1].member"]);
        let zhao = member(&server, "zhao").await;
        assert_eq!(refused(&[effort(&zhao, 5)]).await, ["interaction.efforts[0].member"]);
        assert_eq!(refused(&[effort(&wang, 5), effort(&wang, 6)]).await, ["interaction.efforts[1].member"]);
        let plan = pb::PlanInteractionRequest {
            account: "accounts/acme".into(),
            interaction: Some(visit(3, &[(&wang, 5)], &li)),
            request_id: fresh(),
        };
        let early = server.interactions().plan_interaction(plan).await.expect_err("not held yet");
        assert_eq!(named(&early), ["interaction.efforts"]);

        let told = calculate(&server, by(By::Member, -9)).await;
        let each: Vec<_> = told.groups.iter().map(|one| (&one.key, one.effort_minutes)).collect();
        assert_eq!(each, [(&chen, 0), (&wang, 45)], "each his own");
        verify(&server).await;
    }

    async fn t8_effort_over_the_budget_of_a_class_is_found_with_who_took_the_most(server: TestServer) {
        let mut least = policies::class("C", 48);
        least.service.as_mut().expect("a policy").effort_share_bp = Some(1_500);
        let policy = policies::quantile(&[2_000], vec![policies::class("A", 4), least]);
        let created = policies::create(&server, "spent", policy).await.expect("created");
        policies::activate(&server, "spent", Some(day(-1_000)), &created.etag).await.expect("in force");
        for (id, class) in [("a", "A"), ("c1", "C"), ("c2", "C")] {
            account(&server, id, &[]).await;
            give(&server, id, class, 0).await;
        }
        let (wang, chen) = (member(&server, "wang").await, member(&server, "chen").await);
        let li = person(&server, "Li").await;
        server.clock().set(moment(89));
        record(&server, "c1", visit(0, &[(&wang, 15 * 60)], &li)).await.expect("recorded");
        assert_eq!(over_budget(&server, None).await, [], "fewer than 20 hours in all");
        record(&server, "c2", visit(50, &[(&wang, 20 * 60), (&chen, 5 * 60)], &li)).await.expect("recorded");
        record(&server, "a", visit(80, &[(&chen, 60 * 60)], &li)).await.expect("recorded");

        // 40 of 100 hours on a budget of 15 %.
        let told = calculate(&server, by(By::Tier, 0)).await;
        let shares: Vec<_> = told.groups.iter()
            .map(|one| (&*one.key, one.effort_minutes, one.effort_share_bp, one.effort_budget_bp))
            .collect();
        assert_eq!(shares, [("A", 3_600, Some(6_000), None), ("C", 2_400, Some(4_000), Some(1_500))]);
        let total = told.total.expect("a total");
        assert_eq!((total.effort_minutes, total.effort_share_bp), (6_000, Some(10_000)));
        let found = over_budget(&server, None).await;
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].account, found[0].severity()), ("accounts/-", FindingSeverity::Amber));
        assert_eq!(found[0].evidence, ["accounts/c2", "accounts/c1"]);
        // The first visit is 90 days ago by then: 25 of 85 hours.
        server.clock().set(moment(90));
        assert_eq!(over_budget(&server, None).await[0].evidence, ["accounts/c2"]);
        assert_eq!(over_budget(&server, Some(70)).await[0].evidence, ["accounts/c2", "accounts/c1"]);
        assert_eq!(over_budget(&server, Some(91)).await[0].state(), FindingState::Unknown);
    }

    async fn i13_staff_costs_nothing_from_the_day_on_which_the_account_was_deleted(server: TestServer) {
        account(&server, "acme", &[]).await;
        embedding(&server, &[("acme", "A")]).await;
        let staff = pb::AssignTeamMemberRequest {
            account: "accounts/acme".into(),
            member: member(&server, "han").await,
            role: pb::TeamRole::Service.into(),
            valid_from: Some(day(0)),
            cost_per_day: Some(usd("350.00")),
            ..Default::default()
        };
        server.accounts().assign_team_member(staff).await.expect("assigned");
        server.clock().set(moment(4));
        let request = pb::DeleteAccountRequest { name: "accounts/acme".into(), ..Default::default() };
        server.accounts().delete_account(request).await.expect("deleted");
        server.clock().set(moment(30));
        let asked = Asked { to_date: Some(day(30)), ..by(By::Member, 0) };
        let cost = calculate(&server, asked).await.cost_to_serve.expect("of no campaign");
        assert_eq!(amounts(&cost.embedded), ["1400.00"], "four days");
    }

    async fn i13_what_staff_costs_reaches_what_it_costs_to_serve(mut server: TestServer) {
        for id in ["acme", "other"] {
            account(&server, id, &[]).await;
        }
        embedding(&server, &[("acme", "A")]).await;
        let (wang, han) = (member(&server, "wang").await, member(&server, "han").await);
        let li = person(&server, "Li").await;
        let staff = pb::AssignTeamMemberRequest {
            account: "accounts/acme".into(),
            member: han,
            role: pb::TeamRole::Specialist.into(),
            valid_from: Some(day(0)),
            valid_to: Some(day(9)),
            cost_per_day: Some(usd("350.00")),
            ..Default::default()
        };
        server.accounts().assign_team_member(staff).await.expect("assigned");
        let present = pb::Gift { value: Some(usd("500.00")), ..gift(&wang, &li, "1") };
        server.interactions().register_gift(wish("acme", present)).await.expect("recorded");
        // Above the cap it waits, and costs nothing yet.
        let dear = pb::Gift { value: Some(usd("900.00")), ..gift(&wang, &li, "1") };
        server.interactions().register_gift(wish("acme", dear)).await.expect("registered");
        server.clock().set(moment(30));
        for (on, cost) in [(1, "1000.00"), (2, "200.00")] {
            let costly = Interaction { cost: Some(usd(cost)), ..visit(on, &[(&wang, 30 * 60)], &li) };
            record(&server, "acme", costly).await.expect("recorded");
        }
        record(&server, "other", visit(3, &[(&wang, 60)], &li)).await.expect("recorded");
        let asked = Asked {
            account: "accounts/acme".into(),
            to_date: Some(day(30)),
            hour_rate: Some(usd("80.00")),
            ..by(By::Member, 0)
        };
        let cost = calculate(&server, asked.clone()).await.cost_to_serve.expect("of no campaign");
        let parts = [&cost.interactions, &cost.gifts, &cost.embedded, &cost.total].map(|of| amounts(of));
        assert_eq!(parts, [["1200.00"], ["500.00"], ["3500.00"], ["10000.00"]].map(|of| of.map(str::to_owned).to_vec()));
        assert_eq!((text(&cost.effort), cost.embedded_left_out), ("4800.00".into(), false));
        let days = Asked { from_date: Some(day(5)), to_date: Some(day(6)), hour_rate: None, ..asked.clone() };
        let days = calculate(&server, days).await.cost_to_serve.expect("of no campaign");
        assert_eq!((amounts(&days.total), days.effort), (vec!["700.00".to_owned()], None), "two days of his");
        let all = Asked { account: String::new(), ..asked.clone() };
        assert_eq!(amounts(&calculate(&server, all).await.cost_to_serve.expect("told").total), ["10080.00"]);
        let campaign = Asked { campaign: "NEW-LINE".into(), ..asked.clone() };
        assert_eq!(calculate(&server, campaign).await.cost_to_serve, None);

        server.restart_with(|config| only_callers(config, &[("clerk", &["interactions.read"])])).await;
        let told = server.interactions().calculate_interaction_stats(as_caller("clerk", asked)).await;
        let cost = told.expect("counted").into_inner().cost_to_serve.expect("of no campaign");
        assert!(cost.embedded_left_out && cost.embedded.is_empty());
        assert_eq!(amounts(&cost.total), ["6500.00"]);
    }
}
