//! An answer once given for a point in both times never changes, whatever was under way when it
//! was given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ballast::ctx::{Clock, Ctx};
use ballast::domain::error::Result;
use ballast::pb;
use ballast::store::{Lane, Store};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Code;

use super::{
    ACCOUNT, Receivables, aging, assert_clean, assert_come_again, invoice, request, until,
};
use crate::support::ledger::date;
use crate::support::{Engine, TestServer};

/// A write transaction that has its recorded time and does not come to its end.
pub struct Held {
    pub recorded: i64,
    go_on: oneshot::Sender<()>,
    ended: JoinHandle<Result<i64>>,
}

impl Held {
    pub async fn begin(store: &Store) -> Self {
        let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
        let (go_on, wait) = oneshot::channel::<()>();
        let (fixed, is_fixed) = oneshot::channel();
        // The closure may be called again; it is not.
        let once = Arc::new(std::sync::Mutex::new(Some((wait, fixed))));
        let store = store.clone();
        let ended = tokio::spawn(async move {
            store
                .write(&ctx, Lane::Interactive, move |tx| {
                    let once = once.lock().expect("a lock").take();
                    Box::pin(async move {
                        let (wait, fixed) = once.expect("called once");
                        let recorded = tx.recorded_at().await?;
                        // Somebody who does not listen any more has failed already.
                        let _ = fixed.send(recorded);
                        let _ = wait.await;
                        Ok(recorded)
                    })
                })
                .await
        });
        let recorded = is_fixed.await.expect("a recorded time");
        Self { recorded, go_on, ended }
    }

    /// Lets it come to its end; answers when it was recorded.
    pub async fn commit(self) -> i64 {
        // Dropped is as good as sent.
        let _ = self.go_on.send(());
        self.ended.await.expect("no panic").expect("committed")
    }
}

/// Every answer about the book, at one point in both times.
#[derive(Debug, Clone, PartialEq)]
struct Answers {
    aging: pb::GetAgingResponse,
    risk: Vec<pb::AccountRisk>,
    items: Vec<pb::OpenItem>,
}

async fn ask(client: &mut Receivables, known_at: Option<prost_types::Timestamp>) -> Answers {
    let request = pb::GetAgingRequest { known_at, ..aging("accounts/-") };
    let aging = client.get_aging(request).await.expect("an aging").into_inner();
    let known_at = aging.point.as_ref().and_then(|point| point.known_at);
    let as_of = Some(date("2019-06-30"));
    let request = pb::ListReceivablesRiskRequest {
        currency_code: "USD".into(),
        page_size: 1000,
        as_of,
        known_at,
        ..pb::ListReceivablesRiskRequest::default()
    };
    let risk = client.list_receivables_risk(request).await.expect("a list").into_inner();
    let request = pb::ExportOpenItemsRequest {
        account: "accounts/-".into(),
        as_of,
        known_at,
        ..pb::ExportOpenItemsRequest::default()
    };
    let mut pages = client.export_open_items(request).await.expect("an export").into_inner();
    let mut items = Vec::new();
    while let Some(page) = pages.message().await.expect("a page") {
        assert_eq!(page.point.and_then(|point| point.known_at), known_at);
        items.extend(page.items);
    }
    Answers { aging, risk: risk.accounts, items }
}

fn known_at(answers: &Answers) -> prost_types::Timestamp {
    let point = answers.aging.point.expect("a point");
    point.known_at.expect("a time")
}

fn micros(time: &prost_types::Timestamp) -> i64 {
    time.seconds * 1_000_000 + i64::from(time.nanos / 1_000)
}

