//! What may become of the file of the embedded database: deleted, exchanged, damaged, read-only.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ballast::pb;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use tempfile::TempDir;
use tonic::{Code, Status};

use super::child::command;
use super::{
    ACCOUNT, assert_clean, assert_come_again, count_documents, invoice, request, serving, until,
};
use crate::support::{Database, Engine, TestServer};

fn file_of(server: &TestServer) -> PathBuf {
    Path::new(server.database_url().trim_start_matches("sqlite://")).to_owned()
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

async fn post(server: &TestServer, no: &str) -> Result<(), Status> {
    let posted = request(vec![invoice(no, ACCOUNT, 100)]);
    server.receivables().post_documents(posted).await.map(drop)
}

async fn post_until_served(server: &TestServer, no: &str) {
    until("serving", || async { serving(server.channel()).await == Some(true) }).await;
    post(server, no).await.expect("posted");
}

/// Writes are refused at once, and soon the server says that it does not serve.
async fn assert_noticed(server: &TestServer, what: &str) {
    let refused = post(server, "LOST").await.expect_err(what);
    assert_come_again(&refused, Code::Unavailable, "DATABASE_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w3_a_file_that_is_deleted_or_exchanged_takes_no_write() {
    let mut server = TestServer::start(Engine::Sqlite).await;
    let file = file_of(&server);
    post_until_served(&server, "I1").await;
    let kept = beside(&file, ".kept");
    std::fs::hard_link(&file, &kept).expect("a link");

    std::fs::remove_file(&file).expect("deleted");
    assert_noticed(&server, "a deleted file").await;
    until("not serving", || async { serving(server.channel()).await == Some(false) }).await;
    // A copy has what the file had, and is another one.
    std::fs::copy(&kept, &file).expect("a copy");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_noticed(&server, "an exchanged file").await;
    assert_eq!(serving(server.channel()).await, Some(false));

    // It is put back, and nothing is missing.
    std::fs::rename(&kept, &file).expect("put back");
    post_until_served(&server, "I2").await;

    // The log is a part of the file.
    let log = beside(&file, "-wal");
    let kept = beside(&file, "-wal.kept");
    std::fs::hard_link(&log, &kept).expect("a link");
    std::fs::remove_file(&log).expect("deleted");
    assert_noticed(&server, "a deleted log").await;
    std::fs::rename(&kept, &log).expect("put back");
    post_until_served(&server, "I3").await;
    server.restart().await;
    assert_eq!(count_documents(&mut server.receivables(), ACCOUNT).await, 3);
    assert_clean(server.store()).await;
}

#[cfg(unix)]
fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).expect("there").permissions().mode() & 0o777
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w6_a_new_file_is_for_its_owner_alone() {
    let clock = ballast::ctx::Clock::system(chrono_tz::UTC);
    let database = Database::empty(Engine::Sqlite).await;
    let server = TestServer::start_on(database, Engine::Sqlite, clock, |_| {}).await;
    post_until_served(&server, "I1").await;
    let file = file_of(&server);
    for suffix in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&beside(&file, suffix)), 0o600, "{suffix}");
    }
}

/// The command as somebody who may read a file and not write to it: a mode says nothing to root.
#[cfg(unix)]
fn as_nobody(folder: &Path) -> Option<Command> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|of| of.uid() == 0);
    if !is_root {
        return Some(Command::new(env!("CARGO_BIN_EXE_ballast")));
    }
    // Where it is built may be out of their reach.
    let command = folder.join("ballast");
    std::fs::copy(env!("CARGO_BIN_EXE_ballast"), &command).expect("copied");
    std::fs::set_permissions(&command, PermissionsExt::from_mode(0o755)).expect("set");
    let mut command = Command::new(command);
    command.uid(NOBODY).gid(NOBODY);
    let can_run = Command::new("true").uid(NOBODY).gid(NOBODY).status();
    can_run.is_ok_and(|status| status.success()).then_some(command)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x8_a_file_that_may_only_be_read_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let folder = open_folder();
    let Some(mut command) = as_nobody(folder.path()) else {
        println!("skipped: we may not run a command as somebody else");
        return;
    };
    let mut server = TestServer::start(Engine::Sqlite).await;
    server.stop();
    let file = folder.path().join("books.db");
    std::fs::copy(file_of(&server), &file).expect("copied");
    let set = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).expect("set");
    command
        .args(["serve", "--insecure", "--listen", "127.0.0.1:0"])
        .env("BALLAST_DATABASE_URL", format!("sqlite://{}", file.display()))
        .env("BALLAST_LOG_LEVEL", "error");
    set(0o444);
    let (code, said) = ended(command).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("books.db") && said.contains("ermission denied"), "{said}");
}

