use super::{date, faults, invoice, key, money};
use crate::api::list::PageKey as _;
use crate::api::receivable::{parse_command, parse_fact, parse_import, parse_query, parse_risk};
use crate::domain::error::{Error, Reason, Violation};
use crate::domain::ledger::{LedgerPoint, Scope};
use crate::domain::money::Currency;
use crate::domain::page::Page;
use crate::domain::receivables::query::DocumentName;
use crate::domain::receivables::{Movement, MovementKey};
use crate::pb;

const ITEM: &str = "accounts/acme/items/0197f2a4-9d2e-7cc3-98c4-dc0c0c07398f";
const FOREIGN: &str = "accounts/other/items/0197f2a4-9d2e-7cc3-98c4-dc0c0c07398e";

fn violations<T: std::fmt::Debug>(read: Result<T, Error>) -> Vec<Violation> {
    match read.expect_err("refused") {
        Error::Invalid(violations) => violations,
        other => panic!("{other}"),
    }
}

#[test]
fn documents_are_told_by_their_place_in_the_request() {
    let request = pb::PostDocumentsRequest {
        documents: vec![
            invoice(),
            pb::Document { payer: String::new(), ..invoice() },
            pb::Document { gross: money("USD", 0), ..invoice() },
        ],
        ..Default::default()
    };
    assert_eq!(
        faults(&violations(parse_command::post_documents(request))),
        [
            ("request_id", Reason::RequestIdRequired),
            ("documents[1].payer", Reason::FieldRequired),
            ("documents[2].gross", Reason::AmountOutOfRange),
        ]
    );
}

#[test]
fn one_to_500_documents_are_posted_at_once() {
    let post = |n| {
        let documents = vec![invoice(); n];
        let request_id = "r".into();
        parse_command::post_documents(pb::PostDocumentsRequest {
            documents,
            request_id,
            ..Default::default()
        })
    };
    assert_eq!(post(500).unwrap().1.documents.len(), 500);
    assert_eq!(faults(&violations(post(0))), [("documents", Reason::FieldRequired)]);
    assert_eq!(faults(&violations(post(501))), [("documents", Reason::TooManyElements)]);
}

#[test]
fn a_request_full_of_faults_is_not_answered_at_length() {
    let bad = pb::Document { instalments: vec![Default::default(); 60], ..invoice() };
    let request = pb::PostDocumentsRequest {
        documents: vec![bad; 500],
        request_id: "r".into(),
        ..Default::default()
    };
    assert!(violations(parse_command::post_documents(request)).len() < 2_000);
}

#[test]
fn items_are_settled_as_named_or_oldest_first_and_each_is_named_once() {
    let request = pb::ClearItemsRequest {
        account: "accounts/acme".into(),
        allocations: vec![pb::Allocation {
            credit_item: "x".into(),
            amount: money("USD", 0),
            ..Default::default()
        }],
        oldest_first_credits: vec![ITEM.into(), ITEM.into()],
        request_id: "r".into(),
        ..Default::default()
    };
    assert_eq!(
        faults(&violations(parse_command::clear_items(request))),
        [
            ("oldest_first_credits", Reason::FieldInvalid),
            ("allocations[0].credit_item", Reason::ResourceNameInvalid),
            ("allocations[0].debit_item", Reason::FieldRequired),
            ("allocations[0].amount", Reason::AmountOutOfRange),
            ("oldest_first_credits[1]", Reason::DuplicateElement),
        ]
    );
    let neither = pb::ClearItemsRequest {
        account: "accounts/acme".into(),
        request_id: "r".into(),
        ..Default::default()
    };
    assert_eq!(
        faults(&violations(parse_command::clear_items(neither))),
        [("allocations", Reason::FieldRequired)]
    );
}

#[test]
fn an_item_under_another_accounts_name_is_told() {
    let request = |account: &str| pb::ClearItemsRequest {
        account: account.into(),
        oldest_first_credits: vec![ITEM.into(), FOREIGN.into()],
        request_id: "r".into(),
        ..Default::default()
    };
    let elsewhere = |account: &str| {
        let (_, command) = parse_command::clear_items(request(account)).unwrap();
        command.elsewhere.into_iter().map(|named| named.field).collect::<Vec<_>>()
    };
    assert_eq!(elsewhere("accounts/acme"), ["oldest_first_credits[1]"]);
    // Whose alias it is only the books can tell.
    assert!(elsewhere("accounts/SAP~47").is_empty());
}

#[test]
fn a_promise_is_checked_as_a_whole() {
    let request = pb::RecordPromiseToPayRequest {
        account: "accounts/acme".into(),
        items: vec![ITEM.into(), FOREIGN.into()],
        amount: money("USD", -1),
        promise_date: date(2026, 3, 2),
        pay_by_date: date(2026, 3, 1),
        grace_days: 31,
        contact: "contacts/1".into(),
        promised_by: "x".repeat(201),
        request_id: String::new(),
    };
    assert_eq!(
        faults(&violations(parse_fact::record_promise(request))),
        [
            ("request_id", Reason::RequestIdRequired),
            ("items[1]", Reason::FieldInvalid),
            ("amount", Reason::AmountOutOfRange),
            ("pay_by_date", Reason::DateInvalid),
            ("grace_days", Reason::FieldInvalid),
            ("promised_by", Reason::FieldTooLong),
            ("promised_by", Reason::FieldInvalid),
        ]
    );
}

