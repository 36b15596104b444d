//! Accounts of one member that become another's.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::*;
use crate::support::Engine;
use crate::support::ledger::{date, document, fresh, usd};

fn moving(from: &str, to: &str, on: i64, accounts: &[&str]) -> pb::TransferAccountsRequest {
    pb::TransferAccountsRequest {
        from: format!("members/{from}"),
        to: format!("members/{to}"),
        effective_date: Some(day(on)),
        accounts: accounts.iter().map(|id| format!("accounts/{id}")).collect(),
        reason: "another territory".into(),
        request_id: fresh(),
        ..Default::default()
    }
}

fn all_of(from: &str, to: &str, on: i64) -> pb::TransferAccountsRequest {
    pb::TransferAccountsRequest {
        filter: Some(pb::TransferFilter::default()),
        ..moving(from, to, on, &[])
    }
}

async fn transfer(
    server: &TestServer,
    request: pb::TransferAccountsRequest,
) -> Result<pb::TransferAccountsResponse, Status> {
    server.accounts().transfer_accounts(request).await.map(|r| r.into_inner())
}

/// Goes on until nothing is left; answers how many each call moved, and all of them.
async fn to_the_end(
    server: &TestServer,
    first: pb::TransferAccountsRequest,
) -> (Vec<usize>, BTreeSet<String>) {
    let (mut counts, mut moved, mut resume_token) = (Vec::new(), BTreeSet::new(), String::new());
    loop {
        let request =
            pb::TransferAccountsRequest { resume_token, request_id: fresh(), ..first.clone() };
        let answer = transfer(server, request).await.expect("transferred");
        counts.push(answer.accounts.len());
        moved.extend(answer.accounts);
        resume_token = answer.next_resume_token;
        if resume_token.is_empty() {
            return (counts, moved);
        }
    }
}

async fn three(server: &TestServer) {
    people(server, false, &["wang", "li", "chen"]).await;
    for id in ["a", "b", "c"] {
        account(server, id).await;
        assign(server, id, "wang", TeamRole::Owner, -5).await.expect("owner");
    }
}