/// What a command that should not go on ends with, and what it said.
async fn ended(mut command: Command) -> (Option<i32>, String) {
    command.env("BALLAST_LOG_LEVEL", "error");
    let mut running =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
    for _ in 0..200 {
        if let Some(status) = running.try_wait().expect("a child") {
            let mut said = String::new();
            let mut stderr = running.stderr.take().expect("a pipe");
            stderr.read_to_string(&mut said).expect("text");
            return (status.code(), said);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    running.kill().expect("a child");
    running.wait().expect("a child");
    (None, "it goes on".into())
}

/// A folder that everybody may write to.
#[cfg(unix)]
fn open_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let mode = PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), mode).expect("set");
    folder
}

/// The size of a page.
const PAGE: usize = 4_096;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w14_a_damaged_file_is_not_served() {
    let mut server = TestServer::start(Engine::Sqlite).await;
    for number in 0..20 {
        post_until_served(&server, &format!("I{number}")).await;
    }
    server.stop();
    // Without pages that nobody uses, in which no look finds anything.
    let mut database = SqliteConnection::connect(server.database_url()).await.expect("opened");
    database.execute("VACUUM").await.expect("packed");
    database.close().await.expect("closed");
    let whole = std::fs::read(file_of(&server)).expect("read");
    let pages = whole.len() / PAGE;
    assert!(pages > 100, "{pages}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("books.db");
    let url = format!("sqlite://{}", file.display());
    // One bit of the kind of a page that has rows, at twelve places; then a page of nothing, and half a file.
    // (The kind of a page without any says nothing yet: no look finds it.)
    let has_rows = |page: &usize| {
        let head = &whole[page * PAGE..];
        matches!(head[0], 0x02 | 0x05 | 0x0a | 0x0d) && head[3..5] != [0, 0]
    };
    let filled: Vec<usize> = (1..pages).filter(has_rows).collect();
    assert!(filled.len() > 12, "{filled:?}");
    let flipped = (1..=12).map(|part| {
        let mut bytes = whole.clone();
        bytes[filled[part * (filled.len() - 1) / 12] * PAGE] ^= 0x08;
        bytes
    });
    let mut blank = whole.clone();
    blank[filled[0] * PAGE..(filled[0] + 1) * PAGE].fill(0);
    let half = whole[..pages / 2 * PAGE].to_vec();
    for (number, bytes) in flipped.chain([blank, half]).enumerate() {
        std::fs::write(&file, &bytes).expect("written");
        let (code, said) = ended(command(&url)).await;
        assert_eq!(code, Some(1), "{number}: {said}");
        assert!(said.contains("is damaged") && said.contains("ballast verify"), "{number}: {said}");
        // Nothing was written to it.
        assert!(std::fs::read(&file).expect("read") == bytes, "{number}");
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(&file, suffix));
        }
    }
    // The command tells of a copy that the pages fit together, and what does not hold of the figures.
    std::fs::write(&file, &whole).expect("written");
    assert_eq!(verify(&url).0, Some(0), "{}", verify(&url).1);
    let (code, said) = {
        let mut bytes = whole.clone();
        bytes[filled[0] * PAGE] ^= 0x08;
        std::fs::write(&file, bytes).expect("written");
        verify(&url)
    };
    assert_eq!(code, Some(1), "{said}");
}

fn verify(url: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(["verify", "--database-url", url])
        .env("BALLAST_LOG_LEVEL", "error")
        .output()
        .expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_file_that_is_too_large_to_be_looked_through_is_served() {
    let mut server = TestServer::start(Engine::Sqlite).await;
    server.restart_with(|config| config.database.sqlite_check_megabytes_max = 0).await;
    post_until_served(&server, "I1").await;
    let got = pb::GetAccountRequest { name: ACCOUNT.into() };
    server.accounts().get_account(got).await.expect("served");
}
