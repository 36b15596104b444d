//! What a finish asks the database for, of an account with very many payments.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};

use super::harness::{advance, invoice};
use crate::domain::document::{ClearingTarget, Draft};
use crate::domain::import::{FinishStep, ImportChunk, ImportHeader};
use crate::domain::ledger::command::PostDocuments;
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

/// Of the selects of a step those that go through what waits, or what is open.
fn goes_through(text: &str) -> bool {
    ["FROM clearing_request p WHERE", "FROM item i JOIN document d"]
        .iter()
        .any(|of| text.contains(of))
        && text.contains("ORDER BY")
}

#[tokio::test]
async fn a_step_of_a_finish_sorts_nothing_but_what_it_looks_at() {
    for mut db in fresh().await {
        db.account("acme").await;
        let selects = Arc::new(Mutex::new(Vec::new()));
        let observed = selects.clone();
        db.store.observe(move |ran| {
            if goes_through(&ran.sql) {
                observed.lock().unwrap().push(ran.clone());
            }
        });
        let ledger = Ledger::new(db.store.clone(), Settings::default());
        let mut import = sent(&ledger, &db, &papers(2_000)).await;
        // Whether PostgreSQL has looked at the tables or not.
        for looked in [false, true] {
            if looked {
                db.sql("ANALYZE", vec![]).await;
            }
            selects.lock().unwrap().clear();
            import.finish_step(&db.ctx, 0).await.unwrap();
            let ran = std::mem::take(&mut *selects.lock().unwrap());
            let [due, debits] = &*ran else { panic!("{ran:#?}") };
            let plan = db.plan(due).await;
            let sorts = plan.contains("Sort") || plan.contains("ORDER BY");
            // Of a table that it never looked at PostgreSQL believes that next to nothing is due.
            let sorts_little = !looked && plan.contains("Bitmap");
            assert!(plan.contains("clearing_request_due"), "{plan}");
            assert!(!sorts || sorts_little, "{plan}");
            // These are sorted, but not what falls due after them.
            let plan = db.plan(debits).await;
            let bounds = |line: &str| {
                line.contains("item_open (account_id=? AND due_date<?")
                    || line.contains("Index Cond") && line.contains("due_date <=")
            };
            assert!(plan.lines().any(bounds), "{plan}");
        }
    }
}

#[tokio::test]
async fn what_names_a_posted_document_is_found_by_the_whole_of_its_key() {
    for mut db in fresh().await {
        db.account("acme").await;
        let selects = Arc::new(Mutex::new(Vec::new()));
        let observed = selects.clone();
        db.store.observe(move |ran| {
            if ran.sql.contains("JOIN clearing_request p ON k.") {
                observed.lock().unwrap().push(ran.clone());
            }
        });
        let ledger = Ledger::new(db.store.clone(), Settings::default());
        // The last chunk has a few, of a book of many.
        sent(&ledger, &db, &papers(1_010)).await;
        let ran = std::mem::take(&mut *selects.lock().unwrap());
        for looked in [false, true] {
            if looked {
                db.sql("ANALYZE", vec![]).await;
            }
            let plan = db.plan(ran.last().unwrap()).await;
            let whole = |line: &str| {
                let key =
                    ["source_system", "company_code", "fiscal_year", "document_no", "line_no"];
                line.contains("=") && key.iter().all(|column| line.contains(column))
            };
            assert!(plan.lines().any(whole), "{plan}");
            assert!(plan.contains("clearing_request_target"), "{plan}");
        }
    }
}

#[tokio::test]
async fn what_falls_due_before_the_place_of_a_finish_is_done_by_it() {
    for db in fresh().await {
        db.account("acme").await;
        let ledger = Ledger::new(db.store.clone(), Settings::default());
        let mut papers = papers(300);
        // It waits for an invoice that a call brings when the finish is past its place.
        let mut first = advance("A", "acme", "", 70);
        let on = day(1, 1) - Days::new(700);
        (first.document_date, first.posting_date) = (on, on);
        let late = invoice("late", "acme", "", 70);
        first.clears.targets.push(ClearingTarget { key: late.key.clone(), amount: None });
        papers.push(first);
        let mut import = sent(&ledger, &db, &papers).await;
        import.finish_step(&db.ctx, 0).await.unwrap();
        let documents = vec![Draft { document_date: on, posting_date: on, ..late }];
        let command = PostDocuments { documents, create_missing_accounts: false };
        ledger.post(&db.ctx, "late", command).await.unwrap();
        let mut steps = 1;
        while let FinishStep::Progress { .. } = import.finish_step(&db.ctx, 0).await.unwrap() {
            steps += 1;
        }
        assert!(steps <= 4, "{steps}");
        let due = "SELECT COUNT(*) AS v FROM clearing_request WHERE state = 'DUE'";
        assert_eq!(db.count(due).await, 0);
        let checks = db.store.verify(&db.ctx).await.unwrap();
        let wrong: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
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
