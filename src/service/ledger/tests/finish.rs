//! What a finish asks the database for, of an account with very many payments.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};

use super::harness::{advance, invoice};
use crate::domain::document::Draft;
use crate::domain::import::{FinishStep, ImportChunk, ImportHeader};
use crate::domain::names::AccountRef;
use crate::service::Settings;
use crate::service::ledger::Ledger;
use crate::service::ledger::import::Import;
use crate::store::seed::{Fresh, day, fresh};

/// Each payment comes some days after its invoice, and settles the oldest due.
fn papers(payments: usize) -> Vec<Draft<AccountRef>> {
    let dated = |mut draft: Draft<AccountRef>, on: NaiveDate| {
        (draft.document_date, draft.posting_date) = (on, on);
        draft
    };
    let mut papers = Vec::new();
    for n in 0..payments {
        let on = day(6, 15) - Days::new(900 - (n * 800 / payments) as u64);
        let gross = 100 + (n % 7) as i64;
        papers.push(dated(invoice(&format!("I{n:06}"), "acme", "", gross), on));
        let paid = on + Days::new(30 + (n % 11) as u64);
        papers.push(dated(advance(&format!("P{n:06}"), "acme", "", gross), paid));
    }
    papers
}

async fn sent(ledger: &Ledger, db: &Fresh, papers: &[Draft<AccountRef>]) -> Import {
    let header = ImportHeader {
        import_id: "nightly".into(),
        create_missing_accounts: false,
        canonical_form: None,
        clear_oldest_first: true,
        content: String::new(),
        as_of: None,
        is_complete: false,
        validate_only: false,
    };
    let mut import = ledger.open_import(&db.ctx, header).await.unwrap();
    for (sequence, documents) in (1..).zip(papers.chunks(500)) {
        let documents = documents.iter().cloned().map(Ok).collect();
        let chunk = ImportChunk {
            sequence,
            documents,
            display_names: HashMap::new(),
            statuses: Vec::new(),
        };
        import.chunk(&db.ctx, chunk).await.unwrap();
    }
    import
}

/// The statements of each step of a finish, the time it took in all, and how many clearings it made.
async fn finish(mut db: Fresh, payments: usize) -> (Vec<usize>, Duration, i64) {
    let count = Arc::new(AtomicUsize::new(0));
    let observer = count.clone();
    db.account("acme").await;
    db.store.observe(move |_| {
        observer.fetch_add(1, Ordering::Relaxed);
    });
    let ledger = Ledger::new(db.store.clone(), Settings::default());
    let mut import = sent(&ledger, &db, &papers(payments)).await;
    let (mut steps, begun) = (Vec::new(), Instant::now());
    loop {
        count.store(0, Ordering::Relaxed);
        let step = import.finish_step(&db.ctx, 0).await.unwrap();
        if let FinishStep::Done(summary) = step {
            return (steps, begun.elapsed(), summary.clearings_applied);
        }
        steps.push(count.load(Ordering::Relaxed));
    }
}

#[tokio::test]
async fn a_step_of_a_finish_runs_as_many_statements_however_many_payments_wait() {
    let few = fresh().await.into_iter();
    for (few, many) in few.zip(fresh().await) {
        let (few, ..) = finish(few, 20).await;
        let (many, _, applied) = finish(many, 600).await;
        assert!(applied >= 600, "{applied}");
        assert_eq!(many.len(), 3, "{many:?}");
        assert!(many.iter().all(|step| *step <= few[0] + 3), "{few:?} {many:?}");
    }
}

#[tokio::test]
async fn a_payment_that_reaches_far_settles_all_that_it_reaches() {
    for db in fresh().await {
        db.account("acme").await;
        let ledger = Ledger::new(db.store.clone(), Settings::default());
        let mut papers: Vec<_> =
            (0..1_100).map(|n| invoice(&format!("I{n:06}"), "acme", "", 100)).collect();
        papers.push(advance("P", "acme", "", 110_001));
        let mut import = sent(&ledger, &db, &papers).await;
        let summary = loop {
            if let FinishStep::Done(summary) = import.finish_step(&db.ctx, 0).await.unwrap() {
                break summary;
            }
        };
        assert_eq!(summary.clearings_applied, 1_100);
        let open = "SELECT CAST(SUM(open) AS BIGINT) AS v FROM item WHERE open <> 0";
        assert_eq!(db.count(open).await, -1);
    }
}

/// Measured, not judged: how long a finish takes says nothing about right and wrong.
/// `cargo nextest run --run-ignored only -E 'test(how_a_finish_grows)' --no-capture`
#[tokio::test]
#[ignore = "a measurement"]
async fn how_a_finish_grows() {
    for payments in [2_000, 20_000] {
        for db in fresh().await {
            let (steps, took, applied) = finish(db, payments).await;
            println!("{payments}: {applied} clearings, {} steps, {took:?}", steps.len());
        }
    }
}
