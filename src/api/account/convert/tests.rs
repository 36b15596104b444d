use std::collections::HashMap;

use prost_types::FieldMask;

use super::*;
use crate::domain::account::command::ParentChange;
use crate::domain::account::{AccountKey, AccountPage};
use crate::domain::error::{Error, Reason};
use crate::domain::page::Page;
use crate::domain::team::accountable::{Accountable, Step};

fn faults<T>(result: Result<T>) -> Vec<(String, Reason)> {
    match result {
        Err(Error::Invalid(list)) => list.into_iter().map(|v| (v.field, v.reason)).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => vec![],
    }
}

fn at(field: &str, reason: Reason) -> (String, Reason) {
    (field.to_owned(), reason)
}

fn stored() -> pb::Account {
    pb::Account {
        name: "accounts/acme".into(),
        display_name: "Acme".into(),
        etag: etag::encode(3),
        ..Default::default()
    }
}

#[test]
fn every_fault_of_a_new_account_is_named_at_once() {
    let account = pb::Account {
        legal_name: "x".repeat(201),
        region_code: "Germany".into(),
        tax_id: "a\0".into(),
        external_refs: vec![pb::ExternalRef { system: "S P".into(), id: String::new() }],
        parent: "parents/x".into(),
        labels: HashMap::from([("k".into(), "v".repeat(201))]),
        industry_code: "x".repeat(33),
        sales_region: " x".into(),
        party_kind: 9,
        size_class: 9,
        sites: vec![
            pb::Site { site_id: "a".into(), display_name: "A".into(), region: "x".repeat(65) },
            pb::Site { site_id: "a".into(), ..Default::default() },
            pb::Site { site_id: "-".into(), display_name: "B".into(), ..Default::default() },
        ],
        former_names: vec!["A".into(), String::new(), "A".into()],
        ..Default::default()
    };
    let request = pb::CreateAccountRequest {
        account: Some(account),
        account_id: "-".into(),
        canonical_form: 9,
        request_id: "r".repeat(65),
        parent_effective_date: None,
        size_class_effective_date: Some(pb::Date { year: 2026, month: 2, day: 30 }),
    };
    let mut found = faults(create(request));
    found.sort();
    assert_eq!(
        found,
        [
            at("account.display_name", Reason::FieldRequired),
            at("account.external_refs[0].id", Reason::FieldRequired),
            at("account.external_refs[0].system", Reason::ResourceNameInvalid),
            at("account.former_names[1]", Reason::FieldRequired),
            at("account.former_names[2]", Reason::DuplicateElement),
            at("account.industry_code", Reason::FieldTooLong),
            at("account.labels[\"k\"]", Reason::FieldTooLong),
            at("account.legal_name", Reason::FieldTooLong),
            at("account.parent", Reason::ResourceNameInvalid),
            at("account.party_kind", Reason::EnumInvalid),
            at("account.region_code", Reason::FieldInvalid),
            at("account.sales_region", Reason::TextInvalid),
            at("account.sites[0].region", Reason::FieldTooLong),
            at("account.sites[1].display_name", Reason::FieldRequired),
            at("account.sites[1].site_id", Reason::DuplicateElement),
            at("account.sites[2].site_id", Reason::ResourceNameInvalid),
            at("account.size_class", Reason::EnumInvalid),
            at("account.tax_id", Reason::TextInvalid),
            at("account_id", Reason::ResourceNameInvalid),
            at("canonical_form", Reason::EnumInvalid),
            at("request_id", Reason::FieldTooLong),
            at("size_class_effective_date", Reason::DateInvalid),
        ]
    );
    let absent = faults(create(pb::CreateAccountRequest::default()));
    assert!(absent.contains(&at("account", Reason::FieldRequired)));
}

#[test]
fn output_only_fields_of_a_new_account_are_ignored() {
    let account = pb::Account { name: "nonsense".into(), state: 99, ..stored() };
    let request = pb::CreateAccountRequest { account: Some(account), ..Default::default() };
    let (command, request_id) = create(request).unwrap();
    assert_eq!((command.id, request_id.as_str()), (None, ""));
}

#[test]
fn an_update_looks_at_what_its_mask_names_only() {
    let account = pb::Account { display_name: String::new(), region_code: "??".into(), ..stored() };
    let masked = |paths: &[&str]| pb::UpdateAccountRequest {
        account: Some(account.clone()),
        update_mask: Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }),
        ..Default::default()
    };
    let (command, _) = update(masked(&["tax_id", "parent", "etag"])).unwrap();
    assert_eq!((command.version, command.change.tax_id.as_deref()), (3, Some("")));
    assert_eq!(command.parent, Some(ParentChange::None));
    assert_eq!((command.change.display_name, command.change.region_code), (None, None));

    let all = faults(update(masked(&["*"])));
    let expected = [
        at("account.display_name", Reason::FieldRequired),
        at("account.region_code", Reason::FieldInvalid),
    ];
    assert_eq!(all, expected);
}

