//! A batch that the database refuses is decided one command at a time: only what it refuses
//! fails.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::{exposure, micros, open_account, reason, reserve, set_limit, verify};
use crate::support::{Engine, TestServer};

const ORDERS: usize = 120;
const AMOUNT: i64 = 100;
/// The order that the database does not take.
const CURSED: usize = 61;

const SQLITE: &str = "CREATE TRIGGER cursed BEFORE INSERT ON credit_reservation \
    WHEN NEW.order_ref = 'SO-61' BEGIN SELECT RAISE(ABORT, 'secret curse'); END";

const POSTGRES: &str = "CREATE FUNCTION cursed() RETURNS trigger LANGUAGE plpgsql AS $$ \
    BEGIN RAISE EXCEPTION 'secret curse'; END $$; \
    CREATE TRIGGER cursed BEFORE INSERT ON credit_reservation \
    FOR EACH ROW WHEN (NEW.order_ref = 'SO-61') EXECUTE FUNCTION cursed()";

async fn curse(server: &TestServer) {
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(url).await.expect("a connection");
            conn.execute(SQLITE).await.expect("a trigger");
            conn.close().await.expect("closed");
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(url).await.expect("a connection");
            conn.execute(POSTGRES).await.expect("a trigger");
            conn.close().await.expect("closed");
        }
    }
}

async fn lift(server: &TestServer) {
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(url).await.expect("a connection");
            conn.execute("DROP TRIGGER cursed").await.expect("dropped");
            conn.close().await.expect("closed");
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(url).await.expect("a connection");
            conn.execute("DROP TRIGGER cursed ON credit_reservation").await.expect("dropped");
            conn.close().await.expect("closed");
        }
    }
}

on_both_engines! {
    async fn only_what_the_database_refuses_fails(server: TestServer) {
        open_account(&server, "acme", "").await;
        set_limit(&server, "acme", 1_000_000).await;
        curse(&server).await;
        let clients: Vec<_> = (0..4).map(|_| server.credit()).collect();
        let requests: Vec<_> =
            (0..ORDERS).map(|n| reserve("acme", &format!("SO-{n}"), AMOUNT)).collect();
        let start = Arc::new(Barrier::new(ORDERS));
        let mut calls = JoinSet::new();
        for (n, request) in requests.iter().cloned().enumerate() {
            let (mut client, start) = (clients[n % clients.len()].clone(), start.clone());
            calls.spawn(async move {
                start.wait().await;
                (n, client.reserve_credit(request).await)
            });
        }
        let mut failed = Vec::new();
        let mut instants = BTreeSet::new();
        for (n, answer) in calls.join_all().await {
            match answer {
                Ok(decision) => {
                    instants.insert(micros(&decision.into_inner().evaluate_time));
                }
                Err(status) => failed.push((n, status)),
            }
        }
        let [(CURSED, status)] = &failed[..] else { panic!("{failed:?}") };
        nothing_told(status);
        assert!(instants.len() > 1, "it was refused in a batch of its own, and proves nothing");
        assert_eq!(exposure(&server, "acme").await, AMOUNT * (ORDERS as i64 - 1));

        // Nothing is kept of it: with the same id it is served as soon as it can be.
        lift(&server).await;
        let again = server.credit().reserve_credit(requests[CURSED].clone()).await;
        let again = again.expect("reserved").into_inner();
        assert!(again.reservation.is_some());
        assert_eq!(exposure(&server, "acme").await, AMOUNT * ORDERS as i64);
        verify(&server).await;
    }
}

/// What a driver says is not for callers.
#[track_caller]
fn nothing_told(status: &Status) {
    assert_eq!((status.code(), &*reason(status)), (Code::Internal, "INTERNAL"), "{status:?}");
    assert!(!status.message().contains("secret"), "{status:?}");
}
