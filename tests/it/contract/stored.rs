//! What is stored as JSON, held against the files under `tests/stored`, each a sample: what is
//! written is what they say, and unit tests read them with the types that read a database. So
//! renaming a field cannot change what was written years ago without a file that changes too.
//!
//! `BALLAST_BLESS=1` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ballast::ctx::Ctx;
use ballast::service::Settings;
use ballast::service::credit::Credit;
use serde_json::Value as Json;
use uuid::Uuid;

use super::books::Books;
use super::scene::{Scene, Step};
use super::{EXEMPT, mutations};
use crate::support::credit::moment;
use crate::support::ledger::{Desk, Settles, day, invoice, receipt};
use crate::tiers::values;

/// A folder, and the rows with a sample each: its name and its JSON, with a blank between. The
/// first row of a name is the sample.
const COLUMNS: &[(&str, &str)] = &[
    (
        "outbox.data",
        "SELECT event_type || ' ' || data FROM outbox ORDER BY account_id, recorded_us, id",
    ),
    (
        "document.detail",
        "SELECT document_no || ' ' || detail FROM document \
         WHERE document_no IN ('O1', 'TERMS', 'PARTS', 'ADJUSTMENT', 'CLEARS')",
    ),
    (
        "credit_decision.detail",
        "SELECT kind || '-' || verdict || ' ' || detail FROM credit_decision \
         ORDER BY recorded_us, id",
    ),
    ("credit_policy.detail", "SELECT id || ' ' || detail FROM credit_policy WHERE id = 'rich'"),
    ("policy_version.detail", "SELECT kind || ' ' || detail FROM policy_version ORDER BY kind, id"),
    ("tier_run.summary", "SELECT 'run ' || summary FROM tier_run ORDER BY as_of DESC"),
    (
        "tier_assignment.figures",
        "SELECT cause || ' ' || figures FROM tier_assignment ORDER BY recorded_us, account_id",
    ),
    ("account.labels", "SELECT id || ' ' || labels FROM account WHERE id = 'rich'"),
    ("account.size_classes", "SELECT id || ' ' || size_classes FROM account WHERE id = 'rich'"),
    ("account.sites", "SELECT id || ' ' || sites FROM account WHERE id = 'rich'"),
    ("contact.card", "SELECT 'rich ' || card FROM contact WHERE latin_name = 'Rich'"),
    ("contact.labels", "SELECT 'rich ' || labels FROM contact WHERE latin_name = 'Rich'"),
    (
        "account_signal.finance",
        "SELECT account_id || ' ' || finance FROM account_signal WHERE account_id = 'rich'",
    ),
    ("position.buying_roles", "SELECT 'rich ' || buying_roles FROM position WHERE title = 'Rich'"),
    // Of what was amended, and of the plan that was canceled.
    (
        "interaction_past.content",
        "SELECT i.stage || ' ' || p.content FROM interaction_past p \
         JOIN interaction i ON i.id = p.interaction_id ORDER BY p.interaction_id, p.version",
    ),
    (
        "gift.approval_reasons",
        "SELECT state || ' ' || approval_reasons FROM gift ORDER BY recorded_us, id",
    ),
    (
        "advice.reminders",
        "SELECT 'advice ' || reminders FROM advice WHERE reminders <> '[]' ORDER BY create_us, id",
    ),
    ("account.former_names", "SELECT id || ' ' || former_names FROM account WHERE id = 'rich'"),
    (
        "credit_reservation.advance_later",
        "SELECT order_ref || ' ' || advance_later FROM credit_reservation WHERE order_ref = '1'",
    ),
    ("allocation.rate", "SELECT 'rate ' || rate FROM allocation WHERE rate <> ''"),
    ("clearing_request.fault", "SELECT 'fault ' || fault FROM clearing_request WHERE fault <> ''"),
];

