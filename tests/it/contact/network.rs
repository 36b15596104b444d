//! Who moves whom, who can bring us to whom, and what would go with somebody who leaves.

use ballast::pb::{
    BuyingStage, ContactRoute, Departure, InteractionChannel, PowerMap, RouteRisk, Tie, TieKind,
    TieReview, TieRung, TieShape, simulate_departure_request::Who,
};

use super::ties::{declare, tie};
use super::*;
use crate::interaction::{held, member, record};
use crate::support::ledger::{Desk, Settles, invoice, receipt, text};

/// A position that reports to another, empty for none, and somebody who has sat there for long.
struct Sits {
    position: String,
    contact: String,
}

async fn sits(
    server: &TestServer,
    account: &str,
    function: PositionFunction,
    level: PositionLevel,
    above: &str,
    roles: &[BuyingRole],
) -> Sits {
    let wish = Position {
        reports_to: above.into(),
        buying_roles: roles.iter().map(|role| (*role).into()).collect(),
        title: format!("{function:?} {level:?}"),
        ..seat(function, level)
    };
    let position = try_position(server, account, wish).await.expect("created").name;
    let contact = person(server, "Somebody").await;
    move_from_to(server, &contact, "", &position, -900).await.expect("hired");
    Sits { position, contact }
}

async fn meet(server: &TestServer, account: &str, days: &[i64], member: &str, contact: &str) {
    for on in days {
        let visit = held(InteractionChannel::Visit, *on, &[member], &[contact]);
        record(server, account, visit).await.expect("recorded");
    }
}

async fn moves(server: &TestServer, from: &str, to: &str, weight_bp: i32) -> Tie {
    let wish = Tie { weight_bp, ..tie(TieKind::Influence, from, to) };
    declare(server, wish).await.expect("declared")
}

async fn power_map(server: &TestServer, account: &str) -> PowerMap {
    let request = pb::GetPowerMapRequest { account: format!("accounts/{account}"), dot: true };
    server.contacts().get_power_map(request).await.expect("a map").into_inner()
}

async fn introductions(server: &TestServer, contact: &str, member: &str) -> Vec<ContactRoute> {
    let request = pb::FindIntroductionsRequest {
        contact: contact.into(),
        member: member.into(),
        ..Default::default()
    };
    server.contacts().find_introductions(request).await.expect("ways").into_inner().routes
}

async fn departs(server: &TestServer, who: Who) -> Departure {
    departs_on(server, who, None).await
}

async fn departs_on(server: &TestServer, who: Who, as_of: Option<pb::Date>) -> Departure {
    let request = pb::SimulateDepartureRequest { who: Some(who), as_of };
    server.accounts().simulate_departure(request).await.expect("told").into_inner()
}

fn through(route: &ContactRoute) -> Vec<&str> {
    route.steps.iter().map(|step| step.to.as_str()).collect()
}

