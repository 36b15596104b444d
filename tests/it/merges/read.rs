//! What is read through the pointer: page by page, under review, by whoever took part.

use super::*;
use crate::contact::personal_data::export;
use ballast::pb::personal_record::Record;

async fn merged_ties(world: &World<'_>, of: &str, more: Json) -> Vec<Json> {
    let mut request = json!({"person": of});
    request.as_object_mut().expect("a request").extend(more.as_object().expect("fields").clone());
    let told = world.ok("ContactService.ListTies", request).await;
    told["ties"].as_array().cloned().unwrap_or_default()
}

on_both_engines! {
    async fn a24_pages_of_one_entry_tell_the_whole_timeline_of_all_records(server: TestServer) {
        let world = World::build(&server).await;
        world.talk(-25, &[&world.li]).await;
        world.talk(-24, &[&world.lei, &world.li]).await;
        world.merge(&world.li, &[&world.lei]).await;
        for types in [json!(["TIMELINE_TYPE_INTERACTION_HELD"]), json!([])] {
            let whole = json!({"parent": world.lei, "types": types, "page_size": 1_000});
            let whole = world.ok("AccountService.ListTimeline", whole).await["entries"].clone();
            let (mut all, mut token) = (Vec::new(), String::new());
            loop {
                let page = json!({"parent": world.lei, "types": types, "page_size": 1, "page_token": token});
                let page = world.ok("AccountService.ListTimeline", page).await;
                all.extend(page["entries"].as_array().cloned().unwrap_or_default());
                token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!(json!(all), whole);
        }
        let held = json!({"parent": world.li, "types": ["TIMELINE_TYPE_INTERACTION_HELD"], "with_counts": true});
        let held = world.ok("AccountService.ListTimeline", held).await;
        assert_eq!((held["entries"].as_array().map(Vec::len), &held["counts"][0]["entries"]), (Some(5), &json!(5)));
        world.undo(&world.lei).await.expect("undone");
        let undone = json!({"parent": world.li, "types": ["TIMELINE_TYPE_MERGE_UNDONE"]});
        let undone = world.ok("AccountService.ListTimeline", undone).await;
        assert_eq!((undone["entries"].as_array().map(Vec::len), &undone["entries"][0]["contact"]), (Some(1), &json!(world.lei)));
    }

    async fn a24_a_tie_that_is_told_once_is_reviewed_cleared_and_ended_as_one(server: TestServer) {
        account(&server, "acme", &[]).await;
        member(&server, "chen").await;
        let (first, other, third) = (person(&server, "Hans").await, person(&server, "Hanns").await, person(&server, "Johann").await);
        let world = World::bare(&server);
        world.tie("members/chen", &first, "TIE_KIND_RELATIVE").await;
        world.seat("accounts/acme", &other, "POSITION_FUNCTION_FINANCE", -300).await;
        world.tie("members/chen", &other, "TIE_KIND_RELATIVE").await;
        let open = || json!({"review": "TIE_REVIEW_OPEN"});
        assert_eq!(merged_ties(&world, &first, open()).await.len(), 0);
        // Under review is the other record's, which was recorded later.
        world.merge(&first, &[&other]).await;
        let all = merged_ties(&world, &first, json!({})).await;
        let reviewed = merged_ties(&world, &first, open()).await;
        assert_eq!((all.len(), &all), (1, &reviewed));
        let request = json!({"name": all[0]["name"], "reason": "told", "request_id": fresh()});
        world.ok("ContactService.ClearTieReview", request).await;
        assert_eq!(merged_ties(&world, &first, open()).await.len(), 0);
        // Who decides by a record that comes to count as him is looked into too.
        world.undo(&other).await.expect("undone");
        let seat = world.seat("accounts/acme", &third, "POSITION_FUNCTION_LEGAL", -300).await;
        assert!(seat.starts_with("accounts/acme/positions/"));
        let fourth = person(&server, "Giovanni").await;
        world.tie("members/chen", &fourth, "TIE_KIND_CLASSMATE").await;
        world.merge(&fourth, &[&third]).await;
        assert_eq!(merged_ties(&world, &third, open()).await.len(), 1);
        // Two that are told as one end together.
        world.merge(&first, &[&other]).await;
        let one = merged_ties(&world, &first, json!({})).await.remove(0);
        let request = json!({"name": one["name"], "valid_to": on(-1), "reason": "over", "request_id": fresh()});
        world.ok("ContactService.EndTie", request).await;
        assert_eq!(merged_ties(&world, &first, json!({"as_of": on(0)})).await, Vec::<Json>::new());
        world.verify().await;
    }

    async fn a24_an_amended_talk_keeps_every_record_that_took_part(server: TestServer) {
        let world = World::build(&server).await;
        let third = person(&server, "L. Li").await;
        let both = world.talk(-9, &[&world.lei, &third, &world.wu]).await;
        let list = |who: &str| json!({"parent": "accounts/-", "contact": who});
        let mut before = Vec::new();
        for who in [&world.li, &world.lei, &third] {
            let talks = world.ok("InteractionService.ListInteractions", list(who)).await;
            before.push(names(&talks, "interactions").into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        world.merge(&world.li, &[&world.lei, &third]).await;
        let shared = world.ok("InteractionService.ListInteractions", list(&world.li)).await;
        for name in names(&shared, "interactions") {
            let mut talk = world.ok("InteractionService.GetInteraction", json!({"name": name})).await;
            talk["purpose"] = json!("another plan");
            if name == both {
                talk["theirs"][0]["satisfaction"] = json!(3);
            }
            let request = json!({"interaction": talk, "reason": "mixed up", "request_id": fresh()});
            let amended = world.ok("InteractionService.AmendInteraction", request).await;
            assert_eq!(amended["theirs"], talk["theirs"]);
        }
        world.verify().await;
        for loser in [&world.lei, &third] {
            world.undo(loser).await.expect("undone");
        }
        world.verify().await;
        let mut after = Vec::new();
        for who in [&world.li, &world.lei, &third] {
            let talks = world.ok("InteractionService.ListInteractions", list(who)).await;
            after.push(names(&talks, "interactions").into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        assert_eq!(after, before);
        let talk = world.ok("InteractionService.GetInteraction", json!({"name": both})).await;
        let scores: Vec<&Json> = talk["theirs"].as_array().expect("three").iter().map(|one| &one["satisfaction"]).collect();
        assert_eq!(scores, [&json!(3), &json!(7), &json!(7)], "what was said of him is said of the first record");
    }

    async fn a24_what_a_further_merge_folds_and_who_is_an_official(server: TestServer) {
        let world = World::build(&server).await;
        let gift = |request_id: String| {
            let gift = json!({"kind": "GIFT_KIND_GIFT", "value": {"currency_code": "CNY", "units": "1"}, "occasion": "春节",
                "member": "members/wang", "contact": world.li});
            json!({"account": "accounts/acme", "gift": gift, "request_id": request_id})
        };
        let of_officials = |told: &Json| told.to_string().contains("SCOPE_OFFICIAL");
        assert!(!of_officials(&world.ok("InteractionService.RegisterGift", gift(fresh())).await));
        world.merge(&world.li, &[&world.lei]).await;
        assert!(of_officials(&world.ok("InteractionService.RegisterGift", gift(fresh())).await));
        let he = world.ok("ContactService.GetContact", json!({"name": world.li})).await;
        assert_eq!((&he["merged"][0]["official"], &he["merged"][0]["labels"]["class"]),
            (&json!("OFFICIAL_STATUS_OFFICIAL"), &json!("vip")));
        let nobody = person(&server, "L. Li").await;
        let merged = world.try_merge(&world.li, &[&nobody], true).await.expect("looked at");
        assert_eq!((&merged["moved"], &merged["folded"]), (&Json::Null, &Json::Null), "nothing of what another brought");
        world.undo(&world.lei).await.expect("undone");
        let kept = export(&server, &world.lei).await;
        let merges: Vec<_> = kept.iter().filter_map(|one| match &one.record {
            Some(Record::Merge(merge)) => Some((merge.reason.as_str(), merge.undo_reason.as_str())),
            _ => None,
        }).collect();
        assert_eq!(merges, [("the same phone", "two people")]);
    }
}
