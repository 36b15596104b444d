//! `ballast-at-least`: who has written sees it, or is told to come again.

use std::time::{Duration, Instant};

use ballast::pb;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};

use super::settled::Held;
use super::{ACCOUNT, Receivables, aging, assert_come_again, invoice, request};
use crate::support::{Engine, TestServer};

/// Posts one more invoice of 1.00; answers its revision.
async fn post(client: &mut Receivables, account: &str, no: &str) -> i64 {
    let request = request(vec![invoice(no, account, 100)]);
    let answer = client.post_documents(request).await.expect("posted");
    let revision = answer.metadata().get("ballast-revision").expect("a revision");
    revision.to_str().expect("digits").parse().expect("a number")
}

/// How many items the aging counts, and up to when it is true.
async fn look(
    client: &mut Receivables,
    account: &str,
    revision: i64,
) -> Result<(i64, i64), tonic::Status> {
    let mut request = Request::new(aging(account));
    let value = MetadataValue::try_from(revision.to_string()).expect("digits");
    request.metadata_mut().insert("ballast-at-least", value);
    let answer: pb::GetAgingResponse = client.get_aging(request).await?.into_inner();
    let known_at = answer.point.and_then(|p| p.known_at).expect("a point");
    let micros = known_at.seconds * 1_000_000 + i64::from(known_at.nanos / 1_000);
    Ok((answer.currencies.iter().map(|c| c.items).sum(), micros))
}

/// Writes through the first server and reads through the second at once.
async fn written_is_seen(writing: &TestServer, reading: &TestServer) {
    let (mut writer, mut reader) = (writing.receivables(), reading.receivables());
    post(&mut writer, "accounts/ERP~C001", "OTHER").await;
    for number in 1..=40 {
        let revision = post(&mut writer, ACCOUNT, &format!("I{number}")).await;
        let seen = look(&mut reader, "accounts/-", revision).await.expect("the book");
        assert_eq!(seen.0, number + 1);
        assert!(seen.1 >= revision);
        let seen = look(&mut reader, ACCOUNT, revision).await.expect("the account");
        assert_eq!(seen.0, number);
        assert!(seen.1 >= revision);
        let seen = look(&mut reader, "accounts/ERP~C001", revision).await.expect("another");
        assert_eq!(seen.0, 1);
        assert!(seen.1 >= revision);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_seen_sqlite() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    written_is_seen(&server, &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_seen_on_another_server() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let other = server.beside().await;
    written_is_seen(&server, &other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_of_the_book_waits_for_an_earlier_write_and_then_sees_its_own() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let mut client = server.receivables();
    let held = Held::begin(server.store()).await;
    let revision = post(&mut client, ACCOUNT, "I1").await;
    // Its own account is seen at once: the write raised its head.
    let asked = Instant::now();
    assert_eq!(look(&mut client, ACCOUNT, revision).await.expect("the account").0, 1);
    assert!(asked.elapsed() < Duration::from_millis(700), "{:?}", asked.elapsed());

    let mut reader = client.clone();
    let waiting = tokio::spawn(async move { look(&mut reader, "accounts/-", revision).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    held.commit().await;
    let (items, known_at) = waiting.await.expect("no panic").expect("the book");
    assert_eq!(items, 1);
    assert!(known_at >= revision);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_does_not_wait_for_ever() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let mut client = server.receivables();
    let held = Held::begin(server.store()).await;
    let revision = post(&mut client, ACCOUNT, "I1").await;
    let asked = Instant::now();
    let refused = look(&mut client, "accounts/-", revision).await.expect_err("not yet");
    assert_come_again(&refused, Code::Unavailable, "REVISION_NOT_REACHED");
    assert!((1..4).contains(&asked.elapsed().as_secs()), "{:?}", asked.elapsed());
    held.commit().await;
    assert_eq!(look(&mut client, "accounts/-", revision).await.expect("the book").0, 1);

    // A revision that no server ever told.
    let refused = look(&mut client, "accounts/-", revision + 3_600_000_000).await;
    assert_come_again(
        &refused.expect_err("an hour ahead"),
        Code::Unavailable,
        "REVISION_NOT_REACHED",
    );
}
