//! Points in recorded time: told, kept by clients as they keep instants, and named again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ballast::pb;
use ballast::pb::import_documents_request::Step;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use prost_types::Timestamp;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::support::credit::*;
use crate::support::ledger::*;
use crate::support::{Database, Engine, TestServer, assert_refused, details};

type Client = ReceivableServiceClient<Channel>;

const MILLI: i64 = 1_000;

/// As the default generators of TypeScript keep it: a Date.
fn cut(time: Timestamp) -> Timestamp {
    Timestamp { nanos: time.nanos / 1_000_000 * 1_000_000, ..time }
}

fn micros(time: Timestamp) -> i64 {
    time.seconds * 1_000_000 + i64::from(time.nanos / 1_000)
}

fn point(revision: i64) -> Timestamp {
    let nanos = i32::try_from(revision % 1_000_000).expect("small") * 1_000;
    Timestamp { seconds: revision / 1_000_000, nanos }
}

fn account(number: usize) -> String {
    format!("accounts/ERP~C{number:03}")
}

fn invoice_of(account: &str, no: &str) -> pb::Document {
    pb::Document { payer: account.into(), ..invoice(no, day(-100), "1.00", &[]) }
}

/// Posts an invoice of 1.00; answers its revision.
async fn post(client: &mut Client, account: &str, no: &str) -> i64 {
    let request = pb::PostDocumentsRequest {
        documents: vec![invoice_of(account, no)],
        create_missing_accounts: true,
        request_id: fresh(),
    };
    let answer = client.post_documents(request).await.expect("posted");
    let revision = answer.metadata().get("ballast-revision").expect("a revision");
    let revision = revision.to_str().expect("digits").parse().expect("a number");
    assert_eq!(revision % MILLI, 0, "a revision is a whole millisecond");
    revision
}

async fn try_aging(
    client: &mut Client,
    account: &str,
    known_at: Option<Timestamp>,
) -> Result<pb::GetAgingResponse, Status> {
    let request = pb::GetAgingRequest {
        account: account.into(),
        as_of: Some(day(0)),
        known_at,
        ..pb::GetAgingRequest::default()
    };
    Ok(client.get_aging(request).await?.into_inner())
}

async fn aging(
    client: &mut Client,
    account: &str,
    known_at: Option<Timestamp>,
) -> pb::GetAgingResponse {
    try_aging(client, account, known_at).await.expect("an aging")
}

fn items(answer: &pb::GetAgingResponse) -> i64 {
    answer.currencies.iter().map(|currency| currency.items).sum()
}

fn known_at(answer: &pb::GetAgingResponse) -> Timestamp {
    let known_at = answer.point.and_then(|point| point.known_at).expect("a point");
    assert_eq!(cut(known_at), known_at, "a point is a whole millisecond");
    known_at
}