#[test]
fn an_update_needs_a_name_an_etag_and_a_mask_of_known_paths() {
    let request = pb::UpdateAccountRequest {
        account: Some(pb::Account::default()),
        update_mask: Some(FieldMask { paths: vec!["colour".into()] }),
        ..Default::default()
    };
    let expected = [
        at("account.name", Reason::FieldRequired),
        at("account.etag", Reason::EtagRequired),
        at("update_mask", Reason::FieldMaskInvalid),
    ];
    assert_eq!(faults(update(request)), expected);
}

#[test]
fn commands_that_mean_different_things_have_different_json() {
    let update_of = |paths: &[&str]| {
        let update_mask =
            Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() });
        let account = Some(stored());
        let request = pb::UpdateAccountRequest { account, update_mask, ..Default::default() };
        serde_json::to_string(&update(request).unwrap().0).unwrap()
    };
    assert_ne!(update_of(&["parent"]), update_of(&["etag"]));
}

#[test]
fn a_batch_has_1_to_500_names() {
    let batch = |n: usize| pb::BatchGetAccountsRequest { names: vec!["accounts/a".into(); n] };
    assert_eq!(faults(batch_get(&batch(0))), [at("names", Reason::FieldRequired)]);
    assert_eq!(batch_get(&batch(500)).unwrap().len(), 500);
    assert_eq!(faults(batch_get(&batch(501))), [at("names", Reason::TooManyElements)]);
    let bad = pb::BatchGetAccountsRequest { names: vec!["accounts/a".into(), "x".into()] };
    assert_eq!(faults(batch_get(&bad)), [at("names[1]", Reason::ResourceNameInvalid)]);
}

#[test]
fn a_page_goes_on_where_the_last_one_ended_in_every_order() {
    for order in ["", "display_name desc", "create_time", "owner"] {
        let first = pb::ListAccountsRequest { order_by: order.into(), ..Default::default() };
        let (asked, page) = list(first.clone()).unwrap();
        let last = Account { create_us: -7, ..Account::named_only("z".into(), "A\"é".into()) };
        let next = AccountKey::of(&last, asked.order, "li");
        let answer = Page::whole(vec![last], Some(next.clone()));
        let accountable = Accountable { member_id: "li".into(), step: Step::Owner };
        let answer = AccountPage { page: answer, accountable: vec![accountable] };
        let page_token = super::page(answer, &page).next_page_token;
        let (again, _) = list(pb::ListAccountsRequest { page_token, ..first }).unwrap();
        assert_eq!(again.page.after, Some(next));
    }
}

#[test]
fn a_name_may_be_searched_up_to_a_blank() {
    let of = |prefix: &str| {
        let display_name_prefix = prefix.to_owned();
        faults(list(pb::ListAccountsRequest { display_name_prefix, ..Default::default() }))
    };
    assert_eq!(of("Acme "), []);
    assert_eq!(of(&" ".repeat(201)), [at("display_name_prefix", Reason::FieldTooLong)]);
    assert_eq!(of("a\0"), [at("display_name_prefix", Reason::TextInvalid)]);
}

#[test]
fn a_day_of_a_size_goes_with_a_size() {
    let day = Some(pb::Date { year: 2026, month: 2, day: 1 });
    let masked = |paths: &[&str]| pb::UpdateAccountRequest {
        account: Some(pb::Account { size_class: 1, ..stored() }),
        update_mask: Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }),
        size_class_effective_date: day,
        ..Default::default()
    };
    let size = update(masked(&["size_class"])).unwrap().0.size.unwrap();
    assert_eq!((size.class, size.from.is_some()), (Some(SizeClass::Large), true));
    let without = faults(update(masked(&["tax_id"])));
    assert_eq!(without, [at("size_class_effective_date", Reason::FieldInvalid)]);
    let create = faults(create(pb::CreateAccountRequest {
        account: Some(stored()),
        size_class_effective_date: day,
        ..Default::default()
    }));
    assert_eq!(create, [at("size_class_effective_date", Reason::FieldInvalid)]);
}

#[test]
fn labels_that_are_asked_for_are_bounded_and_each_key_comes_once() {
    let label = |key: &str, value: &str| pb::Label { key: key.into(), value: value.into() };
    let of = |labels: Vec<pb::Label>| {
        faults(list(pb::ListAccountsRequest { labels, ..Default::default() }))
    };
    assert_eq!(of(vec![label("k=1", ""), label("l", "v")]), []);
    let bad = vec![label("", "v"), label("k", &"v".repeat(201)), label("k", "")];
    let expected = [
        at("labels[0].key", Reason::FieldRequired),
        at("labels[1].value", Reason::FieldTooLong),
        at("labels[2].key", Reason::DuplicateElement),
    ];
    assert_eq!(of(bad), expected);
    let many = (0..9).map(|n| label(&n.to_string(), "")).collect();
    assert_eq!(of(many), [at("labels", Reason::TooManyElements)]);
    let regions = pb::ListAccountsRequest {
        region_code: "Germany".into(),
        sales_region: "x".repeat(65),
        ..Default::default()
    };
    let expected =
        [at("region_code", Reason::FieldInvalid), at("sales_region", Reason::FieldTooLong)];
    assert_eq!(faults(list(regions)), expected);
}
