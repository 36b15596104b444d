//! Imports: documents a second over gRPC, against the statements that the service runs for
//! them, replayed through bare sqlx, and against another release of `ballast` if
//! `--release-before BINARY` names one; and the memory that the server takes as imports grow.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::time::{Duration, Instant};

use ballast::pb;

use support::bare::Bare;
use support::data::{self, Imported, account, before};
use support::engine::{Database, Engine, Server, channel};
use support::memory::Peak;
use support::process::{BINARY, Process};
use support::recorder::{Ran, is_background};
use support::samples::Samples;
use support::table::{Goal, Table};
use support::{Effort, run};

const OPENING: &str = "INSERT INTO import_run";
/// Every other transaction of an import begins with it: it locks the row of the import.
const BEGINNING: &str = "SELECT import_run.";

fn main() {
    run(async {
        let effort = Effort::from_args();
        let before = std::env::args().skip_while(|argument| argument != "--release-before").nth(1);
        let mut table = Table::new("import");
        for engine in Engine::all() {
            throughput(engine, effort, &mut table).await;
            if let Some(before) = &before {
                release_before(before, engine, effort, &mut table).await;
            }
            memory(engine, effort, &mut table).await;
        }
        table.finish();
    });
}

/// As a system exports them: by number, so that neighbours belong to different accounts. Of
/// five documents four are invoices and one is a receipt that pays the first of them.
fn documents(count: usize) -> impl Iterator<Item = pb::Document> {
    let accounts = (count / 20).max(1);
    (0..count / 5).flat_map(move |group| {
        let issued = before(60 + (group * 13 % 120) as u64);
        let due = issued + chrono::Days::new(30);
        let payer = |n: usize| account((group * 4 + n) * 7_919 % accounts);
        let invoices: Vec<_> =
            (0..4).map(|n| data::invoice(&payer(n), format!("{group}-{n}"), issued, due)).collect();
        let receipt = data::receipt(format!("{group}-receipt"), before(30), &invoices[0]);
        invoices.into_iter().chain([receipt])
    })
}

fn documents_to_import(effort: Effort) -> usize {
    if effort.quick { 10_000 } else { 50_000 }
}

async fn throughput(engine: Engine, effort: Effort, table: &mut Table) {
    let count = documents_to_import(effort);
    let transactions = recorded(engine, count).await;
    let statements: usize = transactions.iter().map(|t| t.statements.len()).sum();
    println!("{count} documents: {} transactions, {statements} statements", transactions.len());

    let [mut ours, mut ours_finish, mut bare, mut bare_finish] = Samples::several();
    let mut clearings = 0.0;
    for _ in 0..effort.rounds() {
        let imported = imported(engine, count).await;
        clearings = imported.clearings as f64;
        ours.push(imported.documents_per_second() / 1e3);
        ours_finish.push(imported.clearings_per_second() / 1e3);
        let (posting, finish) = replayed(engine, &transactions).await;
        bare.push(count as f64 / posting.as_secs_f64() / 1e3);
        bare_finish.push(clearings / finish.as_secs_f64() / 1e3);
    }
    let peer = "its own statements through bare sqlx";
    let what = format!("ImportDocuments, {count} documents, {}", engine.name());
    table.row(what, peer, (bare.median(), ours.median()), "k/s", Goal::AtLeast(0.8));
    let what = format!("its finish, {clearings} clearings, {}", engine.name());
    let numbers = (bare_finish.median(), ours_finish.median());
    table.row(what, peer, numbers, "k/s", Goal::AtLeast(0.8));
}

/// Servers of both releases in turn, each on a database of its own.
async fn release_before(before: &str, engine: Engine, effort: Effort, table: &mut Table) {
    let count = documents_to_import(effort);
    let [mut ours, mut theirs] = Samples::several();
    for _ in 0..effort.rounds() {
        theirs.push(served_by(before, engine, count).await);
        ours.push(served_by(BINARY, engine, count).await);
    }
    let what = format!("ImportDocuments with its finish, {count} documents, {}", engine.name());
    let numbers = (theirs.median(), ours.median());
    table.row(what, "the release before", numbers, "k/s", Goal::AtLeast(2.5));
}

/// Thousands of documents a second, from the first one to the end of the finish.
async fn served_by(binary: &str, engine: Engine, count: usize) -> f64 {
    let database = Database::create(engine).await;
    let process = Process::serve_of(binary, &database.url).await;
    let imported = data::import(channel(process.address).await, "release", documents(count)).await;
    process.end().await;
    database.remove().await;
    count as f64 / (imported.posting + imported.finish).as_secs_f64() / 1e3
}