on_both_engines! {
    async fn a25_the_day_before_a_transfer_the_old_owner_is_answered(server: TestServer) {
        three(&server).await;
        assign(&server, "a", "chen", TeamRole::Backup, 0).await.expect("backup");
        let request = moving("wang", "li", 10, &["b", "a"]);
        let only = pb::TransferAccountsRequest { validate_only: true, ..request.clone() };
        let told = transfer(&server, only).await.expect("told");
        assert_eq!(told.accounts, ["accounts/a", "accounts/b"]);
        assert_eq!(owners(&server, "a", 10).await, ["members/wang"], "nothing changed");
        let moved = transfer(&server, request.clone()).await.expect("moved");
        assert_eq!(moved, told);
        assert_eq!(transfer(&server, request).await.expect("the same again"), moved);
        for (account, on, owner) in
            [("a", 9, "wang"), ("a", 10, "li"), ("b", 10, "li"), ("c", 10, "wang")]
        {
            let told = by(&server, account, Some(on)).await;
            assert_eq!(told, (owner.into(), AccountableStep::Owner), "{account} on day {on}");
        }
        let team = list(&server, "a", None).await.team_members;
        assert_eq!(team.len(), 3, "nothing but the owner moved");
        assert_eq!(&*team[2].reason, "another territory");
        assert_eq!((&*team[0].member, team[0].valid_to), ("members/wang", Some(day(9))));
        let stale = pb::AssignTeamMemberRequest {
            etag: team[1].etag.clone(),
            ..wish("a", "chen", TeamRole::Finance, 0)
        };
        server.accounts().assign_team_member(stale).await.expect("the version of the whole team");
    }

    async fn named_accounts_are_transferred_all_or_none(server: TestServer) {
        three(&server).await;
        account(&server, "free").await;
        account(&server, "gone").await;
        let name = "accounts/gone".to_owned();
        let gone = pb::DeleteAccountRequest { name, ..Default::default() };
        server.accounts().delete_account(gone).await.expect("deleted");
        assign(&server, "b", "chen", TeamRole::Owner, 0).await.expect("owner");
        for validate_only in [true, false] {
            let request = |accounts: &[&str]| pb::TransferAccountsRequest {
                validate_only,
                ..moving("wang", "li", 0, accounts)
            };
            let status = transfer(&server, request(&["a", "b", "free"])).await.expect_err("not his");
            assert_refused(&status, Code::FailedPrecondition, "ACCOUNT_NOT_OWNED", Some("accounts"));
            let told = details(&status).precondition_failure().expect("told").violations.clone();
            let told: Vec<_> = told.iter().map(|one| &*one.subject).collect();
            assert_eq!(told, ["accounts/b", "accounts/free"], "all of them at once");
            let status = transfer(&server, request(&["a", "gone"])).await.expect_err("deleted");
            assert_refused(&status, Code::FailedPrecondition, "ACCOUNT_DELETED", Some("accounts"));
            let status = transfer(&server, request(&["a", "none"])).await.expect_err("none");
            assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        }
        assert_eq!(owners(&server, "a", 0).await, ["members/wang"]);
        // The default owner has what nobody owns.
        let request = moving("unassigned", "li", 0, &["free"]);
        transfer(&server, request).await.expect("transferred");
        assert_eq!(owners(&server, "free", 0).await, ["members/li"]);
    }

    async fn what_a_transfer_does_not_say_is_named_at_once(server: TestServer) {
        three(&server).await;
        let nothing = pb::TransferAccountsRequest::default();
        let status = transfer(&server, nothing).await.expect_err("nothing said");
        for field in ["from", "to", "effective_date", "accounts", "reason"] {
            assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some(field));
        }
        let both = pb::TransferAccountsRequest {
            accounts: vec!["accounts/a".into()],
            ..all_of("wang", "li", 0)
        };
        let status = transfer(&server, both).await.expect_err("two ways");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("filter"));
        let status = transfer(&server, moving("wang", "wang", 0, &["a"])).await.expect_err("his");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("to"));
        deactivate(&server, "li").await;
        let status = transfer(&server, all_of("wang", "li", 0)).await.expect_err("inactive");
        assert_refused(&status, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("to"));
        let filtered = pb::TransferAccountsRequest {
            filter: Some(pb::TransferFilter {
                parent: "x".into(),
                display_name_prefix: "\0".into(),
                state: pb::AccountState::Deleted.into(),
                region_code: "Germany".into(),
                sales_region: "\0".into(),
                labels: vec![pb::Label::default()],
            }),
            resume_token: "x".into(),
            ..all_of("wang", "li", 0)
        };
        let status = transfer(&server, filtered).await.expect_err("refused");
        for (field, reason) in [
            ("filter.parent", "RESOURCE_NAME_INVALID"),
            ("filter.display_name_prefix", "TEXT_INVALID"),
            ("filter.state", "FIELD_INVALID"),
            ("filter.region_code", "FIELD_INVALID"),
            ("filter.sales_region", "TEXT_INVALID"),
            ("filter.labels[0].key", "FIELD_REQUIRED"),
            ("resume_token", "PAGE_TOKEN_INVALID"),
        ] {
            assert_refused(&status, Code::InvalidArgument, reason, Some(field));
        }
    }

    async fn a_transfer_filters_as_a_list_of_accounts_does(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        let labels = [("class".to_owned(), "a".to_owned())];
        for (id, country, sales_region, labelled) in [
            ("a", "DE", "north", true),
            ("b", "DE", "south", true),
            ("c", "AT", "north", true),
            ("d", "DE", "north", false),
            ("e", "DE", "north", true),
        ] {
            let account = pb::Account {
                display_name: id.into(),
                region_code: country.into(),
                sales_region: sales_region.into(),
                labels: labels.iter().filter(|_| labelled).cloned().collect(),
                ..Default::default()
            };
            let request = pb::CreateAccountRequest {
                account: Some(account),
                account_id: id.into(),
                ..Default::default()
            };
            server.accounts().create_account(request).await.expect("created");
            if id != "a" {
                assign(&server, id, "unassigned", TeamRole::Owner, 0).await.expect("owner");
            }
        }
        let block = pb::BlockAccountRequest {
            name: "accounts/e".into(),
            reason: "insolvent".into(),
            ..Default::default()
        };
        server.accounts().block_account(block).await.expect("blocked");
        let label = pb::Label { key: "class".into(), value: "a".into() };
        let north = pb::TransferFilter { sales_region: "north".into(), ..Default::default() };
        for (filter, ids) in [
            (pb::TransferFilter::default(), "abcde"),
            (north.clone(), "acde"),
            (pb::TransferFilter { region_code: "DE".into(), ..north.clone() }, "ade"),
            (pb::TransferFilter { labels: vec![label.clone()], ..north.clone() }, "ace"),
            (pb::TransferFilter { state: pb::AccountState::Blocked.into(), ..north.clone() }, "e"),
            (
                pb::TransferFilter {
                    state: pb::AccountState::Active.into(),
                    labels: vec![label],
                    region_code: "DE".into(),
                    ..north
                },
                "a",
            ),
        ] {
            let only = pb::TransferAccountsRequest {
                validate_only: true,
                filter: Some(filter.clone()),
                ..moving("unassigned", "li", 0, &[])
            };
            let told = transfer(&server, only).await.expect("told").accounts;
            let expected: Vec<_> = ids.chars().map(|id| format!("accounts/{id}")).collect();
            assert_eq!(told, expected, "{filter:?}");
        }
    }

    async fn a_filter_is_transferred_in_slices_of_500(server: TestServer) {
        people(&server, false, &["wang", "li"]).await;
        account(&server, "group").await;
        account_under(&server, "below", "group").await;
        let mut client = server.receivables();
        for chunk in 0..2 {
            let document = |n: i32| pb::Document {
                payer: format!("accounts/ERP~C{:04}", chunk * 260 + n),
                ..document(pb::DocumentKind::Invoice, &format!("{chunk}-{n}"), date("2019-06-01"), "1")
            };
            let request = pb::PostDocumentsRequest {
                documents: (0..260).map(document).collect(),
                create_missing_accounts: true,
                request_id: fresh(),
            };
            client.post_documents(request).await.expect("posted");
        }
        // Whatever nobody owns is his.
        let below = pb::TransferFilter { parent: "accounts/group".into(), ..Default::default() };
        let below = pb::TransferAccountsRequest {
            filter: Some(below),
            ..all_of("unassigned", "li", 0)
        };
        assert_eq!(transfer(&server, below).await.expect("moved").accounts, ["accounts/below"]);
        let (counts, first) = to_the_end(&server, all_of("unassigned", "wang", 0)).await;
        assert_eq!(counts, [500, 21]);
        assert!(first.contains("accounts/group") && !first.contains("accounts/below"));
        let only = pb::TransferAccountsRequest {
            validate_only: true,
            ..all_of("wang", "li", 20)
        };
        let (counts, told) = to_the_end(&server, only).await;
        assert_eq!((counts, &told), (vec![500, 21], &first));
        let (_, moved) = to_the_end(&server, all_of("wang", "li", 20)).await;
        assert_eq!(moved, first);
        let (counts, _) = to_the_end(&server, all_of("wang", "li", 20)).await;
        assert_eq!(counts, [0], "nothing is left");
        // The day before, all of them are still his: a transfer from then on moves them again.
        let (counts, _) = to_the_end(&server, all_of("wang", "li", 19)).await;
        assert_eq!(counts, [500, 21]);
    }
}

