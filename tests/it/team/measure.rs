//! A whole book changes hands while orders are reserved. A measurement, to be run by itself:
//! `cargo nextest run --run-ignored only -E 'test(a_book_changes_hands)' --no-capture`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{PgPool, SqlitePool};

use super::*;
use crate::support::Engine;
use crate::support::ledger::{fresh, usd};

const ACCOUNTS: usize = 100_000;

/// Accounts without a history, all of one owner.
const BOOK: [&str; 4] = [
    "INSERT INTO account (id, display_name, display_key, legal_name, region_code, tax_id, \
       parent_id, related_party, labels, industry_code, sales_region, party_kind, size_classes, \
       sites, former_names, state, block_reason, create_us, update_us, delete_us, \
       version) \
     SELECT id, id, id, '', '', '', '', FALSE, '{}', '', '', '', '[]', '[]', '[]', 'ACTIVE', '', 0, 0, 0, 1 FROM made",
    "INSERT INTO account_head (account_id, root_id, head_us) SELECT id, id, 0 FROM made",
    "INSERT INTO account_owner (account_id, first_day, last_day, member_id) \
     SELECT id, '0001-01-01', '9999-12-31', '' FROM made",
    "INSERT INTO account_link (account_id, recorded_us, effective_date, parent_id) \
     SELECT id, 0, '2019-01-01', '' FROM made",
];

async fn fill(server: &TestServer) {
    match server.engine() {
        Engine::Sqlite => {
            let pool = SqlitePool::connect(server.database_url()).await.expect("the database");
            let made = format!(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ACCOUNTS}), \
                 made AS (SELECT printf('x%06d', n) AS id FROM n) "
            );
            for text in BOOK {
                let text = sqlx::AssertSqlSafe(format!("{made}{text}"));
                sqlx::query(text).execute(&pool).await.expect("filled");
            }
        }
        Engine::Postgres => {
            let pool = PgPool::connect(server.database_url()).await.expect("the database");
            let made = format!(
                "WITH made AS (SELECT 'x' || lpad(n::text, 6, '0') AS id \
                 FROM generate_series(1, {ACCOUNTS}) AS n) "
            );
            for text in BOOK {
                let days = ["2019-01-01", "0001-01-01", "9999-12-31"];
                let text = days.iter().fold(text.to_owned(), |text, day| {
                    text.replace(&format!("'{day}'"), &format!("DATE '{day}'"))
                });
                let text = sqlx::AssertSqlSafe(format!("{made}{text}"));
                sqlx::query(text).execute(&pool).await.expect("filled");
            }
            sqlx::query("ANALYZE").execute(&pool).await.expect("analyzed");
        }
    }
}

/// How long orders take, one after the other, until it is over.
async fn orders(server: &TestServer, until: Arc<AtomicBool>) -> Vec<Duration> {
    let (mut client, mut took) = (server.credit(), Vec::new());
    while !until.load(Ordering::Acquire) {
        let account = format!("accounts/x{:06}", 1 + fastrand::usize(..ACCOUNTS));
        let request = pb::ReserveCreditRequest {
            account,
            amount: Some(usd("1")),
            order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: fresh() }),
            request_id: fresh(),
            ..Default::default()
        };
        let begun = Instant::now();
        client.reserve_credit(request).await.expect("decided");
        took.push(begun.elapsed());
    }
    took
}

fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |percent: usize| took.get(took.len() * percent / 100).or(took.last());
    println!("{what}: {} of p50 {:?} p99 {:?} most {:?}", took.len(), at(50), at(99), took.last());
}

async fn measure(engine: Engine) {
    let server = TestServer::start_live(engine, |_| {}).await;
    people(&server, false, &["wang", "li"]).await;
    fill(&server).await;
    for (from, to, reserving) in [
        ("unassigned", "li", false),
        ("li", "wang", false),
        ("wang", "li", true),
        ("li", "wang", true),
    ] {
        let over = Arc::new(AtomicBool::new(!reserving));
        let slices = async {
            let (mut took, mut moved, mut resume_token) = (vec![], 0, String::new());
            loop {
                let request = pb::TransferAccountsRequest {
                    from: format!("members/{from}"),
                    to: format!("members/{to}"),
                    effective_date: Some(pb::Date { year: 2020, month: 1, day: 1 }),
                    filter: Some(pb::TransferFilter::default()),
                    reason: "another territory".into(),
                    resume_token,
                    ..Default::default()
                };
                let begun = Instant::now();
                let answer = server.accounts().transfer_accounts(request).await;
                let answer = answer.expect("transferred").into_inner();
                took.push(begun.elapsed());
                moved += answer.accounts.len();
                resume_token = answer.next_resume_token;
                if resume_token.is_empty() {
                    break;
                }
            }
            over.store(true, Ordering::Release);
            (took, moved)
        };
        let begun = Instant::now();
        let ((took, moved), ordered) = tokio::join!(slices, orders(&server, over.clone()));
        println!("{engine:?} {from} to {to}: {moved} accounts in {:?}", begun.elapsed());
        assert_eq!(moved, ACCOUNTS);
        tell("  slices", took);
        tell("  orders beside", ordered);
    }
    for (owner, order_by) in [
        ("members/wang", "account_id"),
        ("members/wang", "owner"),
        ("members/unassigned", "account_id"),
        ("", "account_id"),
        ("", "owner"),
        ("", "owner desc"),
    ] {
        let request = |page_token| pb::ListAccountsRequest {
            owner: owner.into(),
            order_by: order_by.into(),
            page_size: 1_000,
            page_token,
            ..Default::default()
        };
        let begun = Instant::now();
        let page = server.accounts().list_accounts(request(String::new())).await;
        let next = page.expect("a page").into_inner().next_page_token;
        println!(
            "  list of {owner:?} by {order_by}: {:?}, more: {}",
            begun.elapsed(),
            !next.is_empty()
        );
    }
    let over = Arc::new(AtomicBool::new(false));
    let alone = orders(&server, over.clone());
    let (alone, ()) = tokio::join!(alone, async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        over.store(true, Ordering::Release);
    });
    tell("  orders alone", alone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: a measurement"]
async fn a_book_changes_hands_sqlite() {
    measure(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: a measurement"]
async fn a_book_changes_hands_postgres() {
    measure(Engine::Postgres).await;
}
