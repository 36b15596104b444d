//! Callers who see some accounts alone: each method of the contract, walked over from its descriptors.

mod groups;
mod lines;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use ballast::api::methods::Methods;
use serde_json::{Value as Json, json};
use tonic::Status;

use crate::support::ledger::fresh;
use crate::support::{Engine, JsonCaller, details};
use lines::{OF_ALL, TABLE};
use world::{ADMIN, HIDDEN, HIDDEN_UNITS, OWN, UNIT, World, absent, text_at};

/// The methods that serve such callers, and the others.
fn methods() -> (BTreeSet<String>, BTreeSet<String>) {
    let methods = Methods::ours().expect("descriptors");
    let (mut served, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for method in methods.iter() {
        let name = method.path.trim_start_matches("/ballast.v1.").replace('/', ".");
        if method.row_scoped {
            served.insert(name)
        } else {
            refused.insert(name)
        };
    }
    (served, refused)
}

fn told(answer: &Result<Json, Status>) -> String {
    match answer {
        Ok(_) => "OK".into(),
        Err(status) => {
            details(status).error_info().map(|info| info.reason.clone()).expect("a reason")
        }
    }
}

#[test]
fn every_method_that_serves_them_has_its_line() {
    let lines: BTreeSet<String> = TABLE.iter().map(|line| line.method.to_owned()).collect();
    assert_eq!(methods().0, lines);
}

async fn on_either(scenario: impl AsyncFn(World)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        scenario(World::build(engine).await).await;
    }
}

fn with_id(mut request: Json) -> Json {
    request["request_id"] = fresh().into();
    request
}

/// Refuses a request with an id of its own where the method has none.
async fn call(caller: &JsonCaller, method: &str, request: Json) -> Result<Json, Status> {
    let (_, verb) = method.split_once('.').expect("Service.Method");
    let reads = ["Get", "BatchGet", "List", "Calculate", "Check", "Export"];
    let request =
        if reads.iter().any(|r| verb.starts_with(r)) { request } else { with_id(request) };
    caller.call(method, &request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_caller_does_not_see_is_answered_as_if_it_were_not_there() {
    on_either(async |world| {
        let contact = text_at(&world.hidden.fill(r#"{"name": "$contact"}"#), "name");
        let nowhere = absent(&contact);
        let told_of = |status: &Status| {
            // As it would read if what is nowhere had the names of what is hidden.
            let told = details(status);
            let info = told.error_info().expect("a reason");
            let metadata: BTreeMap<_, _> = info.metadata.iter().collect();
            let (resource, faults) = (told.resource_info(), told.bad_request());
            let (code, message, reason) = (status.code(), status.message(), &info.reason);
            let text = format!("{code:?} {message} {reason} {metadata:?} {resource:?} {faults:?}");
            text.replace("absent", HIDDEN).replace(&nowhere, &contact)
        };
        for caller in [OWN, UNIT] {
            let caller = world.caller(caller);
            // A line of those behind names what one before makes.
            let mut hidden = world.hidden.clone();
            hidden.set("assignment", format!("accounts/{HIDDEN}/tierAssignments/{}", fresh()));
            let absent = hidden.absent();
            for line in TABLE.iter().filter(|line| line.is_about_rows) {
                let of_hidden = call(&caller, line.method, hidden.fill(line.request)).await;
                let of_nothing = call(&caller, line.method, absent.fill(line.request)).await;
                let (of_hidden, of_nothing) = match (of_hidden, of_nothing) {
                    (Err(of_hidden), Err(of_nothing)) => (of_hidden, of_nothing),
                    other => panic!("{} {}: {other:?}", line.method, line.request),
                };
                let is_plain = of_hidden.code() == tonic::Code::NotFound
                    || line.method == "TierService.BatchGetAccountTiers";
                assert!(is_plain, "{}: {of_hidden:?}", line.method);
                assert_eq!(told_of(&of_hidden), told_of(&of_nothing), "{}", line.method);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_caller_sees_is_answered_as_ever() {
    on_either(async |world| {
        let caller = world.caller(OWN);
        let mut words = world.seen.clone();
        for line in TABLE {
            let answer = call(&caller, line.method, words.fill(line.request)).await;
            assert_eq!(told(&answer), line.told, "{} {}: {answer:?}", line.method, line.request);
            if let (Some((word, path)), Ok(answer)) = (line.made, &answer) {
                words.set(word, text_at(answer, path));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_other_method_is_refused_to_who_does_not_see_all() {
    let world = World::build(Engine::Sqlite).await;
    let (served, refused) = methods();
    assert!(refused.len() > 50 && served.len() > 50, "{} {}", refused.len(), served.len());
    for caller in [OWN, UNIT] {
        for method in &refused {
            let path = format!("/ballast.v1.{}", method.replace('.', "/"));
            let bearer = format!("Bearer {caller}");
            let headers = [("authorization", bearer.as_str())];
            let status = world.server.raw().call(&path, &headers, &()).await;
            assert_eq!(told(&Err(status)), "ACCOUNTS_RESTRICTED", "{method}");
        }
    }
}

/// All pages of an answer, one element each.
async fn pages(caller: &JsonCaller, method: &str, request: &Json) -> Vec<Result<Json, Status>> {
    let (mut pages, mut request) = (Vec::new(), request.clone());
    loop {
        let answer = caller.call(method, &request).await;
        let next = answer.as_ref().ok().and_then(|page| page["nextPageToken"].as_str());
        let next = next.filter(|token| !token.is_empty()).map(str::to_owned);
        pages.push(answer);
        let Some(token) = next else { return pages };
        request["page_token"] = json!(token);
        assert!(pages.len() < 100, "{method}: no end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_answer_tells_anything_of_what_a_caller_does_not_see() {
    on_either(async |world| {
        let admin = world.caller(ADMIN);
        let reads = ["Get", "BatchGet", "List", "Calculate", "Check", "Export"];
        let is_read = |method: &str| reads.iter().any(|read| method.contains(&format!(".{read}")));
        let lines = TABLE.iter().filter(|line| is_read(line.method));
        let lines = lines.map(|line| (line.method, line.request, line.told));
        let mut found_by_admin = 0;
        for caller in [OWN, UNIT] {
            let caller = world.caller(caller);
            for (method, request, expected) in lines.clone().chain(OF_ALL.iter().copied()) {
                let mut request = world.seen.fill(request);
                if method.contains(".List") || method.contains(".GetStatement") {
                    request["page_size"] = 1.into();
                }
                for page in pages(&caller, method, &request).await {
                    assert_eq!(told(&page), expected, "{method} {request}: {page:?}");
                    let text = format!("{page:?}").to_lowercase();
                    for leak in [HIDDEN, HIDDEN_UNITS] {
                        assert!(!text.contains(leak), "{method} {request} tells {leak}: {text}");
                    }
                }
                for page in pages(&admin, method, &request).await {
                    found_by_admin += usize::from(format!("{page:?}").contains(HIDDEN));
                }
            }
        }
        // What is looked for is there to be found by whoever sees all.
        assert!(found_by_admin > 20, "{found_by_admin}");
    })
    .await;
}