/// Asks again and again while others write; then asks everything once more.
async fn ask_while_written(servers: Vec<TestServer>) {
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..6 {
        let (over, mut client) = (over.clone(), servers[writer % servers.len()].receivables());
        writers.push(tokio::spawn(async move {
            let account = format!("accounts/ERP~C{writer:03}");
            for number in 0.. {
                if over.load(Ordering::Acquire) {
                    break;
                }
                let no = format!("I{writer}-{number}");
                let mut receipt = invoice(&format!("R{writer}-{number}"), &account, 40);
                receipt.kind = pb::DocumentKind::Receipt.into();
                let key = Some(crate::support::ledger::key(&no));
                let target = pb::ClearingTarget { key, amount: None };
                receipt.clears.get_or_insert_default().targets.push(target);
                let both = request(vec![invoice(&no, &account, 100), receipt]);
                client.post_documents(both).await.expect("posted");
            }
        }));
    }
    let mut readers = Vec::new();
    for reader in 0..3 {
        let mut client = servers[reader % servers.len()].receivables();
        readers.push(tokio::spawn(async move {
            let mut given = Vec::new();
            for _ in 0..15 {
                given.push(ask(&mut client, None).await);
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
            given
        }));
    }
    let mut given = Vec::new();
    for reader in readers {
        given.extend(reader.await.expect("no panic"));
    }
    over.store(true, Ordering::Release);
    for writer in writers {
        writer.await.expect("no panic");
    }
    let mut seen = std::collections::BTreeSet::new();
    for before in given {
        seen.insert(before.items.len());
        for server in &servers {
            let again = ask(&mut server.receivables(), Some(known_at(&before))).await;
            assert_eq!(again, before, "as known at {:?}", known_at(&before));
        }
    }
    assert!(seen.len() > 5, "the book hardly moved: {seen:?}");
    assert_clean(servers[0].store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_once_given_never_changes_sqlite() {
    ask_while_written(vec![TestServer::start_live(Engine::Sqlite, |_| {}).await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_once_given_never_changes_two_servers_on_one_postgres() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let other = server.beside().await;
    // The first owns nothing that the other needs: the database goes with the last of them.
    ask_while_written(vec![other, server]).await;
}

/// A connection that holds a lock in the way of a write.
async fn hold(server: &TestServer, lock: &'static str) -> PgConnection {
    let mut connection = PgConnection::connect(server.database_url()).await.expect("connected");
    connection.execute("BEGIN").await.expect("begun");
    connection.execute(lock).await.expect("locked");
    connection
}

/// Waits until a backend waits for a lock.
async fn until_blocked(server: &TestServer) {
    let url = server.database_url();
    until("blocked", || async move {
        let mut connection = PgConnection::connect(url).await.expect("connected");
        let blocked: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut connection)
        .await
        .expect("counted");
        blocked > 0
    })
    .await;
}

/// A write to one account hangs, before its recorded time is fixed or after it; others go on. Only
/// in the second case it may still record before what others recorded.
async fn ask_around_a_held_write(lock: &'static str, recorded: bool) {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let other = server.beside().await;
    let (mut client, mut beside) = (server.receivables(), other.receivables());
    let late = pb::Document {
        document_date: Some(date("2019-01-15")),
        ..invoice("HELD", "accounts/ERP~HELD", 5_000)
    };
    let first = pb::Document { key: Some(crate::support::ledger::key("FIRST")), ..late.clone() };
    let both = request(vec![first, invoice("I1", ACCOUNT, 100)]);
    client.post_documents(both).await.expect("posted");
    let before = ask(&mut client, None).await;

    let mut lock = hold(&server, lock).await;
    let mut blocked = client.clone();
    let held = tokio::spawn(async move { blocked.post_documents(request(vec![late])).await });
    until_blocked(&server).await;
    for number in 2..6 {
        let document = invoice(&format!("I{number}"), ACCOUNT, 100);
        beside.post_documents(request(vec![document])).await.expect("others go on");
    }
    let during = ask(&mut beside, None).await;
    assert_eq!(ask(&mut client, Some(known_at(&during))).await, during);
    assert_eq!(ask(&mut client, Some(known_at(&before))).await, before);
    // One account by itself waits for nobody.
    let own = client.get_aging(aging(ACCOUNT)).await.expect("an aging").into_inner();
    assert_eq!(own.currencies[0].items, 5);
    let unsettled = own.point.and_then(|point| point.known_at);
    let too_late = pb::GetAgingRequest { known_at: unsettled, ..aging("accounts/-") };
    let asked = client.get_aging(too_late.clone()).await;
    if recorded {
        assert_eq!(during.items.len(), 2);
        let refused = asked.expect_err("not settled");
        assert_come_again(&refused, Code::Unavailable, "REVISION_NOT_REACHED");
    } else {
        assert_eq!(during.items.len(), 6);
        asked.expect("settled");
    }

    lock.execute("ROLLBACK").await.expect("released");
    held.await.expect("no panic").expect("posted at last");
    let after = ask(&mut client, None).await;
    assert!(micros(&known_at(&after)) > micros(&known_at(&during)));
    assert_eq!(after.items.len(), 7);
    for client in [&mut client, &mut beside] {
        for given in [&before, &during, &after] {
            assert_eq!(&ask(client, Some(known_at(given))).await, given);
        }
        client.get_aging(too_late.clone()).await.expect("settled by now");
    }
    assert_clean(server.store()).await;
    drop(other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_waits_for_its_account_holds_nobody_back() {
    ask_around_a_held_write(
        "SELECT account_id FROM account_head WHERE account_id IN \
         (SELECT account_id FROM document WHERE document_no = 'FIRST') FOR UPDATE",
        false,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_hangs_after_it_was_recorded_holds_the_book_back_and_nobody_else() {
    // The projection of the book comes last.
    ask_around_a_held_write(
        "SELECT due_date FROM book_due WHERE due_date = '2019-01-15' FOR UPDATE",
        true,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_hangs_holds_the_book_back_on_sqlite() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    let mut client = server.receivables();
    client.post_documents(request(vec![invoice("I1", ACCOUNT, 100)])).await.expect("posted");
    let held = Held::begin(server.store()).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let during = ask(&mut client, None).await;
    assert!(micros(&known_at(&during)) < held.recorded);
    assert_eq!(during.items.len(), 1);
    let seconds = held.recorded / 1_000_000;
    let nanos = i32::try_from(held.recorded % 1_000_000).expect("small") * 1_000;
    let known = Some(prost_types::Timestamp { seconds, nanos });
    let too_late = pb::GetAgingRequest { known_at: known, ..aging("accounts/-") };
    let refused = client.get_aging(too_late.clone()).await.expect_err("not settled");
    assert_come_again(&refused, Code::Unavailable, "REVISION_NOT_REACHED");
    held.commit().await;
    client.get_aging(too_late).await.expect("settled by now");
    assert_eq!(ask(&mut client, Some(known_at(&during))).await, during);
}
