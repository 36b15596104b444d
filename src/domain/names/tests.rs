use proptest::prelude::*;

use super::*;

const UUID: &str = "01912d68-783e-7a03-8467-5661c1243ad4";

fn account(name: &str) -> Option<AccountRef> {
    parse_account("name", name)
        .map_err(|v| assert_eq!(v.reason, Reason::ResourceNameInvalid, "{name:?}"))
        .ok()
}

fn external(system: &str, id: &str) -> Option<AccountRef> {
    Some(AccountRef::External { system: system.into(), id: id.into() })
}

#[test]
fn an_account_is_named_by_its_id() {
    assert_eq!(account("accounts/acme"), Some(AccountRef::Id("acme".into())));
    assert_eq!(account("accounts/4.A_b-9"), Some(AccountRef::Id("4.A_b-9".into())));
    assert!(account(&format!("accounts/{}", "a".repeat(64))).is_some());
}

#[test]
fn an_account_is_named_by_the_key_of_a_source_system() {
    assert_eq!(account("accounts/sap~0000471"), external("sap", "0000471"));
    assert_eq!(account("accounts/k3~%E5%AE%81%E6%B3%A2%2F1"), external("k3", "宁波/1"));
    assert_eq!(account("accounts/sap~a~b"), external("sap", "a~b"));
    assert_eq!(account("accounts/sap~%25"), external("sap", "%"));
}

#[test]
fn anything_else_is_no_account_name() {
    for name in [
        "",
        "accounts",
        "accounts/",
        "acme",
        "account/acme",
        "Accounts/acme",
        "/accounts/acme",
        "accounts/acme/",
        "accounts/a/b",
        "accounts/-",
        "accounts/.a",
        "accounts/_a",
        "accounts/a b",
        "accounts/é",
        "accounts/a\0",
        "accounts/sap~",
        "accounts/~1",
        "accounts/-sap~1",
        "accounts/sap~%",
        "accounts/sap~%2",
        "accounts/sap~%zz",
        "accounts/sap~%+1",
        "accounts/sap~%ff",
        "accounts/sap~%00",
        "accounts/sap~%20a",
    ] {
        assert_eq!(account(name), None, "{name:?}");
    }
    assert_eq!(account(&format!("accounts/{}", "a".repeat(65))), None);
    assert_eq!(account(&format!("accounts/{}~1", "s".repeat(33))), None);
    assert_eq!(account(&format!("accounts/sap~{}", "1".repeat(129))), None);
}

#[test]
fn the_longest_external_id_fits_in_a_name() {
    let id = "𠮷".repeat(MAX_EXTERNAL_ID_CHARS);
    assert_eq!(account(&external_account_name("sap", &id)), external("sap", &id));
}

#[test]
fn a_huge_name_is_refused_without_being_repeated() {
    let huge = format!("accounts/{}", "a/".repeat(5 << 20));
    let violation = parse_account("name", &huge).unwrap_err();
    assert!(violation.description.len() < 200);
}

#[test]
fn the_wildcard_is_understood_only_where_all_accounts_make_sense() {
    assert_eq!(parse_account_or_all("parent", "accounts/-"), Ok(None));
    let one = parse_account_or_all("parent", "accounts/acme");
    assert_eq!(one, Ok(Some(AccountRef::Id("acme".into()))));
    assert!(parse_account_or_all("parent", "accounts/*").is_err());
    assert!(parse_child("name", &format!("accounts/-/items/{UUID}"), ITEMS).is_err());
}

#[test]
fn a_child_is_named_below_its_account_in_its_collection() {
    let id = Uuid::try_parse(UUID).unwrap();
    for collection in [DOCUMENTS, ITEMS, CLEARINGS, DISPUTES, PROMISES] {
        let name = child_name("acme", collection, id);
        let expected = ChildName { account: AccountRef::Id("acme".into()), id };
        assert_eq!(parse_child("name", &name, collection), Ok(expected));
    }
    let by_key = parse_child("name", &format!("accounts/sap~7/items/{UUID}"), ITEMS).unwrap();
    assert_eq!(Some(by_key.account), external("sap", "7"));
}

#[test]
fn a_child_has_one_name_only() {
    let simple = UUID.replace('-', "");
    for name in [
        format!("accounts/acme/documents/{UUID}"),
        format!("accounts/acme/items/{}", UUID.to_uppercase()),
        format!("accounts/acme/items/{simple}"),
        format!("accounts/acme/items/{{{UUID}}}"),
        format!("accounts/acme/items/{UUID}/"),
        format!("items/{UUID}"),
        "accounts/acme/items/".to_owned(),
        "accounts/acme/items".to_owned(),
    ] {
        assert!(parse_child("name", &name, ITEMS).is_err(), "{name:?}");
    }
}

#[test]
fn ids_of_systems_and_accounts_are_plain_ascii() {
    assert_eq!(check_system("system", "SAP-PRD.100"), Ok(()));
    assert_eq!(check_id("account_id", "acme"), Ok(()));
    for id in ["", "-", "a~b", "金蝶", "a/b"] {
        assert!(check_system("system", id).is_err(), "{id:?}");
        assert!(check_id("account_id", id).is_err(), "{id:?}");
    }
}

#[test]
fn numeric_ids_lose_leading_zeros_and_exact_ones_nothing() {
    for (id, numeric) in [
        ("0000471", "471"),
        ("471", "471"),
        ("000", "0"),
        ("0", "0"),
        ("０４７", "47"),
        ("00A1", "00A1"),
        ("-001", "-001"),
        ("0 1", "0 1"),
        ("", ""),
    ] {
        assert_eq!(CanonicalForm::Numeric.canonical(id), numeric, "{id:?}");
        assert_eq!(CanonicalForm::Exact.canonical(id), id);
    }
}

proptest! {
    #[test]
    fn every_external_id_survives_its_name(id in "[^\\p{Cc}\\p{Cf}\\s]{1,128}") {
        prop_assert_eq!(account(&external_account_name("erp", &id)), external("erp", &id));
    }

    #[test]
    fn a_canonical_form_is_its_own(id in "[0０-９A1-9]{0,12}") {
        for &form in CanonicalForm::ALL {
            let canonical = form.canonical(&id);
            prop_assert_eq!(form.canonical(&canonical), canonical);
        }
    }

    #[test]
    fn no_input_panics(name in ".{0,80}") {
        let _ = parse_account_or_all("name", &name);
        let _ = parse_child("name", &name, ITEMS);
    }
}
