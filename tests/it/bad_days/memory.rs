//! How much memory a server has after its worst minutes.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tonic::Code;

use super::child::Served;
use super::{Receivables, invoice, receivables, request};
use crate::support::{Database, Engine, Raw};

const POST: &str = "/ballast.v1.ReceivableService/PostDocuments";
/// More than it has when nobody calls.
const KEPT_MIB_MAX: u64 = 128;
/// More than it has when nobody calls, at any moment.
const PEAK_MIB_MAX: u64 = 512;

/// What is a process's own of its memory, now and at most, in MiB.
fn memory(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("there");
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        let kib: String = line.chars().filter(char::is_ascii_digit).collect();
        kib.parse::<u64>().expect("a number") >> 10
    };
    (of("RssAnon"), of("VmHWM"))
}

/// A small message that becomes a large one.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&[0x0a, 0].repeat(2_097_052)).expect("packed");
    let packed = packed.finish().expect("packed");
    let length = u32::try_from(packed.len()).expect("small").to_be_bytes();
    [&[1][..], &length, &packed].concat()
}

async fn bombs(raw: &Raw) {
    let bomb = bomb();
    for _ in 0..4 {
        let calls = (0..16).map(|_| raw.send(POST, &[("grpc-encoding", "gzip")], bomb.clone()));
        for status in futures_util::future::join_all(calls).await {
            assert_ne!(status.code(), Code::Ok);
        }
    }
}

fn large(name: &str) -> ballast::pb::PostDocumentsRequest {
    let mut documents = Vec::new();
    for part in 0..500 {
        let mut one =
            invoice(&format!("{name}-{part}"), &format!("accounts/ERP~M{}", part % 50), 100);
        one.note = "x".repeat(800);
        documents.push(one);
    }
    request(documents)
}

/// Many large calls at once, and as many that are given up after a moment.
async fn posts(client: &Receivables) {
    for round in 0..3 {
        let calls = (0..16).map(|call| {
            let mut client = client.clone();
            async move {
                let wait = if call % 2 == 0 { 20_000 } else { 12 };
                let call = client.post_documents(large(&format!("{round}-{call}")));
                let _ = tokio::time::timeout(Duration::from_millis(wait), call).await;
            }
        });
        futures_util::future::join_all(calls).await;
    }
}

async fn gives_it_back(engine: Engine) {
    let database = Database::create(engine).await;
    let server = Served::start(database.url().expose()).await;
    let mut client = receivables(&server.address);
    client
        .post_documents(request(vec![invoice("I1", "accounts/ERP~M0", 100)]))
        .await
        .expect("posted");
    let (idle, _) = memory(server.process());
    let address = server.address.trim_start_matches("http://").parse().expect("an address");
    bombs(&Raw::new(address)).await;
    posts(&client).await;
    let mut kept = 0;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        kept = memory(server.process()).0.saturating_sub(idle);
        if kept <= KEPT_MIB_MAX / 2 {
            break;
        }
    }
    let peak = memory(server.process()).1;
    println!("{engine:?}: {idle} MiB idle, {peak} at most, {kept} more kept");
    assert!(kept <= KEPT_MIB_MAX, "{kept} MiB are kept");
    assert!(peak - idle <= PEAK_MIB_MAX, "{peak} MiB were taken");
    server.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w16_memory_is_given_back_after_a_peak_sqlite() {
    gives_it_back(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_w16_memory_is_given_back_after_a_peak_postgres() {
    gives_it_back(Engine::Postgres).await;
}
