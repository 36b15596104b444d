//! What is said of an account beside its names and keys.

use ballast::pb::{DatedSizeClass, PartyKind, Site, SizeClass};

use super::*;
use crate::support::credit::moment;
use crate::support::ledger::day;

fn site(id: &str, name: &str, region: &str) -> Site {
    Site { site_id: id.into(), display_name: name.into(), region: region.into() }
}

fn size(class: SizeClass, from: i64, to: Option<i64>) -> DatedSizeClass {
    DatedSizeClass { size_class: class.into(), valid_from: Some(day(from)), valid_to: to.map(day) }
}

/// Gives an account a size from a day on; `None` is the business date.
async fn resize(
    server: &TestServer,
    account: Account,
    class: SizeClass,
    from: Option<i64>,
) -> Result<Account, Status> {
    let request = pb::UpdateAccountRequest {
        account: Some(Account { size_class: class.into(), ..account }),
        update_mask: mask(&["size_class"]),
        size_class_effective_date: from.map(day),
        ..Default::default()
    };
    server.accounts().update_account(request).await.map(|r| r.into_inner())
}

fn described() -> Account {
    Account {
        industry_code: "C28.1".into(),
        sales_region: "华东".into(),
        party_kind: PartyKind::StateOwned.into(),
        sites: vec![site("north", "Plant North", "Bremen"), site("2", "二厂", "")],
        former_names: vec!["Acme Brothers".into()],
        ..named("Acme")
    }
}