async fn held(server: &TestServer, lock: &str) -> PgConnection {
    let mut connection = PgConnection::connect(server.database_url()).await.expect("connected");
    connection.execute("BEGIN").await.expect("begun");
    connection.execute(sqlx::AssertSqlSafe(lock.to_owned())).await.expect("locked");
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_and_an_order_wait_for_nothing_of_each_other() {
    let server = TestServer::start(Engine::Postgres).await;
    three(&server).await;
    let order = pb::ReserveCreditRequest {
        account: "accounts/a".into(),
        amount: Some(usd("1")),
        order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: "1".into() }),
        request_id: fresh(),
        ..Default::default()
    };
    let soon = Duration::from_secs(5);
    // Whatever an order locks is locked: the transfer goes on.
    let mut lock = held(&server, "SELECT account_id FROM account_head FOR UPDATE").await;
    lock.execute("SELECT id FROM account FOR UPDATE").await.expect("locked");
    let moved = tokio::time::timeout(soon, transfer(&server, moving("wang", "li", 0, &["a", "b"])));
    moved.await.expect("it waits for nobody").expect("transferred");
    let assigned = tokio::time::timeout(soon, assign(&server, "c", "li", TeamRole::Backup, 0));
    assigned.await.expect("it waits for nobody").expect("assigned");
    lock.execute("ROLLBACK").await.expect("released");
    // And the other way round.
    let mut lock = held(&server, "SELECT account_id FROM account_team FOR UPDATE").await;
    for table in ["team_member", "member"] {
        let text = format!("SELECT id FROM {table} FOR UPDATE");
        lock.execute(sqlx::AssertSqlSafe(text)).await.expect("locked");
    }
    let mut client = server.credit();
    let reserved = tokio::time::timeout(soon, client.reserve_credit(order));
    reserved.await.expect("it waits for nobody").expect("decided");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_owners_assigned_at_one_instant_on_two_servers_leave_one() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    people(&server, false, &["wang", "li"]).await;
    for n in 0..8 {
        let id = format!("a{n}");
        account(&server, &id).await;
        let (mut one, mut two) = (server.accounts(), other.accounts());
        let (a, b) = tokio::join!(
            one.assign_team_member(wish(&id, "wang", TeamRole::Owner, 0)),
            two.assign_team_member(wish(&id, "li", TeamRole::Owner, 0)),
        );
        let (served, refused): (Vec<_>, Vec<_>) = [a, b].into_iter().partition(Result::is_ok);
        let served = served.into_iter().next().expect("one").expect("served").into_inner();
        let refused = refused.into_iter().next().expect("the other").expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "ETAG_REQUIRED", Some("etag"));
        assert_eq!(owners(&server, &id, 0).await, [served.member]);
    }
    // So do two transfers.
    for n in 0..8 {
        let id = format!("a{n}");
        let from = owners(&server, &id, 0).await.remove(0).replace("members/", "");
        people(&server, false, &[&format!("x{n}"), &format!("y{n}")]).await;
        let to = [format!("x{n}"), format!("y{n}")];
        let (a, b) = tokio::join!(
            transfer(&server, moving(&from, &to[0], 0, &[&id])),
            transfer(&other, moving(&from, &to[1], 0, &[&id])),
        );
        let refused = [a, b].into_iter().find_map(Result::err).expect("one is refused");
        assert_refused(&refused, Code::FailedPrecondition, "ACCOUNT_NOT_OWNED", None);
        assert_eq!(owners(&server, &id, 0).await.len(), 1);
    }
}

