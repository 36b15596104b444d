//! Accounts that may be the same one.

use serde_json::{Value as Json, json};

use ballast::config::{Token, TokenHash};
use ballast::ctx::RowScope;

use crate::interaction::member;
use crate::support::JsonCaller;

async fn made(caller: &JsonCaller, id: &str, account: Json) {
    let request = json!({"account_id": id, "account": account});
    caller.call("AccountService.CreateAccount", &request).await.expect("created");
}

/// The others of an account with what they have in common with it; `None` if none is found.
async fn others(caller: &JsonCaller, id: &str) -> Option<Vec<(String, Vec<String>)>> {
    let request =
        json!({"parent": format!("accounts/{id}"), "codes": ["FINDING_CODE_DUPLICATE_SUSPECTED"]});
    let told = caller.call("AccountService.ListFindings", &request).await.expect("a list");
    let found = told["findings"].as_array().and_then(|all| all.first())?.clone();
    assert_eq!(found["severity"], "FINDING_SEVERITY_AMBER");
    let of = |one: &Json| {
        let kinds = one["matchedOn"].as_array().cloned().unwrap_or_default();
        let kinds =
            kinds.iter().filter_map(Json::as_str).map(|kind| kind.replace("LOOKUP_KIND_", ""));
        (one["account"].as_str().unwrap_or_default().to_owned(), kinds.collect())
    };
    let all: Vec<(String, Vec<String>)> = found["duplicates"].as_array()?.iter().map(of).collect();
    let names: Vec<&str> = found["evidence"].as_array()?.iter().filter_map(Json::as_str).collect();
    assert_eq!(names, all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    Some(all)
}

/// Which accounts of the book are suspected, a page of two at a time.
async fn of_book(caller: &JsonCaller) -> Vec<String> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let request = json!({"parent": "accounts/-", "codes": ["FINDING_CODE_DUPLICATE_SUSPECTED"],
            "page_size": 2, "page_token": token});
        let told = caller.call("AccountService.ListFindings", &request).await.expect("a list");
        for one in told["findings"].as_array().cloned().unwrap_or_default() {
            all.push(one["account"].as_str().unwrap_or_default().replace("accounts/", ""));
        }
        token = told["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return all;
        }
    }
}

on_both_engines! {
    async fn a24_who_has_the_same_number_or_name_is_suspected_to_be_the_same(server: TestServer) {
        let caller = JsonCaller::new(&server, "tester");
        made(&caller, "one", json!({"display_name": "上海宏远建材有限公司", "tax_id": "DE 811"})).await;
        made(&caller, "two", json!({"display_name": "（上海）宏远 建材", "tax_id": "de811"})).await;
        made(&caller, "three", json!({"display_name": "Other", "tax_id": "DE-811"})).await;
        made(&caller, "north", json!({"display_name": "Hansa GmbH", "region_code": "DE"})).await;
        made(&caller, "south", json!({"display_name": "HANSA", "region_code": "CN"})).await;
        made(&caller, "free", json!({"display_name": "hansa"})).await;
        made(&caller, "alone", json!({"display_name": "Nobody else"})).await;
        let pair = |id: &str, kinds: &[&str]| {
            (format!("accounts/{id}"), kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>())
        };
        let both = &["TAX_ID", "NAME"];
        assert_eq!(others(&caller, "one").await, Some(vec![pair("two", both), pair("three", &["TAX_ID"])]));
        // Of one name in two regions they are two.
        assert_eq!(others(&caller, "north").await, Some(vec![pair("free", &["NAME"])]));
        assert_eq!(others(&caller, "free").await, Some(vec![pair("north", &["NAME"]), pair("south", &["NAME"])]));
        assert_eq!(others(&caller, "alone").await, None);
        assert_eq!(of_book(&caller).await, ["free", "north", "one", "south", "three", "two"]);

        let snooze = json!({"account": "accounts/two", "code": "FINDING_CODE_DUPLICATE_SUSPECTED",
            "until_date": {"year": 2099, "month": 1, "day": 1}, "reason": "two companies"});
        caller.call("AccountService.SnoozeFinding", &snooze).await.expect("hidden");
        caller.call("AccountService.DeleteAccount", &json!({"name": "accounts/free"})).await.expect("deleted");
        assert_eq!(of_book(&caller).await, ["one", "three"]);
        assert_eq!(others(&caller, "north").await, None);
        // What they were called on another day is not known.
        let then = json!({"parent": "accounts/one", "codes": ["FINDING_CODE_DUPLICATE_SUSPECTED"],
            "as_of": {"year": 2018, "month": 1, "day": 1}, "states": ["FINDING_STATE_UNKNOWN"]});
        let told = caller.call("AccountService.ListFindings", &then).await.expect("a list");
        assert_eq!(told["findings"][0]["state"], "FINDING_STATE_UNKNOWN");
        let status = caller.call("AccountService.GetAccountStatus", &json!({"name": "accounts/one"})).await.expect("a status");
        assert!(status["findings"].to_string().contains("DUPLICATE_SUSPECTED"));
    }

    async fn a24_of_accounts_that_the_caller_does_not_see_nothing_is_suspected(mut server: TestServer) {
        let caller = JsonCaller::new(&server, "tester");
        for number in 0..14 {
            made(&caller, &format!("n{number:02}"), json!({"display_name": format!("Firm {number}"), "tax_id": "DE 811"})).await;
        }
        member(&server, "wang").await;
        let etag = caller.call("AccountService.GetMember", &json!({"name": "members/wang"})).await.expect("there")["etag"].clone();
        let update = json!({"member": {"name": "members/wang", "etag": etag, "principals": ["seller"]}, "update_mask": "principals"});
        caller.call("AccountService.UpdateMember", &update).await.expect("updated");
        for id in ["n03", "n11"] {
            let request = json!({"account": format!("accounts/{id}"), "member": "members/wang", "role": "TEAM_ROLE_OWNER"});
            caller.call("AccountService.AssignTeamMember", &request).await.expect("assigned");
        }
        assert_eq!(others(&caller, "n03").await.map(|all| all.len()), Some(10));
        server.restart_with(|config| {
            config.auth.insecure = false;
            config.auth.tokens = vec![Token {
                principal: "seller".into(),
                sha256: TokenHash::of("seller"),
                scopes: vec!["*".into()],
                accounts: RowScope::try_from(vec!["own".to_owned()]).expect("understood"),
            }];
        }).await;
        let seller = JsonCaller::new(&server, "seller");
        let of = |id: &str| vec![(format!("accounts/{id}"), vec!["TAX_ID".to_owned()])];
        assert_eq!(others(&seller, "n03").await, Some(of("n11")));
        assert_eq!(others(&seller, "n11").await, Some(of("n03")));
    }
}
