//! What hot questions read of a large book of which there are no statistics.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sea_orm::{
    DatabaseTransaction, FromQueryResult, Statement, StreamTrait as _, TransactionTrait as _,
};
use tokio_stream::StreamExt as _;
use uuid::Uuid;

use super::credit::{Ruling, StandingQuery};
use super::entity::audit_pending;
use super::receivables::{At, Evidence, PositionsQuery, Whose};
use super::seed::{Fresh, day, fresh};
use super::{Lane, WriteTx, rows, sql};
use crate::domain::aging::Basis;
use crate::domain::credit::reservation::Now;
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::names::OrderKey;

const ACCOUNTS: i64 = 500;
/// Invoices of each account, one of six of them paid.
const INVOICES: i64 = 60;
/// The most rows that one statement about one account may read: some for each of its invoices.
const ROWS_MAX: i64 = 12 * INVOICES;

/// Accounts, invoices that are overdue, receipts, promises and disputes.
const BOOK: [&str; 15] = [
    "INSERT INTO account (id, display_name, display_key, legal_name, region_code, tax_id, \
       parent_id, related_party, labels, industry_code, sales_region, party_kind, size_classes, \
       sites, former_names, state, block_reason, create_us, update_us, delete_us, version) \
     SELECT 'a' || n, '', '', '', '', '', '', FALSE, '{}', '', '', '', '[]', '[]', '[]', \
       'ACTIVE', '', 1, 1, 0, 1 FROM generate_series(1, {accounts}) n",
    "INSERT INTO account_head (account_id, root_id, head_us) SELECT id, id, 1 FROM account",
    "INSERT INTO account_owner (account_id, first_day, last_day, member_id) \
     SELECT id, '0001-01-01', '9999-12-31', '' FROM account",
    "INSERT INTO document (id, account_id, source_system, company_code, fiscal_year, document_no, \
       line_no, source_version, kind, side, posting_date, document_date, currency, gross, \
       order_ref, recorded_us, detail) \
     SELECT md5(concat_ws('-', k, a.id, n))::uuid, a.id, 'erp', '1000', 0, concat_ws('-', k, a.id, n), '', 0, \
       CASE k WHEN 'i' THEN 'INVOICE' ELSE 'RECEIPT' END, CASE k WHEN 'i' THEN 'DEBIT' ELSE 'CREDIT' END, \
       DATE '2026-01-01' + n::int, DATE '2026-01-01' + n::int, 'USD', 100, '', 1, '{}' \
     FROM account a, generate_series(1, {invoices}) n, (VALUES ('i'), ('r')) k(k) \
     WHERE k = 'i' OR n % 6 = 0 ORDER BY a.id, n",
    "INSERT INTO item (id, account_id, document_id, position, kind, class, company_code, currency, \
       document_date, posting_date, due_date, amount, open, release_condition, recorded_us) \
     SELECT md5('x' || d.document_no)::uuid, d.account_id, d.id, 0, d.kind, \
       CASE d.kind WHEN 'INVOICE' THEN 'ORDINARY' ELSE 'UNAPPLIED_CASH' END, '1000', 'USD', \
       d.document_date, d.posting_date, \
       CASE d.kind WHEN 'INVOICE' THEN d.posting_date + 30 ELSE DATE '9999-12-31' END, \
       CASE d.kind WHEN 'INVOICE' THEN 100 ELSE -100 END, \
       CASE WHEN d.kind = 'INVOICE' AND (d.posting_date - DATE '2026-01-01') % 6 <> 0 THEN 100 \
         ELSE 0 END, '', 1 FROM document d",
    "INSERT INTO entry (account_id, recorded_us, position, item_id, document_id, clearing_id, \
       allocation, kind, effective_date, amount) \
     SELECT i.account_id, 1, row_number() OVER (PARTITION BY i.account_id), i.id, i.document_id, \
       '00000000-0000-0000-0000-000000000000', 0, 'POST', i.posting_date, i.amount FROM item i",
    "INSERT INTO clearing (id, account_id, document_id, request_id, apply_date, recorded_us) \
     SELECT md5('c' || i.id)::uuid, i.account_id, i.document_id, \
       '00000000-0000-0000-0000-000000000000', i.posting_date, 1 \
     FROM item i WHERE i.kind = 'RECEIPT'",
    "INSERT INTO allocation (clearing_id, position, credit_item, debit_item, amount, credit_amount, rate) \
     SELECT md5('c' || r.id)::uuid, 0, r.id, i.id, 100, 100, '' FROM item r JOIN item i \
       ON i.account_id = r.account_id AND i.kind = 'INVOICE' AND i.posting_date = r.posting_date \
     WHERE r.kind = 'RECEIPT'",
    "INSERT INTO entry (account_id, recorded_us, position, item_id, document_id, clearing_id, \
       allocation, kind, effective_date, amount) \
     SELECT i.account_id, 1, 1000 + row_number() OVER (PARTITION BY i.account_id), i.id, \
       i.document_id, a.clearing_id, 0, 'CLEAR', i.posting_date, -i.amount \
     FROM allocation a JOIN item i ON i.id IN (a.credit_item, a.debit_item)",
    "INSERT INTO account_due (account_id, currency, company_code, class, due_date, amount, items) \
     SELECT account_id, currency, company_code, class, due_date, SUM(open), \
       SUM(CASE WHEN open = 0 THEN 0 ELSE 1 END) FROM item GROUP BY 1, 2, 3, 4, 5",
    "INSERT INTO credit_exposure (account_id, currency, company_code, component, effective_date, \
       amount) SELECT account_id, 'USD', '1000', 'OPEN_RECEIVABLES', '0001-01-01', SUM(open) \
     FROM item GROUP BY 1",
    "INSERT INTO promise (id, account_id, currency, amount, promise_date, pay_by_date, grace_days, \
       recorded_us) SELECT md5('p' || id)::uuid, id, 'USD', 100, '2026-06-01', '2026-06-20', 0, 1 \
     FROM account",
    "INSERT INTO promise_item (promise_id, item_id) \
     SELECT md5('p' || id)::uuid, md5('xi-' || id || '-1')::uuid FROM account",
    "INSERT INTO dispute (id, account_id, item_id, amount, reason_code, note, open_date, recorded_us) \
     SELECT md5('d' || id)::uuid, id, md5('xi-' || id || '-2')::uuid, 50, 'PRICE', '', '2026-06-01', 1 \
     FROM account",
    "INSERT INTO dispute_item (dispute_id, item_id) SELECT id, item_id FROM dispute",
];