#[test]
fn rates_are_positive_between_two_currencies_and_given_once() {
    let rate = |to: &str, value: &str, rate_type: &str| pb::ExchangeRate {
        from_currency: "EUR".into(),
        to_currency: to.into(),
        date: date(2026, 1, 31),
        rate: Some(pb::Decimal { value: value.into() }),
        rate_type: rate_type.into(),
    };
    let set = |rates| {
        parse_fact::set_rates(pb::SetExchangeRatesRequest { rates, request_id: "r".into() })
    };
    let (_, read) = set(vec![rate("USD", "1.0845", ""), rate("USD", "1.08", "MONTH_END")]).unwrap();
    assert_eq!((&*read.rates[0].rate_type, &*read.rates[1].rate_type), ("SPOT", "MONTH_END"));
    let wrong = set(vec![
        rate("EUR", "1", ""),
        rate("USD", "0", ""),
        rate("USD", "1.0000000000001", ""),
        rate("USD", "１.5", "spot"),
        rate("JPY", "160", "SPOT"),
        rate("JPY", "161", ""),
    ]);
    assert_eq!(
        faults(&violations(wrong)),
        [
            ("rates[0].to_currency", Reason::FieldInvalid),
            ("rates[1].rate", Reason::FieldInvalid),
            ("rates[2].rate", Reason::FieldInvalid),
            ("rates[3].rate", Reason::FieldInvalid),
            ("rates[3].rate_type", Reason::FieldInvalid),
            ("rates[5]", Reason::DuplicateElement),
        ]
    );
}

#[test]
fn a_document_is_named_in_one_way() {
    let name = "accounts/acme/documents/0197f2a4-9d2e-7cc3-98c4-dc0c0c07398f";
    let get = |name: &str, key| {
        parse_query::document(pb::GetDocumentRequest {
            name: name.into(),
            key,
            ..Default::default()
        })
    };
    assert!(matches!(get(name, None).unwrap().0, DocumentName::Name(_)));
    assert!(matches!(get("", key("1")).unwrap().0, DocumentName::Key(_)));
    assert_eq!(faults(&violations(get("", None))), [("name", Reason::FieldRequired)]);
    assert_eq!(faults(&violations(get(name, key("1")))), [("key", Reason::FieldInvalid)]);
    assert_eq!(faults(&violations(get(ITEM, None))), [("name", Reason::ResourceNameInvalid)]);
}

#[test]
fn the_whole_book_is_asked_for_only_where_that_is_documented() {
    let aging = |account: &str, include_group| {
        let account = account.into();
        let request = pb::GetAgingRequest { account, include_group, ..Default::default() };
        parse_risk::aging(request).map(|query| query.scope)
    };
    assert_eq!(aging("accounts/-", true).unwrap(), Scope::Book);
    assert!(matches!(aging("accounts/a", true).unwrap(), Scope::Group(_)));
    assert_eq!(faults(&violations(aging("", false))), [("account", Reason::FieldRequired)]);
    let list = pb::ListOpenItemsRequest { parent: "accounts/-".into(), ..Default::default() };
    assert_eq!(
        faults(&violations(parse_query::open_items(list))),
        [("parent", Reason::ResourceNameInvalid)]
    );
}

#[test]
fn every_fault_of_a_question_is_told_at_once() {
    let request = pb::GetAgingRequest {
        account: "accounts/-".into(),
        edges: vec![30, 30],
        basis: 9,
        business_day_convention: 9,
        currency_code: "usd".into(),
        display_currency: "???".into(),
        as_of: date(2026, 0, 1),
        ..Default::default()
    };
    let mut found = violations(parse_risk::aging(request));
    found.sort_by(|a, b| a.field.cmp(&b.field));
    assert_eq!(
        faults(&found),
        [
            ("as_of", Reason::DateInvalid),
            ("basis", Reason::EnumInvalid),
            ("business_day_convention", Reason::EnumInvalid),
            ("currency_code", Reason::CurrencyUnknown),
            ("display_currency", Reason::CurrencyUnknown),
            ("edges", Reason::FieldInvalid),
        ]
    );
}

