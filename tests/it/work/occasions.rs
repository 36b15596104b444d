//! The days on which accounts of some classes are greeted.

use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::contact_service_client::ContactServiceClient;

use super::visits::everywhere;
use super::*;
use crate::contact::{move_from_to, position};
use crate::support::people::{self, as_somebody};

/// Mid-Autumn of 2019, the 13th of September.
const MID_AUTUMN: i64 = 75;

fn greeting() -> pb::ListWorkItemsRequest {
    pb::ListWorkItemsRequest { kinds: vec![Kind::Occasion.into()], ..of("-") }
}

/// Wang owns an account of class A by the built-in policy, and Li is there.
async fn owned(server: &TestServer) -> [String; 2] {
    crate::contact::account(server, "acme", &[]).await;
    let (wang, li) = (member(server, "wang").await, person(server, "Li").await);
    assign(server, "acme", &wang, TeamRole::Owner).await;
    give(server, "acme", "A", 0).await;
    [wang, li]
}

/// The occasions of the book, which are those of an account and of whoever answers for it.
async fn at_beta(server: &TestServer) -> Vec<pb::WorkItem> {
    let of_book = list(server, greeting()).await;
    for asked in [of("beta"), his("members/unassigned")] {
        let asked = pb::ListWorkItemsRequest { kinds: vec![Kind::Occasion.into()], ..asked };
        assert_eq!(list(server, asked).await, of_book);
    }
    of_book
}

