//! Accounts that come into being because somebody names them.

use std::collections::{BTreeSet, HashMap};

use ballast::ctx::Ctx;
use ballast::domain::error::{Reason, Result as Outcome};
use ballast::domain::names::{AccountRef, CanonicalForm};
use ballast::store::Lane;
use ballast::store::account::KnownAccount;
use futures_util::future::join_all;

use super::*;

fn alias(system: &str, id: &str) -> AccountRef {
    AccountRef::External { system: system.into(), id: id.into() }
}

type Found = HashMap<AccountRef, KnownAccount>;

async fn create_missing(
    server: &TestServer,
    names: Vec<AccountRef>,
    display_names: HashMap<AccountRef, String>,
    form: Option<CanonicalForm>,
) -> Outcome<Found> {
    let ctx = Ctx::system(server.clock().clone());
    let write = server.store().write(&ctx, Lane::Bulk, move |tx| {
        let (names, display_names) = (names.clone(), display_names.clone());
        Box::pin(async move { tx.create_missing_accounts(&names, &display_names, form).await })
    });
    write.await
}

async fn count(server: &TestServer) -> usize {
    let request = pb::ListAccountsRequest { page_size: 1_000, ..Default::default() };
    server.accounts().list_accounts(request).await.expect("listed").into_inner().accounts.len()
}

on_both_engines! {
    async fn keys_that_mean_the_same_make_one_account(server: TestServer) {
        let names = vec![
            alias("SAP", "007"),
            alias("SAP", "7"),
            alias("SAP", "客户"),
            AccountRef::Id("none".into()),
        ];
        let called = HashMap::from([(alias("SAP", "007"), "Bond Ltd".to_owned())]);
        let numeric = Some(CanonicalForm::Numeric);
        let found = create_missing(&server, names.clone(), called, numeric).await.expect("created");
        assert_eq!(found.len(), 3);
        assert_eq!(found[&names[0]], found[&names[1]]);
        assert_eq!(count(&server).await, 2);

        let bond = get(&server, "accounts/SAP~07").await.expect("read");
        assert_eq!(bond.display_name, "Bond Ltd");
        assert_eq!(bond.external_refs, [external("SAP", "007")]);
        assert_eq!(bond.name, format!("accounts/{}", found[&names[0]].id));
        let other = get(&server, "accounts/SAP~%E5%AE%A2%E6%88%B7").await.expect("read");
        assert_eq!(other.display_name, "客户");
        move_under(&server, &found[&names[0]].id, &found[&names[2]].id).await.expect("has a head");

        let again = create_missing(&server, names.clone(), HashMap::new(), None).await;
        assert_eq!(again.expect("found").len(), 3);
        assert_eq!(count(&server).await, 2);

        let exact = Some(CanonicalForm::Exact);
        let refused = create_missing(&server, names, HashMap::new(), exact).await;
        assert_eq!(refused.expect_err("fixed").reason(), Reason::SourceSystemFormFixed);
    }

    async fn several_that_create_the_same_accounts_agree(server: TestServer) {
        for round in 0..3 {
            // Each names ten of fifteen, in an order of its own, of a system new to us.
            let system = format!("ERP{round}");
            let answers = join_all((0..6).map(|n| {
                let mut names: Vec<_> =
                    (0..10).map(|k| alias(&system, &((n * 3 + k) % 15).to_string())).collect();
                names.rotate_left(n);
                create_missing(&server, names, HashMap::new(), None)
            }))
            .await;
            let mut agreed: HashMap<AccountRef, String> = HashMap::new();
            for answer in answers {
                let found = answer.expect("created or found");
                assert_eq!(found.len(), 10);
                for (name, account) in found {
                    let id = agreed.entry(name).or_insert_with(|| account.id.clone());
                    assert_eq!(*id, account.id);
                }
            }
            assert_eq!(agreed.values().collect::<BTreeSet<_>>().len(), 15);
            assert_eq!(count(&server).await, 15 * (round + 1));
        }
    }

    async fn an_account_with_open_items_is_not_deleted(server: TestServer) {
        let document = |number: &str, kind: pb::DocumentKind| pb::Document {
            key: Some(pb::DocumentKey {
                source_system: "SAP".into(),
                company_code: "1000".into(),
                document_no: number.into(),
                ..Default::default()
            }),
            source_version: 1,
            kind: kind.into(),
            payer: "accounts/SAP~0042".into(),
            document_date: Some(pb::Date { year: 2019, month: 6, day: 1 }),
            posting_date: Some(pb::Date { year: 2019, month: 6, day: 1 }),
            gross: Some(pb::Money { currency_code: "EUR".into(), units: 100, nanos: 0 }),
            ..Default::default()
        };
        let request = pb::PostDocumentsRequest {
            documents: vec![
                document("1", pb::DocumentKind::Invoice),
                document("2", pb::DocumentKind::Invoice),
            ],
            create_missing_accounts: true,
            request_id: "r1".into(),
        };
        server.receivables().post_documents(request).await.expect("posted");

        let account = get(&server, "accounts/SAP~0042").await.expect("created");
        assert_eq!(account.display_name, "0042");
        let request = pb::DeleteAccountRequest { name: account.name, ..Default::default() };
        let answer = server.accounts().delete_account(request).await;
        let status = refused(answer, Code::FailedPrecondition, "ACCOUNT_HAS_OPEN_ITEMS");
        let info = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(info["open_items"], "2");
    }
}
