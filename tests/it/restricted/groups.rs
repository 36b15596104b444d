//! Accounts of a group that a caller does not see all of, and accounts that change hands.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::world::{ADMIN, OWN, UNIT, World};
use super::{on_either, told, with_id};

/// An account of the caller's, below one that he does not see.
async fn below_hidden(world: &World) -> String {
    let admin = world.caller(ADMIN);
    let create = json!({"account_id": "kid", "account": {"display_name": "Kid", "parent": "accounts/hidden"}});
    let kid = admin.call("AccountService.CreateAccount", &with_id(create)).await.expect("created");
    let assign =
        json!({"account": "accounts/kid", "member": "members/seen-han", "role": "TEAM_ROLE_OWNER"});
    admin.call("AccountService.AssignTeamMember", &with_id(assign)).await.expect("assigned");
    kid["etag"].as_str().expect("an etag").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_rests_on_a_group_is_told_to_who_sees_all_of_it() {
    on_either(async |world| {
        let etag = below_hidden(&world).await;
        let caller = world.caller(OWN);
        let kid = caller.call("AccountService.GetAccount", &json!({"name": "accounts/kid"})).await;
        assert_eq!(kid.expect("seen")["parent"], json!(null), "a parent he does not see");
        let page = caller.call("AccountService.ListAccounts", &json!({})).await.expect("a page");
        assert_eq!(page["accounts"].as_array().map(Vec::len), Some(2));
        for (method, request, expected) in [
            ("CreditService.GetCreditProfile", json!({"account": "accounts/kid"}), "ACCOUNTS_RESTRICTED"),
            ("CreditService.CheckCredit", json!({"account": "accounts/kid",
                "amount": {"currency_code": "USD", "units": "1"}}), "ACCOUNTS_RESTRICTED"),
            ("CreditService.ListCreditDecisions", json!({"parent": "accounts/kid"}), "ACCOUNTS_RESTRICTED"),
            ("AccountService.GetAccountStatus", json!({"name": "accounts/kid"}), "ACCOUNTS_RESTRICTED"),
            ("AccountService.ListFindings", json!({"parent": "accounts/kid"}), "ACCOUNTS_RESTRICTED"),
            ("ReceivableService.GetAging", json!({"account": "accounts/kid"}), "OK"),
            ("ReceivableService.GetAging", json!({"account": "accounts/kid", "include_group": true}), "OK"),
            ("ContactService.GetCoverage", json!({"account": "accounts/kid"}), "OK"),
        ] {
            let answer = caller.call(method, &request).await;
            assert_eq!(told(&answer), expected, "{method}: {answer:?}");
            let text = format!("{answer:?}");
            assert!(!text.contains("hidden"), "{method}: {text}");
        }
        let whole = json!({"account": {"name": "accounts/kid", "display_name": "Kid", "etag": etag}, "update_mask": "*"});
        let answer = caller.call("AccountService.UpdateAccount", &with_id(whole)).await;
        assert_eq!(told(&answer), "ACCOUNTS_RESTRICTED", "its parent would be gone");
        let named = json!({"account": {"name": "accounts/kid", "display_name": "Kid 2", "etag": etag},
            "update_mask": "displayName"});
        let answer = caller.call("AccountService.UpdateAccount", &with_id(named)).await.expect("changed");
        assert_eq!((&answer["displayName"], &answer["parent"]), (&json!("Kid 2"), &json!(null)));
        let admin = world.caller(ADMIN);
        let kid = admin.call("AccountService.GetAccount", &json!({"name": "accounts/kid"})).await;
        assert_eq!(kid.expect("there")["parent"], json!("accounts/hidden"), "it stands where it stood");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_key_that_something_hidden_has_is_taken_and_no_more_is_told() {
    on_either(async |world| {
        let caller = world.caller(OWN);
        let account = caller.call("AccountService.GetAccount", &json!({"name": "accounts/seen"})).await;
        let contact = caller.call("ContactService.ListContacts", &json!({})).await.expect("a page");
        let contact = contact["contacts"][0].clone();
        for (method, field, of, system, key) in [
            ("AccountService.UpdateAccount", "account", account.expect("seen"), "ERP", "hidden-key"),
            ("ContactService.UpdateContact", "contact", contact, "CRM", "hidden-wu"),
        ] {
            let request = json!({
                field: {"name": of["name"], "etag": of["etag"], "external_refs": [{"system": system, "id": key}]},
                "update_mask": "externalRefs",
            });
            let answer = caller.call(method, &with_id(request)).await;
            assert_eq!(told(&answer), "EXTERNAL_REF_TAKEN", "{method}: {answer:?}");
            let text = format!("{answer:?}");
            let sent = format!("{system}~{key}");
            let rest = text.replace(&sent, "").replace(key, "");
            assert!(text.contains(&sent) && !rest.contains("hidden"), "{method}: {text}");
            assert!(field == "account" || !rest.contains("contacts/0"), "{method}: {text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_account_is_seen_on_the_days_on_which_it_is_looked_after() {
    on_either(async |world| {
        let admin = world.caller(ADMIN);
        let tomorrow = json!({"year": 2019, "month": 7, "day": 1});
        for (member, role, from, to) in [
            ("members/seen-han", "TEAM_ROLE_BACKUP", tomorrow.clone(), tomorrow),
            (
                "members/seen-li",
                "TEAM_ROLE_SERVICE",
                json!({"year": 2019, "month": 7, "day": 2}),
                json!(null),
            ),
        ] {
            let team = json!({"parent": "accounts/hidden"});
            let team = admin.call("AccountService.ListTeamMembers", &team).await.expect("a page");
            let etag = team["etag"].clone();
            let assign = json!({"account": "accounts/hidden", "member": member, "role": role,
                "valid_from": from, "valid_to": to, "etag": etag});
            admin
                .call("AccountService.AssignTeamMember", &with_id(assign))
                .await
                .expect("assigned");
        }
        let (own, unit) = (world.caller(OWN), world.caller(UNIT));
        let get = json!({"name": "accounts/hidden"});
        let clock = world.server.clock();
        for (day, expected) in
            [(0, ["RESOURCE_NOT_FOUND"; 2]), (1, ["OK"; 2]), (2, ["RESOURCE_NOT_FOUND", "OK"])]
        {
            let start = chrono::DateTime::<Utc>::from_timestamp_micros(1_561_885_200_000_000);
            clock.set(start.expect("a time") + TimeDelta::days(day));
            for (caller, expected) in [&own, &unit].into_iter().zip(expected) {
                let answer = caller.call("AccountService.GetAccount", &get).await;
                assert_eq!(told(&answer), expected, "day {day}: {answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn of_an_account_that_was_merged_nothing_is_told_to_who_does_not_see_it() {
    on_either(async |world| {
        let admin = world.caller(ADMIN);
        let merge = json!({"survivor": "accounts/seen", "losers": ["accounts/hidden"], "reason": "one tax number"});
        admin.call("AccountService.MergeRecords", &with_id(merge)).await.expect("merged");
        let contact = admin.call("ContactService.GetContact", &json!({"name": "contacts/CRM~seen-wu"})).await;
        let contact = contact.expect("a contact")["name"].clone();
        let hidden = admin.call("ContactService.GetContact", &json!({"name": "contacts/CRM~hidden-wu"})).await;
        let hidden = hidden.expect("a contact")["name"].clone();
        let hidden = hidden.as_str().expect("a name");
        let seen_risk = json!({"account": "accounts/seen", "view": "RISK_VIEW_FULL"});
        let today = chrono::DateTime::<Utc>::from_timestamp_micros(1_561_885_200_000_000).expect("a time");
        // Visits at both, more than a class may have in a week together.
        for n in 0..6 {
            let account = ["accounts/seen", "accounts/hidden"][n % 2];
            let start = today - TimeDelta::minutes(10 + n as i64);
            let visit = json!({"account": account, "interaction": {"channel": "INTERACTION_CHANNEL_VISIT",
                "direction": "INTERACTION_DIRECTION_OURS", "ours": ["members/seen-han"],
                "theirs": [{"contact": contact}], "start_time": start.to_rfc3339()}});
            admin.call("InteractionService.RecordInteraction", &with_id(visit)).await.expect("recorded");
        }
        let of_all = admin.call("AccountService.ListFindings", &json!({"parent": "accounts/seen"})).await;
        assert!(format!("{of_all:?}").contains("accounts/hidden/interactions/"), "{of_all:?}");
        // So late that nobody was met of late: the risk names whom to meet.
        world.server.clock().set(today + TimeDelta::days(300));
        let of_all = admin.call("ReceivableService.GetReceivablesRisk", &seen_risk).await;
        assert!(format!("{of_all:?}").contains(hidden), "{of_all:?}");
        let caller = world.caller(OWN);
        for (method, request, expected) in [
            ("AccountService.ListFindings", json!({"parent": "accounts/seen"}), "ACCOUNTS_RESTRICTED"),
            ("AccountService.GetAccountStatus", json!({"name": "accounts/seen"}), "ACCOUNTS_RESTRICTED"),
            ("AccountService.ListWorkItems", json!({"parent": "accounts/seen"}), "OK"),
            ("ContactService.GetCoverage", json!({"account": "accounts/seen"}), "OK"),
            ("ReceivableService.GetReceivablesRisk", seen_risk, "OK"),
        ] {
            let answer = caller.call(method, &request).await;
            assert_eq!(told(&answer), expected, "{method}: {answer:?}");
            let text = format!("{answer:?}");
            assert!(!text.contains("accounts/hidden") && !text.contains(hidden), "{method}: {text}");
        }
    })
    .await;
}
