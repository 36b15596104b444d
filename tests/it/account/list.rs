//! ListAccounts, page by page.

use ballast::pb::ListAccountsRequest;

use super::*;

async fn list(server: &TestServer, request: ListAccountsRequest) -> Result<Vec<String>, Status> {
    let answer = server.accounts().list_accounts(request).await?.into_inner();
    Ok(ids(&answer.accounts))
}

fn ids(accounts: &[Account]) -> Vec<String> {
    accounts.iter().map(|a| a.name.trim_start_matches("accounts/").to_owned()).collect()
}

/// All pages, with the size of each.
async fn pages(server: &TestServer, first: ListAccountsRequest) -> (Vec<String>, Vec<usize>) {
    let (mut all, mut sizes, mut page_token) = (vec![], vec![], String::new());
    loop {
        let request = ListAccountsRequest { page_token, ..first.clone() };
        let answer = server.accounts().list_accounts(request).await.expect("a page").into_inner();
        all.extend(ids(&answer.accounts));
        sizes.push(answer.accounts.len());
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return (all, sizes);
        }
    }
}

async fn seven(server: &TestServer) {
    // Two share a name: then the id decides.
    let names = [("a", "delta"), ("b", "beta"), ("c", "beta"), ("d", "alpha"), ("e", "gamma")];
    for (id, name) in names {
        create(server, id, named(name)).await.expect("created");
    }
    create(server, "f", Account { parent: "accounts/a".into(), ..named("Beta Trading") })
        .await
        .expect("created");
    create(server, "g", Account { parent: "accounts/a".into(), ..named("广州贸易") })
        .await
        .expect("created");
}

