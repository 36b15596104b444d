//! What one caller may take, so that there is something left for the others.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::store::Lane;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;

use crate::support::credit::{Counter, reserving};
use crate::support::ledger::{ACCOUNT, Desk, day, receipt};
use crate::support::wire::Wire;
use crate::support::{Engine, TestServer, assert_refused, status};

const POST: &str = "/ballast.v1.ReceivableService/PostDocuments";
const IMPORT: &str = "/ballast.v1.ReceivableService/ImportDocuments";
const GET: &str = "/ballast.v1.AccountService/GetAccount";

/// The most memory that this process ever had.
fn memory_peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a line");
    let kib: String = line.chars().filter(char::is_ascii_digit).collect();
    kib.parse::<u64>().expect("a number") >> 10
}

/// A compressed message of one list of empty elements.
fn bomb(field: u8, elements: usize) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&[field << 3 | 2, 0].repeat(elements)).expect("packed");
    let packed = packed.finish().expect("packed");
    let length = u32::try_from(packed.len()).expect("small").to_be_bytes();
    [&[1][..], &length, &packed].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x3_a_small_message_does_not_become_a_large_one() {
    let server = TestServer::start(Engine::Sqlite).await;
    let before = memory_peak_mib();
    for (method, field, named) in [
        (POST, 1, "documents"),
        ("/ballast.v1.ReceivableService/ClearItems", 2, "allocations"),
        ("/ballast.v1.ReceivableService/SetExchangeRates", 1, "rates"),
    ] {
        let message = bomb(field, 2_097_052);
        assert!(message.len() < 5_000);
        let status = server.raw().send(method, &[("grpc-encoding", "gzip")], message).await;
        assert_refused(&status, Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some(named));
    }
    let grown = memory_peak_mib() - before;
    assert!(grown < 100, "{grown} MiB");
}

fn token(name: &str) -> ballast::config::Token {
    ballast::config::Token {
        principal: name.into(),
        sha256: ballast::config::TokenHash::of(name),
        scopes: vec!["accounts.read".into()],
        accounts: ballast::ctx::RowScope::All,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x4_one_principal_leaves_places_to_the_others() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        config.auth.tokens = ["a", "b"].map(token).into();
        config.server.requests_concurrent_max = 16;
        config.server.requests_per_principal_max = 8;
    })
    .await;
    let greedy = server.raw();
    let withheld = (0..20).map(|_| greedy.withhold(GET, &[("authorization", "Bearer a")]));
    let mut withheld = futures_util::future::join_all(withheld);
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked = pb::GetAccountRequest { name: "accounts/nobody".into() };
        server.raw().call(GET, &[("authorization", "Bearer b")], &asked).await
    };
    let answer = tokio::select! {
        answer = others => answer,
        _ = &mut withheld => panic!("their messages never came"),
    };
    assert_eq!(answer.code(), Code::NotFound, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x4_a_stream_that_says_nothing_more_gives_its_place_back() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        // One of them is for an import.
        config.server.requests_concurrent_max = 4;
        config.server.stream_idle_seconds_max = 1;
    })
    .await;
    // The first message breaks off, and its client stays.
    let begun = || async {
        let answer = server.raw().begin(IMPORT, vec![0, 0, 0, 0, 9, 10]).await;
        status(answer.expect("the connection holds")).await
    };
    for _ in 0..2 {
        let ended = async {
            let other = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                begun().await
            };
            tokio::join!(begun(), other)
        };
        let (idle, refused) = tokio::time::timeout(Duration::from_secs(10), ended)
            .await
            .expect("nobody waits for it for ever");
        assert_refused(&idle, Code::DeadlineExceeded, "DEADLINE_EXPIRED", None);
        assert_refused(&refused, Code::ResourceExhausted, "OVERLOADED", None);
        // The place is given back by whoever worked for the call, when he hears of its end.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w9_watchers_of_health_are_bounded_and_checks_are_not() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.server.requests_per_connection_max = 2;
    })
    .await;
    let mut health = server.health();
    let mut watches = Vec::new();
    for _ in 0..2 {
        watches.push(health.watch(HealthCheckRequest::default()).await.expect("a watch"));
    }
    let refused = health.watch(HealthCheckRequest::default()).await.expect_err("one too many");
    assert_refused(&refused, Code::ResourceExhausted, "OVERLOADED", None);
    health.check(HealthCheckRequest::default()).await.expect("alive");
    drop(watches);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w9_watchers_on_many_connections_are_bounded_together() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.server.requests_concurrent_max = 16;
        config.server.requests_per_connection_max = 16;
    })
    .await;
    let mut watches = Vec::new();
    for _ in 0..4 {
        let mut health = server.health();
        for _ in 0..16 {
            watches.push(health.watch(HealthCheckRequest::default()).await.expect("a watch"));
        }
    }
    let mut health = server.health();
    let refused = health.watch(HealthCheckRequest::default()).await.expect_err("one too many");
    assert_refused(&refused, Code::ResourceExhausted, "OVERLOADED", None);
    // They take no place of those who call.
    health.check(HealthCheckRequest::default()).await.expect("alive");
    let asked = pb::GetAccountRequest { name: "accounts/nobody".into() };
    assert_eq!(server.raw().call(GET, &[], &asked).await.code(), Code::NotFound);
    drop(watches);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w10_idle_connections_keep_no_new_client_out() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.server.connections_max = 8;
        config.server.connections_per_peer_max = 6;
    })
    .await;
    let asked = pb::GetAccountRequest { name: "accounts/nobody".into() };
    // Each answers pings, and is never closed by its client.
    let idle: Vec<_> = (0..6).map(|_| server.raw()).collect();
    for client in &idle {
        assert_eq!(client.call(GET, &[], &asked).await.code(), Code::NotFound);
    }
    let mut watched = server.health();
    let mut watch =
        watched.watch(HealthCheckRequest::default()).await.expect("a watch").into_inner();
    watch.message().await.expect("told").expect("a status");
    // They stay as well: each of them takes the place of the one that was not used for longest.
    let new: Vec<_> = (0..10).map(|_| server.raw()).collect();
    for client in &new {
        assert_eq!(client.call(GET, &[], &asked).await.code(), Code::NotFound);
    }
    // What is used has stayed.
    let silent = tokio::time::timeout(Duration::from_millis(2_500), watch.message()).await;
    assert!(silent.is_err(), "{silent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w10_one_address_has_a_part_of_the_connections() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.server.connections_max = 64;
        config.server.connections_per_peer_max = 6;
    })
    .await;
    // It says nothing, and would stay until its handshake takes too long.
    let mut oldest = TcpStream::connect(server.address()).await.expect("accepted");
    let asked = pb::GetAccountRequest { name: "accounts/nobody".into() };
    let others: Vec<_> = (0..6).map(|_| server.raw()).collect();
    for client in &others {
        assert_eq!(client.call(GET, &[], &asked).await.code(), Code::NotFound);
    }
    let mut said = Vec::new();
    let left = tokio::time::timeout(Duration::from_secs(3), oldest.read_to_end(&mut said)).await;
    // Reset or closed, and nothing was said.
    assert!(left.is_ok() && said.is_empty(), "{left:?}");
}

