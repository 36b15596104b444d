//! No room left for the embedded database: writes are refused, reads are served, and nothing
//! that was acknowledged is lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ballast::ctx::Clock;
use ballast::pb;
use tempfile::TempDir;
use tonic::{Code, Status};

use super::child::{Served, refused};
use super::importer::Importer;
use super::{
    ACCOUNT, Receivables, aging, assert_clean, assert_come_again, balance, count_documents,
    invoice, open, open_by_number, receivables, request,
};
use crate::support::{Database, Engine, TestServer};

/// A file system of a few megabytes.
struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    /// `None` where we may not mount one.
    fn mount(megabytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let options = format!("size={megabytes}m");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], directory.path());
        mounted.then_some(Self { directory })
    }

    fn grow(&self, megabytes: u32) {
        let options = format!("remount,size={megabytes}m");
        assert!(run("mount", &["-o", &options], self.directory.path()), "not remounted");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l"], self.directory.path());
    }
}

fn run(command: &str, arguments: &[&str], path: &Path) -> bool {
    let status = Command::new(command).args(arguments).arg(path).status();
    status.is_ok_and(|status| status.success())
}

/// What was posted while there was room, and what was refused.
struct Posted {
    acknowledged: BTreeMap<String, i64>,
    refused: Vec<pb::PostDocumentsRequest>,
}

fn documents(name: &str, count: usize) -> Vec<pb::Document> {
    let note = "x".repeat(400);
    let document = |part: usize| invoice(&format!("{name}-{part}"), ACCOUNT, 100);
    (0..count).map(|part| pb::Document { note: note.clone(), ..document(part) }).collect()
}

fn numbers(request: &pb::PostDocumentsRequest) -> impl Iterator<Item = (String, i64)> {
    request.documents.iter().filter_map(|d| Some((d.key.clone()?.document_no, 100)))
}

fn assert_full(status: &Status) {
    assert_come_again(status, Code::ResourceExhausted, "STORAGE_FULL");
}

/// Posts large and small until nothing goes in any more.
async fn fill(client: &mut Receivables) -> Posted {
    let mut posted = Posted { acknowledged: BTreeMap::new(), refused: Vec::new() };
    for number in 0.. {
        assert!(number < 2_000, "never full");
        let size = if number % 3 == 0 { 1 } else { 100 };
        let request = request(documents(&number.to_string(), size));
        match client.post_documents(request.clone()).await {
            Ok(_) => posted.acknowledged.extend(numbers(&request)),
            Err(status) => {
                assert_full(&status);
                posted.refused.push(request);
            }
        }
        if posted.refused.len() == 30 {
            break;
        }
    }
    posted
}

async fn check_while_full(client: &mut Receivables, posted: &Posted) {
    let mut importer = Importer::new("full", &documents("IMPORT", 200), 100);
    let refused = importer.session(client).await.expect_err("no room for an import");
    assert_full(&refused);
    for account in [ACCOUNT, "accounts/-"] {
        client.get_aging(aging(account)).await.expect("reads are served");
    }
    assert_eq!(open_by_number(client).await, posted.acknowledged);
    assert_eq!(balance(client).await, posted.acknowledged.values().sum::<i64>());
}

async fn check_with_room(server: &TestServer, mut posted: Posted) {
    let mut client = server.receivables();
    for request in posted.refused {
        // Not one of them had left anything behind.
        let results = client.post_documents(request.clone()).await.expect("room").into_inner();
        let new = |r: &pb::PostResult| r.outcome() == pb::PostOutcome::Posted;
        assert!(results.results.iter().all(new), "{results:?}");
        posted.acknowledged.extend(numbers(&request));
    }
    Importer::new("full", &documents("IMPORT", 200), 100)
        .session(&mut client)
        .await
        .expect("room for the import");
    posted.acknowledged.extend((0..200).map(|part| (format!("IMPORT-{part}"), 100)));
    assert_eq!(open_by_number(&mut client).await, posted.acknowledged);
    let documents = count_documents(&mut client, ACCOUNT).await;
    assert_eq!(documents, posted.acknowledged.len());
    assert_clean(server.store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_refuses_writes_until_there_is_room() {
    let Some(disk) = SmallDisk::mount(8) else {
        println!("skipped: we may not mount a file system here");
        return;
    };
    let url = format!("sqlite://{}", disk.directory.path().join("ballast.db").display());
    let clock = Clock::system(chrono_tz::UTC);
    let server =
        TestServer::start_on(Database::elsewhere(url), Engine::Sqlite, clock, |_| {}).await;
    let mut client = server.receivables();
    let posted = fill(&mut client).await;
    assert!(posted.acknowledged.len() > 500, "{}", posted.acknowledged.len());
    check_while_full(&mut client, &posted).await;
    // No restart: somebody cleaned up.
    disk.grow(64);
    check_with_room(&server, posted).await;
    drop(server);
}

/// A start that finds no room for the schema leaves the next one nothing to stumble over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_x1_full_disk_at_a_first_start() {
    let Some(disk) = SmallDisk::mount(1) else {
        println!("skipped: we may not mount a file system here");
        return;
    };
    let url = format!("sqlite://{}", disk.directory.path().join("ballast.db").display());
    let output = refused(&url).await;
    assert!(!output.status.success(), "there is no room for the schema");
    disk.grow(64);
    let server = Served::start(&url).await;
    let mut client = receivables(&server.address);
    client.post_documents(request(documents("I", 1))).await.expect("posted");
    server.kill();
    let store = open(&Database::elsewhere(url)).await;
    assert_clean(&store).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_by_the_configured_limit_refuses_writes_until_it_is_raised() {
    let mut server = TestServer::start_with(Engine::Sqlite, |config| {
        config.database.sqlite_megabytes_max = 3;
    })
    .await;
    let mut client = server.receivables();
    let posted = fill(&mut client).await;
    assert!(posted.acknowledged.len() > 500, "{}", posted.acknowledged.len());
    check_while_full(&mut client, &posted).await;
    server.restart_with(|config| config.database.sqlite_megabytes_max = 64).await;
    check_with_room(&server, posted).await;
}
