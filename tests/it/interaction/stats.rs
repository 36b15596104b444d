//! What was held, counted by what it has in common.

use ballast::pb::{
    CalculateInteractionStatsRequest as Asked, InteractionGroupBy as By, InteractionResponse,
    InteractionStats, NextHook,
};

use super::*;
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh, money, text, usd};
use crate::tiers::policies;

async fn calculate(server: &TestServer, asked: Asked) -> (Vec<InteractionStats>, InteractionStats) {
    let told = server.interactions().calculate_interaction_stats(asked).await.expect("counted");
    let told = told.into_inner();
    (told.groups, told.total.expect("a total"))
}

/// The business date of most of it: days ago are told from here.
const NOW: i64 = 90;

fn by(by: By) -> Asked {
    Asked { group_by: by.into(), from_date: Some(day(NOW - 100)), ..Asked::default() }
}

async fn give(server: &TestServer, account: &str, tier: &str) {
    let request = pb::OverrideTierRequest {
        account: format!("accounts/{account}"),
        tier: tier.into(),
        valid_from: Some(day(0)),
        valid_to: Some(day(400)),
        reason: "for long".into(),
        request_id: fresh(),
    };
    server.tiers().override_tier(request).await.expect("given");
}

fn of_campaign(mut interaction: Interaction, response: InteractionResponse) -> Interaction {
    interaction.campaign = "NEW-LINE".into();
    interaction.response = response.into();
    interaction
}

