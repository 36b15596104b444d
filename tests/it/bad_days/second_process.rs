//! Two processes and one SQLite file.

use std::path::Path;
use std::process::Command;

use ballast::config;
use ballast::ctx::{Clock, Ctx};
use ballast::store::Store;

use super::child::refused;
use super::settled::Held;
use super::{ACCOUNT, assert_clean, invoice, request};
use crate::support::{Engine, TestServer};

async fn read_only(server: &TestServer) -> Store {
    let options =
        config::Database { url: server.config().database.url.clone(), ..Default::default() };
    let clock = Clock::system(chrono_tz::UTC);
    Store::connect_read_only(&options, clock).await.expect("opened beside the server")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_second_writing_process_is_turned_away_with_advice() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    let output = refused(server.database_url()).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("--server"), "{said}");
    assert!(said.contains("ballast.db"), "{said}");
    // It did no harm.
    let posted = request(vec![invoice("I1", ACCOUNT, 100)]);
    server.receivables().post_documents(posted).await.expect("posted");
    assert_clean(server.store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reader_beside_the_server_sees_what_is_committed_and_writes_nothing() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    let reader = read_only(&server).await;
    let mut client = server.receivables();
    for number in 0..20 {
        let posted = request(vec![invoice(&format!("I{number}"), ACCOUNT, 100)]);
        client.post_documents(posted).await.expect("posted");
        assert_clean(&reader).await;
    }
    let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
    reader.forget_old_requests(&ctx).await.expect_err("nothing is written");
    reader.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_reader_beside_the_server_settles_is_settled() {
    let server = TestServer::start_live(Engine::Sqlite, |_| {}).await;
    let reader = read_only(&server).await;
    let mut client = server.receivables();
    let before = request(vec![invoice("I1", ACCOUNT, 100)]);
    client.post_documents(before).await.expect("posted");
    let first = reader.settled().await.expect("settled");
    assert!(first > 0);
    // Recorded at a time that is past, and not committed.
    let held = Held::begin(server.store()).await;
    let settled = reader.settled().await.expect("settled");
    assert!(settled < held.recorded, "{settled} is settled, {} is not", held.recorded);
    let recorded = held.commit().await;
    assert!(recorded > settled);
    client.post_documents(request(vec![invoice("I2", ACCOUNT, 100)])).await.expect("posted");
    assert!(reader.settled().await.expect("settled") > recorded, "it moves on");
    reader.close().await;
}

/// Whether a process that would write to a file was let, and what it said.
fn migrate(file: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .arg("migrate")
        .env("BALLAST_DATABASE_URL", format!("sqlite://{}", file.display()))
        .env("BALLAST_LOG_LEVEL", "error")
        .output()
        .expect("the command runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w2_no_other_name_of_a_file_lets_another_server_write_to_it() {
    let mut server = TestServer::start(Engine::Sqlite).await;
    let file = Path::new(server.database_url().trim_start_matches("sqlite://")).to_owned();
    let elsewhere = tempfile::tempdir_in(file.parent().expect("a folder")).expect("a folder");
    let (symbolic, hard) = (elsewhere.path().join("symbolic.db"), elsewhere.path().join("hard.db"));
    std::os::unix::fs::symlink(&file, &symbolic).expect("a link");
    std::fs::hard_link(&file, &hard).expect("a link");
    let lock = file
        .with_file_name(format!("{}.lock", file.file_name().expect("a name").to_string_lossy()));
    std::fs::remove_file(lock).expect("there");
    for name in [&file, &symbolic, &hard] {
        let (was_let, said) = migrate(name);
        assert!(!was_let && said.contains("another process writes"), "{}: {said}", name.display());
    }
    // Who was refused took nothing from the server, and when it is gone the file is anybody's.
    server
        .accounts()
        .list_accounts(ballast::pb::ListAccountsRequest::default())
        .await
        .expect("served");
    server.stop();
    for name in [&file, &symbolic, &hard] {
        let (was_let, said) = migrate(name);
        assert!(was_let, "{}: {said}", name.display());
    }
}
