//! Lists of accounts: whose they are, and who is accountable for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ballast::ctx::Ctx;
use ballast::domain::account::{AccountFilter, AccountList, AccountOrder};
use ballast::domain::page::PageOf;
use ballast::service::accounts::Accounts;
use ballast::service::teams::{TeamSettings, Teams};

use super::*;
use crate::support::ledger::{Desk, invoice};

/// All pages of a list, each account by its id.
async fn ids(server: &TestServer, owner: &str, order_by: &str, page_size: i32) -> Vec<String> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListAccountsRequest {
            owner: owner.into(),
            order_by: order_by.into(),
            page_size,
            page_token,
            ..Default::default()
        };
        let page = server.accounts().list_accounts(request).await.expect("a page").into_inner();
        let named = page.accounts.iter().map(|one| one.name.clone());
        let told = page.accountability.iter().map(|one| one.account.clone());
        assert!(named.clone().eq(told), "one for each, in the same order");
        all.extend(named.map(|name| name.trim_start_matches("accounts/").to_owned()));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

on_both_engines! {
    async fn accounts_are_listed_by_owner_and_in_the_order_of_owners(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        for id in ["a", "b", "c", "d", "e", "f"] {
            account(&server, id).await;
        }
        // `f` was owned once and is not any more, `e` changes hands tomorrow.
        for (account, owner, from) in
            [("a", "wang", 0), ("b", "li", -5), ("c", "wang", -5), ("e", "li", -1), ("f", "li", -9)]
        {
            assign(&server, account, owner, TeamRole::Owner, from).await.expect("owner");
        }
        assign(&server, "e", "wang", TeamRole::Owner, 1).await.expect("owner");
        assign(&server, "b", "wang", TeamRole::Backup, 0).await.expect("backup");
        let name = list(&server, "f", None).await.team_members[0].name.clone();
        end(&server, &name, "f", -2).await.expect("ended");
        for size in [1, 2, 50] {
            assert_eq!(ids(&server, "members/wang", "", size).await, ["a", "c"]);
            assert_eq!(ids(&server, "members/li", "account_id desc", size).await, ["e", "b"]);
            assert_eq!(ids(&server, "members/unassigned", "", size).await, ["d", "f"]);
            let ordered = ids(&server, "", "owner", size).await;
            assert_eq!(ordered, ["d", "f", "b", "e", "a", "c"]);
            let back = ids(&server, "", "owner desc", size).await;
            assert_eq!(back, ["c", "a", "e", "b", "f", "d"]);
        }
        server.clock().set(crate::support::credit::moment(1));
        assert_eq!(ids(&server, "members/wang", "", 50).await, ["a", "c", "e"]);

        let request = |owner: &str| pb::ListAccountsRequest { owner: owner.into(), ..Default::default() };
        let mut client = server.accounts();
        let status = client.list_accounts(request("members/none")).await.expect_err("nobody");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        let status = client.list_accounts(request("wang")).await.expect_err("no name");
        assert_refused(&status, Code::InvalidArgument, "RESOURCE_NAME_INVALID", Some("owner"));
    }

    async fn lists_tell_who_is_accountable_and_by_which_step(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        account(&server, "group").await;
        account_under(&server, "acme", "group").await;
        account(&server, "other").await;
        assign(&server, "group", "wang", TeamRole::Owner, 0).await.expect("owner");
        assign(&server, "other", "li", TeamRole::Backup, 0).await.expect("backup");
        let request = pb::ListAccountsRequest::default();
        let page = server.accounts().list_accounts(request).await.expect("a page").into_inner();
        let told: Vec<_> = page
            .accountability
            .iter()
            .map(|one| (&*one.account, &*one.accountable, one.accountable_step()))
            .collect();
        use AccountableStep as Step;
        assert_eq!(told, [
            ("accounts/acme", "members/wang", Step::AncestorOwner),
            ("accounts/group", "members/wang", Step::Owner),
            ("accounts/other", "members/li", Step::Backup),
        ]);
    }

    async fn the_worst_debtors_come_with_who_is_accountable(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post(vec![invoice("1", day(0), "9.00", &[])]).await;
        people(&server, false, &["wang"]).await;
        let request = pb::ListReceivablesRiskRequest {
            currency_code: "USD".into(),
            ..Default::default()
        };
        let worst = || async {
            let answer = server.receivables().list_receivables_risk(request.clone()).await;
            let worst = answer.expect("a page").into_inner().accounts.remove(0);
            (worst.accountable.clone(), worst.accountable_step())
        };
        assert_eq!(worst().await, ("members/unassigned".into(), AccountableStep::DefaultOwner));
        let owed = crate::support::ledger::ACCOUNT.trim_start_matches("accounts/");
        assign(&server, owed, "wang", TeamRole::Owner, 0).await.expect("owner");
        assert_eq!(worst().await, ("members/wang".into(), AccountableStep::Owner));
    }

    async fn a_longer_page_takes_no_more_statements(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        for n in 0..12 {
            let id = format!("a{n}");
            let parent = if n % 4 == 0 { String::new() } else { format!("a{}", n - 1) };
            account_under(&server, &id, &parent).await;
            let owner = ["wang", "li"][n % 2];
            assign(&server, &id, owner, TeamRole::Owner, 0).await.expect("owner");
        }
        let mut store = server.store().clone();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        store.observe(move |_| _ = counter.fetch_add(1, Ordering::AcqRel));
        let teams = Teams::new(store.clone(), TeamSettings::default());
        let accounts = Accounts::new(store);
        let ctx = Ctx::system(server.clock().clone());
        let mut counts = Vec::new();
        for size in [1, 4, 12] {
            let list = AccountList {
                filter: AccountFilter {
                    parent: None,
                    owner: None,
                    state: None,
                    display_name_prefix: String::new(),
                    region_code: String::new(),
                    sales_region: String::new(),
                    labels: Vec::new(),
                    show_deleted: false,
                },
                order: AccountOrder::Id,
                descending: false,
                page: PageOf { size, after: None },
            };
            count.store(0, Ordering::Release);
            let page = accounts.list(&ctx, &teams, list).await.expect("a page");
            assert_eq!((page.page.items.len(), page.accountable.len()), (size, size));
            counts.push(count.load(Ordering::Acquire));
        }
        assert_eq!(counts, [counts[0]; 3]);
        assert!(counts[0] <= 7, "{counts:?}");
    }
}