on_both_engines! {
    async fn i4_a_festival_is_one_suggestion_for_each_account_of_its_class(server: TestServer) {
        let [wang, li] = owned(&server).await;
        for (id, class) in [("beta", Some("B")), ("gamma", None)] {
            crate::contact::account(&server, id, &[]).await;
            if let Some(class) = class {
                give(&server, id, class, 0).await;
            }
        }
        server.clock().set(moment(MID_AUTUMN - 8));
        assert_eq!(everywhere(&server, of("-")).await, []);
        server.clock().set(moment(MID_AUTUMN - 7));
        let all = everywhere(&server, of("-")).await;
        assert_eq!(told(&all), [(Kind::Occasion, "accounts/acme".to_owned())]);
        let item = &all[0];
        assert_eq!((item.start_date, item.due_date), (Some(day(MID_AUTUMN - 7)), Some(day(MID_AUTUMN))));
        assert_eq!((&item.member, &*item.tier, item.score_bp), (&wang, "A", 0));
        assert_eq!(item.why, "MID_AUTUMN is on 2019-09-13.");
        assert_eq!(item.next_step.clone().expect("a step").action(), Action::Greet);
        server.clock().set(moment(MID_AUTUMN));
        let item = everywhere(&server, greeting()).await.remove(0);
        assert_eq!((item.urgency_bp, item.score_bp), (10_000, 4_500), "definition 4.16");
        record(&server, "acme", held(pb::InteractionChannel::Call, MID_AUTUMN, &[&wang], &[&li])).await.expect("recorded");
        assert_eq!(everywhere(&server, greeting()).await, []);
        // Spring Festival of 2020, the 25th of January.
        let spring = pb::ListWorkItemsRequest { as_of: Some(day(209)), ..greeting() };
        let spring = list(&server, spring).await;
        assert_eq!((spring.len(), &*spring[0].why), (1, "SPRING_FESTIVAL is on 2020-01-25."));
        let over = pb::ListWorkItemsRequest { as_of: Some(day(210)), ..greeting() };
        assert_eq!(list(&server, over).await, []);
    }

    async fn i4_a_gift_or_a_talk_in_its_week_ends_an_occasion(server: TestServer) {
        let [wang, li] = owned(&server).await;
        server.clock().set(moment(MID_AUTUMN - 8));
        let met = held(pb::InteractionChannel::Call, MID_AUTUMN - 8, &[&wang], &[&li]);
        record(&server, "acme", met).await.expect("recorded");
        server.clock().set(moment(MID_AUTUMN - 3));
        assert_eq!(everywhere(&server, greeting()).await.len(), 1, "that was before its week");
        let mut gift = crate::interaction::gifts::gift(&wang, &li, "80");
        for (on, left) in [(MID_AUTUMN + 1, 1), (MID_AUTUMN, 0)] {
            gift.date = Some(day(on));
            let wish = crate::interaction::gifts::wish("acme", gift.clone());
            server.interactions().register_gift(wish).await.expect("registered");
            let found = list(&server, greeting()).await;
            assert_eq!(found.len(), left, "a gift on {on}");
        }
    }

    async fn i4_a_policy_names_its_festivals_and_the_classes_greeted(server: TestServer) {
        owned(&server).await;
        let festival = |code: &str, month, on, classes: &[&str]| pb::Festival {
            code: code.into(),
            calendar: pb::FestivalCalendar::Gregorian.into(),
            month,
            day: on,
            classes: classes.iter().map(|of| (*of).to_owned()).collect(),
        };
        let classes = ["A", "B"].map(|code| policies::class(code, 4));
        let mut policy = policies::quantile(&[5_000], classes.into());
        policy.festivals = vec![
            festival("FOUNDING", 7, 2, &["A", "B"]),
            festival("FAIR", 7, 2, &["A"]),
            festival("OTHER", 7, 1, &["B"]),
        ];
        let created = policies::create(&server, "ours", policy.clone()).await.expect("created");
        assert_eq!(created.festivals, policy.festivals);
        policies::activate(&server, "ours", Some(day(-1_000)), &created.etag).await.expect("in force");
        let all = everywhere(&server, greeting()).await;
        assert_eq!(told(&all), [(Kind::Occasion, "accounts/acme".to_owned())]);
        assert_eq!((&*all[0].why, all[0].start_date), ("FOUNDING, FAIR is on 2019-07-02.", Some(day(-5))));

        let mut wrong = policy;
        let lunar = pb::FestivalCalendar::Chinese.into();
        wrong.festivals = vec![
            festival("a b", 13, 1, &[]),
            festival("X", 2, 30, &["A", "A", "Z"]),
            festival("X", 2, 29, &["A"]),
            pb::Festival { calendar: 0, ..festival("Y", 1, 1, &["A"]) },
            pb::Festival { calendar: lunar, ..festival("Z", 2, 31, &["A"]) },
        ];
        let refused = policies::create(&server, "wrong", wrong).await.expect_err("refused");
        let mut told: Vec<String> = fields(&refused).into_iter().map(|(field, reason)| format!("{field} {reason}")).collect();
        told.sort();
        assert_eq!(told, [
            "tier_policy.festivals[0].classes FIELD_REQUIRED",
            "tier_policy.festivals[0].code FIELD_INVALID",
            "tier_policy.festivals[0].month FIELD_INVALID",
            "tier_policy.festivals[1].classes[1] DUPLICATE_ELEMENT",
            "tier_policy.festivals[1].classes[2] FIELD_INVALID",
            "tier_policy.festivals[1].day FIELD_INVALID",
            "tier_policy.festivals[2].code DUPLICATE_ELEMENT",
            "tier_policy.festivals[3].calendar ENUM_INVALID",
            "tier_policy.festivals[4].day FIELD_INVALID",
        ]);
    }

    async fn i4_a_contact_is_greeted_on_the_days_he_agreed_to_where_he_sits(server: TestServer) {
        let [wang, li] = owned(&server).await;
        crate::contact::account(&server, "beta", &[]).await;
        let seats = [
            position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await,
            position(&server, "beta", PositionFunction::Finance, PositionLevel::Staff).await,
        ];
        for (seat, from) in seats.iter().zip([-20, -10]) {
            move_from_to(&server, &li, "", seat, from).await.expect("hired");
        }
        let occasion = |kind: &str, month, on, lunar, consent| pb::ContactOccasion {
            kind: kind.into(),
            month,
            day: on,
            lunar,
            consent,
        };
        let days = vec![
            occasion("birthday", 7, 2, false, true),
            occasion("name_day", 7, 2, false, true),
            // The third day of the sixth month of 2019 is the 5th of July.
            occasion("anniversary", 6, 3, true, true),
            occasion("wedding", 7, 3, false, false),
        ];
        let before = crate::contact::get(&server, &li).await.expect("he");
        let wish = pb::Contact { occasions: days.clone(), ..before };
        let li_now = crate::contact::update(&server, wish, &["occasions"]).await.expect("changed");
        assert_eq!(li_now.occasions, days);
        server.clock().set(moment(-1));
        let all = at_beta(&server).await;
        assert_eq!(told(&all), [(Kind::Occasion, li.clone()), (Kind::Occasion, li.clone())]);
        let due: Vec<_> = all.iter().map(|item| (&*item.account, item.due_date, &*item.why)).collect();
        assert_eq!(due, [
            ("accounts/beta", Some(day(2)), "birthday, name_day is on 2019-07-02."),
            ("accounts/beta", Some(day(5)), "anniversary is on 2019-07-05."),
        ]);
        let step = all[0].next_step.clone().expect("a step");
        assert_eq!((step.action(), &*step.contact), (Action::Greet, &*li));

        // Whoever else is met or given something ends it for nobody; he himself does.
        let wu = person(&server, "Wu").await;
        let met = |who: &str| held(pb::InteractionChannel::Call, -1, &[&wang], &[who]);
        record(&server, "beta", met(&wu)).await.expect("recorded");
        let gift = |to: &str| pb::Gift {
            date: Some(day(-1)),
            ..crate::interaction::gifts::gift(&wang, to, "80")
        };
        let given = |to: &str| crate::interaction::gifts::wish("beta", gift(to));
        server.interactions().register_gift(given(&wu)).await.expect("registered");
        assert_eq!(at_beta(&server).await.len(), 2);
        server.interactions().register_gift(given(&li)).await.expect("registered");
        assert_eq!(at_beta(&server).await, []);
        server.clock().set(moment(365));
        let next_year = at_beta(&server).await;
        assert_eq!(next_year.len(), 1, "the lunar day is another one");
        record(&server, "beta", held(pb::InteractionChannel::Call, 365, &[&wang], &[&li])).await.expect("recorded");
        assert_eq!(at_beta(&server).await, []);

        let mut wrong = crate::contact::get(&server, &li).await.expect("he");
        wrong.occasions = vec![
            occasion("", 13, 1, false, true),
            occasion("a", 2, 30, false, true),
            occasion("a", 2, 31, true, true),
        ];
        let refused = crate::contact::update(&server, wrong, &["occasions"]).await.expect_err("refused");
        let mut told: Vec<String> = fields(&refused).into_iter().map(|(field, reason)| format!("{field} {reason}")).collect();
        told.sort();
        assert_eq!(told, [
            "contact.occasions[0].kind FIELD_REQUIRED",
            "contact.occasions[0].month FIELD_INVALID",
            "contact.occasions[1].day FIELD_INVALID",
            "contact.occasions[2].day FIELD_INVALID",
            "contact.occasions[2].kind DUPLICATE_ELEMENT",
        ]);
    }
}