/// An owner is assigned while the accounts are transferred: the account is told of by one of the
/// two, and is whoever that one says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_assigned_during_a_transfer_is_told_by_one_of_the_two() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    people(&server, false, &["wang", "li", "chen"]).await;
    for n in 0..12 {
        let id = format!("a{n}");
        account(&server, &id).await;
        assign(&server, &id, "wang", TeamRole::Owner, -5).await.expect("owner");
        let etag = list(&server, &id, None).await.etag;
        let mut two = other.accounts();
        let wish = pb::AssignTeamMemberRequest { etag, ..wish(&id, "chen", TeamRole::Owner, 0) };
        let (moved, assigned) =
            tokio::join!(transfer(&server, all_of("wang", "li", 0)), two.assign_team_member(wish));
        let moved = moved.expect("a filter passes over what is another's by now").accounts;
        let owner = match assigned {
            // Whoever comes second meets the etag or the other owner of the first.
            Err(status) => {
                assert_refused(&status, Code::Aborted, "ETAG_MISMATCH", None);
                assert_eq!(moved, [format!("accounts/{id}")]);
                "members/li"
            }
            Ok(_) => {
                assert_eq!(moved, Vec::<String>::new());
                "members/chen"
            }
        };
        assert_eq!(owners(&server, &id, 0).await, [owner]);
    }
}
