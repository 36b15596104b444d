//! Accounts as their callers see them.

mod alias;
mod group;
mod lifecycle;
mod list;
mod missing;
mod profile;
mod request;
mod status;

use std::collections::HashMap;

use ballast::pb::{self, Account, AccountState, CreateAccountRequest, ExternalRef};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::support::{TestServer, assert_refused, details, fields};

fn named(display_name: &str) -> Account {
    Account { display_name: display_name.into(), ..Default::default() }
}

fn external(system: &str, id: &str) -> ExternalRef {
    ExternalRef { system: system.into(), id: id.into() }
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() })
}

async fn create(server: &TestServer, id: &str, account: Account) -> Result<Account, Status> {
    let request = CreateAccountRequest {
        account: Some(account),
        account_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.map(|r| r.into_inner())
}

/// An account under a parent, named as its id is.
async fn create_under(server: &TestServer, id: &str, parent: &str) -> Result<Account, Status> {
    let parent = if parent.is_empty() { String::new() } else { format!("accounts/{parent}") };
    create(server, id, Account { parent, ..named(id) }).await
}

async fn get(server: &TestServer, name: &str) -> Result<Account, Status> {
    let request = pb::GetAccountRequest { name: name.into() };
    server.accounts().get_account(request).await.map(|r| r.into_inner())
}

/// Writes the fields of an account as it was read, changed in the paths named.
async fn update(server: &TestServer, account: Account, paths: &[&str]) -> Result<Account, Status> {
    let request = pb::UpdateAccountRequest {
        account: Some(account),
        update_mask: mask(paths),
        ..Default::default()
    };
    server.accounts().update_account(request).await.map(|r| r.into_inner())
}

async fn move_under(server: &TestServer, id: &str, parent: &str) -> Result<Account, Status> {
    let account = get(server, &format!("accounts/{id}")).await?;
    let parent = if parent.is_empty() { String::new() } else { format!("accounts/{parent}") };
    update(server, Account { parent, ..account }, &["parent"]).await
}

/// As [`move_under`], from a day on.
async fn belonged(
    server: &TestServer,
    id: &str,
    parent: &str,
    from: &str,
) -> Result<Account, Status> {
    let account = get(server, &format!("accounts/{id}")).await?;
    let parent = if parent.is_empty() { String::new() } else { format!("accounts/{parent}") };
    let request = pb::UpdateAccountRequest {
        account: Some(Account { parent, ..account }),
        update_mask: mask(&["parent"]),
        parent_effective_date: Some(crate::support::ledger::date(from)),
        ..Default::default()
    };
    server.accounts().update_account(request).await.map(|r| r.into_inner())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.expect_err(reason);
    assert_refused(&status, code, reason, None);
    status
}

on_both_engines! {
    async fn an_account_reads_back_as_it_was_created(server: TestServer) {
        let given = Account {
            display_name: "广州白云机电 \"Baiyun\"".into(),
            legal_name: "广州白云机电股份有限公司".into(),
            region_code: "CN".into(),
            tax_id: "91440101".into(),
            external_refs: vec![external("SAP", "0000471"), external("CRM", "客户/1")],
            related_party: true,
            labels: HashMap::from([("segment".into(), "电力".into()), ("empty".into(), "".into())]),
            ..Default::default()
        };
        let created = create(&server, "baiyun", given.clone()).await.expect("created");
        assert_eq!(created.name, "accounts/baiyun");
        assert_eq!(created.state(), AccountState::Active);
        assert!(created.create_time.is_some() && created.create_time == created.update_time);
        assert_eq!(created.delete_time, None);
        assert!(!created.etag.is_empty());
        let expected = Account {
            name: created.name.clone(),
            state: created.state,
            create_time: created.create_time,
            update_time: created.update_time,
            etag: created.etag.clone(),
            ..given
        };
        assert_eq!(created, expected);
        assert_eq!(get(&server, "accounts/baiyun").await.expect("read"), created);

        let request = pb::BatchGetAccountsRequest {
            names: vec!["accounts/CRM~%E5%AE%A2%E6%88%B7%2F1".into(), "accounts/baiyun".into()],
        };
        let both = server.accounts().batch_get_accounts(request).await.expect("read").into_inner();
        assert_eq!(both.accounts, [created.clone(), created]);
    }

    async fn an_account_without_an_id_gets_one_of_ours(server: TestServer) {
        let one = create(&server, "", named("One")).await.expect("created");
        let two = create(&server, "", named("One")).await.expect("created");
        assert_ne!(one.name, two.name);
        let id = one.name.strip_prefix("accounts/").expect("a name");
        assert_eq!(uuid::Uuid::try_parse(id).expect("a UUID").get_version_num(), 7);
    }

    async fn an_update_changes_what_its_mask_names_and_the_etag(server: TestServer) {
        let account = Account { tax_id: "T1".into(), legal_name: "Acme Ltd".into(), ..named("Acme") };
        let first = create(&server, "acme", account).await.expect("created");
        let wish = Account { display_name: "Acme 2".into(), tax_id: String::new(), ..first.clone() };
        let second = update(&server, wish, &["tax_id", "state"]).await.expect("updated");
        assert_eq!((second.display_name.as_str(), second.tax_id.as_str()), ("Acme", ""));
        assert_ne!(second.etag, first.etag);
        assert_eq!(get(&server, "accounts/acme").await.expect("read"), second);

        // Without a mask: what is populated.
        let wish = Account { legal_name: String::new(), display_name: "Acme 3".into(), ..second };
        let third = update(&server, wish, &[]).await.expect("updated");
        assert_eq!((third.display_name.as_str(), third.legal_name.as_str()), ("Acme 3", "Acme Ltd"));

        // With a star: everything.
        let wish = Account { legal_name: String::new(), ..third };
        let fourth = update(&server, wish, &["*"]).await.expect("updated");
        assert_eq!(fourth.legal_name, "");

        // What changes nothing leaves the version.
        let same = update(&server, fourth.clone(), &["*"]).await.expect("updated");
        assert_eq!(same, fourth);
    }

    async fn a_stale_etag_is_refused_and_changes_nothing(server: TestServer) {
        let first = create(&server, "acme", named("Acme")).await.expect("created");
        let wish = Account { display_name: "A".into(), ..first.clone() };
        let second = update(&server, wish, &["display_name"]).await.expect("updated");
        let late = Account { display_name: "B".into(), ..first.clone() };
        refused(update(&server, late, &["display_name"]).await, Code::Aborted, "ETAG_MISMATCH");
        let delete = pb::DeleteAccountRequest {
            name: first.name.clone(),
            etag: first.etag,
            ..Default::default()
        };
        let answer = server.accounts().delete_account(delete).await;
        refused(answer, Code::Aborted, "ETAG_MISMATCH");
        assert_eq!(get(&server, "accounts/acme").await.expect("read"), second);

        let without = Account { etag: String::new(), ..second.clone() };
        let status = update(&server, without, &["*"]).await.expect_err("refused");
        let field = Some("account.etag");
        assert_refused(&status, Code::InvalidArgument, "ETAG_REQUIRED", field);
        let status = update(&server, second, &["colour"]).await.expect_err("refused");
        assert_refused(&status, Code::InvalidArgument, "FIELD_MASK_INVALID", Some("update_mask"));
    }

    async fn every_name_that_is_missing_is_told_as_it_was_sent(server: TestServer) {
        create(&server, "acme", named("Acme")).await.expect("created");
        for name in ["accounts/none", "accounts/SAP~a%2Fb%20c"] {
            let status = refused(get(&server, name).await, Code::NotFound, "RESOURCE_NOT_FOUND");
            let info = details(&status).error_info().expect("info").metadata.clone();
            assert_eq!((&*info["resource_type"], &*info["resource_name"]), ("account", name));
        }
        let names = ["accounts/x", "accounts/acme", "accounts/y", "accounts/x"];
        let request = pb::BatchGetAccountsRequest { names: names.map(String::from).to_vec() };
        let answer = server.accounts().batch_get_accounts(request).await;
        let status = refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let info = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(info["resource_name"], "accounts/x, accounts/y");
    }

    async fn hostile_values_are_refused_by_field(server: TestServer) {
        for name in ["accounts/a\0b", "accounts/", "accounts/-", "accounts/a/b", "accounts/SAP~%0"] {
            let status = get(&server, name).await.expect_err(name);
            let (field, reason) = (Some("name"), "RESOURCE_NAME_INVALID");
            assert_refused(&status, Code::InvalidArgument, reason, field);
        }
        let status = create(&server, "a", named("NUL \0")).await.expect_err("refused");
        let (code, field) = (Code::InvalidArgument, Some("account.display_name"));
        assert_refused(&status, code, "TEXT_INVALID", field);

        let quote = named("Robert'); DROP TABLE account; --");
        create(&server, "bobby", quote).await.expect("created");

        // Above the limit of a message: refused before it is read.
        let status = create(&server, "big", named(&"x".repeat(10 << 20))).await.expect_err("refused");
        assert_refused(&status, Code::ResourceExhausted, "MESSAGE_TOO_LARGE", None);
        // Below it: refused without being repeated.
        let status = create(&server, "big", named(&"x".repeat(3 << 20))).await.expect_err("refused");
        assert_refused(&status, code, "FIELD_TOO_LONG", field);
        assert!(status.message().len() < 500 && status.details().len() < 1_000);
        assert_eq!(fields(&status).len(), 1);
    }
}