/// When somebody was born is told to nobody who may not see what is personal.
#[tokio::test]
async fn the_days_of_contacts_are_told_to_those_who_may_see_what_is_personal() {
    let server =
        people::with_tokens(&[("all", &["*"]), ("desk", &["accounts.read", "contacts.read"])])
            .await;
    let (_, li) = people::member_and_contact(&server, "all").await;
    let mut contacts = ContactServiceClient::with_interceptor(server.channel(), as_somebody("all"));
    let seat = pb::CreatePositionRequest {
        account: "accounts/acme".into(),
        position: Some(pb::Position {
            function: PositionFunction::Finance.into(),
            level: PositionLevel::Staff.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let seat = contacts.create_position(seat).await.expect("created").into_inner().name;
    let hired =
        pb::MoveContactRequest { contact: li.clone(), to_position: seat, ..Default::default() };
    contacts.move_contact(hired).await.expect("hired");
    let get = pb::GetContactRequest { name: li.clone() };
    let mut wish = contacts.get_contact(get.clone()).await.expect("he").into_inner();
    wish.occasions = vec![pb::ContactOccasion {
        kind: "birthday".into(),
        month: 7,
        day: 2,
        lunar: false,
        consent: true,
    }];
    let mask = prost_types::FieldMask { paths: vec!["occasions".into()] };
    let wish = pb::UpdateContactRequest {
        contact: Some(wish),
        update_mask: Some(mask),
        ..Default::default()
    };
    contacts.update_contact(wish).await.expect("changed");
    server.clock().set(moment(0));
    let mut seen = Vec::new();
    for who in ["all", "desk"] {
        let mut accounts =
            AccountServiceClient::with_interceptor(server.channel(), as_somebody(who));
        for request in
            [greeting(), pb::ListWorkItemsRequest { parent: "accounts/acme".into(), ..greeting() }]
        {
            seen.push(
                accounts
                    .list_work_items(request)
                    .await
                    .expect("a list")
                    .into_inner()
                    .work_items
                    .len(),
            );
        }
    }
    assert_eq!(seen, [1, 1, 0, 0]);
    let mut contacts =
        ContactServiceClient::with_interceptor(server.channel(), as_somebody("desk"));
    let masked = contacts.get_contact(get).await.expect("he").into_inner();
    assert!(masked.masked);
    assert_eq!(
        masked.occasions,
        [pb::ContactOccasion { kind: "birthday".into(), consent: true, ..Default::default() }]
    );
}