on_both_engines! {
    async fn pages_make_the_whole_list_in_every_order(server: TestServer) {
        seven(&server).await;
        for (order, expected) in [
            ("", "abcdefg"),
            ("account_id desc", "gfedcba"),
            ("create_time", "abcdefg"),
            ("create_time desc", "gfedcba"),
        ] {
            for (page_size, sizes) in [(3, vec![3, 3, 1]), (7, vec![7]), (0, vec![7])] {
                let order_by = order.into();
                let first = ListAccountsRequest { page_size, order_by, ..Default::default() };
                assert_eq!(pages(&server, first).await, (split(expected), sizes), "{order}");
            }
        }
        // Capitals stand before small letters, whatever the collation of the database.
        let filter = |order: &str| ListAccountsRequest {
            page_size: 1,
            order_by: order.into(),
            show_deleted: true,
            ..Default::default()
        };
        let (up, _) = pages(&server, filter("display_name")).await;
        let (mut down, _) = pages(&server, filter("display_name desc")).await;
        down.reverse();
        assert_eq!(up, down);
        assert_eq!(up, split("fdbcaeg"));
    }

    async fn filters_restrict_together(server: TestServer) {
        seven(&server).await;
        let delete = |id: &str| pb::DeleteAccountRequest {
            name: format!("accounts/{id}"),
            ..Default::default()
        };
        server.accounts().delete_account(delete("c")).await.expect("deleted");
        let request = pb::BlockAccountRequest {
            name: "accounts/b".into(),
            reason: "x".into(),
            ..Default::default()
        };
        server.accounts().block_account(request).await.expect("blocked");

        let any = ListAccountsRequest::default;
        let prefix = |p: &str| ListAccountsRequest { display_name_prefix: p.into(), ..any() };
        let state = |s: AccountState| ListAccountsRequest { state: s.into(), ..any() };
        for (request, expected) in [
            (any(), "abdefg"),
            (ListAccountsRequest { show_deleted: true, ..any() }, "abcdefg"),
            (state(AccountState::Active), "adefg"),
            (state(AccountState::Blocked), "b"),
            (state(AccountState::Deleted), "c"),
            (ListAccountsRequest { parent: "accounts/a".into(), ..any() }, "fg"),
            (prefix("BETA"), "bf"),
            (prefix("bEtA "), "f"),
            (prefix("广"), "g"),
            (prefix("%"), ""),
            (ListAccountsRequest { parent: "accounts/a".into(), ..prefix("beta") }, "f"),
            (ListAccountsRequest { show_deleted: true, ..prefix("beta") }, "bcf"),
        ] {
            assert_eq!(list(&server, request.clone()).await.expect("listed"), split(expected), "{request:?}");
        }
        let nobody = ListAccountsRequest { parent: "accounts/none".into(), ..any() };
        refused(list(&server, nobody).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn regions_and_labels_restrict_in_every_order_by_pages(server: TestServer) {
        let labels = |of: &str| of.split(' ').filter_map(|l| l.split_once('=')).map(
            |(key, value)| (key.to_owned(), value.to_owned())).collect();
        for (id, name, region, sales, label) in [
            ("a", "delta", "DE", "North", "seg=power tier=1"),
            ("b", "beta", "DE", "South", "seg=power"),
            ("c", "beta", "CN", "North", "seg=steel tier=1"),
            ("d", "alpha", "CN", "North", "seg=power tier=1"),
            ("e", "gamma", "", "", ""),
        ] {
            let account = Account {
                region_code: region.into(),
                sales_region: sales.into(),
                labels: labels(label),
                ..named(name)
            };
            create(&server, id, account).await.expect("created");
        }
        let any = ListAccountsRequest::default;
        let label = |of: &str| of.split(' ').map(|l| l.split_once('=').expect("a label")).map(
            |(key, value)| pb::Label { key: key.into(), value: value.into() }).collect();
        let labelled = |of: &str| ListAccountsRequest { labels: label(of), ..any() };
        let region = |code: &str| ListAccountsRequest { region_code: code.into(), ..any() };
        for (request, by_id, by_name) in [
            (region("DE"), "ab", "ba"),
            (ListAccountsRequest { sales_region: "North".into(), ..any() }, "acd", "dca"),
            (ListAccountsRequest { sales_region: "North".into(), ..region("CN") }, "cd", "dc"),
            (labelled("seg=power"), "abd", "dba"),
            (labelled("seg=Power"), "", ""),
            (labelled("seg=power tier=1"), "ad", "da"),
            (ListAccountsRequest { region_code: "CN".into(), ..labelled("tier=1") }, "cd", "dc"),
            (ListAccountsRequest { display_name_prefix: "BET".into(), ..labelled("tier=1") }, "c", "c"),
            (ListAccountsRequest { state: AccountState::Active.into(), ..labelled("tier=1") }, "acd", "dca"),
            (ListAccountsRequest { state: AccountState::Blocked.into(), ..labelled("tier=1") }, "", ""),
        ] {
            for (order, expected) in [
                ("account_id", split(by_id)),
                ("display_name", split(by_name)),
                ("create_time", split(by_id)),
            ] {
                for descending in [false, true] {
                    let order_by = if descending { format!("{order} desc") } else { order.into() };
                    let one = ListAccountsRequest { page_size: 1, order_by, ..request.clone() };
                    let (mut found, _) = pages(&server, one.clone()).await;
                    if descending {
                        found.reverse();
                    }
                    assert_eq!(found, expected, "{one:?}");
                }
            }
        }

        // The labels and the name of today are those that are looked for.
        let account = get(&server, "accounts/d").await.expect("read");
        let wish = Account { labels: labels("seg=steel"), display_name: "omega".into(), ..account };
        update(&server, wish, &["labels", "display_name"]).await.expect("updated");
        let by_name = ListAccountsRequest { order_by: "display_name".into(), ..labelled("seg=steel") };
        assert_eq!(list(&server, by_name).await.expect("listed"), split("cd"));
        assert_eq!(list(&server, labelled("tier=1")).await.expect("listed"), split("ac"));
    }

    async fn a_token_goes_with_its_own_query_only(server: TestServer) {
        seven(&server).await;
        let first = ListAccountsRequest { page_size: 2, ..Default::default() };
        let answer = server.accounts().list_accounts(first.clone()).await.expect("a page");
        let page_token = answer.into_inner().next_page_token;
        let next = ListAccountsRequest { page_token: page_token.clone(), page_size: 4, ..first };
        assert_eq!(list(&server, next.clone()).await.expect("a page"), split("cdef"));

        for other in [
            ListAccountsRequest { order_by: "create_time".into(), ..next.clone() },
            ListAccountsRequest { show_deleted: true, ..next.clone() },
            ListAccountsRequest { page_token: format!("{page_token}A"), ..next.clone() },
            ListAccountsRequest { page_token: "garbage".into(), ..next },
        ] {
            let status = list(&server, other).await.expect_err("another query");
            let field = Some("page_token");
            assert_refused(&status, Code::InvalidArgument, "PAGE_TOKEN_INVALID", field);
        }
        let bad = ListAccountsRequest {
            page_size: -1,
            order_by: "tax_id".into(),
            state: 9,
            ..Default::default()
        };
        let status = list(&server, bad).await.expect_err("refused");
        for (reason, field) in [
            ("PAGE_SIZE_INVALID", "page_size"),
            ("ORDER_BY_INVALID", "order_by"),
            ("ENUM_INVALID", "state"),
        ] {
            assert_refused(&status, Code::InvalidArgument, reason, Some(field));
        }
    }
}

fn split(ids: &str) -> Vec<String> {
    ids.chars().map(String::from).collect()
}
