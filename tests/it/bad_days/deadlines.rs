//! Calls whose time is over before they began, or while they waited.

use std::time::{Duration, Instant};

use ballast::pb;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tonic::Code;

use super::settled::Held;
use super::{ACCOUNT, assert_clean, balance, invoice, open_by_number, request, until};
use crate::support::{Engine, TestServer, assert_refused};

const POST: &str = "/ballast.v1.ReceivableService/PostDocuments";

on_both_engines! {
    async fn a_call_whose_deadline_has_passed_is_refused_and_does_nothing(server: TestServer) {
        let mut client = server.receivables();
        client.post_documents(request(vec![invoice("I1", ACCOUNT, 100)])).await.expect("posted");
        let late = request(vec![invoice("I2", ACCOUNT, 100)]);
        for timeout in ["0n", "1n", "50u"] {
            let status = server.raw().call(POST, &[("grpc-timeout", timeout)], &late).await;
            assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXPIRED", None);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(balance(&mut client).await, 100);
        let results = client.post_documents(late).await.expect("posted").into_inner().results;
        assert_eq!(results[0].outcome(), pb::PostOutcome::Posted);
        assert_clean(server.store()).await;
    }
}

/// A post that waits for somebody else until its deadline; then the other one lets go.
async fn late_post(server: &TestServer, release: impl Future<Output = ()>) {
    let mut client = server.receivables();
    let late = request(vec![invoice("LATE", ACCOUNT, 100)]);
    let asked = Instant::now();
    let status = server.raw().call(POST, &[("grpc-timeout", "400m")], &late).await;
    assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXPIRED", None);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    release.await;
    // Nothing of it comes in afterwards.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let open = open_by_number(&mut client).await;
    assert_eq!(open.keys().collect::<Vec<_>>(), ["FIRST"]);
    for _ in 0..2 {
        let answer = client.post_documents(late.clone()).await.expect("posted").into_inner();
        assert_eq!(answer.results[0].outcome(), pb::PostOutcome::Posted);
    }
    assert_eq!(balance(&mut client).await, 200);
    assert_clean(server.store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_deadline_passes_while_it_waits_for_its_account_does_nothing() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let first = request(vec![invoice("FIRST", ACCOUNT, 100)]);
    server.receivables().post_documents(first).await.expect("posted");
    let mut lock = PgConnection::connect(server.database_url()).await.expect("connected");
    lock.execute("BEGIN").await.expect("begun");
    lock.execute("SELECT account_id FROM account_head FOR UPDATE").await.expect("locked");
    late_post(&server, async move {
        // The server has let go of it, not only of its caller.
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock'";
        for _ in 0..100 {
            let count: i64 =
                sqlx::query_scalar(waiting).fetch_one(&mut lock).await.expect("counted");
            // The transaction of this connection sees the statistics of its beginning.
            lock.execute("SELECT pg_stat_clear_snapshot()").await.expect("cleared");
            if count == 0 {
                lock.execute("ROLLBACK").await.expect("released");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server still waits");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_deadline_passes_while_it_waits_for_the_writer_does_nothing() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    let first = request(vec![invoice("FIRST", ACCOUNT, 100)]);
    server.receivables().post_documents(first).await.expect("posted");
    let held = Held::begin(server.store()).await;
    late_post(&server, async move {
        held.commit().await;
    })
    .await;
    let posted = request(vec![invoice("AFTER", ACCOUNT, 1)]);
    let mut client = server.receivables();
    until("free again", || {
        let (mut client, posted) = (client.clone(), posted.clone());
        async move { client.post_documents(posted).await.is_ok() }
    })
    .await;
    assert_eq!(balance(&mut client).await, 201);
}