on_both_engines! {
    async fn fault_w12_a_page_fits_what_clients_take(server: TestServer) {
        let site = |number: usize| pb::Site {
            site_id: format!("s{number}"),
            display_name: "宁".repeat(200),
            region: "浙".repeat(60),
        };
        let mut accounts = server.accounts();
        for number in 0..36 {
            let account = pb::Account {
                display_name: format!("Large {number}"),
                sites: (0..200).map(site).collect(),
                ..Default::default()
            };
            let account_id = format!("large-{number:02}");
            let create = pb::CreateAccountRequest { account: Some(account), account_id, ..Default::default() };
            accounts.create_account(create).await.expect("created");
        }
        // One who takes what all clients take where they are not told otherwise: 4 MiB.
        let mut usual = AccountServiceClient::new(server.channel());
        let (mut listed, mut pages, mut page_token) = (Vec::new(), 0, String::new());
        loop {
            let list = pb::ListAccountsRequest { page_size: 1_000, page_token, ..Default::default() };
            let page = usual.list_accounts(list).await.expect("a page").into_inner();
            assert_eq!(page.accountability.len(), page.accounts.len());
            listed.extend(page.accounts.into_iter().map(|account| account.name));
            (pages, page_token) = (pages + 1, page.next_page_token);
            if page_token.is_empty() {
                break;
            }
        }
        assert!(pages > 1, "all of it is on one page");
        let expected: Vec<_> = (0..36).map(|number| format!("accounts/large-{number:02}")).collect();
        assert_eq!(listed, expected);
    }
}

/// Takes every turn to write for a while.
fn occupy(server: &TestServer, time: Duration) -> Vec<tokio::task::JoinHandle<()>> {
    let turns = match server.engine() {
        Engine::Sqlite => 1,
        Engine::Postgres => server.config().database.postgres_connections_max - 2,
    };
    writers(server, turns, time)
}

