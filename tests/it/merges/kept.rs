//! What is kept of a person is his in all his records: exported, erased, imported.

use ballast::pb;
use ballast::pb::personal_record::Record;

use super::*;
use crate::contact::personal_data::export;
use crate::records::send;

on_both_engines! {
    async fn a24_what_was_recorded_between_stays_with_whom_it_was_recorded_of(server: TestServer) {
        let world = World::build(&server).await;
        let talks_of = |who: String| {
            let world = &world;
            async move {
                let request = json!({"parent": "accounts/-", "contact": who});
                let told = world.ok("InteractionService.ListInteractions", request).await;
                names(&told, "interactions").into_iter().map(str::to_owned).collect::<Vec<_>>()
            }
        };
        let (of_li, of_lei) = (talks_of(world.li.clone()).await, talks_of(world.lei.clone()).await);
        world.merge(&world.li, &[&world.lei]).await;
        let new = world.talk(0, &[&world.lei]).await;
        // Amended in between, an earlier talk is that of who was in it.
        let mut talk = world.ok("InteractionService.GetInteraction", json!({"name": world.talk})).await;
        let same = json!({"interaction": talk, "reason": "nothing", "request_id": fresh()});
        let same = world.ok("InteractionService.AmendInteraction", same).await;
        assert_eq!(same["version"], talk["version"], "the same again changes nothing");
        talk["purpose"] = json!("another plan");
        let request = json!({"interaction": talk, "reason": "mixed up", "request_id": fresh()});
        let amended = world.ok("InteractionService.AmendInteraction", request).await;
        assert_eq!(amended["theirs"][0]["contact"], json!(world.li));
        // He leaves where the other record of him sits.
        let seats = world.ok("ContactService.ListIncumbencies", json!({"parent": world.li})).await;
        let seat = seats["incumbencies"][1]["position"].clone();
        let request = json!({"contact": world.li, "from_position": seat, "reason": "left"});
        let moved = world.ok("ContactService.MoveContact", request).await;
        assert_eq!(moved["contact"]["merged"][0]["name"], json!(world.lei));
        world.verify().await;
        world.undo(&world.lei).await.expect("undone");
        world.verify().await;
        let mut expected = vec![new];
        expected.extend(of_li);
        assert_eq!(talks_of(world.li.clone()).await, expected);
        assert_eq!(talks_of(world.lei.clone()).await, of_lei);
        let line = world.ok("AccountService.ListTimeline", json!({"parent": world.lei})).await;
        let left = |line: &Json| line.to_string().contains("POSITION_LEFT");
        assert!(left(&line), "it was he who left");
        assert!(!left(&world.ok("AccountService.ListTimeline", json!({"parent": world.li})).await));
    }

    async fn c11_a_person_is_exported_and_erased_in_all_his_records(server: TestServer) {
        let world = World::build(&server).await;
        let alone: usize = export(&server, &world.li).await.len() + export(&server, &world.lei).await.len();
        world.merge(&world.li, &[&world.lei]).await;
        let all = export(&server, &world.lei).await;
        let people: Vec<&str> = all.iter().filter_map(|one| match &one.record {
            Some(Record::Contact(contact)) => Some(contact.name.as_str()),
            _ => None,
        }).collect();
        assert_eq!(people, [&world.li, &world.lei]);
        // Once each: the talk with both records and the tie between them; and that they were merged.
        assert_eq!(all.len(), alone - 2 + 1);
        let looked = world.ok("ContactService.ErasePersonalData", json!({"contact": world.li, "validate_only": true})).await;
        let mut erased = world.ok("ContactService.ErasePersonalData", json!({"contact": world.lei})).await;
        erased["eraseTime"] = Json::Null;
        let mut looked_at = looked.clone();
        looked_at["eraseTime"] = Json::Null;
        assert_eq!(erased, looked_at);
        assert_eq!(erased["contact"], json!(world.li));
        let merges = erased["erased"].as_array().expect("kinds").iter()
            .find(|one| one["kind"] == "PERSONAL_RECORD_KIND_MERGE").expect("the reason");
        assert_eq!(merges["records"], json!("1"));
        for text in ["李雷", "Li Lei", "13812345678", "77"] {
            let found = world.ok("AccountService.SearchDirectory", json!({"text": text})).await;
            assert_eq!(found["hits"], Json::Null, "{text}");
        }
        let he = world.ok("ContactService.GetContact", json!({"name": world.lei})).await;
        assert_eq!((&he["name"], &he["state"]), (&json!(world.li), &json!("CONTACT_STATE_ERASED")));
        let told = he.to_string();
        assert!(!told.contains("13812345678") && !told.contains("the same phone"), "{told}");
        assert!(world.undo(&world.lei).await.is_err(), "nothing is left to count as itself");
        world.verify().await;
    }

    async fn a24_what_a_source_says_of_a_merged_record_is_said_of_that_record(server: TestServer) {
        let world = World::build(&server).await;
        world.merge(&world.li, &[&world.lei]).await;
        let before = world.ok("ContactService.GetContact", json!({"name": world.li})).await;
        let contact = pb::ContactRecord {
            source_key: Some(pb::ExternalRef { system: "CRM".into(), id: "77".into() }),
            contact: Some(pb::Contact { display_name: "Lei Li".into(), ..Default::default() }),
            ..Default::default()
        };
        let record = pb::Record { content: Some(pb::record::Content::Contact(contact)) };
        let (done, _) = send(&server, pb::RecordsMode::Unspecified, vec![vec![record]]).await.expect("served");
        let done = &done[0];
        assert_eq!((done.name.as_str(), done.outcome()), (world.li.as_str(), pb::RecordOutcome::Updated));
        let now = world.ok("ContactService.GetContact", json!({"name": world.li})).await;
        assert_eq!((&now["displayName"], &now["etag"]), (&before["displayName"], &before["etag"]));
        assert_eq!(now["merged"][0]["displayName"], json!("Lei Li"));
        world.undo(&world.lei).await.expect("undone");
        let other = world.ok("ContactService.GetContact", json!({"name": world.lei})).await;
        assert_eq!(other["displayName"], json!("Lei Li"));
        world.verify().await;
    }
}
