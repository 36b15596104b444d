//! How pages of accounts are found in a large book.

use std::sync::{Arc, Mutex};

use crate::domain::account::{AccountFilter, AccountKey, AccountList, AccountOrder, OwnedBy};
use crate::domain::dates::NO_DATE;
use crate::domain::page::PageOf;
use crate::store::account::owners::FIRST_DAY;
use crate::store::seed::{Fresh, fresh};

const ACCOUNTS: usize = 20_000;

/// Accounts of fifty owners, one of whom is nobody.
async fn book(db: &Fresh) {
    let made = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ACCOUNTS}), \
         made AS (SELECT 'x' || CAST(100000 + n AS TEXT) AS id, n % 50 AS owner FROM n) "
    );
    let accounts = format!(
        "{made} INSERT INTO account (id, display_name, display_key, legal_name, region_code, \
         tax_id, parent_id, related_party, labels, industry_code, sales_region, party_kind, \
         size_classes, sites, former_names, state, block_reason, create_us, update_us, \
         delete_us, version) \
         SELECT id, id, id, '', '', '', '', FALSE, '{{}}', '', '', '', '[]', '[]', '[]', \
         'ACTIVE', '', 1, 1, 0, 1 FROM made"
    );
    db.sql(&accounts, vec![]).await;
    let owners = format!(
        "{made} INSERT INTO account_owner (account_id, first_day, last_day, member_id) \
         SELECT id, $1, $2, CASE owner WHEN 0 THEN '' ELSE 'm' || CAST(owner AS TEXT) END FROM made"
    );
    db.sql(&owners, vec![FIRST_DAY.into(), NO_DATE.into()]).await;
    if !db.store.is_sqlite() {
        db.sql("ANALYZE account", vec![]).await;
        db.sql("ANALYZE account_owner", vec![]).await;
    }
}

fn list(
    owner: Option<OwnedBy>,
    order: AccountOrder,
    descending: bool,
    after: Option<AccountKey>,
) -> AccountList<String, OwnedBy> {
    let filter = AccountFilter { owner, ..AccountFilter::default() };
    AccountList { filter, order, descending, page: PageOf { size: 50, after } }
}

#[tokio::test]
async fn a_page_in_the_order_of_owners_reads_no_more_than_it_shows() {
    for mut db in fresh().await {
        book(&db).await;
        let selects = Arc::new(Mutex::new(Vec::new()));
        let observed = selects.clone();
        db.store.observe(move |ran| {
            if ran.sql.contains("account_owner") && ran.sql.contains("ORDER BY") {
                observed.lock().unwrap().push(ran.clone());
            }
        });
        let behind = |owner: &str| Some(AccountKey::Owner(owner.into(), "x110000".into()));
        let his = |or_nobody| Some(OwnedBy { member_id: "m3".into(), or_nobody });
        for (list, first) in [
            (list(None, AccountOrder::Owner, false, None), "x100050"),
            (list(None, AccountOrder::Owner, false, behind("m3")), "x110003"),
            (list(None, AccountOrder::Owner, true, behind("m3")), "x109953"),
            (list(his(false), AccountOrder::Id, false, None), "x100003"),
            (list(his(true), AccountOrder::Id, true, None), "x120000"),
            (list(his(true), AccountOrder::Owner, true, None), "x119953"),
        ] {
            selects.lock().unwrap().clear();
            let asked = list.clone();
            let read = db
                .store
                .read(&db.ctx, move |tx| Box::pin(async move { tx.list_accounts(&asked).await }));
            let page = read.await.unwrap();
            assert_eq!((page.items.len(), &*page.items[0].id), (50, first), "{list:?}");
            let ran = std::mem::take(&mut *selects.lock().unwrap());
            let walks =
                if list.filter.owner.as_ref().is_some_and(|of| of.or_nobody) { 2 } else { 1 };
            assert_eq!(ran.len(), walks, "{ran:#?}");
            for statement in ran {
                let plan = db.plan(&statement).await;
                assert!(plan.contains("account_owner_member"), "{plan}");
                assert!(!plan.contains("Sort") && !plan.contains("ORDER BY"), "{plan}");
            }
        }
    }
}
