//! How long a search takes on a large book, against what it asks of the database. Ignored: it takes
//! long, and tells figures of this machine.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ballast::domain::directory::grams::{self, Chosen};
use ballast::domain::directory::{CANDIDATES_MAX, Kind, keys, normal};

use super::book::{Chance, WAYS, companies};
use super::recall::{fill, recall, tell};
use super::*;
use crate::support::Engine;

const ACCOUNTS: usize = 100_000;
const QUESTIONS: usize = 200;

/// What a search for a text asks of the database, and nothing else.
async fn bare(server: &TestServer, text: String) -> usize {
    let ctx = Ctx::system(server.clock().clone());
    let read = server.store().read(&ctx, move |tx| {
        Box::pin(async move {
            let mut subjects = BTreeSet::new();
            for kind in Kind::ALL {
                let keys = keys::of_text(&text);
                let keyed = tx.having_key(&keys, *kind, CANDIDATES_MAX).await?;
                let pieces = grams::of(&normal::name(&text));
                let chosen = Chosen::of(tx.gram_counts(pieces, *kind).await?);
                let alike = tx.having_grams(&chosen, *kind, CANDIDATES_MAX).await?;
                let numbers: BTreeSet<i64> = keyed.into_iter().chain(alike).collect();
                subjects.extend(tx.keys_of(numbers).await?.into_keys());
            }
            let ids: Vec<&str> = subjects.iter().take(10).map(|of| of.id.as_str()).collect();
            tx.accounts(&ids).await?;
            Ok(subjects.len())
        })
    });
    read.await.expect("read")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

async fn measure(server: TestServer) {
    let book = companies(ACCOUNTS, 1);
    let start = Instant::now();
    fill(&server, &book).await;
    println!("{ACCOUNTS} accounts in {:?}", start.elapsed());
    let mut chance = Chance::new(3);
    let (mut whole, mut query) = (Vec::new(), Vec::new());
    for number in 0..QUESTIONS {
        let company = &book[chance.below(book.len())];
        let text = company.written(WAYS[number % WAYS.len()], &mut chance);
        let start = Instant::now();
        hits(&server, by_text(&text)).await;
        whole.push(start.elapsed());
        let start = Instant::now();
        bare(&server, text).await;
        query.push(start.elapsed());
    }
    let (whole, query) = (median(whole), median(query));
    println!("a search: {whole:?}, its query: {query:?}");
    println!("recall in the first five: {}", tell(&recall(&server, &book, 40).await));
    assert!(whole <= 2 * query, "{whole:?} and {query:?}");
}

#[ignore = "takes minutes: a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_search_of_a_large_book_is_little_more_than_its_query_on_sqlite() {
    measure(TestServer::start(Engine::Sqlite).await).await;
}

#[ignore = "takes minutes: a measurement"]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_search_of_a_large_book_is_little_more_than_its_query_on_postgres() {
    measure(TestServer::start(Engine::Postgres).await).await;
}