on_both_engines! {
    async fn c4_the_longer_way_of_more_value_leads_to_who_decides(server: TestServer) {
        use PositionFunction::{Management, Technology};
        use PositionLevel::{Executive, Manager, Staff};
        account(&server, "acme", &[]).await;
        account(&server, "institute", &[]).await;
        let wang = member(&server, "wang").await;
        let boss = sits(&server, "acme", Management, Executive, "", &[BuyingRole::Decider]).await;
        let head = sits(&server, "acme", Technology, Manager, &boss.position, &[]).await;
        // What somebody does when another account buys is none of this one's roles.
        let designer = sits(&server, "institute", Technology, Staff, "", &[BuyingRole::Approver]).await;
        let stranger = sits(&server, "institute", Technology, Staff, "", &[]).await;
        let first = moves(&server, &designer.contact, &head.contact, 6_000).await;
        let second = moves(&server, &head.contact, &boss.contact, 7_000).await;
        let direct = moves(&server, &designer.contact, &boss.contact, 4_000).await;
        moves(&server, &boss.contact, &designer.contact, 9_000).await;
        let unmet = power_map(&server, "acme").await;
        assert_eq!(unmet.deciders[0].route, None, "nobody of ours knows any of them");
        meet(&server, "institute", &[-20, -10, 0], &wang, &designer.contact).await;
        let map = power_map(&server, "acme").await;
        let mut people = [&boss.contact, &head.contact, &designer.contact];
        people.sort();
        let told: Vec<&String> = map.nodes.iter().map(|node| &node.contact).collect();
        assert_eq!(told, people, "the other of the institute moves nobody: {}", stranger.contact);
        let [decider] = &map.deciders[..] else { panic!("one decides: {:?}", map.deciders) };
        let route = decider.route.as_ref().expect("a way");
        assert_eq!((&decider.contact, &route.member, route.value_bp), (&boss.contact, &wang, 4_200));
        assert_eq!(through(route), [&designer.contact, &head.contact, &boss.contact]);
        assert_eq!((&route.steps[1].tie, &route.steps[2].tie), (&first.name, &second.name));
        assert_eq!(route.steps[0].rung(), TieRung::Familiar);
        assert_eq!(route.risk(), RouteRisk::Medium);
        let outside = map.nodes.iter().find(|node| node.contact == designer.contact).expect("he");
        assert!(outside.outside && !outside.decides && outside.buying_roles.is_empty());
        assert!(outside.position.starts_with("accounts/institute/positions/"));
        assert_eq!((&*outside.display_name, &outside.known_by[0].member), ("Somebody", &wang));
        let id = |name: &str| name.trim_start_matches("contacts/").to_owned();
        let line = format!("\"{}\" -> \"{}\" [label=\"0.60\", style=bold];", id(&designer.contact), id(&head.contact));
        assert!(map.dot.contains(&line), "{line} is not in {}", map.dot);
        assert!(!map.dot.contains("Somebody"), "nothing personal: {}", map.dot);

        // A tie that is over leads nowhere, and the shorter way is left.
        let request = pb::EndTieRequest {
            name: first.name,
            valid_to: Some(day(-1)),
            reason: "he moved".into(),
            ..Default::default()
        };
        server.contacts().end_tie(request).await.expect("ended");
        let map = power_map(&server, "acme").await;
        let route = map.deciders[0].route.as_ref().expect("a way");
        assert_eq!((route.value_bp, &route.steps[1].tie), (4_000, &direct.name));
    }

    async fn c5_a_stage_without_an_evaluator_is_told(server: TestServer) {
        use BuyingRole::{Approver, Buyer, Decider, Gatekeeper, Influencer, Initiator, User};
        account(&server, "acme", &[]).await;
        let all = [Initiator, User, Influencer, Buyer, Gatekeeper, Decider, Approver];
        let (function, level) = (PositionFunction::Procurement, PositionLevel::Manager);
        let one = sits(&server, "acme", function, level, "", &all).await;
        let missing = |map: PowerMap| -> Vec<_> {
            let stage = |one: pb::MissingRoles| (one.stage(), one.roles().collect::<Vec<_>>());
            map.missing_roles.into_iter().map(stage).collect()
        };
        let told = missing(power_map(&server, "acme").await);
        assert_eq!(told, [(BuyingStage::Evaluation, vec![BuyingRole::Evaluator])]);
        // Roles are those of who sits there: with him they are gone.
        move_from_to(&server, &one.contact, &one.position, "", 0).await.expect("left");
        assert_eq!(missing(power_map(&server, "acme").await).len(), 5);
    }

    async fn c6_a_step_over_somebodys_head_without_an_introducer_is_the_riskiest(server: TestServer) {
        use PositionFunction::{Management, Production};
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let boss = sits(&server, "acme", Management, PositionLevel::Executive, "", &[BuyingRole::Decider]).await;
        let head = sits(&server, "acme", Production, PositionLevel::Manager, &boss.position, &[]).await;
        let hand = sits(&server, "acme", Production, PositionLevel::Staff, &head.position, &[]).await;
        meet(&server, "acme", &[-20, -10, 0], &wang, &hand.contact).await;
        moves(&server, &hand.contact, &boss.contact, 5_000).await;
        let route = |map: PowerMap| map.deciders[0].route.clone().expect("a way");
        let risky = route(power_map(&server, "acme").await);
        assert_eq!((risky.risk(), risky.steps[0].risk()), (RouteRisk::High, RouteRisk::Medium));
        assert_eq!(risky.steps[1].skips, [&*head.contact]);
        let made_known = tie(TieKind::Introduction, &head.contact, &boss.contact);
        declare(&server, made_known).await.expect("declared");
        let route = route(power_map(&server, "acme").await);
        assert_eq!((route.risk(), route.steps[1].skips.len()), (RouteRisk::Medium, 1));
    }

    async fn c8_an_acquaintance_is_a_path_of_two_and_is_named(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, zhao) = (member(&server, "wang").await, member(&server, "zhao").await);
        let li = sits(&server, "acme", PositionFunction::Finance, PositionLevel::Staff, "", &[]).await.contact;
        let (wu, xu) = (person(&server, "Wu").await, person(&server, "Xu").await);
        meet(&server, "acme", &[-60, -30, 0], &wang, &li).await;
        // Who met once is a stranger still, and can introduce nobody.
        meet(&server, "acme", &[0], &zhao, &li).await;
        let known = declare(&server, tie(TieKind::Acquaintance, &wu, &li)).await.expect("declared");
        let routes = introductions(&server, &wu, "").await;
        let [route] = &routes[..] else { panic!("one way: {routes:?}") };
        // Three visits are 5,479 of 10,000; half of it is left behind who was only declared.
        assert_eq!((&route.member, through(route), route.value_bp), (&wang, vec![&*li, &*wu], 2_740));
        assert_eq!((&*route.steps[1].tie, route.steps[1].kind()), (&*known.name, TieKind::Acquaintance));
        assert_eq!((route.risk(), route.steps[0].rung()), (RouteRisk::Medium, TieRung::Familiar));
        assert!(introductions(&server, &wu, &zhao).await.is_empty());
        assert!(introductions(&server, &xu, "").await.is_empty());
        // Three steps are the most.
        declare(&server, tie(TieKind::Acquaintance, &wu, &xu)).await.expect("declared");
        assert_eq!(introductions(&server, &xu, "").await[0].steps.len(), 3);
        let yu = person(&server, "Yu").await;
        declare(&server, tie(TieKind::Acquaintance, &yu, &xu)).await.expect("declared");
        assert!(introductions(&server, &yu, "").await.is_empty());
        let request = pb::FindIntroductionsRequest { contact: yu, max_routes: -1, ..Default::default() };
        let status = server.contacts().find_introductions(request).await.expect_err("no number");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("max_routes"));
    }

    async fn c13_a_classmate_shortens_the_way_and_is_neither_trust_nor_strength(server: TestServer) {
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let li = sits(&server, "acme", PositionFunction::Finance, PositionLevel::Staff, "", &[]).await.contact;
        let roles = [BuyingRole::Decider];
        let boss = sits(&server, "acme", PositionFunction::Management, PositionLevel::Executive, "", &roles).await.contact;
        meet(&server, "acme", &[-60, -30, 0], &wang, &li).await;
        declare(&server, tie(TieKind::Relative, &li, &boss)).await.expect("declared");
        let coverage = || async {
            let request = pb::GetCoverageRequest { account: "accounts/acme".into() };
            server.contacts().get_coverage(request).await.expect("coverage").into_inner()
        };
        let (before, way) = (coverage().await, introductions(&server, &boss, &wang).await);
        assert_eq!((way[0].steps.len(), way[0].value_bp), (2, 2_740));
        let made = declare(&server, tie(TieKind::Classmate, &boss, &wang)).await.expect("declared");
        assert_eq!(made.review(), TieReview::Open, "he decides");
        let way = introductions(&server, &boss, &wang).await;
        assert_eq!((way[0].steps.len(), way[0].value_bp), (1, 5_000));
        assert_eq!(coverage().await, before, "ladder, strength and shape stay as they were");
        assert_eq!(power_map(&server, "acme").await.deciders[0].route, None, "nor does he move anybody");
    }

    async fn a15_what_is_bonded_to_who_leaves_is_told_to_the_cent(server: TestServer) {
        use PositionFunction::{Finance, Procurement};
        for id in ["alone", "shared", "idle"] {
            account(&server, id, &[]).await;
        }
        let (wang, zhao) = (member(&server, "wang").await, member(&server, "zhao").await);
        let staff = PositionLevel::Staff;
        let li = sits(&server, "alone", Finance, staff, "", &[]).await;
        let wu = sits(&server, "alone", Procurement, staff, "", &[]).await;
        let xu = sits(&server, "shared", Finance, staff, "", &[]).await;
        meet(&server, "alone", &[-20, -10, 0], &wang, &li.contact).await;
        // Who met once holds nothing.
        meet(&server, "alone", &[0], &zhao, &wu.contact).await;
        meet(&server, "shared", &[-20, -10, 0], &wang, &xu.contact).await;
        meet(&server, "shared", &[-20, -10, 0], &zhao, &xu.contact).await;
        let sold = |no: &str, payer: &str, at: i64, units: &str| pb::Document {
            payer: format!("accounts/{payer}"),
            ..invoice(no, day(at), units, &[(day(at + 30), units)])
        };
        let mut desk = Desk::new(&server);
        desk.post([
            sold("1", "alone", -40, "100.00"),
            sold("2", "alone", -10, "40.50"),
            // Before the year that is told.
            sold("3", "alone", -365, "7.00"),
            sold("4", "shared", -10, "900.00"),
        ])
        .await;
        let told = departs(&server, Who::Member(wang.clone())).await;
        let accounts: Vec<_> = told.accounts.iter().map(|one| (&*one.account, one.bonded_only)).collect();
        assert_eq!(accounts, [("accounts/alone", true), ("accounts/shared", false)]);
        let [alone, shared] = &told.accounts[..] else { panic!("two accounts") };
        assert_eq!((alone.coverage_before_bp, alone.coverage_after_bp), (Some(4_000), Some(2_000)));
        assert_eq!((alone.shape_before(), alone.shape_after()), (TieShape::Partial, TieShape::BowTie));
        let [next] = &alone.successors[..] else { panic!("one goes on") };
        assert_eq!((&next.member, next.strength_bp), (&zhao, 3_333));
        assert_eq!((shared.share_bp, shared.coverage_after_bp), (Some(5_000), Some(2_000)));
        let amount = |all: &[pb::Money]| text(&all.first().cloned());
        let bonded = told.bonded.expect("sums");
        assert_eq!(amount(&bonded.revenue), "140.50");
        assert_eq!((amount(&bonded.open), amount(&bonded.overdue)), ("147.50".into(), "107.00".into()));
        let figures = shared.figures.as_ref().expect("figures");
        assert_eq!((amount(&figures.revenue), amount(&figures.overdue)), ("900.00".into(), "-".into()));
        let other = departs(&server, Who::Member(zhao)).await;
        assert!(other.accounts.iter().all(|one| !one.bonded_only));
        assert_eq!(other.bonded, Some(Default::default()));

        // Whoever left has nothing that could go with him.
        let request = pb::DeactivateMemberRequest { name: wang.clone(), reason: "left".into(), ..Default::default() };
        server.accounts().deactivate_member(request).await.expect("deactivated");
        assert!(departs(&server, Who::Member(wang)).await.accounts.is_empty());
    }

    async fn c3_without_the_boss_coverage_ways_and_invoices_are_told(server: TestServer) {
        use PositionFunction::{Finance, Management};
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let executive = PositionLevel::Executive;
        let boss = sits(&server, "acme", Finance, executive, "", &[]).await;
        let owner = sits(&server, "acme", Management, executive, "", &[BuyingRole::Decider]).await;
        meet(&server, "acme", &[-20, -10, 0], &wang, &boss.contact).await;
        moves(&server, &boss.contact, &owner.contact, 8_000).await;
        let payer = "accounts/acme".to_owned();
        let owed = pb::Document { payer: payer.clone(), ..invoice("1", day(-10), "12.30", &[(day(20), "12.30")]) };
        Desk::new(&server).post([owed]).await;
        let told = departs(&server, Who::Contact(boss.contact.clone())).await;
        let [acme] = &told.accounts[..] else { panic!("one account") };
        assert_eq!((acme.bonded_only, acme.share_bp), (true, Some(10_000)));
        assert_eq!((acme.coverage_before_bp, acme.coverage_after_bp), (Some(2_000), Some(0)));
        assert_eq!((acme.shape_before(), acme.shape_after()), (TieShape::BowTie, TieShape::None));
        let lost = pb::LostDecider { account: payer.clone(), contact: owner.contact.clone() };
        assert_eq!(told.deciders_without_path, [lost]);
        let [lost] = &told.invoices_without_finance_contact[..] else { panic!("one account") };
        assert_eq!((&lost.account, lost.invoices, text(&lost.open.first().cloned())), (&payer, 1, "12.30".into()));
        // With another of finance, and one whom we know, neither is lost.
        let clerk = sits(&server, "acme", Finance, PositionLevel::Staff, "", &[]).await;
        meet(&server, "acme", &[-1], &wang, &clerk.contact).await;
        moves(&server, &clerk.contact, &owner.contact, 1_000).await;
        let told = departs(&server, Who::Contact(boss.contact)).await;
        assert!(told.deciders_without_path.is_empty() && told.invoices_without_finance_contact.is_empty());
        let nobody = pb::SimulateDepartureRequest::default();
        let status = server.accounts().simulate_departure(nobody).await.expect_err("nobody");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("member"));
    }

    async fn j5_a_departure_of_another_day_is_told_as_things_stood_then(server: TestServer) {
        use PositionFunction::{Finance, Management};
        account(&server, "acme", &[]).await;
        let (wang, zhao) = (member(&server, "wang").await, member(&server, "zhao").await);
        let boss = sits(&server, "acme", Finance, PositionLevel::Executive, "", &[]).await;
        let owner = sits(&server, "acme", Management, PositionLevel::Executive, "", &[BuyingRole::Decider]).await;
        meet(&server, "acme", &[-60, -55, -50], &wang, &boss.contact).await;
        meet(&server, "acme", &[-20, -10, 0], &zhao, &boss.contact).await;
        let moves = tie(TieKind::Influence, &boss.contact, &owner.contact);
        declare(&server, pb::Tie { weight_bp: 8_000, valid_from: Some(day(-50)), ..moves }).await.expect("declared");
        let payer = "accounts/acme".to_owned();
        let owed = |no: &str, at: i64, units: &str| pb::Document {
            payer: payer.clone(),
            ..invoice(no, day(at), units, &[(day(at + 10), units)])
        };
        let mut desk = Desk::new(&server);
        desk.post([owed("1", -55, "12.30"), owed("2", -20, "7.00")]).await;
        let paid = pb::Document { payer: payer.clone(), ..receipt("R1", day(-15), "12.30").settles("1") };
        desk.post([paid]).await;
        let of_wang = |on: i64| departs_on(&server, Who::Member(wang.clone()), Some(day(on)));
        let told = of_wang(-40).await;
        let [acme] = &told.accounts[..] else { panic!("one account") };
        assert_eq!((told.as_of, acme.bonded_only, acme.share_bp), (Some(day(-40)), true, Some(10_000)));
        let figures = acme.figures.clone().expect("figures");
        let amount = |all: &[pb::Money]| text(&all.first().cloned());
        assert_eq!((amount(&figures.open), amount(&figures.overdue), amount(&figures.revenue)), ("12.30".into(), "12.30".into(), "12.30".into()));
        let told = of_wang(0).await;
        assert!(!told.accounts[0].bonded_only, "another met them since");
        assert_eq!(told, departs(&server, Who::Member(wang.clone())).await);
        assert!(of_wang(-61).await.accounts.is_empty(), "before he met anybody");

        let without = |on: i64| departs_on(&server, Who::Contact(boss.contact.clone()), Some(day(on)));
        let lost = |told: &Departure| told.deciders_without_path.iter().map(|of| of.contact.clone()).collect::<Vec<_>>();
        let open = |told: &Departure| {
            let of = told.invoices_without_finance_contact.iter();
            of.map(|of| (of.invoices, text(&of.open.first().cloned()))).collect::<Vec<_>>()
        };
        let told = without(-40).await;
        assert_eq!((lost(&told), open(&told)), (vec![owner.contact.clone()], vec![(1, "12.30".into())]));
        let told = without(-51).await;
        assert_eq!(lost(&told), Vec::<String>::new(), "he did not move him yet");
        let told = without(-18).await;
        assert_eq!(open(&told), [(2, "19.30".into())]);
        let told = without(0).await;
        assert_eq!(open(&told), [(1, "7.00".into())]);
        assert_eq!(told, departs(&server, Who::Contact(boss.contact.clone())).await);
        assert!(without(-56).await.invoices_without_finance_contact.is_empty(), "nothing was invoiced");
    }
}