/// What is paid of an invoice of an account in some days.
const LATER: &str = "INSERT INTO entry (account_id, recorded_us, position, item_id, document_id, \
       clearing_id, allocation, kind, effective_date, amount) \
     SELECT i.account_id, 2, 0, i.id, i.document_id, '00000000-0000-0000-0000-000000000000', 0, \
       'CLEAR', '2026-06-20', -40 FROM item i WHERE i.id = md5('xi-a252-3')::uuid";

/// Tables that are large in this book, and of which an account has a small part.
const LARGE: &str = "('document', 'item', 'entry', 'clearing', 'allocation', 'account_due')";

async fn fill(db: &Fresh) {
    for text in BOOK {
        let text = text.replace("{accounts}", &ACCOUNTS.to_string());
        db.sql(&text.replace("{invoices}", &INVOICES.to_string()), vec![]).await;
    }
}

/// The statements that run from now on.
fn observed(db: &mut Fresh) -> Arc<Mutex<Vec<Statement>>> {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let sink = ran.clone();
    db.store.observe(move |statement| sink.lock().unwrap().push(statement.clone()));
    ran
}

/// Asks what collections ask about one account; answers the statements behind it.
async fn asked(db: &mut Fresh, account: &str) -> Vec<Statement> {
    let ran = observed(db);
    let usd = Currency::parse("USD").unwrap();
    let at = At::now(day(6, 15));
    let whose = Whose::Account(account.to_owned());
    let evidence = db.store.evidence(&whose, &[(account, usd)], at).await.unwrap();
    let Evidence { items, disputes, promises, receipts, payments } = &evidence;
    let told = (items.len(), disputes.len(), promises.len(), receipts.len(), payments.len());
    assert_eq!(told, (5, 1, 1, 1, (INVOICES / 6) as usize), "{evidence:?}");
    let query = PositionsQuery {
        whose,
        narrow: Narrow::default(),
        basis: Basis::DueDate,
        buckets: None,
        at,
    };
    db.store.account_positions(&query).await.unwrap();
    std::mem::take(&mut *ran.lock().unwrap())
}

/// Asks what a decision about an account rests on, of which nothing is kept; answers the statements
/// behind it.
async fn decided(db: &mut Fresh, account: &'static str) -> Vec<Statement> {
    let ran = observed(db);
    let query = StandingQuery {
        accounts: vec![account.to_owned()],
        now: Now { us: i64::MAX, today: day(6, 15) },
        ruling: Ruling::default(),
        currencies: BTreeSet::from([Currency::parse("USD").unwrap()]),
        base: None,
        rate_age_days_max: 0,
    };
    let read = db.store.read(&db.ctx, move |tx| {
        let query = query.clone();
        Box::pin(async move { tx.credit_standing(&query).await })
    });
    let known = read.await.unwrap();
    assert!(!known.standing.nodes[account].overdue.is_empty(), "{known:?}");
    std::mem::take(&mut *ran.lock().unwrap())
}

/// Rows that were read of the large tables: in scans from end to end, and by indexes.
#[derive(Debug, Clone, Copy, FromQueryResult)]
struct Read {
    scanned: i64,
    found: i64,
}

