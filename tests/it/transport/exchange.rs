//! Certificates and callers that change while the server runs.

use std::time::Duration;

use ballast::config::Source;
use ballast::pb;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::*;

/// Longer than it takes to look at the files.
const PATIENCE: Duration = Duration::from_secs(8);

/// Waits until something holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}

/// The bearer tokens of a configuration file.
fn token_file(token: &str) -> String {
    use sha2::Digest as _;
    let hash: String =
        sha2::Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[auth.tokens]]\nprincipal = 'reader'\nsha256 = '{hash}'\nscopes = ['accounts.read']\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_new_certificate_is_taken_while_a_stream_goes_on() {
    let site = Site::new();
    let server = site.start(|_| {}).await;
    let channel = site.authority.connect(&server, None).await.expect("trusted");
    let (requests, queue) = mpsc::channel(2);
    let ask_for = |step| pb::ImportDocumentsRequest { step: Some(step) };
    let header = pb::ImportHeader { import_id: "night".into(), ..Default::default() };
    requests.send(ask_for(pb::import_documents_request::Step::Header(header))).await.expect("sent");
    let answers = ReceivableServiceClient::new(channel.clone())
        .import_documents(ReceiverStream::new(queue))
        .await;
    let mut answers = answers.expect("opened").into_inner();
    answers.message().await.expect("started").expect("an answer");

    let next = Authority::new("two");
    site.files.write_server(&next.server());
    until("the new certificate", async || next.connect(&server, None).await.is_ok()).await;
    site.authority.connect(&server, None).await.expect_err("the old certificate is gone");

    // The stream is on the connection that was made before, and so is a further call.
    let finish = pb::ImportFinish::default();
    requests.send(ask_for(pb::import_documents_request::Step::Finish(finish))).await.expect("sent");
    let answer = answers.message().await.expect("goes on").expect("an answer");
    assert!(matches!(answer.step, Some(pb::import_documents_response::Step::Summary(_))));
    assert_let_in(&ask(channel, None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_certificate_that_is_wrong_changes_nothing() {
    let site = Site::new();
    let server = site.start(|config| config.server.reload_interval_seconds = 0).await;
    let other = Authority::new("two").server();
    // The half of a pair: whoever writes the files writes one after the other.
    site.files.write("server.pem", &other.cert);
    server.ask_reload();
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.authority.connect(&server, None).await.expect("as before");
    std::fs::remove_file(site.files.path("server.key")).expect("removed");
    server.ask_reload();
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.authority.connect(&server, None).await.expect("as before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn authorities_of_callers_are_exchanged_too() {
    let (site, callers) = (Site::new(), Authority::new("callers"));
    let server = site.mutual(&callers, |_| {}).await;
    let old = callers.caller(CALLER);
    let kept = site.authority.connect(&server, Some(&old)).await.expect("let in");
    assert_let_in(&ask(kept.clone(), None).await);
    let next = Authority::new("next");
    site.files.write("callers.pem", next.pem());
    let new = next.caller(CALLER);
    until("the new authority", async || !is_shut_out(&site, &server, Some(&new)).await).await;
    assert!(is_shut_out(&site, &server, Some(&old)).await);
    // His connection goes on until it is too old.
    assert_let_in(&ask(kept, None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tokens_are_exchanged_and_a_file_that_is_wrong_changes_nothing() {
    let files = Files::new();
    let file = files.write("ballast.toml", &token_file("old"));
    let source = Source::new(Some(file), std::collections::BTreeMap::new(), Vec::new());
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.auth = source.load().expect("valid").config.auth;
        config.source = Some(source);
        config.server.reload_interval_seconds = 1;
    })
    .await;
    let channel = server.channel();
    assert_let_in(&ask(channel.clone(), Some("old")).await);

    files.write("ballast.toml", &token_file("new"));
    let is_let_in = async |token| ask(channel.clone(), Some(token)).await.code() == Code::NotFound;
    until("the new token", async || is_let_in("new").await).await;
    assert!(!is_let_in("old").await);

    for wrong in ["[[auth.tokens", "[auth]\ninsecure = true\n", ""] {
        files.write("ballast.toml", wrong);
        server.ask_reload();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(is_let_in("new").await, "{wrong:?}");
    }
}
