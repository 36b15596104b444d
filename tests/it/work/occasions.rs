//! The days on which accounts of some classes are greeted.

use super::visits::everywhere;
use super::*;

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
}