/// What brings about what no line of the table does.
#[rustfmt::skip]
const STEPS: &[Step] = &[
    ("AccountService.CreateAccount", r#"{"account_id": "rich", "account": {"display_name": "Rich", "labels": {"segment": "power", "empty": ""},
        "size_class": "SIZE_CLASS_MEDIUM", "sites": [{"site_id": "north", "display_name": "Plant North", "region": "Bremen"}],
        "former_names": ["Poor"]}}"#, &[]),
    ("ContactService.CreateContact", r#"{"contact": {"latin_name": "Rich", "former_names": ["Poor"], "labels": {"segment": "power"},
        "phones": [{"value": "+86 138 1234 5678", "kind": "mobile", "valid_to": "$today"}],
        "emails": [{"value": "rich@example.com", "kind": "work"}], "handles": [{"value": "rich", "kind": "wechat"}],
        "preferences": [{"key": "language", "value": "Latin", "source": "said so", "consent": true, "expire_date": "$today"}],
        "occasions": [{"kind": "birthday", "month": 8, "day": 15, "lunar": true, "consent": true}]}}"#, &[("rich", "name")]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/acme", "position": {"function": "POSITION_FUNCTION_FINANCE",
        "level": "POSITION_LEVEL_STAFF", "title": "Rich", "buying_roles": ["BUYING_ROLE_DECIDER", "BUYING_ROLE_APPROVER"]}}"#, &[]),
    ("ContactService.CreatePosition", r#"{"account": "accounts/rich", "position": {"function": "POSITION_FUNCTION_FINANCE",
        "level": "POSITION_LEVEL_STAFF"}}"#, &[("rich_seat", "name")]),
    ("ContactService.MoveContact", r#"{"contact": "$rich", "to_position": "$rich_seat"}"#, &[]),
    ("InteractionService.RecordInteraction", r#"{"account": "accounts/rich", "interaction": {"channel": "INTERACTION_CHANNEL_CALL",
        "direction": "INTERACTION_DIRECTION_OURS", "start_time": "2019-06-29T08:00:00Z", "ours": ["members/one"],
        "theirs": [{"contact": "$rich"}]}}"#, &[]),
    // Whoever sits there decides from now on, and is a classmate of one of ours.
    ("ContactService.UpdatePosition", r#"{"position": {"name": "$tester", "etag": "$tester_etag", "buying_roles": ["BUYING_ROLE_APPROVER"]},
        "update_mask": "buyingRoles"}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "once", "account": {"display_name": "Once"}}"#, &[]),
    ("AccountService.CreateAccount", r#"{"account_id": "twice", "account": {"display_name": "Twice"}}"#, &[]),
    ("AccountService.MergeRecords", r#"{"survivor": "accounts/once", "losers": ["accounts/twice"], "reason": "$personal"}"#, &[]),
    ("AccountService.UndoMerge", r#"{"loser": "accounts/twice", "reason": "$personal"}"#, &[]),
    ("CreditService.CreateCreditPolicy", r#"{"policy_id": "rich", "policy": {"description": "Rich",
        "segments": [{"segment": "north", "company_codes": ["1000", "2000"]}], "deduct_unapplied_cash": true,
        "deduct_open_credits": true, "overdue_days_max": 30, "overdue_amount_max": "$usd", "overdue_grace_days": 3,
        "utilization_bp_max": 9000, "reservation_days": 60,
        "rules": [{"code": "CREDIT_REASON_CODE_NO_LIMIT", "disposition": "CREDIT_DISPOSITION_DECLINE"}]}}"#, &[]),

    // Above the limit, and converted.
    ("CreditService.ReserveCredit", r#"{"account": "accounts/acme", "amount": {"currency_code": "EUR", "units": "10000"},
        "order": {"source_system": "ERP", "order_ref": "TOO-MUCH"}}"#, &[]),
    ("CreditService.ReserveCredit", r#"{"account": "accounts/new", "amount": "$usd", "order": {"source_system": "ERP", "order_ref": "REJECTED"}}"#, &[]),
    ("CreditService.DecideReferral", r#"{"reservation": "accounts/new/creditReservations/ERP~REJECTED", "approver": "A person", "reason": "no"}"#, &[]),
    ("CreditService.SetCreditLimit", r#"{"account": "accounts/open", "limit": {"kind": "CREDIT_LIMIT_KIND_AMOUNT", "amount": "$usd",
        "approver": "A person", "reason": "agreed", "overdue_days_max": 10}}"#, &[]),

    ("ReceivableService.PostDocuments", r#"{"documents": [
        {"key": {"source_system": "ERP", "document_no": "TERMS"}, "kind": "DOCUMENT_KIND_INVOICE", "payer": "accounts/acme",
            "sold_to": "accounts/held", "bill_to": "accounts/open", "document_date": "$today", "gross": "$usd",
            "net": {"currency_code": "USD", "units": "4"}, "tax": {"currency_code": "USD", "units": "1"},
            "terms": {"baseline": "TERMS_BASELINE_DELIVERY",
                "shares": [
                    {"share_bp": 3000, "steps": [{"add_days": 30}, {"month_end": true}]},
                    {"share_bp": 6000, "steps": [{"add_months": 1}, {"day_of_month": 15}, {"cutoff_day": 20}]},
                    {"share_bp": 1000, "steps": [{"add_months": 12}], "kind": "INSTALMENT_KIND_RETENTION"}],
                "discounts": [{"days": 10, "rate_bp": 200}]},
            "baseline_dates": {"delivery_date": "$today", "acceptance_date": "$today"},
            "contract_ref": "C-1", "project_ref": "P-1", "note": "as agreed"},
        {"key": {"source_system": "ERP", "document_no": "PARTS"}, "kind": "DOCUMENT_KIND_INVOICE", "payer": "accounts/acme",
            "document_date": "$today", "gross": "$usd", "instalments": [
                {"due_date": "$today", "amount": {"currency_code": "USD", "units": "4"}},
                {"kind": "INSTALMENT_KIND_RETENTION", "amount": {"currency_code": "USD", "units": "1"}, "release_condition": "accepted"}]},
        {"key": {"source_system": "ERP", "document_no": "ADJUSTMENT"}, "kind": "DOCUMENT_KIND_ADJUSTMENT", "payer": "accounts/acme",
            "document_date": "$today", "gross": "$usd", "adjustment_reason": "ADJUSTMENT_REASON_CASH_DISCOUNT"},
        {"key": {"source_system": "ERP", "document_no": "CLEARS"}, "kind": "DOCUMENT_KIND_RECEIPT", "payer": "accounts/acme",
            "document_date": "$today", "gross": {"currency_code": "EUR", "units": "2"}, "clears": {"oldest_first": true, "targets": [
                {"key": {"document_no": "PARTS"}, "amount": {"currency_code": "USD", "units": "1"}},
                {"key": {"document_no": "STILL-MISSING"}}]}},
        {"key": {"source_system": "ERP", "document_no": "ADVANCE"}, "kind": "DOCUMENT_KIND_RECEIPT", "payer": "accounts/acme",
            "order_ref": "1", "document_date": "$today", "posting_date": {"year": 2020, "month": 1, "day": 1},
            "gross": {"currency_code": "USD", "units": "1"}}]}"#, &[]),
];

pub async fn hold(mut scene: Scene) {
    let mut samples = BTreeMap::new();
    let mut ids = Vec::new();
    for line in mutations::TABLE {
        ids.push((line.method, mutations::make(&scene, line).await));
    }
    scene.make(STEPS).await;
    fail_a_clearing(&scene).await;
    upload_values(&scene).await;
    lapse(&scene).await;

    let books = Books::of(&scene.server).await;
    for (method, id) in ids {
        let answer =
            books.lines(format!("SELECT answer FROM idempotency WHERE request_id = '{id}'"));
        samples.insert(format!("idempotency.answer/{method}"), normal(&answer.await[0]));
    }
    for (folder, sql) in COLUMNS {
        for row in books.lines((*sql).into()).await {
            let (name, json) = row.split_once(' ').expect("a name and JSON");
            samples.entry(format!("{folder}/{name}")).or_insert_with(|| normal(json));
        }
    }
    if std::env::var_os("BALLAST_BLESS").is_some() {
        write(&samples);
    }
    let written: BTreeSet<&String> = samples.keys().collect();
    let files = files();
    assert_eq!(written, files.iter().collect(), "samples and files: see BALLAST_BLESS");
    for (name, sample) in &samples {
        let file = std::fs::read_to_string(path(name)).expect("read");
        let file: Json = serde_json::from_str(&file).expect("JSON");
        assert_eq!(*sample, file, "{name} is written in another form: old rows must still be read");
    }
    for (method, _) in EXEMPT {
        assert!(
            !files.contains(&format!("idempotency.answer/{method}")),
            "{method} keeps no answer"
        );
    }
}

/// An import with a clearing that cannot be applied.
async fn fail_a_clearing(scene: &Scene) {
    let mut desk = Desk::new(&scene.server);
    let too_much = receipt("TOO-MUCH", day(0), "9.00").settles_amount("SMALL", "9.00");
    let chunks = vec![vec![invoice("SMALL", day(0), "1.00", &[]), too_much]];
    let (_, summary) = desk.import("failing", false, chunks).await;
    assert_eq!(summary.clearing_faults.len(), 1, "{summary:?}");
}

/// A stream, which no line of the table can be.
async fn upload_values(scene: &Scene) {
    let of_acme = values::worth("accounts/acme", "1", None);
    let set = values::upload(&scene.server, values::header("told", -10), vec![vec![of_acme]]);
    assert_eq!(set.await.expect("kept").accounts, 1);
}

/// Lets orders lapse and an item become overdue.
async fn lapse(scene: &Scene) {
    scene.server.clock().set(moment(100));
    let credit = Credit::new(scene.server.store().clone(), Settings::default());
    credit.pass(&Ctx::system(scene.server.clock().clone())).await.expect("a pass");
}

/// The same JSON with ids numbered as they come, and moments of the test all one.
fn normal(json: &str) -> Json {
    let mut value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
    normalize(&mut value, &mut Vec::new());
    value
}

fn normalize(value: &mut Json, ids: &mut Vec<Uuid>) {
    match value {
        Json::Array(values) => values.iter_mut().for_each(|value| normalize(value, ids)),
        Json::Object(fields) => fields.values_mut().for_each(|value| normalize(value, ids)),
        Json::String(text) => *text = with_numbered_ids(text, ids),
        Json::Number(number) => {
            // Microseconds of the years of the test; larger ones stand for never.
            let is_moment = |n: &i64| (1_500_000_000_000_000..1_700_000_000_000_000).contains(n);
            if number.as_i64().is_some_and(|n| is_moment(&n)) {
                *value = moment(0).timestamp_micros().into();
            }
        }
        Json::Null | Json::Bool(_) => {}
    }
}

fn with_numbered_ids(text: &str, ids: &mut Vec<Uuid>) -> String {
    let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    let numbered = text.split_inclusive(is_end).map(|part| {
        let (id, rest) = part.split_at(part.find(is_end).unwrap_or(part.len()));
        let Some(id) = Uuid::try_parse(id).ok().filter(|id| !id.is_nil()) else {
            return part.to_owned();
        };
        let number = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
            ids.push(id);
            ids.len() - 1
        });
        format!("{}{rest}", Uuid::from_u128(number as u128 + 1))
    });
    numbered.collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored")
}

fn path(name: &str) -> PathBuf {
    root().join(format!("{name}.json"))
}

fn files() -> BTreeSet<String> {
    let entries = |place: PathBuf| std::fs::read_dir(place).into_iter().flatten().flatten();
    let name = |path: PathBuf| {
        let name = path.strip_prefix(root()).expect("below").with_extension("");
        name.to_str().expect("a name").to_owned()
    };
    entries(root())
        .flat_map(|folder| entries(folder.path()))
        .map(|file| {
            let name = name(file.path());
            assert!(path(&name).is_file(), "{name} is not JSON");
            name
        })
        .collect()
}

fn write(samples: &BTreeMap<String, Json>) {
    let _ = std::fs::remove_dir_all(root());
    for (name, sample) in samples {
        let path = path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let text = serde_json::to_string_pretty(sample).expect("JSON");
        std::fs::write(path, format!("{text}\n")).expect("written");
    }
}
