//! Accounts that change groups while orders come in: in opposite directions, and with the same
//! order in two groups.

use std::time::Duration;

use fastrand::Rng;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::calls::Caller;
use super::model::{Ask, Book, Call};
use super::{Credit, exposure, open_account, reserve, set_limit, verify};
use crate::support::linear::{Timed, linearize};
use crate::support::{Engine, TestServer, assert_refused};

const MOVES: usize = 25;
const ORDERS: usize = 25;
const LIMIT: i64 = 50_000;

/// Back and forth between two groups, beginning in the first.
async fn swing(mut caller: Caller, id: &str, groups: [&str; 2]) -> Vec<Timed<Call>> {
    let mut calls = Vec::new();
    for n in 0..MOVES {
        calls.push(caller.reparent(id, groups[(n + 1) % 2]).await);
    }
    calls
}

async fn order(mut caller: Caller, id: String, n: usize, mut rng: Rng) -> Vec<Timed<Call>> {
    let mut calls = Vec::new();
    for k in 0..ORDERS {
        let ask = Ask::Reserve {
            account: id.clone(),
            order: format!("{id}-{n}.{k}"),
            amount: rng.i64(1..=30) * 100,
            expire: caller.now() + 3_600_000_000,
            anyway: false,
        };
        calls.push(caller.call(ask).await);
    }
    calls
}

async fn against_each_other(servers: &[&TestServer]) {
    let mut book = Book::default();
    let accounts = [("G", ""), ("H", ""), ("a", "G"), ("b", "H"), ("c", "G"), ("d", "H")];
    for (id, parent) in accounts {
        open_account(servers[0], id, parent).await;
        set_limit(servers[0], id, LIMIT).await;
        book.open_account(id, parent, LIMIT);
    }
    let caller = |n: usize| Caller::new(servers[n % servers.len()]);
    let mut everybody = JoinSet::new();
    everybody.spawn(swing(caller(0), "a", ["G", "H"]));
    everybody.spawn(swing(caller(1), "b", ["H", "G"]));
    let mut rng = Rng::with_seed(3);
    for (n, id) in ["a", "b", "c", "d", "G", "H"].into_iter().enumerate() {
        everybody.spawn(order(caller(n), id.into(), n, rng.fork()));
    }
    let history: Vec<_> = everybody.join_all().await.into_iter().flatten().collect();
    let (_, after) = linearize(book, &history);
    let now = servers[0].clock().now_micros();
    for (id, _) in accounts {
        assert_eq!(exposure(servers[0], id).await, after.exposure(id, now), "{id}");
    }
    verify(servers[0]).await;
}

/// One order that everybody reserves, each for an account of their own: the first gets it.
async fn one_order_for_everybody(servers: &[&TestServer]) {
    const ACCOUNTS: usize = 8;
    for n in 0..ACCOUNTS {
        open_account(servers[0], &format!("lone{n}"), "").await;
        set_limit(servers[0], &format!("lone{n}"), LIMIT).await;
    }
    for round in 0..10 {
        let mut calls = JoinSet::new();
        for n in 0..ACCOUNTS {
            let mut client: Credit = servers[n % servers.len()].credit();
            let request = reserve(&format!("lone{n}"), &format!("SHARED-{round}"), 100);
            calls.spawn(async move { client.reserve_credit(request).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            calls.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, ACCOUNTS - 1));
        for status in lost.into_iter().filter_map(Result::err) {
            refused(&status);
        }
    }
    let mut sum = 0;
    for n in 0..ACCOUNTS {
        sum += exposure(servers[0], &format!("lone{n}")).await;
    }
    assert_eq!(sum, 1_000);
    verify(servers[0]).await;
}

#[track_caller]
fn refused(status: &Status) {
    assert_refused(status, Code::AlreadyExists, "ORDER_ALREADY_RESERVED", None);
}

on_both_engines! {
    async fn accounts_swap_groups_while_orders_come_in(server: TestServer) {
        against_each_other(&[&server]).await;
    }

    async fn an_order_belongs_to_the_first_who_reserves_it(server: TestServer) {
        one_order_for_everybody(&[&server]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_swap_groups_on_two_servers_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    against_each_other(&[&server, &other]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_on_two_servers_belongs_to_the_first_who_reserves_it_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    one_order_for_everybody(&[&server, &other]).await;
}

/// Waits until a transaction waits for the one of this connection.
async fn until_waited_for(server: &TestServer, holder: i32) {
    let mut looking = PgConnection::connect(server.database_url()).await.expect("connected");
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))";
    for _ in 0..600 {
        let found: i64 = sqlx::query_scalar(waiting)
            .bind(holder)
            .fetch_one(&mut looking)
            .await
            .expect("counted");
        if found > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody waits for {holder}");
}

/// Each group is held by somebody who moves the account on while a call waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_moves_again_and_again_is_caught_up_with_postgres() {
    const GROUPS: usize = 8;
    let server = TestServer::start(Engine::Postgres).await;
    for n in 0..GROUPS {
        open_account(&server, &format!("r{n}"), "").await;
    }
    open_account(&server, "a", "r0").await;
    let mut holders = Vec::new();
    for n in 0..GROUPS - 1 {
        let mut holder = PgConnection::connect(server.database_url()).await.expect("connected");
        holder.execute("BEGIN").await.expect("begun");
        let lock = "SELECT pg_backend_pid() FROM account_head WHERE account_id = $1 FOR UPDATE";
        let root = format!("r{n}");
        let pid: i32 =
            sqlx::query_scalar(lock).bind(root).fetch_one(&mut holder).await.expect("locked");
        holders.push((holder, pid));
    }
    let mut credit = server.credit();
    let asked = tokio::spawn(async move { credit.reserve_credit(reserve("a", "a-1", 100)).await });
    let moved = "UPDATE account_head SET root_id = $1 WHERE account_id = 'a'";
    for (n, (mut holder, pid)) in holders.into_iter().enumerate() {
        until_waited_for(&server, pid).await;
        let root = format!("r{}", n + 1);
        sqlx::query(moved).bind(root).execute(&mut holder).await.expect("moved");
        holder.execute("COMMIT").await.expect("committed");
    }
    asked.await.expect("no panic").expect("a decision");
}
