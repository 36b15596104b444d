//! What is planned, and what was left for a next visit.

use super::*;

fn plan_of(on: i64, ours: &[&str], theirs: &[&str]) -> pb::Interaction {
    held(pb::InteractionChannel::Visit, on, ours, theirs)
}

async fn plan(server: &TestServer, interaction: pb::Interaction) -> String {
    let request = pb::PlanInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(interaction),
        request_id: fresh(),
    };
    server.interactions().plan_interaction(request).await.expect("planned").into_inner().name
}

async fn cancel(server: &TestServer, name: &str) {
    let reason = "the plant is shut".into();
    let request = pb::CancelInteractionRequest { name: name.into(), reason, ..Default::default() };
    server.interactions().cancel_interaction(request).await.expect("canceled");
}

async fn held_as_planned(server: &TestServer, plan: &str, interaction: pb::Interaction) {
    let request = pb::RecordInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(interaction),
        plan: plan.into(),
        request_id: fresh(),
        ..Default::default()
    };
    server.interactions().record_interaction(request).await.expect("held");
}

/// Wang owns an account of class A, which is seen every 30 days, and Li is there.
async fn owned(server: &TestServer) -> [String; 2] {
    crate::contact::account(server, "acme", &[]).await;
    let (wang, li) = (member(server, "wang").await, person(server, "Li").await);
    assign(server, "acme", &wang, TeamRole::Owner).await;
    cadences(server).await;
    give(server, "acme", "A", 0).await;
    [wang, li]
}

/// The same of whoever answers for it, of the account and of the book.
pub async fn everywhere(
    server: &TestServer,
    request: pb::ListWorkItemsRequest,
) -> Vec<pb::WorkItem> {
    let of_book = list(server, pb::ListWorkItemsRequest { owner: String::new(), ..request }).await;
    let of = |item: &pb::WorkItem| item.member.clone();
    let mut of_each = Vec::new();
    let owners: std::collections::BTreeSet<String> = of_book.iter().map(of).collect();
    for owner in owners {
        of_each.extend(list(server, his(&owner)).await);
    }
    of_each.sort_by_key(|item| of_book.iter().position(|other| other == item));
    assert_eq!(of_each, of_book);
    assert_eq!(list(server, super::of("acme")).await, of_book);
    of_book
}

on_both_engines! {
    async fn i19_a_visit_planned_in_time_covers_the_account(server: TestServer) {
        let [wang, li] = owned(&server).await;
        record(&server, "acme", plan_of(-20, &[&wang], &[&li])).await.expect("recorded");
        let seen = (Kind::Cadence, "accounts/acme".to_owned());
        let late = plan(&server, plan_of(18, &[&wang], &[&li])).await;
        let all = everywhere(&server, of("-")).await;
        assert_eq!(told(&all), [seen.clone(), (Kind::PlannedVisit, late.clone())], "8 days too late");
        assert_eq!((&all[0].planned_interaction, &*all[1].planned_interaction), (&late, ""));

        let mut mail = held(pb::InteractionChannel::Message, 8, &[&wang], &[&li]);
        mail.two_way = Some(false);
        let mail = plan(&server, mail).await;
        assert!(told(&everywhere(&server, of("-")).await).contains(&seen), "nobody is met by it");
        cancel(&server, &mail).await;

        let visit = plan(&server, plan_of(17, &[&wang], &[&li])).await;
        let all = everywhere(&server, of("-")).await;
        let both = [(Kind::PlannedVisit, visit.clone()), (Kind::PlannedVisit, late.clone())];
        assert_eq!(told(&all), both);
        let step = all[0].next_step.clone().expect("a step");
        assert_eq!((step.action(), step.contact, &all[0].member), (Action::Meet, li.clone(), &wang));
        assert_eq!((&*all[0].why, all[0].start_date), ("Planned for 2019-07-17.", Some(day(0))));

        // Missed it covers nothing, and has to be told what became of it.
        server.clock().set(moment(18));
        let all = everywhere(&server, of("-")).await;
        assert_eq!(told(&all), [seen, both[0].clone(), both[1].clone()]);
        assert_eq!(all[1].next_step.clone().expect("a step").action(), Action::RecordInteraction);
        assert_eq!(all[1].why, "Planned for 2019-07-17, and nobody recorded that it was held.");
        held_as_planned(&server, &visit, plan_of(17, &[&wang], &[&li])).await;
        assert_eq!(told(&everywhere(&server, of("-")).await), both[1..]);
    }

    async fn a_visit_is_for_the_first_of_ours_who_is_there_still(server: TestServer) {
        let [wang, li] = owned(&server).await;
        let (chen, zhao) = (member(&server, "chen").await, member(&server, "zhao").await);
        record(&server, "acme", plan_of(0, &[&wang], &[&li])).await.expect("recorded");
        let visit = plan(&server, plan_of(5, &[&chen, &zhao], &[&li])).await;
        let whose = async || {
            let all = everywhere(&server, of("-")).await;
            assert_eq!(told(&all), [(Kind::PlannedVisit, visit.clone())]);
            all[0].member.clone()
        };
        assert_eq!(whose().await, chen);
        leave(&server, &chen).await;
        assert_eq!(whose().await, zhao);
        leave(&server, &zhao).await;
        assert_eq!(whose().await, wang, "whoever answers for the account");
    }

    async fn i3_a_hook_is_work_until_somebody_meets_for_it(server: TestServer) {
        let [wang, li] = owned(&server).await;
        let wu = person(&server, "Wu").await;
        let mut first = plan_of(-1, &[&wang], &[&li]);
        first.next_hook = Some(pb::NextHook {
            topic: "the trial".into(),
            by: Some(day(14)),
            contact: wu.clone(),
            ..Default::default()
        });
        let first = record(&server, "acme", first).await.expect("recorded").name;
        let hook = (Kind::Hook, first.clone());
        let all = everywhere(&server, of("-")).await;
        assert_eq!(told(&all), std::slice::from_ref(&hook), "{all:#?}");
        assert_eq!((all[0].due_date, &all[0].member), (Some(day(14)), &wang));
        assert_eq!(all[0].next_step.clone().expect("a step").contact, wu);
        let over = pb::ListWorkItemsRequest { as_of: Some(day(15)), ..of("acme") };
        assert!(!kinds(&list(&server, over).await).contains(&Kind::Hook), "it is expired by then");

        let mut next = plan_of(7, &[&wang], &[&wu]);
        next.uses_hook.clone_from(&first);
        let visit = plan(&server, next.clone()).await;
        let all = everywhere(&server, of("-")).await;
        assert_eq!(told(&all), [(Kind::PlannedVisit, visit.clone())], "one is for the other");
        assert_eq!(all[0].evidence, std::slice::from_ref(&first));
        cancel(&server, &visit).await;
        assert_eq!(told(&everywhere(&server, of("-")).await), [hook]);
        let met = pb::Interaction { start_time: plan_of(0, &[], &[]).start_time, ..next };
        record(&server, "acme", met).await.expect("met for it");
        assert_eq!(told(&everywhere(&server, of("-")).await), []);
    }
}
