//! `kill -9` at any moment of an import and of single postings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ballast::pb;
use fastrand::Rng;
use tonic::{Code, Status};

use super::book::Book;
use super::child::Served;
use super::importer::Importer;
use super::{
    Receivables, assert_clean, balance, count_documents, invoice, open, open_by_number,
    receivables, request,
};
use crate::support::{Database, Engine};

const KILLS: u32 = 20;
/// So many of them while documents come in, the others while clearings are applied.
const KILLS_EARLY: u32 = 10;
const CHUNK: usize = 60;

/// Somebody who posts one document after the other, and asks again with the same id when an
/// answer got lost.
struct Poster {
    rng: Rng,
    next: usize,
    /// Sent, and not answered.
    pending: Option<pb::PostDocumentsRequest>,
    answered: Vec<(pb::PostDocumentsRequest, Vec<pb::PostResult>)>,
    /// Answers that came only when they were asked for again.
    lost: u32,
}

impl Poster {
    fn new(seed: u64) -> Self {
        let rng = Rng::with_seed(seed);
        Self { rng, next: 0, pending: None, answered: Vec::new(), lost: 0 }
    }

    /// Posts until the server is gone.
    async fn run(mut self, mut client: Receivables) -> Self {
        let mut resumed = self.pending.is_some();
        loop {
            if self.rng.u32(..4) == 0 && !self.answered.is_empty() {
                let (request, before) = &self.answered[self.rng.usize(..self.answered.len())];
                match client.post_documents(request.clone()).await {
                    Ok(answer) => assert_eq!(&answer.into_inner().results, before),
                    Err(status) if is_broken(&status) => return self,
                    Err(status) => panic!("{status:?}"),
                }
            }
            let request = self.pending.take().unwrap_or_else(|| {
                self.next += 1;
                let account = format!("accounts/ERP~C{:03}", self.rng.usize(..40));
                request(vec![invoice(&format!("U-{}", self.next), &account, 100)])
            });
            self.pending = Some(request.clone());
            match client.post_documents(request.clone()).await {
                Ok(answer) => {
                    let results = answer.into_inner().results;
                    // A lost answer is told again: not that the document is there already.
                    assert_eq!(results[0].outcome(), pb::PostOutcome::Posted);
                    self.answered.push((request, results));
                    self.pending = None;
                    self.lost += u32::from(std::mem::take(&mut resumed));
                }
                Err(status) if is_broken(&status) => return self,
                Err(status) => panic!("{status:?}"),
            }
        }
    }
}

/// The connection is gone; a refusal of the server would carry details.
fn is_broken(status: &Status) -> bool {
    status.details().is_empty()
        && matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled)
}

async fn kill_nine_at_any_moment(engine: Engine) {
    let seed =
        std::env::var("BALLAST_TEST_SEED").map_or(20_190_630, |s| s.parse().expect("a number"));
    println!("BALLAST_TEST_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let book = Book::generate(seed, 2_400, 40);
    let database = Database::create(engine).await;
    let url = database.url().expose();
    let mut importer = Importer::new("bad-day", &book.documents, CHUNK);
    let mut poster = Poster::new(seed);

    for kill in 0..KILLS {
        let server = Served::start(url).await;
        let (mut client, posting) = (receivables(&server.address), receivables(&server.address));
        // After some answers of this phase.
        let (answers, wait) = match kill < KILLS_EARLY {
            true => (importer.answers.clone(), rng.u32(0..4)),
            false => (importer.finishing.clone(), rng.u32(1..3)),
        };
        importer.finishing.store(0, Ordering::Release);
        let before = answers.load(Ordering::Acquire);
        let done = importer.summary.is_some();
        let posted = tokio::spawn(poster.run(posting));
        let imported = tokio::spawn(async move {
            let broken = importer.summary.is_some()
                || match importer.session(&mut client).await {
                    Ok(()) => true,
                    Err(status) => is_broken(&status) || status.code() == Code::Aborted,
                };
            assert!(broken, "refused");
            importer
        });
        // Nothing is answered any more where nothing is left to import.
        let begun = Instant::now();
        while !done && answers.load(Ordering::Acquire) < before + wait {
            if imported.is_finished() || begun.elapsed() > Duration::from_secs(30) {
                break;
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        tokio::time::sleep(Duration::from_micros(rng.u64(0..40_000))).await;
        server.kill();
        (importer, poster) = (imported.await.expect("imports"), posted.await.expect("posts"));
    }
    assert!(importer.broken_at_the_finish >= 4, "{} at the finish", importer.broken_at_the_finish);
    assert!(poster.lost >= 4, "{} lost answers", poster.lost);
    println!(
        "kills at the finish: {}; lost answers: {}; imported before the last start: {}",
        importer.broken_at_the_finish,
        poster.lost,
        importer.summary.is_some()
    );

    let server = Served::start(url).await;
    let mut client = receivables(&server.address);
    if importer.summary.is_none() {
        importer.session(&mut client).await.expect("the rest");
    }
    check(&mut client, &book, &importer, &poster).await;
    server.kill();
    let store = open(&database).await;
    assert_clean(&store).await;
    store.close().await;
}

async fn check(client: &mut Receivables, book: &Book, importer: &Importer, poster: &Poster) {
    let summary = importer.summary.as_ref().expect("a summary");
    let counted = |count: usize| i64::try_from(count).expect("few");
    assert_eq!(summary.posted, counted(book.posted));
    assert_eq!(summary.unchanged, counted(book.repeated));
    assert_eq!(summary.refused, counted(book.refused));
    assert_eq!(summary.clearings_applied, counted(book.clearings));
    assert_eq!(summary.clearing_faults, []);
    let missing: BTreeSet<_> =
        summary.waiting_for.iter().map(|key| key.document_no.clone()).collect();
    assert_eq!(missing, book.missing);

    // Of the postings one may hang in the air: sent, and never asked for again.
    let mut expected: BTreeMap<String, i64> = book.open.clone();
    for (request, _) in &poster.answered {
        let no = request.documents[0].key.clone().expect("a key").document_no;
        assert_eq!(expected.insert(no, 100), None);
    }
    let mut posted = poster.answered.len();
    if let Some(pending) = poster.pending.clone() {
        let no = pending.documents[0].key.clone().expect("a key").document_no;
        client.post_documents(pending).await.expect("posted now or before");
        expected.insert(no, 100);
        posted += 1;
    }
    assert_eq!(open_by_number(client).await, expected);
    assert_eq!(balance(client).await, book.balance() + 100 * posted as i64);
    let mut documents = 0;
    for account in 0..40 {
        documents += count_documents(client, &format!("accounts/ERP~C{account:03}")).await;
    }
    assert_eq!(documents, book.posted + posted, "each document is there, and once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_at_any_moment_of_an_import_sqlite() {
    kill_nine_at_any_moment(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_at_any_moment_of_an_import_postgres() {
    kill_nine_at_any_moment(Engine::Postgres).await;
}
