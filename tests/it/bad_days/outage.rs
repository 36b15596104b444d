//! PostgreSQL goes away under load and comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ballast::ctx::{Clock, Ctx};
use tokio::sync::Barrier;
use tonic::Code;

use super::cluster::Cluster;
use super::relay::Relay;
use super::{
    ACCOUNT, Receivables, aging, assert_clean, assert_come_again, count_documents, invoice,
    open_by_number, request, serving, until,
};
use crate::support::{Database, Engine, TestServer};

/// How long a call may take to find out that there is no database.
const PATIENCE: Duration = Duration::from_secs(4);

async fn server_of(cluster: &Cluster) -> TestServer {
    let clock = Clock::system(chrono_tz::UTC);
    TestServer::start_on(Database::elsewhere(cluster.url()), Engine::Postgres, clock, |config| {
        config.database.acquire_timeout_ms = 1_000;
        config.database.probe_timeout_ms = 1_000;
    })
    .await
}

/// What everybody did, and whether they may go home.
#[derive(Default)]
struct Shift {
    over: AtomicBool,
    served: AtomicU32,
    refused: AtomicU32,
}

impl Shift {
    async fn until_served(&self, more: u32) {
        let before = self.served.load(Ordering::Acquire);
        let served = || async move { self.served.load(Ordering::Acquire) >= before + more };
        until("served again", served).await;
    }
}