#[test]
fn a_later_page_is_asked_for_at_the_point_of_the_first() {
    let first = pb::ListOpenItemsRequest { parent: "accounts/a".into(), ..Default::default() };
    let (query, page) = parse_query::open_items(first.clone()).unwrap();
    assert_eq!((query.page.after, query.point.known_at), (None, None));
    let as_of = chrono::NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
    let key = (as_of, uuid::Uuid::max());
    let page_token = page.answer_at(behind(key), point(as_of), Ok).unwrap().1;
    let (query, _) =
        parse_query::open_items(pb::ListOpenItemsRequest { page_token, ..first }).unwrap();
    assert_eq!((query.point.as_of, query.point.known_at), (Some(as_of), Some(7)));
    assert_eq!(query.page.after, Some(key));
}

/// A page that goes on behind a key.
fn behind<K>(key: K) -> Page<(), K> {
    Page::whole(Vec::new(), Some(key))
}

fn point(as_of: chrono::NaiveDate) -> LedgerPoint {
    LedgerPoint { as_of, known_at: 7, projected: false, known: true }
}

#[test]
fn an_export_is_resumed_with_its_own_token_only() {
    let first = pb::ExportOpenItemsRequest { account: "accounts/-".into(), ..Default::default() };
    let (_, page) = parse_query::export(first.clone()).unwrap();
    let point = point(chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap());
    let resumed = |resume_token, account: &str| {
        parse_query::export(pb::ExportOpenItemsRequest {
            resume_token,
            account: account.into(),
            ..first.clone()
        })
    };
    let key = ("a".to_owned(), point.as_of, uuid::Uuid::max());
    let middle = page.answer_to_the_end(behind(key.clone()), point, Ok).unwrap().1;
    let (query, middle) = resumed(middle, "accounts/-").unwrap();
    assert_eq!((query.point.known_at, query.page.after), (Some(7), Some(key)));
    assert!(!middle.is_finished());
    let last = Page::<(), String>::whole(Vec::new(), None);
    let last = page.answer_to_the_end(last, point, Ok).unwrap().1;
    assert!(resumed(last.clone(), "accounts/-").unwrap().1.is_finished());
    assert_eq!(
        faults(&violations(resumed(last, "accounts/a"))),
        [("resume_token", Reason::PageTokenInvalid)]
    );
    // Of another list, and of the order by account and item alone.
    let foreign = page.answer_at(behind("a".to_owned()), point, Ok).unwrap().1;
    let by_item = ("a".to_owned(), uuid::Uuid::max());
    let by_item = page.answer_to_the_end(behind(by_item), point, Ok).unwrap().1;
    for token in [foreign, by_item] {
        assert_eq!(
            faults(&violations(resumed(token, "accounts/-"))),
            [("resume_token", Reason::PageTokenInvalid)]
        );
    }
}

#[test]
fn the_key_of_a_statement_is_read_as_it_was_written() {
    let key = MovementKey {
        currency: Currency::parse("EUR").unwrap(),
        date: chrono::NaiveDate::from_ymd_opt(9_999, 12, 31).unwrap(),
        recorded_us: -1,
        document_id: uuid::Uuid::max(),
        movement: Movement::Recovery,
    };
    let written = key.clone().write();
    assert_eq!(MovementKey::read(&written, ()), Some(key));
    assert_eq!(MovementKey::read(&written[1..], ()), None);
}

#[test]
fn a_bad_document_of_an_import_is_reported_in_its_place() {
    let bad = pb::Document { instalments: vec![Default::default(); 60], ..invoice() };
    let chunk = pb::ImportChunk {
        sequence: 1,
        documents: vec![invoice(), bad, invoice()],
        ..Default::default()
    };
    let read = parse_import::chunk(chunk).unwrap();
    assert_eq!(read.documents.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let told = read.documents[1].as_ref().unwrap_err();
    assert_eq!(told[0].field, "instalments[0].amount");
    assert_eq!(told.len(), 21);
}

#[test]
fn a_display_name_that_cannot_be_used_refuses_the_documents_of_its_account_only() {
    let names = [("accounts/acme", "\0"), ("accounts/SAP~47", "宁波远洋"), ("not a name", "x")];
    let chunk = pb::ImportChunk {
        sequence: 1,
        documents: vec![invoice(), pb::Document { payer: "accounts/SAP~47".into(), ..invoice() }],
        account_display_names: names.map(|(a, n)| (a.to_owned(), n.to_owned())).into(),
        ..pb::ImportChunk::default()
    };
    let read = parse_import::chunk(chunk).unwrap();
    let refused = read.documents[0].as_ref().unwrap_err();
    assert_eq!(faults(refused), [("account_display_names", Reason::TextInvalid)]);
    assert!(read.documents[1].is_ok());
    assert_eq!(read.display_names.len(), 1);
}

#[test]
fn an_empty_or_too_large_chunk_ends_the_stream() {
    let chunk = |n| {
        let documents = vec![pb::Document::default(); n];
        parse_import::chunk(pb::ImportChunk { sequence: 1, documents, ..Default::default() })
    };
    assert_eq!(faults(&violations(chunk(0))), [("chunk.documents", Reason::FieldRequired)]);
    assert_eq!(faults(&violations(chunk(501))), [("chunk.documents", Reason::TooManyElements)]);
}