/// So many who read, each for a while.
fn readers(server: &TestServer, count: u32, time: Duration) -> Vec<tokio::task::JoinHandle<()>> {
    let read = |_| {
        let (store, ctx) =
            (server.store().clone(), ballast::ctx::Ctx::system(server.clock().clone()));
        tokio::spawn(async move {
            let wait = store.read(&ctx, move |_| {
                Box::pin(async move {
                    tokio::time::sleep(time).await;
                    Ok(())
                })
            });
            wait.await.expect("read");
        })
    };
    (0..count).map(read).collect()
}

/// So many who write, each for a while.
fn writers(server: &TestServer, count: u32, time: Duration) -> Vec<tokio::task::JoinHandle<()>> {
    let occupy = |_| {
        let (store, ctx) =
            (server.store().clone(), ballast::ctx::Ctx::system(server.clock().clone()));
        tokio::spawn(async move {
            let wait = store.write(&ctx, Lane::Interactive, move |_| {
                Box::pin(async move {
                    tokio::time::sleep(time).await;
                    Ok(())
                })
            });
            wait.await.expect("written");
        })
    };
    (0..count).map(occupy).collect()
}

fn post(number: &str) -> pb::PostDocumentsRequest {
    pb::PostDocumentsRequest {
        documents: vec![receipt(number, day(0), "1.00")],
        create_missing_accounts: true,
        request_id: number.into(),
    }
}

on_both_engines! {
    async fn fault_x2_what_has_not_begun_goes_with_its_caller(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([receipt("I0", day(0), "1.00")]).await;
        let occupied = occupy(&server, Duration::from_millis(800));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let calls = (1..20).map(|n| {
            let mut client = server.receivables();
            async move { client.post_documents(post(&format!("I{n}"))).await }
        });
        let calls = futures_util::future::join_all(calls);
        tokio::time::timeout(Duration::from_millis(300), calls).await.expect_err("all wait");
        for occupied in occupied {
            occupied.await.expect("written");
        }
        // Whoever comes now waits for none of them.
        desk.post([receipt("I20", day(0), "1.00")]).await;
        let list = pb::ListDocumentsRequest { parent: ACCOUNT.into(), ..Default::default() };
        let listed = server.receivables().list_documents(list).await.expect("a list");
        let numbers: Vec<_> = listed.into_inner().documents.into_iter().filter_map(|d| d.key).collect();
        let numbers: Vec<_> = numbers.into_iter().map(|key| key.document_no).collect();
        assert_eq!(numbers.len(), 2, "{numbers:?}");
    }

    async fn fault_x2_a_write_whose_caller_left_while_it_waited_for_a_connection_is_not_made(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([receipt("I0", day(0), "1.00")]).await;
        // All connections are in use by reads, so the write has its turn and waits for one.
        let connections = match server.engine() {
            Engine::Sqlite => server.config().database.sqlite_readers,
            Engine::Postgres => server.config().database.postgres_connections_max,
        };
        let readers = readers(&server, connections, Duration::from_millis(800));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut client = server.receivables();
        let call = client.post_documents(post("I1"));
        let left = tokio::time::timeout(Duration::from_millis(300), call).await;
        let was_made = usize::from(left.is_ok());
        for reader in readers {
            reader.await.expect("read");
        }
        assert_eq!(was_made, usize::from(server.engine() == Engine::Sqlite), "readers do not hold up the one writer");
        desk.post([receipt("I2", day(0), "1.00")]).await;
        let list = pb::ListDocumentsRequest { parent: ACCOUNT.into(), ..Default::default() };
        let listed = server.receivables().list_documents(list).await.expect("a list");
        assert_eq!(listed.into_inner().documents.len(), 2 + was_made);
    }

    async fn fault_x2_an_order_whose_caller_left_while_it_waited_for_its_turn_is_not_decided(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "5000.00").await;
        let occupied = occupy(&server, Duration::from_millis(800));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut client = server.credit();
        let call = client.reserve_credit(reserving("1", "10.00"));
        tokio::time::timeout(Duration::from_millis(300), call).await.expect_err("it waits");
        for occupied in occupied {
            occupied.await.expect("written");
        }
        // If it was decided, the order could not be reserved with another amount.
        counter.try_reserve(reserving("1", "20.00")).await.expect("decided for the first time");
    }

    async fn fault_x2_one_waiting_write_too_many_is_told_to_come_again(mut server: TestServer) {
        server.restart_with(|config| config.database.writes_waiting_max = 3).await;
        let occupied = occupy(&server, Duration::from_millis(800));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let calls = (0..8).map(|n| {
            let mut client = server.receivables();
            async move { client.post_documents(post(&format!("I{n}"))).await }
        });
        let answers = futures_util::future::join_all(calls).await;
        let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        assert!((5..=6).contains(&refused.len()), "{refused:?}");
        for status in refused {
            assert_refused(status, Code::ResourceExhausted, "OVERLOADED", None);
        }
        for occupied in occupied {
            occupied.await.expect("written");
        }
    }

    async fn fault_x2_what_waits_is_bounded_by_its_bytes(mut server: TestServer) {
        let refused = async |server: &TestServer| {
            let occupied = occupy(server, Duration::from_millis(800));
            tokio::time::sleep(Duration::from_millis(100)).await;
            let calls = (0..8).map(|n| {
                let mut client = server.receivables();
                async move { client.post_documents(post(&format!("I{n}"))).await }
            });
            let answers = futures_util::future::join_all(calls).await;
            for occupied in occupied {
                occupied.await.expect("written");
            }
            answers.into_iter().filter_map(Result::err).collect::<Vec<_>>()
        };
        assert_eq!(refused(&server).await.len(), 0, "as long as there is room");
        // One is about half a kilobyte.
        server.restart_with(|config| config.database.writes_waiting_bytes_max = 1 << 10).await;
        let refused = refused(&server).await;
        assert!((4..=7).contains(&refused.len()), "{refused:?}");
        for status in refused {
            assert_refused(&status, Code::ResourceExhausted, "OVERLOADED", None);
        }
    }

    async fn a_decision_does_not_wait_behind_what_came_before_it(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.desk.post([receipt("I0", day(0), "1.00")]).await;
        // Those that were given a turn with it may have been quicker.
        let decided = place_of_the_last(&server, Last::Decision).await;
        assert!(decided <= 4, "{decided}");
        // What makes the difference is that it is a decision.
        let posted = place_of_the_last(&server, Last::Post).await;
        assert!(posted >= 8, "{posted}");
    }
}