/// Posts one document after the other, each until it is acknowledged; answers how many.
async fn post(mut client: Receivables, name: usize, shift: Arc<Shift>) -> u32 {
    let mut posted = 0;
    let account = format!("accounts/ERP~C{name:03}");
    while !shift.over.load(Ordering::Acquire) {
        let request = request(vec![invoice(&format!("{name}-{posted}"), &account, 100)]);
        loop {
            let asked = Instant::now();
            match client.post_documents(request.clone()).await {
                Ok(_) => break,
                Err(status) => {
                    assert_come_again(&status, Code::Unavailable, "DATABASE_UNAVAILABLE");
                    shift.refused.fetch_add(1, Ordering::AcqRel);
                }
            }
            assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shift.served.fetch_add(1, Ordering::AcqRel);
        posted += 1;
    }
    posted
}

async fn look(mut client: Receivables, whose: &'static str, shift: Arc<Shift>) {
    while !shift.over.load(Ordering::Acquire) {
        let asked = Instant::now();
        match client.get_aging(aging(whose)).await {
            // Before its first document nobody knows the account.
            Ok(_) => shift.served.fetch_add(1, Ordering::AcqRel),
            Err(status) if status.code() == Code::NotFound => 0,
            Err(status) => {
                assert_come_again(&status, Code::Unavailable, "DATABASE_UNAVAILABLE");
                shift.refused.fetch_add(1, Ordering::AcqRel)
            }
        };
        assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_of_the_database_under_load_loses_and_doubles_nothing() {
    let cluster = Cluster::create();
    cluster.start();
    let server = server_of(&cluster).await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    let shift = Arc::new(Shift::default());
    let posters: Vec<_> =
        (0..4).map(|name| tokio::spawn(post(server.receivables(), name, shift.clone()))).collect();
    let watchers: Vec<_> = [ACCOUNT, "accounts/-"]
        .map(|whose| tokio::spawn(look(server.receivables(), whose, shift.clone())))
        .into();

    for mode in ["immediate", "fast", "immediate"] {
        shift.until_served(40).await;
        let refused = shift.refused.load(Ordering::Acquire);
        cluster.stop(mode);
        until("not serving", || async { serving(server.channel()).await == Some(false) }).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(shift.refused.load(Ordering::Acquire) > refused, "nobody was refused");
        cluster.start();
        shift.until_served(40).await;
        until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    }

    shift.over.store(true, Ordering::Release);
    let mut expected = BTreeMap::new();
    let mut client = server.receivables();
    for (name, poster) in posters.into_iter().enumerate() {
        let posted = poster.await.expect("only refusals that say when to come again");
        expected.extend((0..posted).map(|number| (format!("{name}-{number}"), 100)));
        let account = format!("accounts/ERP~C{name:03}");
        assert_eq!(count_documents(&mut client, &account).await, posted as usize);
    }
    for watcher in watchers {
        watcher.await.expect("only refusals that say when to come again");
    }
    assert_eq!(open_by_number(&mut client).await, expected);
    assert_clean(server.store()).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_at_the_start_ends_when_the_database_comes_up() {
    let cluster = Cluster::create();
    let server = server_of(&cluster).await;
    assert_eq!(serving(server.channel()).await, Some(false));
    let shift = Arc::new(Shift::default());
    let poster = tokio::spawn(post(server.receivables(), 0, shift.clone()));
    let watcher = tokio::spawn(look(server.receivables(), "accounts/-", shift.clone()));
    until("refused", || async { shift.refused.load(Ordering::Acquire) > 1 }).await;
    assert_eq!(shift.served.load(Ordering::Acquire), 0);

    cluster.start();
    shift.until_served(20).await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    shift.over.store(true, Ordering::Release);
    let posted = poster.await.expect("only refusals that say when to come again");
    watcher.await.expect("only refusals that say when to come again");
    let mut client = server.receivables();
    assert_eq!(count_documents(&mut client, ACCOUNT).await, posted as usize);
    assert_clean(server.store()).await;
    drop(server);
}

/// Frozen or stopped, as somebody who waits for an answer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    Stopped,
    Frozen,
}

/// How long a call may take whose answer takes no database: as a healthy one, generously counted.
async fn at_once(server: &TestServer) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        let (refused, took) = ask(server).await;
        assert!(refused.is_none(), "{refused:?}");
        slowest = slowest.max(took);
    }
    (20 * slowest).max(Duration::from_millis(500))
}

async fn ask(server: &TestServer) -> (Option<tonic::Status>, Duration) {
    let asked = Instant::now();
    let mut request = tonic::Request::new(aging("accounts/-"));
    request.set_timeout(Duration::from_secs(5));
    let answer = server.receivables().get_aging(request).await;
    (answer.err(), asked.elapsed())
}

/// A write, and a decision about an order: each waited for a connection more than once.
async fn write(server: &TestServer) -> (tonic::Status, Duration) {
    let asked = Instant::now();
    let documents = vec![invoice("W", ACCOUNT, 100)];
    let refused = server.receivables().post_documents(request(documents)).await;
    (refused.expect_err("nothing is written"), asked.elapsed())
}

async fn decide(server: &TestServer) -> (tonic::Status, Duration) {
    let asked = Instant::now();
    let order = crate::support::credit::reserving("W1", "1.00");
    let refused = server.credit().reserve_credit(order).await;
    (refused.expect_err("nothing is decided"), asked.elapsed())
}

async fn calls_answer_at_once(away: Away) {
    let cluster = Cluster::create();
    cluster.start();
    let server = server_of(&cluster).await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    server
        .receivables()
        .post_documents(request(vec![invoice("0", ACCOUNT, 100)]))
        .await
        .expect("posted");
    let at_once = at_once(&server).await;
    for round in 0..2 {
        match away {
            Away::Stopped => cluster.stop("immediate"),
            Away::Frozen => cluster.freeze(),
        }
        // Under way when it goes: answered once it is known.
        let (first, took) = ask(&server).await;
        assert_come_again(&first.expect("away"), Code::Unavailable, "DATABASE_UNAVAILABLE");
        let known = Duration::from_millis(server.config().database.probe_timeout_ms);
        assert!(took < known + at_once, "{away:?} {round}: {took:?}");
        until("known", || async { serving(server.channel()).await == Some(false) }).await;
        for _ in 0..20 {
            let (refused, took) = ask(&server).await;
            assert_come_again(&refused.expect("away"), Code::Unavailable, "DATABASE_UNAVAILABLE");
            assert!(took < at_once, "a read, {away:?}: {took:?}");
        }
        for (what, (refused, took)) in
            [("a write", write(&server).await), ("a decision", decide(&server).await)]
        {
            assert_come_again(&refused, Code::Unavailable, "DATABASE_UNAVAILABLE");
            assert!(took < at_once, "{what}, {away:?}: {took:?}");
        }
        match away {
            Away::Stopped => cluster.start(),
            Away::Frozen => cluster.thaw(),
        }
        // By itself, and health with it.
        until("answered again", || async { ask(&server).await.0.is_none() }).await;
        until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    }
    assert_eq!(count_documents(&mut server.receivables(), ACCOUNT).await, 1);
    assert_clean(server.store()).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_calls_answer_at_once_while_the_database_is_stopped() {
    calls_answer_at_once(Away::Stopped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_calls_answer_at_once_while_the_database_is_frozen() {
    calls_answer_at_once(Away::Frozen).await;
}

/// Nobody asks the database for a long time: who meets the outage makes it known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_is_known_as_soon_as_a_call_meets_it() {
    let cluster = Cluster::create();
    cluster.start();
    let clock = Clock::system(chrono_tz::UTC);
    let database = Database::elsewhere(cluster.url());
    let server = TestServer::start_on(database, Engine::Postgres, clock, |config| {
        config.database.acquire_timeout_ms = 1_000;
        config.database.probe_timeout_ms = 1_000;
        config.server.health_interval_ms = 60_000;
    })
    .await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    let at_once = at_once(&server).await;
    cluster.stop("immediate");
    let (met, _) = ask(&server).await;
    assert_come_again(&met.expect("away"), Code::Unavailable, "DATABASE_UNAVAILABLE");
    let since = Instant::now();
    until("known", || async { serving(server.channel()).await == Some(false) }).await;
    assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
    let (refused, took) = ask(&server).await;
    assert_come_again(&refused.expect("away"), Code::Unavailable, "DATABASE_UNAVAILABLE");
    assert!(took < at_once, "{took:?}");
    drop(server);
}

/// What the two tests above are about is the probe: without it a call waits as long as its caller.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_without_the_probe_nobody_knows() {
    let cluster = Cluster::create();
    cluster.start();
    let clock = Clock::system(chrono_tz::UTC);
    let database = Database::elsewhere(cluster.url());
    let server = TestServer::start_on(database, Engine::Postgres, clock, |config| {
        config.database.probe_timeout_ms = 0;
    })
    .await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    assert!(ask(&server).await.0.is_none());
    cluster.freeze();
    until("not serving", || async { serving(server.channel()).await == Some(false) }).await;
    let (refused, took) = ask(&server).await;
    // Server and client look at the same deadline, and a connection is waited for about as long.
    let code = refused.expect("away").code();
    let waited = [Code::DeadlineExceeded, Code::Cancelled, Code::Unavailable];
    assert!(waited.contains(&code), "{code:?}");
    assert!(took > Duration::from_secs(4), "{took:?}");
    cluster.thaw();
    drop(server);
}

/// Whether there are so many connections: each holds its own until all are held.
async fn all_at_once(server: &TestServer, connections: usize) -> bool {
    let barrier = Arc::new(Barrier::new(connections));
    let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
    let hold = || {
        let barrier = barrier.clone();
        let held = server.store().read(&ctx, move |_| {
            Box::pin(async move {
                let all = tokio::time::timeout(Duration::from_secs(2), barrier.wait()).await;
                Ok(all.is_ok())
            })
        });
        async move { matches!(held.await, Ok(true)) }
    };
    let held = futures_util::future::join_all((0..connections).map(|_| hold())).await;
    held.into_iter().all(|is_held| is_held)
}

/// What the host that has the address of one that vanished does with connections to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Ignored,
    Closed,
}

/// Another host has its address by then: what was asked of the one before is never answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_of_a_host_that_vanished_without_a_word_keeps_no_connection() {
    vanished(Others::Ignored, 1_000).await;
}

