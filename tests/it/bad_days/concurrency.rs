//! Everybody at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ballast::pb;
use fastrand::Rng;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::book::Book;
use super::importer::Importer;
use super::{
    Receivables, assert_clean, balance, count_documents, invoice, open_by_number, request,
};
use crate::support::{Engine, TestServer};

const CALLERS: usize = 64;
const DOCUMENTS: usize = 40;
const ROUNDS: u64 = 4;

/// The account of a document is part of its key's content: always the same.
fn account(document: usize, accounts: usize) -> String {
    format!("accounts/ERP~C{:03}", document % accounts)
}

fn document(round: u64, number: usize, accounts: usize) -> pb::Document {
    invoice(&format!("I{round}-{number}"), &account(number, accounts), 100)
}

/// Half as many requests as callers: each is sent by two of them.
fn requests(rng: &mut Rng, round: u64, accounts: usize) -> Vec<pb::PostDocumentsRequest> {
    (0..CALLERS / 2)
        .map(|_| {
            let mut numbers: Vec<usize> = (0..DOCUMENTS).collect();
            rng.shuffle(&mut numbers);
            let some = &numbers[..rng.usize(1..=6)];
            request(some.iter().map(|number| document(round, *number, accounts)).collect())
        })
        .collect()
}

async fn everybody_at_once(servers: &[TestServer], accounts: usize) {
    let mut rng = Rng::with_seed(64);
    let mut posted = BTreeSet::new();
    for round in 0..ROUNDS {
        let requests = requests(&mut rng, round, accounts);
        let start = Arc::new(Barrier::new(CALLERS));
        let mut calls = JoinSet::new();
        for caller in 0..CALLERS {
            let request = requests[caller / 2].clone();
            let (mut client, start) =
                (servers[caller % servers.len()].receivables(), start.clone());
            calls.spawn(async move {
                start.wait().await;
                let answer = client.post_documents(request.clone()).await;
                (request, answer.map(|answer| answer.into_inner().results))
            });
        }
        // By request, and by document over all requests.
        let mut answers: HashMap<String, Vec<pb::PostResult>> = HashMap::new();
        while let Some(call) = calls.join_next().await {
            let (request, answer) = call.expect("no panic");
            let results = answer.unwrap_or_else(|status| panic!("refused: {status:?}"));
            let twin = answers.insert(request.request_id.clone(), results.clone());
            assert!(twin.is_none_or(|twin| twin == results), "twins were answered differently");
        }
        let mut new: BTreeMap<String, usize> = BTreeMap::new();
        for request in &requests {
            for (document, result) in request.documents.iter().zip(&answers[&request.request_id]) {
                let no = document.key.clone().expect("a key").document_no;
                let count = new.entry(no).or_default();
                *count += usize::from(result.outcome() == pb::PostOutcome::Posted);
            }
        }
        assert!(new.values().all(|count| *count == 1), "posted not once: {new:?}");
        posted.extend(new.into_keys());
    }
    let mut client = servers[0].receivables();
    let expected: BTreeMap<String, i64> = posted.into_iter().map(|no| (no, 100)).collect();
    assert_eq!(open_by_number(&mut client).await, expected);
    let mut documents = 0;
    for number in 0..accounts {
        documents += count_documents(&mut client, &account(number, accounts)).await;
    }
    assert_eq!(documents, expected.len());
    assert_clean(servers[0].store()).await;
}

async fn server(engine: Engine) -> TestServer {
    TestServer::start_live(engine, |config| config.database.postgres_connections_max = 16).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_once_on_one_account_sqlite() {
    everybody_at_once(&[server(Engine::Sqlite).await], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_once_on_one_account_postgres() {
    everybody_at_once(&[server(Engine::Postgres).await], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_once_on_many_accounts_sqlite() {
    everybody_at_once(&[server(Engine::Sqlite).await], 16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_once_on_many_accounts_postgres() {
    everybody_at_once(&[server(Engine::Postgres).await], 16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_once_on_two_servers() {
    let server = server(Engine::Postgres).await;
    let servers = [server.beside().await, server];
    everybody_at_once(&servers, 16).await;
}

async fn import(mut client: Receivables, id: &str, mut book: Book, seed: u64) -> Importer {
    Rng::with_seed(seed).shuffle(&mut book.documents);
    let mut importer = Importer::new(id, &book.documents, 40);
    importer.session(&mut client).await.unwrap_or_else(|status| panic!("{status:?}"));
    importer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_import_the_same_documents_at_once() {
    let server = server(Engine::Postgres).await;
    let other = server.beside().await;
    let book = || Book::generate(8, 500, 25);
    let (one, two) = tokio::join!(
        import(server.receivables(), "one", book(), 1),
        import(other.receivables(), "two", book(), 2),
    );
    let book = book();
    assert_eq!(one.posted + two.posted, book.posted);
    assert!(one.posted > 0 && two.posted > 0, "they did not meet");
    let mut client = server.receivables();
    assert_eq!(open_by_number(&mut client).await, book.open);
    assert_eq!(balance(&mut client).await, book.balance());
    let mut documents = 0;
    for account in &book.accounts {
        documents += count_documents(&mut client, account).await;
    }
    assert_eq!(documents, book.posted);
    let summaries = [one.summary.expect("a summary"), two.summary.expect("a summary")];
    let clearings: i64 = summaries.iter().map(|s| s.clearings_applied).sum();
    assert_eq!(clearings, i64::try_from(book.clearings).expect("few"));
    assert!(summaries.iter().all(|s| s.clearing_faults.is_empty()));
    assert_clean(server.store()).await;
    drop(other);
}