async fn imported(engine: Engine, count: usize) -> Imported {
    let database = Database::create(engine).await;
    let server = Server::start(&database).await;
    let imported = data::import(server.channel().await, "import", documents(count)).await;
    server.stop().await;
    database.remove().await;
    imported
}

/// One transaction of the service.
struct Transaction {
    statements: Vec<Ran>,
    /// It applied clearings.
    finish: bool,
}

/// What an import asks the database for, and what the sealer does behind it.
async fn recorded(engine: Engine, count: usize) -> Vec<Transaction> {
    let database = Database::create(engine).await;
    let server = Server::start(&database).await;
    server.recorder.start();
    data::import(server.channel().await, "import", documents(count)).await;
    let ran = server.recorder.stop();
    server.stop().await;
    database.remove().await;

    transactions(ran)
}

/// On PostgreSQL the sealer works at the same time on a connection of its own; here it comes
/// after the chunk it came with. What announces a transaction to other instances is left out.
fn transactions(ran: Vec<Ran>) -> Vec<Transaction> {
    let mut transactions: Vec<Transaction> = Vec::new();
    let mut sealing = Vec::new();
    let mut opening = false;
    for ran in ran {
        if is_background(&ran) {
            sealing.push(ran);
            continue;
        }
        let text = ran.text();
        if text.contains("pg_advisory_xact_lock_shared") {
            continue;
        }
        let begins = text.starts_with(BEGINNING) && !opening;
        opening = text.starts_with(OPENING);
        if begins || opening {
            let statements = std::mem::take(&mut sealing);
            transactions.push(Transaction { statements, finish: false });
            transactions.push(Transaction { statements: Vec::new(), finish: false });
        }
        // Before the opening nothing of the import has run.
        let Some(last) = transactions.last_mut() else { continue };
        // Only a finish asks for what is due.
        last.finish |= text.contains("p.import_id IN ('', ");
        last.statements.push(ran);
    }
    transactions.retain(|transaction| !transaction.statements.is_empty());
    let finishes = transactions.iter().filter(|transaction| transaction.finish).count();
    // A statement that changed and is not recognized any more would leave one of them empty.
    assert!(0 < finishes && finishes < transactions.len(), "{finishes} of them finish");
    transactions
}

/// How long the statements take: those of the chunks, and those of the finish.
async fn replayed(engine: Engine, transactions: &[Transaction]) -> (Duration, Duration) {
    let database = Database::create(engine).await;
    // Only for its schema.
    Server::start(&database).await.stop().await;
    let bare = Bare::connect(&database.url).await;
    let (mut posting, mut finish) = (Duration::ZERO, Duration::ZERO);
    let mut finishing = false;
    for transaction in transactions {
        finishing |= transaction.finish;
        let start = Instant::now();
        bare.transaction(&transaction.statements).await;
        *(if finishing { &mut finish } else { &mut posting }) += start.elapsed();
    }
    bare.close().await;
    database.remove().await;
    (posting, finish)
}

/// The most that a server of its own takes while it imports, and what it takes on the disk.
async fn memory(engine: Engine, effort: Effort, table: &mut Table) {
    let sizes: &[usize] =
        if effort.quick { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000] };
    let mut peaks = Vec::new();
    for size in sizes {
        let database = Database::create(engine).await;
        let process = Process::serve(&database.url).await;
        let empty = database.bytes().await;
        let peak = Peak::watch(process.id());
        let imported =
            data::import(channel(process.address).await, "memory", documents(*size)).await;
        peaks.push(peak.finish());
        process.end().await;
        let grown = (database.bytes().await - empty) as f64 / *size as f64;
        database.remove().await;
        println!("{size} documents: {:.0} a second", imported.documents_per_second());
        let what = format!("peak memory of an import of {size}, {}", engine.name());
        let peer = format!("the same of {}", sizes[0]);
        let numbers = (peaks[0], *peaks.last().expect("just pushed"));
        let goal = if *size == sizes[0] { Goal::Reported } else { Goal::AtMost(1.5) };
        table.row(what, peer, numbers, "MiB", goal);
        let what = format!("disk for each of {size} documents, {}", engine.name());
        table.row(what, "the goal", (1.4, grown / 1024.0), "KiB", Goal::AtMost(1.0));
    }
}
