//! What is not merged, and what is not undone.

use ballast::config::{Token, TokenHash};
use ballast::ctx::RowScope;

use super::*;
use crate::support::people::{as_somebody, with_tokens};
use crate::support::{details, fields};

pub fn told(answer: Result<Json, Status>) -> (String, Vec<(String, String)>) {
    let status = answer.expect_err("a refusal");
    let reason = details(&status).error_info().map(|info| info.reason.clone()).unwrap_or_default();
    (reason, fields(&status))
}

on_both_engines! {
    async fn a24_what_cannot_be_merged_is_refused_with_its_reason(server: TestServer) {
        let world = World::build(&server).await;
        let (li, lei, wu) = (world.li.as_str(), world.lei.as_str(), world.wu.as_str());
        let zhao = person(&server, "赵").await;
        let field = |name: &str, reason: &str| vec![(name.to_owned(), reason.to_owned())];
        let refused = |answer: Result<Json, Status>| told(answer);
        for only_look in [true, false] {
            let merge = |survivor: &str, losers: Vec<String>| {
                let (survivor, world) = (survivor.to_owned(), &world);
                async move {
                    let losers: Vec<&str> = losers.iter().map(String::as_str).collect();
                    world.try_merge(&survivor, &losers, only_look).await
                }
            };
            let to = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            assert_eq!(refused(merge(li, to(&[li])).await).1, field("losers[0]", "FIELD_INVALID"));
            assert_eq!(refused(merge(li, to(&[lei, lei])).await).1, field("losers[1]", "DUPLICATE_ELEMENT"));
            assert_eq!(refused(merge(li, to(&[])).await).1, field("losers", "FIELD_REQUIRED"));
            let many = vec![lei.to_owned(); 21];
            assert_eq!(refused(merge(li, many).await).1, field("losers", "TOO_MANY_ELEMENTS"));
            assert_eq!(refused(merge("accounts/acme", to(&[lei])).await).1, field("losers[0]", "RESOURCE_NAME_INVALID"));
            assert_eq!(refused(merge(li, to(&["accounts/acme"])).await).1, field("losers[0]", "RESOURCE_NAME_INVALID"));
            assert_eq!(refused(merge(li, to(&["contacts/nobody"])).await).0, "RESOURCE_NOT_FOUND");
        }
        assert_eq!(refused(world.undo(lei).await).0, "STATE_WRONG", "it counts as itself");
        world.merge(li, &[lei]).await;
        // Nobody counts as one who counts as another, whichever way it is tried.
        assert_eq!(refused(world.try_merge(lei, &[wu], false).await).0, "STATE_WRONG");
        assert_eq!(refused(world.try_merge(wu, &[lei], false).await).0, "STATE_WRONG");
        assert_eq!(refused(world.try_merge(wu, &[li], false).await).0, "MERGE_CHAINED");
        assert_eq!(refused(world.try_merge(lei, &[li], false).await).0, "STATE_WRONG", "the other way round");
        world.merge(li, &[wu]).await;
        world.undo(wu).await.expect("undone");
        assert_eq!(refused(world.undo(wu).await).0, "STATE_WRONG");
        assert_eq!(refused(world.undo("contacts/nobody").await).0, "RESOURCE_NOT_FOUND");

        world.ok("ContactService.DeleteContact", json!({"name": zhao})).await;
        assert_eq!(refused(world.try_merge(li, &[&zhao], false).await).0, "STATE_WRONG");
        assert_eq!(refused(world.try_merge(&zhao, &[wu], false).await).0, "STATE_WRONG");
        let gone = person(&server, "钱").await;
        world.ok("ContactService.ErasePersonalData", json!({"contact": gone})).await;
        assert_eq!(refused(world.try_merge(li, &[&gone], false).await).0, "STATE_WRONG");
        assert_eq!(refused(world.try_merge(&gone, &[wu], false).await).0, "STATE_WRONG");
        // He sits somewhere by one of his records.
        assert_eq!(refused(world.call("ContactService.DeleteContact", json!({"name": lei})).await).0, "CONTACT_HAS_POSITION");
        world.verify().await;
    }

    async fn a24_the_same_request_answers_as_the_first_and_the_survivor_has_another_etag(server: TestServer) {
        let world = World::build(&server).await;
        let before = world.etag(&world.li).await;
        let of_lei = world.etag(&world.lei).await;
        let request = json!({"survivor": world.li, "losers": [world.lei], "reason": "one man", "request_id": fresh()});
        let first = world.ok("AccountService.MergeRecords", request.clone()).await;
        assert_eq!(first, world.ok("AccountService.MergeRecords", request).await);
        let now = world.etag(&world.li).await;
        assert!(now != before && now != of_lei, "{now} {before} {of_lei}");
        for stale in [before, of_lei] {
            let update = json!({"contact": {"name": world.lei, "etag": stale, "display_name": "Lei"}, "update_mask": "displayName"});
            assert_eq!(told(world.call("ContactService.UpdateContact", update).await).0, "ETAG_MISMATCH");
        }
        let request = json!({"loser": world.lei, "reason": "two men", "request_id": fresh()});
        let first = world.ok("AccountService.UndoMerge", request.clone()).await;
        assert_eq!(first, world.ok("AccountService.UndoMerge", request).await);
    }
}

