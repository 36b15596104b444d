//! Keys of other systems, in their canonical forms.

use ballast::pb::CanonicalForm;

use super::*;

async fn with_ref(
    server: &TestServer,
    id: &str,
    reference: ExternalRef,
    form: CanonicalForm,
) -> Result<Account, Status> {
    let account = Account { external_refs: vec![reference], ..named(id) };
    let request = CreateAccountRequest {
        account: Some(account),
        account_id: id.into(),
        canonical_form: form.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.map(|r| r.into_inner())
}

on_both_engines! {
    async fn numeric_keys_are_numbers(server: TestServer) {
        let numeric = CanonicalForm::Numeric;
        let key = external("SAP", "0200769623");
        let created = with_ref(&server, "a", key, numeric).await.expect("created");
        assert_eq!(created.external_refs[0].id, "0200769623");
        for name in ["accounts/SAP~0200769623", "accounts/SAP~200769623"] {
            assert_eq!(get(&server, name).await.expect("read"), created);
        }
        let answer = with_ref(&server, "b", external("SAP", "200769623"), numeric).await;
        let status = refused(answer, Code::AlreadyExists, "EXTERNAL_REF_TAKEN");
        let info = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(info["resource_name"], "accounts/a");
        refused(get(&server, "accounts/b").await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn exact_keys_are_texts(server: TestServer) {
        let exact = CanonicalForm::Unspecified;
        with_ref(&server, "double-o", external("CRM", "007"), exact).await.expect("created");
        with_ref(&server, "seven", external("CRM", "7"), exact).await.expect("created");
        let found = get(&server, "accounts/CRM~007").await.expect("read");
        assert_eq!(found.name, "accounts/double-o");
        assert_eq!(get(&server, "accounts/CRM~7").await.expect("read").name, "accounts/seven");
        refused(get(&server, "accounts/CRM~07").await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn the_form_of_a_system_is_fixed_at_its_first_use(server: TestServer) {
        let (exact, numeric) = (CanonicalForm::Exact, CanonicalForm::Numeric);
        with_ref(&server, "a", external("SAP", "1"), numeric).await.expect("created");
        let answer = with_ref(&server, "b", external("SAP", "2"), exact).await;
        let status = refused(answer, Code::FailedPrecondition, "SOURCE_SYSTEM_FORM_FIXED");
        let info = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(info["canonical_form"], "NUMERIC");
        let unsaid = CanonicalForm::Unspecified;
        with_ref(&server, "b", external("SAP", "02"), unsaid).await.expect("created");
        assert_eq!(get(&server, "accounts/SAP~2").await.expect("read").name, "accounts/b");

        // One account cannot have the same key twice, seen through the form.
        let twice = Account {
            external_refs: vec![external("SAP", "7"), external("SAP", "007")],
            ..named("c")
        };
        let status = create(&server, "c", twice).await.expect_err("refused");
        let field = Some("account.external_refs[1]");
        assert_refused(&status, Code::InvalidArgument, "DUPLICATE_ELEMENT", field);
    }

    async fn keys_are_percent_encoded_in_names(server: TestServer) {
        for (id, key, encoded) in [
            ("slash", "a/b", "a%2Fb"),
            ("chinese", "广州-1", "%E5%B9%BF%E5%B7%9E-1"),
            ("percent", "100%", "100%25"),
            ("tilde", "~", "%7E"),
            ("blank", "a b", "a%20b"),
        ] {
            let form = CanonicalForm::Exact;
            let created = with_ref(&server, id, external("ERP", key), form).await.expect("created");
            let read = get(&server, &format!("accounts/ERP~{encoded}")).await.expect("read");
            assert_eq!(read, created);
        }
    }

    async fn keys_are_replaced_as_a_list(server: TestServer) {
        let numeric = CanonicalForm::Numeric;
        let a = with_ref(&server, "a", external("SAP", "01"), numeric).await.expect("created");
        with_ref(&server, "b", external("SAP", "02"), numeric).await.expect("created");

        // A new system beside the old one may have another form than that has.
        let both = Account {
            external_refs: vec![external("CRM", "x"), external("SAP", "1")],
            ..a.clone()
        };
        let request = pb::UpdateAccountRequest {
            account: Some(both.clone()),
            update_mask: mask(&["external_refs"]),
            canonical_form: CanonicalForm::Exact.into(),
            ..Default::default()
        };
        let answer = server.accounts().update_account(request).await;
        let a = answer.expect("updated").into_inner();
        assert_eq!(a.external_refs, both.external_refs);
        assert_eq!(get(&server, "accounts/CRM~x").await.expect("read"), a);

        let taken = Account { external_refs: vec![external("SAP", "2")], ..a.clone() };
        let answer = update(&server, taken, &["external_refs"]).await;
        refused(answer, Code::AlreadyExists, "EXTERNAL_REF_TAKEN");
        let none = Account { external_refs: vec![], ..a };
        update(&server, none, &["external_refs"]).await.expect("updated");
        refused(get(&server, "accounts/SAP~1").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        with_ref(&server, "c", external("SAP", "1"), numeric).await.expect("free again");
    }
}