/// On the embedded engine reads have connections of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x2_reads_are_served_however_many_write_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let mut desk = Desk::new(&server);
    desk.post([receipt("I0", day(0), "1.00")]).await;
    let count = server.config().database.postgres_connections_max + 2;
    let writing = writers(&server, count, Duration::from_millis(1_500));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let list = pb::ListDocumentsRequest { parent: ACCOUNT.into(), ..Default::default() };
    let listed = tokio::time::timeout(Duration::from_secs(1), desk.client.list_documents(list));
    listed.await.expect("while others write").expect("a list");
    for one in writing {
        one.await.expect("written");
    }
}

/// What comes when everything before it waits already.
#[derive(Debug, Clone, Copy)]
enum Last {
    Decision,
    Post,
}

/// After how many of twelve posts it was answered.
async fn place_of_the_last(server: &TestServer, last: Last) -> usize {
    let occupied = occupy(server, Duration::from_millis(1_000));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut calls = Vec::new();
    for n in 0..12 {
        let (mut client, answered) = (server.receivables(), answered.clone());
        calls.push(tokio::spawn(async move {
            client.post_documents(post(&format!("{last:?}{n}"))).await.expect("posted");
            answered.fetch_add(1, Ordering::AcqRel);
        }));
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    match last {
        Last::Decision => server.credit().reserve_credit(reserving("7", "10.00")).await.map(drop),
        Last::Post => server.receivables().post_documents(post("last")).await.map(drop),
    }
    .expect("answered");
    let place = answered.load(Ordering::Acquire);
    for one in occupied.into_iter().chain(calls) {
        one.await.expect("served");
    }
    place
}

/// Of a call that is refused by its headers, the message may come after the answer. Each such message
/// would count against what the connection is forgiven.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x4_a_client_that_is_refused_often_keeps_its_connection() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        config.auth.tokens = vec![token("a")];
    })
    .await;
    let mut wire = Wire::connect(server.address()).await;
    for _ in 0..2_000 {
        let call = wire.begin(GET).await;
        wire.answered(call).await;
        wire.finish(call, &[0, 0, 0, 0, 0]).await;
    }
    wire.ping().await;
    // It does not wait for ever for one that never comes.
    let call = wire.begin(GET).await;
    wire.answered(call).await;
    let reset = tokio::time::timeout(Duration::from_secs(20), wire.reset(call)).await;
    reset.expect("given up");
    wire.ping().await;
    // Nor does it read on where much comes: it takes 64 KiB, and what is under way by then.
    let call = wire.begin(GET).await;
    wire.answered(call).await;
    let mut kib = 0;
    while wire.part(call, &[0; 4 << 10]).await {
        kib += 4;
        assert!(kib <= 128, "nobody wants it");
    }
    assert!(kib >= 60, "{kib} KiB");
    wire.ping().await;
}
