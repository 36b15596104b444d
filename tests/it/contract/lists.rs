//! The Lists, a line each.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Value as Json, json};
use sha2::Digest as _;

use super::json::{field, foreign, missing, text, with};
use super::method;
use super::scene::{Scene, told};

/// Bytes of the checksum of a page token, behind its version.
const CHECKSUM: usize = 8;

/// A List: its method, what is asked of it, the field with its elements, and the field that names
/// what it is a list of (empty: none).
#[derive(Debug)]
pub struct List {
    pub method: &'static str,
    pub request: &'static str,
    elements: &'static str,
    parent: &'static str,
}

const fn list(
    method: &'static str,
    request: &'static str,
    elements: &'static str,
    parent: &'static str,
) -> List {
    List { method, request, elements, parent }
}

const OF_ACME: &str = r#"{"parent": "accounts/acme"}"#;
const STATEMENT: &str = r#"{"account": "accounts/acme", "from_date": {"year": 2019, "month": 1, "day": 1},
    "to_date": {"year": 2019, "month": 12, "day": 31}}"#;

/// What they list stands in `scene.rs`, at least three elements of each.
pub const TABLE: &[List] = &[
    list("AccountService.ListAccounts", r#"{"parent": "accounts/group"}"#, "accounts", "parent"),
    list("AccountService.ListMembers", r#"{"manager": "members/boss"}"#, "members", "manager"),
    list("AccountService.ListFindings", r#"{"parent": "accounts/-"}"#, "findings", "parent"),
    list("AccountService.ListWorkItems", r#"{"parent": "accounts/-"}"#, "workItems", "parent"),
    list("AccountService.ListTimeline", OF_ACME, "entries", "parent"),
    list(
        "AccountService.ListAccountTypeChanges",
        r#"{"parent": "accounts/held"}"#,
        "changes",
        "parent",
    ),
    list("AccountService.ListTeamMembers", OF_ACME, "teamMembers", "parent"),
    list("AccountService.ListHandovers", r#"{"parent": "accounts/open"}"#, "handovers", "parent"),
    list("ContactService.ListContacts", r#"{"account": "accounts/acme"}"#, "contacts", "account"),
    list("ContactService.ListPositions", OF_ACME, "positions", "parent"),
    list("ContactService.ListIncumbencies", OF_ACME, "incumbencies", "parent"),
    list("ContactService.ListTies", r#"{"person": "$wu"}"#, "ties", "person"),
    list("InteractionService.ListInteractions", OF_ACME, "interactions", "parent"),
    list("InteractionService.ListCommitments", OF_ACME, "commitments", "parent"),
    list("InteractionService.ListGifts", OF_ACME, "gifts", "parent"),
    list("InteractionService.ListAdvice", OF_ACME, "advice", "parent"),
    list("ReceivableService.ListDocuments", OF_ACME, "documents", "parent"),
    list(
        "ReceivableService.ListWaitingClearings",
        r#"{"parent": "accounts/patient"}"#,
        "waitingClearings",
        "parent",
    ),
    list("ReceivableService.ListOpenItems", OF_ACME, "items", "parent"),
    list("ReceivableService.ListReceivablesRisk", r#"{"currency_code": "USD"}"#, "accounts", ""),
    list("ReceivableService.GetStatement", STATEMENT, "lines", "account"),
    list("CreditService.ListCreditLimits", OF_ACME, "limits", "parent"),
    list("CreditService.ListCreditHolds", r#"{"parent": "accounts/held"}"#, "holds", "parent"),
    list("CreditService.ListCreditSecurities", OF_ACME, "securities", "parent"),
    list("CreditService.ListReservations", OF_ACME, "reservations", "parent"),
    list("CreditService.ListCreditDecisions", OF_ACME, "decisions", "parent"),
    list("CreditService.ListCreditPolicies", "{}", "policies", ""),
    list("TierService.ListTierPolicies", "{}", "tierPolicies", ""),
    list("TierService.ListTierRuns", "{}", "tierRuns", ""),
    list(
        "TierService.ListTierAssignments",
        r#"{"parent": "accounts/-"}"#,
        "tierAssignments",
        "parent",
    ),
    list("TierService.ListTierOverrides", r#"{"parent": "accounts/-"}"#, "tierOverrides", "parent"),
    list("TierService.ListWorkCalendars", "{}", "workCalendars", ""),
];

pub async fn hold(mut scene: Scene) {
    let foreign_token = {
        let request = json!({"page_size": 1, "show_deleted": true});
        let page = scene.call("AccountService.ListAccounts", &request).await.expect("a page");
        text(&page, "nextPageToken")
    };
    for line in TABLE {
        let request = scene.fill(line.request);
        pages_make_the_whole(&scene, line, &request).await;
        let token = first_page(&scene, line, &request).await.1;
        the_token_is_bound(&mut scene, line, &request, &token).await;
        for (path, value, expected) in [
            ("page_size", json!(-1), "page_size PAGE_SIZE_INVALID"),
            ("page_token", json!("x"), "page_token PAGE_TOKEN_INVALID"),
            ("page_token", json!(foreign_token), "page_token PAGE_TOKEN_INVALID"),
        ] {
            scene.refuses(line.method, &with(&request, path, value), expected).await;
        }
        if !line.parent.is_empty() {
            let parent = text(&request, line.parent);
            let unknown = with(&request, line.parent, missing(&parent));
            scene.refuses(line.method, &unknown, "RESOURCE_NOT_FOUND").await;
            let foreign = with(&request, line.parent, foreign(&parent));
            let expected = format!("{} RESOURCE_NAME_INVALID", field(line.parent));
            scene.refuses(line.method, &foreign, &expected).await;
        }
    }
    scene.assert_kept();
}

/// Keys, days and points that no page says, under a checksum that fits.
pub async fn forge(mut scene: Scene) {
    const PARTS: [&str; 10] = [
        "\0",
        "a\0b",
        "-262143-01-01",
        "+262142-12-31",
        "0000-01-01",
        "9223372036854775807",
        "-9223372036854775808",
        "-170141183460469231731687303715884105728",
        "",
        "\u{ffff}",
    ];
    let mut forged = 0;
    for line in TABLE {
        let request = scene.fill(line.request);
        let token = first_page(&scene, line, &request).await.1;
        let [version, body] = read_token(&token);
        let wire: Json = serde_json::from_slice(&body).expect("JSON");
        let mut wires = Vec::new();
        for (at, _) in wire[3].as_array().expect("a key").iter().enumerate() {
            wires.extend(PARTS.map(|part| with(&wire, &format!("3.{at}"), part)));
        }
        for day in ["-262143-01-01", "+262142-12-31", "0001-01-01", "9999-12-31"] {
            wires.push(with(&wire, "1", day));
        }
        for point in [i64::MIN, i64::MAX, -1, 0, 253_402_300_800_000_000] {
            wires.push(with(&wire, "2", point));
        }
        for wire in wires {
            let body = serde_json::to_vec(&wire).expect("JSON");
            let request = with(&request, "page_token", write_token(&version, &body));
            let answer = scene.call(line.method, &request).await;
            let is_ours = match &answer {
                Ok(_) => true,
                Err(status) => status.code() == tonic::Code::InvalidArgument,
            };
            if !is_ours {
                scene.expect(line.method, &wire.to_string(), &told(&answer), "PAGE_TOKEN_INVALID");
            }
            forged += 1;
        }
    }
    assert!(forged > 600, "{forged}");
    scene.assert_kept();
}

/// The version of a token, and its body.
fn read_token(token: &str) -> [Vec<u8>; 2] {
    let bytes = URL_SAFE_NO_PAD.decode(token).expect("base64");
    [bytes[..1].to_vec(), bytes[1 + CHECKSUM..].to_vec()]
}

fn write_token(version: &[u8], body: &[u8]) -> String {
    let sum = sha2::Sha256::new().chain_update("ballast page token").chain_update(version);
    let sum = sum.chain_update(body).finalize();
    URL_SAFE_NO_PAD.encode([version, &sum[..CHECKSUM], body].concat())
}

/// A page of one element: it, and the token of the next.
async fn first_page(scene: &Scene, line: &List, request: &Json) -> (Vec<Json>, String) {
    let request = with(request, "page_size", 1);
    let page = scene.call(line.method, &request).await;
    let page = page.unwrap_or_else(|status| panic!("{}: {status:?}", line.method));
    (elements(&page, line), text(&page, "nextPageToken"))
}

fn elements(page: &Json, line: &List) -> Vec<Json> {
    page[line.elements].as_array().cloned().unwrap_or_default()
}

async fn pages_make_the_whole(scene: &Scene, line: &List, request: &Json) {
    let whole = scene.call(line.method, &with(request, "page_size", 1_000)).await;
    let whole = whole.unwrap_or_else(|status| panic!("{}: {status:?}", line.method));
    assert_eq!(text(&whole, "nextPageToken"), "", "{}", line.method);
    let whole = elements(&whole, line);
    assert!(whole.len() >= 3, "{}: {whole:#?}", line.method);
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let (page, next) = first_page(scene, line, &with(request, "page_token", token)).await;
        assert_eq!(page.len(), 1, "{}", line.method);
        pages.extend(page);
        token = next;
        if token.is_empty() {
            break;
        }
        assert!(pages.len() < whole.len(), "{}: a page too many", line.method);
    }
    assert_eq!(pages, whole, "{}", line.method);
}

/// Whatever else is asked for, the token is of another list; the size of a page may change.
async fn the_token_is_bound(scene: &mut Scene, line: &List, request: &Json, token: &str) {
    let next = with(request, "page_token", token);
    let larger = scene.call(line.method, &with(&next, "page_size", 2)).await;
    scene.expect(line.method, "a larger page", &told(&larger), "OK");
    for argument in method(line.method).input().fields() {
        if !["page_size", "page_token"].contains(&argument.name()) {
            let changed = with(&next, argument.name(), another(&argument));
            scene.refuses(line.method, &changed, "page_token PAGE_TOKEN_INVALID").await;
        }
    }
}

/// A value that no request of the table has in that field.
fn another(argument: &FieldDescriptor) -> Json {
    match argument.kind() {
        Kind::Bool => json!(true),
        Kind::String if argument.name() == "currency_code" => json!("EUR"),
        Kind::String => json!("accounts/other"),
        Kind::Enum(_) if argument.is_list() => json!([2]),
        Kind::Enum(_) => json!(2),
        Kind::Message(message) => match message.name() {
            "Date" => json!({"year": 2019, "month": 3, "day": 3}),
            "Timestamp" => json!("2019-06-01T00:00:00Z"),
            "Label" => json!([{"key": "other"}]),
            name => panic!("what is another {name}?"),
        },
        kind => panic!("what is another {kind:?}?"),
    }
}