/// Whoever only waits on a connection does not see that it is closed for those who say something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_of_a_host_that_another_one_stands_for_keeps_no_connection() {
    vanished(Others::Closed, 1_000).await;
}

/// The time for a connection from before is its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_of_a_host_that_vanished_is_known_by_a_short_probe() {
    vanished(Others::Ignored, 400).await;
}

async fn vanished(others: Others, probe_timeout_ms: u64) {
    let cluster = Cluster::create();
    cluster.start();
    let relay = Relay::to(cluster.port()).await;
    let clock = Clock::system(chrono_tz::UTC);
    let database = Database::elsewhere(relay.url());
    let server = TestServer::start_on(database, Engine::Postgres, clock, |config| {
        config.database.acquire_timeout_ms = 1_000;
        config.database.probe_timeout_ms = probe_timeout_ms;
        config.database.postgres_connections_max = 3;
    })
    .await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    let mut client = server.receivables();
    client.post_documents(request(vec![invoice("0", ACCOUNT, 100)])).await.expect("posted");
    assert!(ask(&server).await.0.is_none());

    // Also connections that are being given back now.
    relay.vanish();
    // More than there are connections: a read and a write hold one each, and so does whoever left.
    let mut soon = tonic::Request::new(aging(ACCOUNT));
    soon.set_timeout(Duration::from_millis(300));
    let mut leaving = server.receivables();
    let (left, (first, _), (second, _), (third, _)) =
        tokio::join!(leaving.get_aging(soon), ask(&server), write(&server), decide(&server));
    left.expect_err("away");
    assert_come_again(&third, Code::Unavailable, "DATABASE_UNAVAILABLE");
    assert_come_again(&first.expect("away"), Code::Unavailable, "DATABASE_UNAVAILABLE");
    assert_come_again(&second, Code::Unavailable, "DATABASE_UNAVAILABLE");
    until("known", || async { serving(server.channel()).await == Some(false) }).await;

    match others {
        Others::Ignored => relay.come_back(),
        Others::Closed => relay.come_back_another(),
    }
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    until("answered again", || async { ask(&server).await.0.is_none() }).await;
    // Orders are decided by transactions that no call holds.
    until("decided", || async {
        let mut order = crate::support::credit::reserving("V1", "1.00");
        order.account = ACCOUNT.into();
        server.credit().reserve_credit(order).await.is_ok()
    })
    .await;
    until("as many connections as before", || all_at_once(&server, 3)).await;
    client.post_documents(request(vec![invoice("1", ACCOUNT, 100)])).await.expect("posted");
    assert_eq!(count_documents(&mut client, ACCOUNT).await, 2);
    assert_clean(server.store()).await;
    drop(server);
}

/// It is slow, and answers on the connections it has: what it works at goes on, however long that takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w1_outage_of_a_moment_cuts_nothing_off() {
    let cluster = Cluster::create();
    cluster.start();
    let clock = Clock::system(chrono_tz::UTC);
    let database = Database::elsewhere(cluster.url());
    let server = TestServer::start_on(database, Engine::Postgres, clock, |config| {
        config.database.probe_timeout_ms = 4_000;
    })
    .await;
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
    // Longer than one that was cut off is waited for.
    let work = server.store().read(&ctx, |_| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(())
        })
    });
    let slow = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.freeze();
        // Longer than the probe waits before it asks on another connection.
        tokio::time::sleep(Duration::from_millis(2_600)).await;
        cluster.thaw();
    };
    let (worked, ()) = tokio::join!(work, slow);
    worked.expect("not cut off");
    assert_eq!(serving(server.channel()).await, Some(true));
    drop(server);
}