on_both_engines! {
    async fn what_is_said_of_an_account_reads_back_and_changes_by_its_mask(server: TestServer) {
        let created = create(&server, "acme", described()).await.expect("created");
        let expected = Account {
            name: created.name.clone(),
            state: created.state,
            create_time: created.create_time,
            update_time: created.update_time,
            etag: created.etag.clone(),
            ..described()
        };
        assert_eq!(created, expected);
        assert_eq!(get(&server, "accounts/acme").await.expect("read"), created);

        let wish = Account {
            industry_code: String::new(),
            party_kind: 0,
            sites: vec![site("north", "Plant North", "Hamburg")],
            ..created.clone()
        };
        let changed = update(&server, wish, &["sites", "party_kind"]).await.expect("updated");
        let expected = Account {
            party_kind: 0,
            sites: vec![site("north", "Plant North", "Hamburg")],
            etag: changed.etag.clone(),
            update_time: changed.update_time,
            ..created.clone()
        };
        assert_eq!(changed, expected);
        assert_ne!(changed.etag, created.etag);
        let same = update(&server, changed.clone(), &["*"]).await.expect("updated");
        assert_eq!(same, changed, "what changes nothing leaves the version");
        let bare = Account { name: changed.name, etag: changed.etag, ..named("Acme") };
        let bare = update(&server, bare, &["*"]).await.expect("updated");
        assert_eq!((&*bare.sales_region, bare.sites.len(), bare.former_names.len()), ("", 0, 0));
    }

    async fn a_name_that_is_given_up_is_kept_as_a_former_one(server: TestServer) {
        let first = Account { legal_name: "Acme Ltd".into(), ..described() };
        let first = create(&server, "acme", first).await.expect("created");
        let wish = Account { display_name: "Apex".into(), legal_name: "Apex Ltd".into(), ..first };
        let second = update(&server, wish, &["display_name", "legal_name"]).await.expect("updated");
        assert_eq!(second.former_names, ["Acme Brothers", "Acme Ltd", "Acme"]);
        // What is declared takes the place of what was kept, but for what this change gives up.
        let wish = Account {
            display_name: "Acme".into(),
            former_names: vec!["Old Acme".into(), "Acme".into()],
            ..second
        };
        let third = update(&server, wish, &["*"]).await.expect("updated");
        assert_eq!(third.former_names, ["Old Acme", "Apex"]);
    }

    async fn the_size_of_an_account_is_that_of_the_day(server: TestServer) {
        server.clock().set(moment(10));
        let small = Account { size_class: SizeClass::Small.into(), ..named("Acme") };
        let request = CreateAccountRequest {
            account: Some(small),
            account_id: "acme".into(),
            size_class_effective_date: Some(day(0)),
            ..Default::default()
        };
        let account = server.accounts().create_account(request).await.expect("created").into_inner();
        assert_eq!(account.size_classes, [size(SizeClass::Small, 0, None)]);

        let same = resize(&server, account, SizeClass::Small, Some(5)).await.expect("nothing new");
        let account = resize(&server, same.clone(), SizeClass::Large, Some(20)).await.expect("to come");
        assert_ne!(account.etag, same.etag);
        assert_eq!(account.size_class(), SizeClass::Small, "it is not that day");
        let account = resize(&server, account, SizeClass::Medium, None).await.expect("today");
        let known = [
            size(SizeClass::Small, 0, Some(9)),
            size(SizeClass::Medium, 10, Some(19)),
            size(SizeClass::Large, 20, None),
        ];
        assert_eq!((account.size_class(), &*account.size_classes), (SizeClass::Medium, &known[..]));

        server.clock().set(moment(20));
        let account = get(&server, "accounts/acme").await.expect("read");
        assert_eq!((account.size_class(), &*account.size_classes), (SizeClass::Large, &known[..]));
        let unknown = resize(&server, account, SizeClass::Unspecified, None).await.expect("unknown");
        assert_eq!(unknown.size_class(), SizeClass::Unspecified);
        assert_eq!(unknown.size_classes.len(), 3, "a correction of the same day");
    }

    async fn the_largest_account_is_answered_again_as_it_was(server: TestServer) {
        let text = |n: usize| format!("{n:03}{}", "客".repeat(61));
        let sites = (0..200).map(|n| site(&format!("s{n}"), &text(n).repeat(3), &text(n)));
        let large = Account { sites: sites.collect(), ..described() };
        let request = CreateAccountRequest {
            account: Some(large),
            request_id: "once".into(),
            ..Default::default()
        };
        let first = server.accounts().create_account(request.clone()).await.expect("created");
        let again = server.accounts().create_account(request).await.expect("replayed");
        assert_eq!(first.into_inner(), again.into_inner());
    }

    async fn what_is_wrong_of_an_account_is_told_at_once_and_changes_nothing(server: TestServer) {
        let account = create(&server, "acme", described()).await.expect("created");
        let wish = Account {
            industry_code: "x".repeat(33),
            sales_region: "a\0".into(),
            party_kind: 7,
            size_class: 7,
            sites: vec![site("a", "", ""), site("a", "A", "")],
            former_names: vec![String::new()],
            ..account.clone()
        };
        let status = update(&server, wish, &["*"]).await.expect_err("refused");
        let told: Vec<_> = fields(&status);
        for (field, reason) in [
            ("account.industry_code", "FIELD_TOO_LONG"),
            ("account.sales_region", "TEXT_INVALID"),
            ("account.party_kind", "ENUM_INVALID"),
            ("account.size_class", "ENUM_INVALID"),
            ("account.sites[0].display_name", "FIELD_REQUIRED"),
            ("account.sites[1].site_id", "DUPLICATE_ELEMENT"),
            ("account.former_names[0]", "FIELD_REQUIRED"),
        ] {
            assert!(told.iter().any(|(f, r)| f == field && r == reason), "{field}: {told:?}");
        }
        let many = Account {
            sites: (0..201).map(|n| site(&format!("s{n}"), "S", "")).collect(),
            former_names: (0..51).map(|n| format!("N{n}")).collect(),
            ..account.clone()
        };
        let status = update(&server, many, &["*"]).await.expect_err("refused");
        for field in ["account.sites", "account.former_names"] {
            assert_refused(&status, Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some(field));
        }
        assert_eq!(get(&server, "accounts/acme").await.expect("read"), account);
    }
}
