//! Groups and parties: whose receivable it is, and who stands together on a day.

use ballast::pb;

use crate::support::TestServer;
use crate::support::ledger::*;

/// An account of the id, under a parent unless that is empty.
async fn account(server: &TestServer, id: &str, parent: &str) {
    let request = pb::CreateAccountRequest {
        account_id: id.into(),
        account: Some(pb::Account {
            display_name: id.into(),
            parent: if parent.is_empty() { String::new() } else { format!("accounts/{parent}") },
            ..pb::Account::default()
        }),
        ..pb::CreateAccountRequest::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

async fn move_under(server: &TestServer, id: &str, parent: &str) {
    let get = pb::GetAccountRequest { name: format!("accounts/{id}") };
    let mut account = server.accounts().get_account(get).await.expect("read").into_inner();
    account.parent = if parent.is_empty() { String::new() } else { format!("accounts/{parent}") };
    let update = pb::UpdateAccountRequest {
        account: Some(account),
        update_mask: Some(prost_types::FieldMask { paths: vec!["parent".into()] }),
        ..pb::UpdateAccountRequest::default()
    };
    server.accounts().update_account(update).await.expect("moved");
}

fn bill(no: &str, payer: &str, gross: &str) -> pb::Document {
    pb::Document {
        payer: format!("accounts/{payer}"),
        ..invoice(no, date("2019-06-01"), gross, &[(date("2019-06-20"), gross)])
    }
}

async fn of_group(
    desk: &mut Desk,
    account: &str,
    as_of: pb::Date,
    known_at: Option<prost_types::Timestamp>,
) -> String {
    let request = pb::GetAgingRequest {
        account: format!("accounts/{account}"),
        include_group: true,
        as_of: Some(as_of),
        known_at,
        ..pb::GetAgingRequest::default()
    };
    let answer = desk.aging(request).await;
    answer.currencies.first().map_or("0.00".into(), |c| text(&c.balance))
}

on_both_engines! {
    async fn a_group_is_counted_with_the_links_of_the_day(server: TestServer) {
        let mut desk = Desk::new(&server);
        let noon = |text: &str| format!("{text}T12:00:00Z").parse().expect("a time");
        for (id, parent) in [("root", ""), ("a", "root"), ("b", "a"), ("c", "")] {
            account(&server, id, parent).await;
        }
        desk.post([
            bill("I1", "root", "1.00"),
            bill("I2", "a", "10.00"),
            bill("I3", "b", "100.00"),
            bill("I4", "c", "1000.00"),
        ])
        .await;
        assert_eq!(of_group(&mut desk, "root", date("2019-06-30"), None).await, "111.00");
        assert_eq!(of_group(&mut desk, "a", date("2019-06-30"), None).await, "110.00");
        server.clock().set(noon("2019-07-10"));
        move_under(&server, "b", "c").await;
        let book = pb::GetAgingRequest {
            account: "accounts/-".into(),
            ..pb::GetAgingRequest::default()
        };
        let known = desk.aging(book).await.point.expect("a point").known_at;
        server.clock().set(noon("2019-07-20"));
        move_under(&server, "a", "").await;
        for (root, on, balance) in [
            ("root", "2019-07-09", "111.00"),
            ("root", "2019-07-10", "11.00"),
            ("c", "2019-07-09", "1000.00"),
            ("c", "2019-07-10", "1100.00"),
            ("root", "2019-07-20", "1.00"),
            ("a", "2019-07-20", "10.00"),
        ] {
            assert_eq!(of_group(&mut desk, root, date(on), None).await, balance, "{root} {on}");
        }
        // As known before the second move, the group goes on as it was.
        assert_eq!(of_group(&mut desk, "root", date("2019-07-20"), known).await, "11.00");
        desk.verify(&server).await;
    }

    async fn fault_m14_before_its_first_link_a_group_is_unknown(server: TestServer) {
        let mut desk = Desk::new(&server);
        account(&server, "root", "").await;
        let below = |id: &str, parent: &str, from: Option<&str>| pb::CreateAccountRequest {
            account_id: id.into(),
            account: Some(pb::Account {
                display_name: id.into(),
                parent: format!("accounts/{parent}"),
                ..pb::Account::default()
            }),
            parent_effective_date: from.map(date),
            ..pb::CreateAccountRequest::default()
        };
        let mut accounts = server.accounts();
        accounts.create_account(below("a", "root", None)).await.expect("created");
        accounts.create_account(below("b", "a", Some("2019-03-01"))).await.expect("created");
        desk.post([bill("I1", "root", "1.00"), bill("I2", "a", "10.00"), bill("I3", "b", "100.00")])
            .await;
        let asked = |account: &str, on: &str| pb::GetAgingRequest {
            account: format!("accounts/{account}"),
            include_group: true,
            as_of: Some(date(on)),
            ..pb::GetAgingRequest::default()
        };
        let told = |answer: &pb::GetAgingResponse| (
            answer.currencies.first().map_or("0.00".into(), |c| text(&c.balance)),
            answer.group_known_from,
        );
        let aging = desk.aging(asked("root", "2019-06-15")).await;
        assert_eq!(told(&aging), ("1.00".into(), Some(date("2019-06-30"))));
        let aging = desk.aging(asked("root", "2019-06-30")).await;
        assert_eq!(told(&aging), ("111.00".into(), None));
        assert_eq!(told(&desk.aging(asked("a", "2019-06-15")).await), ("110.00".into(), None));
        let aging = desk.aging(asked("a", "2019-02-28")).await;
        assert_eq!(aging.group_known_from, Some(date("2019-03-01")));
        let items = pb::ListOpenItemsRequest {
            parent: "accounts/root".into(),
            include_group: true,
            as_of: Some(date("2019-06-15")),
            ..pb::ListOpenItemsRequest::default()
        };
        let items = desk.client.list_open_items(items).await.expect("a page").into_inner();
        assert_eq!((items.items.len(), items.group_known_from), (1, Some(date("2019-06-30"))));
        let status = |account: &str, on: &str| pb::GetAccountStatusRequest {
            name: format!("accounts/{account}"),
            as_of: Some(date(on)),
            ..pb::GetAccountStatusRequest::default()
        };
        let above = async |account: &str, on: &str| {
            let status = server.accounts().get_account_status(status(account, on)).await;
            let status = status.expect("a status").into_inner();
            (status.ancestors.len(), status.group_known_from)
        };
        assert_eq!(above("b", "2019-06-15").await, (1, Some(date("2019-06-30"))));
        assert_eq!(above("b", "2019-06-30").await, (2, None));
        assert_eq!(above("b", "2019-02-28").await, (0, Some(date("2019-03-01"))));
        assert_eq!(above("root", "2019-02-28").await, (0, None), "nobody says that it ever was");

        // Told of January, it is known of January.
        let mut moved = accounts
            .get_account(pb::GetAccountRequest { name: "accounts/a".into() })
            .await
            .expect("read")
            .into_inner();
        moved.parent = "accounts/root".into();
        let update = pb::UpdateAccountRequest {
            account: Some(moved),
            update_mask: Some(prost_types::FieldMask { paths: vec!["parent".into()] }),
            parent_effective_date: Some(date("2019-01-01")),
            ..pb::UpdateAccountRequest::default()
        };
        accounts.update_account(update).await.expect("noted");
        let aging = desk.aging(asked("root", "2019-06-15")).await;
        assert_eq!(told(&aging), ("111.00".into(), None));
        // Who was there, and was linked later, stood under nobody.
        account(&server, "c", "").await;
        server.clock().set("2019-07-10T12:00:00Z".parse().expect("a time"));
        move_under(&server, "c", "root").await;
        assert_eq!(desk.aging(asked("root", "2019-07-09")).await.group_known_from, None);
        desk.verify(&server).await;
    }

    async fn the_receivable_belongs_to_the_payer(server: TestServer) {
        let mut desk = Desk::new(&server);
        for id in ["payer", "ordering", "addressed"] {
            account(&server, id, "").await;
        }
        let sold = pb::Document {
            sold_to: "accounts/ordering".into(),
            bill_to: "accounts/addressed".into(),
            ..bill("I1", "payer", "100.00")
        };
        desk.post([sold]).await;
        for (id, balance) in [("payer", "100.00"), ("ordering", "0.00"), ("addressed", "0.00")] {
            assert_eq!(of_group(&mut desk, id, date("2019-06-30"), None).await, balance, "{id}");
        }
        let document = desk.get("I1", day(0)).await;
        assert_eq!(
            (document.sold_to.as_str(), document.bill_to.as_str()),
            ("accounts/ordering", "accounts/addressed")
        );
        // Money of one account does not settle what another owes.
        desk.post([pb::Document {
            payer: "accounts/ordering".into(),
            ..receipt("R1", date("2019-06-02"), "100.00")
        }])
        .await;
        let allocation = pb::Allocation {
            credit_item: desk.item("R1").await,
            debit_item: desk.item("I1").await,
            ..pb::Allocation::default()
        };
        let request = pb::ClearItemsRequest {
            account: "accounts/payer".into(),
            allocations: vec![allocation],
            request_id: fresh(),
            ..pb::ClearItemsRequest::default()
        };
        desk.client.clear_items(request).await.expect_err("across accounts");
        let named = pb::Document {
            payer: "accounts/ordering".into(),
            ..receipt("R2", date("2019-06-02"), "100.00").settles("I1")
        };
        let refused = desk.try_post(vec![named]).await.unwrap_err();
        let code = tonic::Code::FailedPrecondition;
        crate::support::assert_refused(&refused, code, "CLEARING_ACROSS_ACCOUNTS", None);
        assert_eq!(of_group(&mut desk, "payer", date("2019-06-30"), None).await, "100.00");
        desk.verify(&server).await;
    }
}