/// Accounts are written one after the other; each write is found at its own point, cut, and each
/// answer is the same again at the point it named, cut.
async fn nothing_is_lost_by_cutting(engine: Engine) {
    let server = TestServer::start_live(engine, |_| {}).await;
    let mut client = server.receivables();
    let mut told = Vec::new();
    for number in 0..20 {
        let account = account(number);
        let revision = post(&mut client, &account, &format!("I{number}")).await;
        // Without a point, right behind the write.
        let (own, book) = (
            aging(&mut client, &account, None).await,
            aging(&mut client, "accounts/-", None).await,
        );
        assert_eq!((items(&own), items(&book)), (1, number as i64 + 1));
        assert!(micros(known_at(&own)) >= revision && micros(known_at(&book)) >= revision);
        let then = Some(cut(point(revision)));
        assert_eq!(items(&aging(&mut client, &account, then).await), 1);
        assert_eq!(items(&aging(&mut client, "accounts/-", then).await), number as i64 + 1);
        told.push((account, own, book));
    }
    for (number, (account, own, book)) in told.iter().enumerate() {
        for no in [format!("J{number}"), format!("K{number}")] {
            post(&mut client, account, &no).await;
        }
        assert_eq!(aging(&mut client, account, Some(known_at(own))).await, *own);
        assert_eq!(aging(&mut client, "accounts/-", Some(known_at(book))).await, *book);
        let request = pb::GetDocumentRequest {
            key: Some(key(&format!("K{number}"))),
            ..pb::GetDocumentRequest::default()
        };
        let document = client.get_document(request.clone()).await.expect("a document").into_inner();
        let record_time = document.record_time.expect("a time");
        assert_eq!(cut(record_time), record_time);
        let then = pb::GetDocumentRequest { known_at: Some(cut(record_time)), ..request };
        assert_eq!(client.get_document(then).await.expect("found").into_inner(), document);
        let finer = Timestamp { nanos: record_time.nanos + 999_999, ..record_time };
        let answer = aging(&mut client, account, Some(finer)).await;
        assert_eq!((known_at(&answer), items(&answer)), (record_time, 3), "cut off by us as well");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_cuts_to_milliseconds_is_found_sqlite() {
    nothing_is_lost_by_cutting(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_cuts_to_milliseconds_is_found_postgres() {
    nothing_is_lost_by_cutting(Engine::Postgres).await;
}

/// An import whose chunks go on until it is told to end; every acknowledgement is followed by
/// reads at its revision, which see what was acknowledged.
async fn import(writer: TestClient, over: Arc<AtomicBool>) {
    let TestClient { mut write, mut read } = writer;
    let (steps, waiting) = tokio::sync::mpsc::channel(1);
    let header = pb::ImportHeader {
        import_id: fresh(),
        create_missing_accounts: true,
        ..pb::ImportHeader::default()
    };
    let send = |step| steps.send(pb::ImportDocumentsRequest { step: Some(step) });
    send(Step::Header(header)).await.expect("sent");
    let stream = tokio_stream::wrappers::ReceiverStream::new(waiting);
    let mut answers = write.import_documents(stream).await.expect("served").into_inner();
    let started = answers.message().await.expect("an answer").expect("started");
    let mut last = started.revision;
    assert!(last > 0 && last % MILLI == 0, "opening it tells a revision: {last}");
    let mut sequence = 0;
    loop {
        let ends = sequence >= 5 && over.load(Ordering::Acquire);
        sequence += 1;
        let documents: Vec<_> = (0..20)
            .map(|n| invoice_of("accounts/ERP~IMPORT", &format!("M{sequence}-{n}")))
            .collect();
        let chunk = pb::ImportChunk { sequence, documents, ..pb::ImportChunk::default() };
        send(Step::Chunk(chunk)).await.expect("sent");
        let revision = answers.message().await.expect("an answer").expect("acknowledged").revision;
        assert!(revision > last && revision % MILLI == 0, "{revision} after {last}");
        last = revision;
        let then = Some(cut(point(revision)));
        let own = aging(&mut read, "accounts/ERP~IMPORT", then).await;
        assert_eq!(items(&own), sequence * 20);
        assert!(items(&aging(&mut read, "accounts/-", then).await) >= sequence * 20);
        let mut request = Request::new(pb::GetAgingRequest {
            account: "accounts/-".into(),
            as_of: Some(day(0)),
            ..pb::GetAgingRequest::default()
        });
        let value = revision.to_string().parse().expect("digits");
        request.metadata_mut().insert("ballast-at-least", value);
        let book = read.get_aging(request).await.expect("an aging").into_inner();
        assert!(items(&book) >= sequence * 20 && micros(known_at(&book)) >= revision);
        if ends {
            break;
        }
    }
    send(Step::Finish(pb::ImportFinish::default())).await.expect("sent");
    while let Some(answer) = answers.message().await.expect("an answer") {
        assert!(answer.revision > last, "the finish tells its revision");
        last = answer.revision;
    }
}

struct TestClient {
    write: Client,
    read: Client,
}

/// Readers at the revision of their own last write, through another server, while others write.
async fn readers_are_answered(servers: Vec<TestServer>, rounds: usize) {
    let over = Arc::new(AtomicBool::new(false));
    let client = |n: usize| TestClient {
        write: servers[n % servers.len()].receivables(),
        read: servers[(n + 1) % servers.len()].receivables(),
    };
    let importing = tokio::spawn(import(client(0), over.clone()));
    let mut readers = Vec::new();
    for reader in 0..4 {
        let TestClient { mut write, mut read } = client(reader);
        readers.push(tokio::spawn(async move {
            let account = account(reader);
            for round in 1..=rounds {
                let revision = post(&mut write, &account, &format!("I{reader}-{round}")).await;
                let then = Some(point(revision));
                let own = try_aging(&mut read, &account, then).await.expect("its own account");
                assert_eq!(items(&own), round as i64, "{account}");
                let book = try_aging(&mut read, "accounts/-", then).await.expect("the book");
                assert!(items(&book) >= round as i64);
                let others = crate::points::account((reader + 1) % 4);
                let other = match try_aging(&mut read, &others, then).await {
                    // It may not have been created.
                    Err(status) if status.code() == Code::NotFound => continue,
                    other => other.expect("another account"),
                };
                let again = try_aging(&mut write, &others, then).await.expect("the same again");
                assert_eq!(again, other);
            }
        }));
    }
    for reader in readers {
        reader.await.expect("no panic");
    }
    over.store(true, Ordering::Release);
    importing.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_b14_a_reader_at_its_own_revision_is_answered_while_others_write_sqlite() {
    readers_are_answered(vec![TestServer::start_live(Engine::Sqlite, |_| {}).await], 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_b14_a_reader_at_its_own_revision_is_answered_while_others_write_postgres() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let other = server.beside().await;
    readers_are_answered(vec![other, server], 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_b9_every_acknowledgement_of_an_import_tells_its_revision_sqlite() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    let client = TestClient { write: server.receivables(), read: server.receivables() };
    import(client, Arc::new(AtomicBool::new(true))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_b9_every_acknowledgement_of_an_import_tells_its_revision_postgres() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let other = server.beside().await;
    let client = TestClient { write: server.receivables(), read: other.receivables() };
    import(client, Arc::new(AtomicBool::new(true))).await;
}

/// What lies a little ahead comes; what lies in the future does not.
async fn the_future_is_not_known(engine: Engine) {
    let server = TestServer::start_live(engine, |_| {}).await;
    let mut client = server.receivables();
    let revision = post(&mut client, &account(0), "I1").await;
    for account in ["accounts/-", &account(0)] {
        let ahead = Some(point(revision + 400 * MILLI));
        let asked = Instant::now();
        let answer = try_aging(&mut client, account, ahead).await.expect("it comes");
        assert_eq!(items(&answer), 1);
        assert!(asked.elapsed() < Duration::from_millis(1_900), "{:?}", asked.elapsed());
        let future = Some(point(revision + 3_600 * 1_000 * MILLI));
        let refused = try_aging(&mut client, account, future).await.expect_err("in an hour");
        assert_refused(&refused, Code::InvalidArgument, "KNOWN_AT_NOT_SETTLED", Some("known_at"));
        // Nobody waits longer than its caller.
        let mut request = Request::new(pb::GetAgingRequest {
            account: account.into(),
            known_at: Some(point(revision + 10_000 * MILLI)),
            ..pb::GetAgingRequest::default()
        });
        request.set_timeout(Duration::from_millis(300));
        assert!(client.get_aging(request).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_a_little_ahead_is_waited_for_sqlite() {
    the_future_is_not_known(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_a_little_ahead_is_waited_for_postgres() {
    the_future_is_not_known(Engine::Postgres).await;
}

on_both_engines! {
    async fn fault_x5_a_clock_that_jumps_ahead_ends_nothing(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.limit(ACME, "100.00").await;
        let request =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "60.00") };
        counter.try_reserve(request).await.expect("reserved");
        server.clock().jump(chrono::TimeDelta::days(365));
        for _ in 0..3 {
            assert_eq!(verdict(&counter.ask("41.00").await), "DECLINED");
            assert_eq!(verdict(&counter.reserve(&fresh(), "41.00").await), "DECLINED");
            assert_eq!(counter.exposure().await, "orders 60.00 = 60.00");
        }
        assert_eq!(counter.profile(ACME).await.business_date, Some(day(0)));
        // Nothing was recorded in the future either.
        let mut client = server.receivables();
        let revision = post(&mut client, ACME, "I1").await;
        assert!(revision < moment(1).timestamp_micros());
        let answer = aging(&mut client, ACME, None).await;
        assert!((revision..moment(1).timestamp_micros()).contains(&micros(known_at(&answer))));
        // The clock is set right, and the days pass.
        server.clock().jump(chrono::TimeDelta::days(-365));
        server.clock().set(moment(5));
        assert_eq!(verdict(&counter.ask("41.00").await), "APPROVED");
        counter.desk.verify(&server).await;
    }

    async fn a_clock_that_jumps_back_revives_nothing(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let temporary = pb::CreditLimit { valid_to: Some(day(3)), ..limit_of("5000.00") };
        counter.limit(ACME, "100.00").await;
        counter.set(ACME, temporary).await;
        server.clock().set(moment(6));
        // What has expired does not fall back to the limit before it.
        assert_eq!(verdict(&counter.ask("4000.00").await), "REFERRED");
        let mut client = server.receivables();
        let before = post(&mut client, ACME, "I1").await;
        server.clock().jump(chrono::TimeDelta::days(-5));
        for number in 2..5 {
            assert_eq!(verdict(&counter.ask("4000.00").await), "REFERRED");
            let after = post(&mut client, ACME, &format!("I{number}")).await;
            assert!(after > before, "recorded time never goes back");
        }
        assert_eq!(counter.profile(ACME).await.business_date, Some(day(6)));
        assert_eq!(items(&aging(&mut client, ACME, Some(point(before))).await), 1);
        counter.desk.verify(&server).await;
    }
}

on_both_engines! {
    /// What passed while no process ran is nobody's jump, in whichever direction: an order lapses, a
    /// file that was written by a clock ahead of ours goes on where it stands.
    async fn a_gap_at_a_start_is_legal_and_recorded_time_goes_on(server: TestServer) {
        let mut server = server;
        let mut counter = Counter::open(&server).await;
        counter.limit(ACME, "100.00").await;
        let request =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "60.00") };
        counter.try_reserve(request).await.expect("reserved");
        let mut last = post(&mut server.receivables(), ACME, "I1").await;
        let (url, engine) = (server.database_url().to_owned(), server.engine());
        server.stop();
        // The database was idle for a year; then it is one that a clock a year ahead wrote to.
        for (day, exposure) in [(365, "open 1.00 = 1.00"), (7, "open 2.00 = 2.00")] {
            let clock = ballast::ctx::Clock::manual(moment(day), chrono_tz::UTC);
            let database = Database::elsewhere(url.clone());
            let mut started = TestServer::start_on(database, engine, clock, |_| {}).await;
            let mut counter = Counter::at(&started);
            assert_eq!(counter.exposure().await, exposure);
            assert_eq!(counter.profile(ACME).await.business_date, Some(self::day(day)));
            let mut client = started.receivables();
            let next = post(&mut client, ACME, &format!("J{day}")).await;
            assert!(next > last, "recorded time never goes back");
            let then = aging(&mut client, ACME, Some(point(last))).await;
            assert_eq!(items(&then), items(&aging(&mut client, ACME, Some(point(next))).await) - 1);
            counter.desk.verify(&started).await;
            last = next;
            started.stop();
        }
        server.restart().await;
    }
}

/// Sets the clock of the database; its servers see it at once.
async fn set_ahead(database: &mut PgConnection, seconds: i64) {
    let set = sqlx::query("UPDATE skew SET seconds = $1").bind(seconds);
    set.execute(database).await.expect("set");
}

async fn try_post(client: &mut Client, no: &str) -> Result<i64, Status> {
    let request = pb::PostDocumentsRequest {
        documents: vec![invoice_of(&account(0), no)],
        create_missing_accounts: true,
        request_id: fresh(),
    };
    let answer = client.post_documents(request).await?;
    let revision = answer.metadata().get("ballast-revision").expect("a revision");
    Ok(revision.to_str().expect("digits").parse().expect("a number"))
}

/// A function of the same name that comes first stands for a clock that is set.
const SETTABLE: &str = "CREATE TABLE skew (seconds bigint NOT NULL); INSERT INTO skew VALUES (0); \
     CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS \
     $$ SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT seconds FROM public.skew)) $$; \
     DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', \
       current_database()); END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_clock_of_the_database_jumps_nothing_is_written_by_it() {
    let database = Database::create(Engine::Postgres).await;
    let mut clock = PgConnection::connect(database.url().expose()).await.expect("connected");
    clock.execute(SETTABLE).await.expect("a clock that can be set");
    let system = ballast::ctx::Clock::system(chrono_tz::UTC);
    let mut server = TestServer::start_on(database, Engine::Postgres, system, |_| {}).await;
    let mut client = server.receivables();
    let mut last = try_post(&mut client, "I1").await.expect("posted");
    for (round, jump) in [3_600, -3_600, 86_400].into_iter().enumerate() {
        set_ahead(&mut clock, jump).await;
        let refused = try_post(&mut client, "I2").await.expect_err("by a clock that jumped");
        assert_eq!(refused.code(), Code::Unavailable);
        let told = details(&refused);
        assert_eq!(told.error_info().map(|info| &*info.reason), Some("CLOCK_JUMPED"));
        assert!(told.retry_info().is_some(), "{refused:?}");
        let book = aging(&mut client, "accounts/-", None).await;
        assert!(micros(known_at(&book)) < last + 60_000_000, "no point of the future is told");
        set_ahead(&mut clock, 0).await;
        let next = try_post(&mut client, &format!("J{round}")).await.expect("it is right again");
        assert!((last..last + 60_000_000).contains(&next));
        last = next;
    }
    // To a machine that was paused the clock of the database looks the same. It can't tell which of
    // both it was, and starts anew.
    set_ahead(&mut clock, 60).await;
    try_post(&mut client, "P1").await.expect_err("by a clock that jumped");
    server.restart().await;
    let mut client = server.receivables();
    let next = try_post(&mut client, "P1").await.expect("by the clock as it is");
    assert!(next > last, "recorded time never goes back");
    last = next;
    set_ahead(&mut clock, 0).await;
    server.restart().await;
    let mut client = server.receivables();
    let next = try_post(&mut client, "P2").await.expect("just after the last one of the account");
    assert!(next > last, "recorded time never goes back");
    last = next;
    // A small step is followed ahead, and never back.
    for (round, step) in [2, 0, 1, 0].into_iter().enumerate() {
        set_ahead(&mut clock, step).await;
        let next = try_post(&mut client, &format!("K{round}")).await.expect("posted");
        assert!(next > last, "recorded time never goes back");
        last = next;
    }
    let own = aging(&mut client, &account(0), Some(point(last))).await;
    assert_eq!(items(&own), 10);
}