#[tokio::test]
async fn a24_whoever_may_not_merge_is_refused_and_names_are_masked() {
    use ballast::pb::contact_service_client::ContactServiceClient;
    let server = with_tokens(&[
        ("all", &["*"]),
        ("reader", &["contacts.read"]),
        ("keeper", &["contacts.read", "contacts.write"]),
    ])
    .await;
    let all = JsonCaller::new(&server, "all");
    let make = |name: &str| json!({"contact": {"display_name": name, "phones": [{"value": "+4930123456"}]}});
    let mut made = Vec::new();
    for name in ["Ann", "Anne"] {
        let one = all.call("ContactService.CreateContact", &make(name)).await.expect("created");
        made.push(one["name"].as_str().expect("a name").to_owned());
    }
    let request = json!({"survivor": made[0], "losers": [made[1]], "reason": "one phone", "request_id": fresh()});
    let keeper = JsonCaller::new(&server, "keeper");
    let refused = keeper.call("AccountService.MergeRecords", &request).await;
    assert_eq!(told(refused).0, "SCOPE_MISSING");
    all.call("AccountService.MergeRecords", &request).await.expect("merged");
    let mut reader =
        ContactServiceClient::with_interceptor(server.channel(), as_somebody("reader"));
    let request = ballast::pb::GetContactRequest { name: made[1].clone() };
    let seen = reader.get_contact(request).await.expect("read").into_inner();
    let other = &seen.merged[0];
    assert_eq!((&seen.name, &other.name, seen.masked), (&made[0], &made[1], true));
    assert_eq!(
        (other.display_name.as_str(), other.phones[0].value.as_str(), other.reason.as_str()),
        ("", "", "")
    );
}

on_both_engines! {
    async fn a24_who_sees_one_record_sees_the_person_and_merges_nothing(mut server: TestServer) {
        account(&server, "bold", &[]).await;
        let li = person(&server, "钱").await;
        let lei = {
            let world = World::build(&server).await;
            let seat = json!({"account": "accounts/bold", "position": {"function": "POSITION_FUNCTION_LEGAL",
                "level": "POSITION_LEVEL_STAFF", "valid_from": on(-900)}});
            let seat = world.ok("ContactService.CreatePosition", seat).await["name"].clone();
            let request = json!({"contact": li, "to_position": seat, "effective_date": on(-10), "reason": "hired"});
            world.ok("ContactService.MoveContact", request).await;
            let etag = world.ok("AccountService.GetMember", json!({"name": "members/wang"})).await["etag"].clone();
            let update = json!({"member": {"name": "members/wang", "etag": etag, "principals": ["seller"]},
                "update_mask": "principals"});
            world.ok("AccountService.UpdateMember", update).await;
            let request = json!({"account": "accounts/acme", "member": "members/wang", "role": "TEAM_ROLE_OWNER"});
            world.ok("AccountService.AssignTeamMember", request).await;
            world.lei.clone()
        };
        let own = RowScope::try_from(vec!["own".to_owned()]).expect("understood");
        let token = |principal: &str, accounts: RowScope| Token {
            principal: principal.into(),
            sha256: TokenHash::of(principal),
            scopes: vec!["*".into()],
            accounts,
        };
        let tokens = vec![token("all", RowScope::All), token("seller", own)];
        server.restart_with(|config| {
            config.auth.insecure = false;
            config.auth.tokens = tokens;
        }).await;
        let [all, seller] = ["all", "seller"].map(|principal| JsonCaller::new(&server, principal));
        let get = |name: &str| json!({"name": name});
        assert_eq!(told(seller.call("ContactService.GetContact", &get(&li)).await).0, "RESOURCE_NOT_FOUND");
        let merge = json!({"survivor": li, "losers": [lei], "reason": "one man", "request_id": fresh()});
        assert_eq!(told(seller.call("AccountService.MergeRecords", &merge).await).0, "ACCOUNTS_RESTRICTED");
        all.call("AccountService.MergeRecords", &merge).await.expect("merged");
        for name in [&li, &lei] {
            let seen = seller.call("ContactService.GetContact", &get(name)).await.expect("seen");
            assert_eq!(seen["name"], json!(li));
            assert_eq!(seen["positions"].as_array().map(Vec::len), Some(1), "that at acme");
        }
        let listed = seller.call("ContactService.ListContacts", &json!({})).await.expect("a list");
        assert!(names(&listed, "contacts").contains(&li.as_str()));
        let undo = json!({"loser": lei, "reason": "two men", "request_id": fresh()});
        all.call("AccountService.UndoMerge", &undo).await.expect("undone");
        assert_eq!(told(seller.call("ContactService.GetContact", &get(&li)).await).0, "RESOURCE_NOT_FOUND");
    }
}
