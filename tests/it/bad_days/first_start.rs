//! `kill -9` at any moment of a first start: the next one finds nothing or everything.

use std::time::{Duration, Instant};

use ballast::config;
use ballast::ctx::Clock;
use ballast::domain::error::Reason;
use ballast::store::Store;

use super::child::{Process, Served};
use super::{ACCOUNT, assert_clean, count_documents, invoice, open, receivables, request};
use crate::support::{Database, Engine};

/// First starts, killed at moments that lie evenly over the time that one takes.
const KILLS: u32 = 30;
/// First starts that nobody kills; the shortest is the time that one takes.
const UNDISTURBED: u32 = 3;

/// Whether the whole schema is there.
async fn is_migrated(database: &Database) -> bool {
    let options = config::Database { url: database.url().clone(), ..config::Database::default() };
    match Store::connect_read_only(&options, Clock::system(chrono_tz::UTC)).await {
        Ok(store) => {
            store.close().await;
            true
        }
        // SQLite: the file is not there yet. Both: it has no tables.
        Err(error) => {
            let reason = error.reason();
            assert!(matches!(reason, Reason::DatabaseUnavailable | Reason::SchemaOlder), "{error}");
            false
        }
    }
}

async fn start_and_post(database: &Database) {
    let server = Served::start(database.url().expose()).await;
    let mut client = receivables(&server.address);
    let posted = request(vec![invoice("I1", ACCOUNT, 100)]);
    client.post_documents(posted).await.expect("posted");
    assert_eq!(count_documents(&mut client, ACCOUNT).await, 1);
    server.kill();
    let store = open(database).await;
    assert_clean(&store).await;
    store.close().await;
}

async fn kill_nine_at_any_moment_of_a_first_start(engine: Engine) {
    let mut whole = Duration::MAX;
    for _ in 0..UNDISTURBED {
        let database = Database::empty(engine).await;
        let started = Instant::now();
        Served::start(database.url().expose()).await.kill();
        whole = whole.min(started.elapsed());
    }

    let mut migrated = 0;
    for kill in 0..KILLS {
        let database = Database::empty(engine).await;
        let server = Process::spawn(database.url().expose());
        tokio::time::sleep(whole * kill / KILLS).await;
        server.kill();
        migrated += u32::from(is_migrated(&database).await);
        start_and_post(&database).await;
    }
    println!("a first start takes {whole:?}; {migrated} of {KILLS} kills left the whole schema");
    assert!(migrated < KILLS, "every kill came too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_x1_kill_nine_at_any_moment_of_a_first_start_sqlite() {
    kill_nine_at_any_moment_of_a_first_start(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_x1_kill_nine_at_any_moment_of_a_first_start_postgres() {
    kill_nine_at_any_moment_of_a_first_start(Engine::Postgres).await;
}