on_both_engines! {
    async fn i18_who_answers_a_campaign_is_counted_by_class(server: TestServer) {
        use InteractionChannel::{Call, Meal, Message, Visit};
        use InteractionResponse::{Declined, Interested, Ordered, Unspecified};
        let classes = ["A", "B"].map(|code| policies::class(code, 4));
        let policy = policies::quantile(&[5_000], classes.into());
        let created = policies::create(&server, "two", policy).await.expect("created");
        policies::activate(&server, "two", Some(day(-90)), &created.etag).await.expect("in force");
        for id in ["a1", "a2", "b1", "none"] {
            account(&server, id, &[]).await;
        }
        for (id, class) in [("a1", "A"), ("a2", "A"), ("b1", "B")] {
            give(&server, id, class).await;
        }
        server.clock().set(moment(NOW));
        let (wang, chen) = (member(&server, "wang").await, member(&server, "chen").await);
        let (li, wu) = (person(&server, "Li").await, person(&server, "Wu").await);
        let seat = position(&server, "a1", PositionFunction::Procurement, PositionLevel::Staff).await;
        move_from_to(&server, &li, "", &seat, NOW - 50).await.expect("hired");

        let mut meal = of_campaign(held(Meal, NOW - 30, &[&wang, &chen], &[&li, &wu]), Interested);
        meal.cost = Some(usd("80.00"));
        meal.theirs[0].satisfaction = Some(9);
        meal.theirs[1].satisfaction = Some(6);
        let hook = |by: i64| Some(NextHook { topic: "the trial".into(), by: Some(day(by)), ..Default::default() });
        meal.next_hook = hook(NOW - 10);
        let meal = record(&server, "a1", meal).await.expect("recorded").name;
        let mut visit = of_campaign(held(Visit, NOW - 20, &[&wang], &[&li]), Ordered);
        visit.uses_hook = meal;
        visit.next_hook = hook(NOW - 15);
        visit.cost = Some(money("20.50", "EUR"));
        record(&server, "a1", visit).await.expect("recorded");
        record(&server, "a2", of_campaign(held(Message, NOW - 5, &[&wang], &[&wu]), Unspecified)).await.expect("recorded");
        record(&server, "b1", of_campaign(held(Call, NOW - 5, &[&chen], &[&wu]), Declined)).await.expect("recorded");
        let mut open = of_campaign(held(Call, NOW - 4, &[&chen], &[&wu]), Unspecified);
        open.next_hook = hook(NOW + 9);
        record(&server, "none", open).await.expect("recorded");
        // Of no campaign, before the class was given, and outside of what is asked for.
        record(&server, "a1", held(Call, -5, &[&wang], &[&wu])).await.expect("recorded");
        record(&server, "a1", held(Call, NOW - 101, &[&wang], &[&wu])).await.expect("recorded");

        let campaign = Asked { campaign: "NEW-LINE".into(), ..by(By::Tier) };
        let (groups, total) = calculate(&server, campaign.clone()).await;
        let told: Vec<_> = groups.iter()
            .map(|one| (&*one.key, one.interactions, one.real_touches, one.accounts, one.accounts_responded, one.response_rate_bp))
            .collect();
        assert_eq!(told, [("", 1, 1, 1, 0, 0), ("A", 3, 2, 2, 1, 5_000), ("B", 1, 1, 1, 1, 10_000)]);
        assert_eq!((total.interactions, total.accounts, total.accounts_responded, total.response_rate_bp), (5, 4, 2, 5_000));
        let of_a = &groups[1];
        assert_eq!((of_a.contacts, of_a.scores), (2, 2));
        assert_eq!(of_a.satisfaction_mean.clone().expect("a mean").value, "7.5");
        assert_eq!((of_a.hooks_left, of_a.hooks_used, of_a.hooks_expired, of_a.hook_conversion_bp), (2, 1, 1, Some(5_000)));
        let costs: Vec<_> = of_a.costs.iter().map(|of| text(&Some(of.clone()))).collect();
        assert_eq!(costs, ["20.50", "80.00"]);
        assert_eq!((groups[0].hooks_left, groups[0].hook_conversion_bp), (1, None), "it is open still");
        server.clock().set(moment(NOW + 10));
        let (later, _) = calculate(&server, campaign).await;
        assert_eq!((later[0].hooks_expired, later[0].hook_conversion_bp), (1, Some(0)));

        let keys = async |of: By| {
            let (groups, total) = calculate(&server, by(of)).await;
            assert_eq!(total.interactions, 6, "each once");
            groups.into_iter().map(|one| (one.key, one.interactions)).collect::<Vec<_>>()
        };
        let expected = |list: &[(&str, i64)]| list.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect::<Vec<_>>();
        assert_eq!(keys(By::Tier).await, expected(&[("", 2), ("A", 3), ("B", 1)]));
        assert_eq!(keys(By::Campaign).await, expected(&[("", 1), ("NEW-LINE", 5)]));
        assert_eq!(keys(By::Member).await, expected(&[("members/chen", 3), ("members/wang", 4)]));
        assert_eq!(keys(By::Channel).await, expected(&[("CALL", 3), ("MEAL", 1), ("MESSAGE", 1), ("VISIT", 1)]));
        assert_eq!(keys(By::Function).await, expected(&[("", 5), ("PROCUREMENT", 2)]));
        let (functions, _) = calculate(&server, Asked { account: "accounts/a1".into(), ..by(By::Function) }).await;
        let buyers = functions.iter().find(|one| one.key == "PROCUREMENT").expect("buyers");
        assert_eq!((buyers.contacts, buyers.scores), (1, 1), "their own scores alone");
    }

    async fn what_cannot_be_counted_is_refused_with_every_fault(server: TestServer) {
        let faulty = Asked { account: "acme".into(), campaign: "x".repeat(65), ..Asked::default() };
        let refused = server.interactions().calculate_interaction_stats(faulty).await.expect_err("faults");
        assert_eq!(named(&refused), ["group_by", "from_date", "campaign", "account"]);
        let long = Asked { from_date: Some(day(-1_097)), ..by(By::Tier) };
        let refused = server.interactions().calculate_interaction_stats(long).await.expect_err("too long");
        assert_refused(&refused, Code::InvalidArgument, "DATE_INVALID", Some("to_date"));
        let unknown = Asked { account: "accounts/acme".into(), ..by(By::Tier) };
        let refused = server.interactions().calculate_interaction_stats(unknown).await.expect_err("unknown");
        assert_refused(&refused, Code::NotFound, "RESOURCE_NOT_FOUND", None);
    }
}