/// What the connection of a transaction read and has not told the server's statistics yet.
async fn told(tx: &DatabaseTransaction) -> Read {
    let text = format!(
        "SELECT CAST(SUM(seq_tup_read) AS BIGINT) AS scanned, \
           CAST(SUM(idx_tup_fetch) AS BIGINT) AS found FROM pg_stat_xact_user_tables \
         WHERE relname IN {LARGE}"
    );
    sql::one(tx, text, vec![]).await.unwrap().unwrap()
}

/// What a statement reads, run as the service does, in a transaction of its own.
async fn read(db: &Fresh, statement: &Statement) -> Read {
    let tx = db.store.reader().begin().await.unwrap();
    let before = told(&tx).await;
    let mut rows = tx.stream_raw(statement.clone()).await.unwrap();
    while let Some(row) = rows.next().await {
        row.unwrap();
    }
    drop(rows);
    let after = told(&tx).await;
    tx.rollback().await.unwrap();
    Read { scanned: after.scanned - before.scanned, found: after.found - before.found }
}

#[tokio::test]
async fn questions_about_an_account_read_its_rows_alone_without_any_statistics() {
    for mut db in fresh().await {
        if db.store.is_sqlite() {
            continue;
        }
        fill(&db).await;
        let mut statements = asked(&mut db, "a250").await;
        assert_eq!(statements.len(), 9, "{statements:#?}");
        statements.extend(decided(&mut db, "a251").await);
        db.sql(LATER, vec![]).await;
        statements.extend(decided(&mut db, "a252").await);
        assert!(statements.len() > 15, "{statements:#?}");
        for statement in &statements {
            let read = read(&db, statement).await;
            assert_eq!(read.scanned, 0, "from end to end: {}", statement.sql);
            assert!(read.found <= ROWS_MAX, "{read:?}: {}", statement.sql);
        }
    }
}

/// Orders that are reserved, and audit rows that wait for their seal.
const MANY: [&str; 2] = [
    "INSERT INTO credit_reservation (id, account_id, root_id, source_system, order_ref, company_code, \
       currency, state, amount, delivered, invoiced, invoiced_live, advance, advance_later, counted_order, \
       counted_delivered, counted_advance, expire_us, next_change_us, granted_amount, granted_until_us, \
       decision_id, cancel_reason, create_us, update_us) \
     SELECT md5('o' || n)::uuid, 'a', 'a', 'erp', 'O' || n, '1000', 'USD', 'OPEN', 100, 0, 0, 0, 0, '{}', \
       100, 0, 0, 9, 9, 0, 0, md5('d' || n)::uuid, '', 1, 1 FROM generate_series(1, 5000) n",
    "INSERT INTO audit_pending (audit_id) SELECT md5('u' || n)::uuid FROM generate_series(1, 5000) n",
];

/// What this transaction has read of these tables.
async fn read_of_many(tx: &WriteTx) -> Result<i64> {
    let text = "SELECT CAST(SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) AS BIGINT) AS v \
         FROM pg_stat_xact_user_tables WHERE relname IN ('credit_reservation', 'audit_pending')";
    sql::scalar(&tx.conn, text, vec![]).await.map(Option::unwrap_or_default)
}

/// Looks up two orders and takes out an audit row, while there is nothing and once there is much; answers how
/// many rows each read.
async fn looked_up(tx: &mut WriteTx) -> Result<Vec<i64>> {
    tx.by_indexes().await?;
    let key = |no: &str| OrderKey {
        system: "erp".into(),
        company_code: "1000".into(),
        order_ref: no.into(),
    };
    let mut reads = Vec::new();
    for there in [0, 2] {
        let before = read_of_many(tx).await?;
        let found = tx.reservations_by_key(&[key("O17"), key("O4711")]).await?;
        assert_eq!(found.len(), there);
        let pending = vec![audit_pending::Model { audit_id: Uuid::nil() }];
        rows::delete_keys(&tx.conn, pending).await?;
        reads.push(read_of_many(tx).await? - before);
        if there == 0 {
            for text in MANY {
                sql::execute(&tx.conn, text, vec![]).await?;
            }
        }
    }
    Ok(reads)
}

/// PostgreSQL keeps the plan of a statement: one that was made while its table was known to be empty has to
/// serve when there are thousands of rows.
#[tokio::test]
async fn a_plan_of_an_empty_table_looks_up_rows_by_their_keys_when_it_is_large() {
    for db in fresh().await {
        if db.store.is_sqlite() {
            continue;
        }
        db.sql("ANALYZE credit_reservation, audit_pending", vec![]).await;
        let looked_up = db.store.write(&db.ctx, Lane::Decision, |tx| Box::pin(looked_up(tx)));
        let reads = looked_up.await.unwrap();
        assert!(reads.iter().all(|rows| *rows <= 4), "{reads:?}");
    }
}
