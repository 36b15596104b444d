//! The layers and the connections around handlers that do what a test says: real sockets, no
//! database.

mod fake;
#[path = "../../tests/it/support/raw.rs"]
#[expect(dead_code, reason = "the tests of the whole service use all of it")]
mod raw;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::*;
use crate::config;
use crate::pb::{ExportOpenItemsRequest, GetDocumentRequest};
use fake::Fake;
use raw::{Raw, frame};

const UNARY: &str = "/ballast.v1.ReceivableService/GetDocument";
const STREAM: &str = "/ballast.v1.ReceivableService/ExportOpenItems";

struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    served: tokio::task::JoinHandle<Result<(), ServeError>>,
    reached: Arc<AtomicUsize>,
    /// With the file of the database: a server whose file is gone refuses calls.
    _folder: tempfile::TempDir,
}

impl Running {
    /// Waits until so many calls have reached their handlers.
    async fn reached(&self, calls: usize) {
        while self.reached.load(Ordering::SeqCst) < calls {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn start(change: impl FnOnce(&mut config::Server)) -> Running {
    let mut config = Config::default();
    config.auth.insecure = true;
    config.server.shutdown_notice_ms = 0;
    config.server.shutdown_stream_grace_ms = 200;
    config.server.shutdown_drain_seconds_max = 2;
    change(&mut config.server);
    let clock = Clock::system(chrono_tz::UTC);
    // Never asked by these handlers.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("unused.db");
    let database = config::Database {
        url: config::DatabaseUrl::new(format!("sqlite://{}", file.display())),
        ..config::Database::default()
    };
    let store = Store::connect(&database, clock.clone()).await.expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let reached = Arc::new(AtomicUsize::new(0));
    let routes = Routes::new(Fake::new(&config.server, reached.clone()));
    let shutdown = Shutdown::new();
    let stop = shutdown.clone();
    let served = tokio::spawn(App::serve_handlers(routes, listener, config, store, clock, stop));
    Running { address, shutdown, served, reached, _folder: folder }
}

fn document(name: &str) -> GetDocumentRequest {
    GetDocumentRequest { name: name.into(), ..GetDocumentRequest::default() }
}

#[track_caller]
fn assert_refused(status: &Status, code: Code, reason: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("ErrorInfo").reason, reason, "{status:?}");
}

#[tokio::test]
async fn refusals_of_the_library_keep_the_contract() {
    let running = start(|server| {
        server.request_bytes_max = 2_000;
        server.response_bytes_max = 2_000;
    })
    .await;
    let client = Raw::new(running.address);

    let status = client.call(UNARY, &[], &document(&"x".repeat(3_000))).await;
    assert_refused(&status, Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    let status = client.call(UNARY, &[], &document("large")).await;
    assert_refused(&status, Code::ResourceExhausted, "MESSAGE_TOO_LARGE");

    let mut compressed = frame(b"not gzip");
    compressed[0] = 1;
    for (headers, bytes) in [
        (&[][..], frame(&[0xff; 9])),
        (&[], vec![]),
        (&[], vec![0, 0]),
        (&[], vec![7, 0, 0, 0, 0]),
        (&[], compressed.clone()),
        (&[("grpc-encoding", "gzip")], compressed),
    ] {
        let status = client.send(UNARY, headers, bytes.clone()).await;
        assert_refused(&status, Code::InvalidArgument, "REQUEST_MALFORMED");
    }
}

#[tokio::test]
async fn a_fault_of_ours_tells_its_trace_only() {
    let running = start(|_| {}).await;
    let client = Raw::new(running.address);
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for fault in ["internal", "stray"] {
        let status = client.call(UNARY, &[("traceparent", traceparent)], &document(fault)).await;
        assert_refused(&status, Code::Internal, "INTERNAL");
        assert_eq!(status.message(), "internal error");
        let details = status.get_error_details();
        let trace = &details.error_info().expect("info").metadata["trace"];
        assert_eq!(trace, "0af7651916cd43dd8448eb211c80319c");
        assert!(!String::from_utf8_lossy(status.details()).contains("s3cret"));
    }
}

#[tokio::test]
async fn work_that_gets_too_late_is_given_up() {
    let running = start(|server| server.deadline_default_ms = 150).await;
    let client = Raw::new(running.address);
    for headers in [&[][..], &[("grpc-timeout", "150m")]] {
        let asked = Instant::now();
        let status = client.call(UNARY, headers, &document("slow")).await;
        assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
        assert!(asked.elapsed() < Duration::from_secs(2));
    }
    // A stream has no default; it ends when its client said, in its trailers.
    let asked = Instant::now();
    let headers = [("grpc-timeout", "400m")];
    let status = client.call(STREAM, &headers, &ExportOpenItemsRequest::default()).await;
    assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    assert!(asked.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn one_call_too_many_is_told_when_to_come_again() {
    let running = start(|server| server.requests_concurrent_max = 2).await;
    let client = Arc::new(Raw::new(running.address));
    let (unary, stream) = (document("slow"), ExportOpenItemsRequest::default());
    let headers = [("grpc-timeout", "3S")];
    let (slow, open, refused) = tokio::join!(
        client.call(UNARY, &headers, &unary),
        client.call(STREAM, &headers, &stream),
        async {
            running.reached(2).await;
            client.call(UNARY, &[], &document("")).await
        },
    );
    assert_refused(&slow, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    assert_refused(&open, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    assert_refused(&refused, Code::ResourceExhausted, "OVERLOADED");
    let wait = refused.get_error_details().retry_info().expect("RetryInfo").retry_delay;
    assert!(wait.expect("a delay") >= Duration::from_millis(100));
    // Both places are free again.
    let status = client.call(UNARY, &[], &document("")).await;
    assert_eq!(status.code(), Code::Ok);
}

#[tokio::test]
async fn fault_x2_work_that_outlives_its_call_keeps_its_place() {
    let running = start(|server| server.requests_concurrent_max = 1).await;
    let client = Raw::new(running.address);
    let headers = [("grpc-timeout", "50m")];
    let status = client.call(UNARY, &headers, &document("outlives")).await;
    assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    let status = client.call(UNARY, &[], &document("")).await;
    assert_refused(&status, Code::ResourceExhausted, "OVERLOADED");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(client.call(UNARY, &[], &document("")).await.code(), Code::Ok);
}

#[tokio::test]
async fn fault_x4_a_message_that_does_not_come_gives_its_place_back() {
    let running = start(|server| {
        server.requests_concurrent_max = 2;
        server.request_arrival_timeout_ms = 3_000;
    })
    .await;
    let client = Raw::new(running.address);
    let asked = Instant::now();
    let (first, second, refused) =
        tokio::join!(client.withhold(UNARY, &[]), client.withhold(UNARY, &[]), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.call(UNARY, &[], &document("")).await
        },);
    assert_refused(&first, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    assert_refused(&second, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    assert_refused(&refused, Code::ResourceExhausted, "OVERLOADED");
    // Their deadline would have given it back as well, but only after half a minute.
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(client.call(UNARY, &[], &document("")).await.code(), Code::Ok);
}

#[tokio::test]
async fn a_write_answers_its_revision() {
    let running = start(|_| {}).await;
    let client = Raw::new(running.address);
    let headers = [("ballast-at-least", "41")];
    let answer = client
        .answer(UNARY, &headers, frame(&prost::Message::encode_to_vec(&document("write"))))
        .await;
    // The fake commits what it must see at least, and one more.
    assert_eq!(answer.headers()["ballast-revision"], "42");
    let answer = client.answer(UNARY, &[], frame(&[])).await;
    assert!(!answer.headers().contains_key("ballast-revision"));
}

#[tokio::test]
async fn going_down_lets_calls_finish_and_ends_streams_with_a_reason() {
    let running = start(|_| {}).await;
    let client = Raw::new(running.address);
    let short = document("short");
    let polite = ExportOpenItemsRequest { account: "polite".into(), ..Default::default() };
    let deaf = ExportOpenItemsRequest::default();
    let asked = Instant::now();
    let (short, polite, deaf, ()) = tokio::join!(
        client.call(UNARY, &[], &short),
        client.call(STREAM, &[], &polite),
        client.call(STREAM, &[], &deaf),
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            running.shutdown.request();
        },
    );
    assert_eq!(short.code(), Code::Ok, "{short:?}");
    assert_eq!(polite.code(), Code::Ok, "it ended by itself: {polite:?}");
    assert_refused(&deaf, Code::Unavailable, "SHUTTING_DOWN");
    running.served.await.expect("no panic").expect("served");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    TcpStream::connect(running.address).await.expect_err("nobody listens");
}

#[tokio::test]
async fn a_call_that_does_not_end_is_cut_at_the_limit() {
    let running = start(|server| server.shutdown_drain_seconds_max = 1).await;
    let client = Raw::new(running.address);
    let asked = Instant::now();
    let slow = tokio::spawn(async move {
        let bytes = frame(&prost::Message::encode_to_vec(&document("slow")));
        client.try_answer(UNARY, &[], bytes).await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.shutdown.request();
    running.served.await.expect("no panic").expect("served");
    assert!((1..3).contains(&asked.elapsed().as_secs()), "{:?}", asked.elapsed());
    assert!(slow.await.expect("no panic").is_err());
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed() {
    let running = start(|server| server.handshake_timeout_ms = 200).await;
    for said in [&b""[..], b"PRI * HT"] {
        let mut stream = TcpStream::connect(running.address).await.expect("accepted");
        stream.write_all(said).await.expect("sent");
        let asked = Instant::now();
        let mut answer = Vec::new();
        // Reset or closed, depending on what was still unread.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
        assert!(asked.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_browser_is_told_what_this_is() {
    let running = start(|_| {}).await;
    let mut stream = TcpStream::connect(running.address).await.expect("accepted");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("sent");
    let mut answer = vec![0; 8];
    stream.read_exact(&mut answer).await.expect("answered");
    assert_eq!(answer, b"HTTP/1.1");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once_while_all_are_busy() {
    let running = start(|server| server.connections_max = 1).await;
    let headers = [("grpc-timeout", "2S")];
    let slow = document("slow");
    let client = Raw::new(running.address);
    let (busy, ()) = tokio::join!(client.call(UNARY, &headers, &slow), async {
        running.reached(1).await;
        let mut second = TcpStream::connect(running.address).await.expect("accepted");
        let mut answer = Vec::new();
        let _ = second.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
    });
    assert_refused(&busy, Code::DeadlineExceeded, "DEADLINE_EXPIRED");
    // It is idle now, and makes room.
    let status = Raw::new(running.address).call(UNARY, &[], &document("")).await;
    assert_eq!(status.code(), Code::Ok);
}

#[tokio::test]
async fn idle_connections_make_room_also_where_they_say_nothing() {
    let running = start(|server| {
        server.connections_max = 4;
        server.keepalive_interval_seconds = 1;
    })
    .await;
    let idle: Vec<_> = (0..4).map(|_| Raw::new(running.address)).collect();
    for client in &idle {
        assert_eq!(client.call(UNARY, &[], &document("")).await.code(), Code::Ok);
    }
    // Also one that says nothing and never leaves by itself.
    let mut deaf = TcpStream::connect(running.address).await.expect("accepted");
    let others: Vec<_> = (0..8).map(|_| Raw::new(running.address)).collect();
    for client in &others {
        let status = client.call(UNARY, &[], &document("")).await;
        assert_eq!(status.code(), Code::Ok, "{status:?}");
    }
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(3), deaf.read_to_end(&mut answer))
        .await
        .expect("it was closed");
    // Those that had to leave come back.
    for client in &idle {
        assert_eq!(client.call(UNARY, &[], &document("")).await.code(), Code::Ok);
    }
}

#[tokio::test]
async fn an_old_connection_is_left_without_losing_a_call() {
    let running = start(|server| {
        server.connection_age_seconds_max = 1;
        server.connection_age_jitter_percent = 0;
    })
    .await;
    let client = Raw::new(running.address);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2_500) {
        let status = client.call(UNARY, &[], &document("short")).await;
        assert_eq!(status.code(), Code::Ok, "{status:?}");
    }
}

#[tokio::test]
async fn a_server_for_everybody_or_for_nobody_does_not_start() {
    let clock = Clock::system(chrono_tz::UTC);
    for (insecure, address) in [(true, "0.0.0.0:0"), (false, "127.0.0.1:0")] {
        let mut config = Config::default();
        config.auth.insecure = insecure;
        config.database.url = config::DatabaseUrl::new("sqlite::memory:");
        let store = Store::connect(&config.database, clock.clone()).await.expect("opened");
        let listener = TcpListener::bind(address).await.expect("a port");
        let shutdown = Shutdown::new();
        let refused = App::serve(listener, config, store, clock.clone(), shutdown, || {}).await;
        let advice = refused.expect_err("refused").to_string();
        assert!(advice.contains("[[auth.tokens]]"), "{advice}");
    }
}
