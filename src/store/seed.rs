//! A database of its own for each test, and rows put into it by hand: small ledgers whose
//! every figure a test can state.

use chrono::{NaiveDate, TimeZone, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

use self::database::{Database, Engine};
use super::account::owners::FIRST_DAY;
use super::{Store, lookup, sql};
use crate::config::Database as Options;
use crate::ctx::{Clock, Ctx};
use crate::domain::account::Account;
use crate::domain::credit::component::AT_ONCE;
use crate::domain::dates::NO_DATE;
use crate::domain::directory::{Subject, keys};
use crate::domain::external_ref::ExternalRef;

#[expect(dead_code, reason = "a unit test has no database that it makes itself")]
#[path = "../../tests/it/support/database.rs"]
mod database;

/// A database that ends with the test.
pub(crate) struct Fresh {
    pub store: Store,
    pub ctx: Ctx,
    pub options: Options,
    _database: Database,
}

/// An item with the entry that posted it.
pub(crate) struct Item<'a> {
    pub account: &'a str,
    pub currency: &'a str,
    /// Negative for a credit.
    pub amount: i64,
    pub posting: NaiveDate,
    pub due: NaiveDate,
}

/// One on each engine that can be reached: SQLite always, PostgreSQL if
/// `BALLAST_TEST_POSTGRES_URL` names a server. Business date 2026-06-15.
pub(crate) async fn fresh() -> Vec<Fresh> {
    let mut all = Vec::new();
    for engine in engines() {
        all.push(Fresh::open(Database::create(engine).await).await);
        all.last().unwrap().store.migrate().await.unwrap();
    }
    all
}

/// As [`fresh`], without a schema.
pub(crate) async fn empty() -> Vec<Fresh> {
    let mut all = Vec::new();
    for engine in engines() {
        all.push(Fresh::open(Database::empty(engine).await).await);
    }
    all
}

fn engines() -> Vec<Engine> {
    let postgres = std::env::var("BALLAST_TEST_POSTGRES_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

pub(crate) fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

impl Fresh {
    async fn open(database: Database) -> Self {
        let now = Utc.with_ymd_and_hms(2026, 6, 15, 12, 0, 0).unwrap();
        let clock = Clock::manual(now, chrono_tz::UTC);
        let options = Options { url: database.url().clone(), ..Options::default() };
        let store = Store::connect(&options, clock.clone()).await.unwrap();
        Self { store, ctx: Ctx::system(clock), options, _database: database }
    }

    pub async fn sql(&self, text: &str, values: Vec<Value>) {
        sql::execute(&self.store.writer(), text, values).await.unwrap();
    }

    pub async fn count(&self, text: &str) -> i64 {
        sql::scalar(&self.store.reader(), text, vec![]).await.unwrap().unwrap()
    }

    /// How the engine goes about a statement, a line for each step.
    pub async fn plan(&self, statement: &Statement) -> String {
        let (explain, column) = match self.store.reader().get_database_backend() {
            DbBackend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            _ => ("EXPLAIN", "QUERY PLAN"),
        };
        let values = statement.values.clone().map(|values| values.0).unwrap_or_default();
        let text = format!("{explain} {}", statement.sql);
        let statement = Statement::from_sql_and_values(statement.db_backend, text, values);
        let rows = self.store.reader().query_all_raw(statement).await.unwrap();
        let lines = rows.iter().map(|row| row.try_get::<String>("", column).unwrap());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// An account of that id, also known as `erp~{id}`.
    pub async fn account(&self, id: &str) {
        self.sql(
            "INSERT INTO account (id, display_name, display_key, legal_name, region_code, tax_id, \
             parent_id, related_party, labels, industry_code, sales_region, party_kind, \
             size_classes, sites, former_names, state, block_reason, create_us, update_us, \
             delete_us, version) \
             VALUES ($1, $1, $1, '', '', '', '', FALSE, '{}', '', '', '', '[]', '[]', '[]', \
             'ACTIVE', '', 1, 1, 0, 1)",
            vec![id.into()],
        )
        .await;
        self.sql(
            "INSERT INTO account_head (account_id, root_id, head_us) VALUES ($1, $1, 0)",
            vec![id.into()],
        )
        .await;
        self.sql(
            "INSERT INTO account_owner (account_id, first_day, last_day, member_id) \
             VALUES ($1, $2, $3, '')",
            vec![id.into(), FIRST_DAY.into(), NO_DATE.into()],
        )
        .await;
        self.sql(
            "INSERT INTO account_ref (system, canonical_id, external_id, account_id, position) \
             VALUES ('erp', $1, $1, $1, 0)",
            vec![id.into()],
        )
        .await;
        let reference = ExternalRef { system: "erp".into(), id: id.to_owned() };
        let account = Account {
            external_refs: vec![reference],
            ..Account::named_only(id.to_owned(), id.to_owned())
        };
        let keys = keys::alone(&keys::of_account(&account));
        lookup::add(&self.store.writer(), vec![(Subject::account(id), keys)]).await.unwrap();
    }

    /// A document of one item, in company 1000, with entry and projections.
    pub async fn item(&self, item: Item<'_>) -> Uuid {
        let Item { account, currency, amount, posting, due } = item;
        let (id, document) = (Uuid::now_v7(), Uuid::now_v7());
        let (kind, side, class) = match amount > 0 {
            true => ("INVOICE", "DEBIT", "ORDINARY"),
            false => ("RECEIPT", "CREDIT", "UNAPPLIED_CASH"),
        };
        let number = document.simple().to_string();
        self.sql(
            "INSERT INTO document (id, account_id, source_system, company_code, fiscal_year, \
             document_no, line_no, source_version, kind, side, posting_date, document_date, \
             currency, gross, order_ref, recorded_us, detail) \
             VALUES ($1, $2, 'erp', '1000', 0, $3, '', 0, $4, $5, $6, $6, $7, $8, '', 1, '{}')",
            vec![
                document.into(),
                account.into(),
                number.as_str().into(),
                kind.into(),
                side.into(),
                posting.into(),
                currency.into(),
                amount.abs().into(),
            ],
        )
        .await;
        self.sql(
            "INSERT INTO document_key (source_system, company_code, fiscal_year, document_no, \
             line_no, document_id, account_id, source_version, content_hash, reversed) \
             VALUES ('erp', '1000', 0, $1, '', $2, $3, 0, $4, FALSE)",
            vec![number.into(), document.into(), account.into(), Vec::<u8>::new().into()],
        )
        .await;
        self.sql(
            "INSERT INTO item (id, account_id, document_id, position, kind, class, company_code, \
             currency, document_date, posting_date, due_date, amount, open, release_condition, \
             recorded_us) VALUES ($1, $2, $3, 0, $4, $5, '1000', $6, $7, $7, $8, $9, 0, '', 1)",
            vec![
                id.into(),
                account.into(),
                document.into(),
                kind.into(),
                class.into(),
                currency.into(),
                posting.into(),
                if amount > 0 { due } else { NO_DATE }.into(),
                amount.into(),
            ],
        )
        .await;
        self.entry(id, Uuid::nil(), "POST", posting, amount).await;
        id
    }

    /// A credit of an account set against a debit of it.
    pub async fn clear(&self, credit: Uuid, debit: Uuid, amount: i64, on: NaiveDate) -> Uuid {
        let id = Uuid::now_v7();
        self.sql(
            "INSERT INTO clearing (id, account_id, document_id, request_id, apply_date, recorded_us) \
             SELECT $2, account_id, document_id, $4, $3, 1 FROM item WHERE id = $1",
            vec![credit.into(), id.into(), on.into(), Uuid::nil().into()],
        )
        .await;
        self.sql(
            "INSERT INTO allocation (clearing_id, position, credit_item, debit_item, amount, \
             credit_amount, rate) VALUES ($1, 0, $2, $3, $4, $4, '')",
            vec![id.into(), credit.into(), debit.into(), amount.into()],
        )
        .await;
        self.entry(debit, id, "CLEAR", on, -amount).await;
        self.entry(credit, id, "CLEAR", on, amount).await;
        id
    }

    /// An entry of an item, and what follows from it in the projections.
    pub async fn entry(&self, item: Uuid, clearing: Uuid, kind: &str, on: NaiveDate, amount: i64) {
        self.sql(
            "INSERT INTO entry (account_id, recorded_us, position, item_id, document_id, \
             clearing_id, allocation, kind, effective_date, amount) \
             SELECT account_id, 1, (SELECT COUNT(*) FROM entry), id, document_id, $2, 0, $3, $4, $5 \
             FROM item WHERE id = $1",
            vec![item.into(), clearing.into(), kind.into(), on.into(), amount.into()],
        )
        .await;
        self.sql(
            "UPDATE account_head SET head_us = 1 WHERE head_us < 1 AND account_id = \
             (SELECT account_id FROM item WHERE id = $1)",
            vec![item.into()],
        )
        .await;
        let open = "CASE WHEN i.open = 0 THEN 1 WHEN i.open + $2 = 0 THEN -1 ELSE 0 END";
        for (table, own, owner) in [
            ("account_due", "account_id", "i.account_id"),
            ("book_due", "slot", "CAST(0 AS INTEGER)"),
        ] {
            let text = format!(
                "INSERT INTO {table} ({own}, currency, company_code, class, due_date, amount, items) \
                 SELECT {owner}, i.currency, i.company_code, i.class, i.due_date, $2, {open} \
                 FROM item i WHERE i.id = $1 \
                 ON CONFLICT ({own}, currency, company_code, class, due_date) DO UPDATE SET \
                   amount = {table}.amount + excluded.amount, items = {table}.items + excluded.items"
            );
            self.sql(&text, vec![item.into(), amount.into()]).await;
        }
        let at_once = (kind == "POST" && amount > 0) || on <= day(6, 15);
        let counts_from = if at_once { AT_ONCE } else { on };
        self.sql(
            "INSERT INTO credit_exposure (account_id, currency, company_code, component, \
             effective_date, amount) \
             WITH RECURSIVE above(id, step) AS (SELECT account_id, 0 FROM item WHERE id = $1 \
               UNION ALL SELECT a.parent_id, u.step + 1 FROM above u \
               JOIN account a ON a.id = u.id WHERE a.parent_id <> '' AND u.step < 64) \
             SELECT u.id, i.currency, i.company_code, CASE i.class \
               WHEN 'ORDINARY' THEN 'OPEN_RECEIVABLES' ELSE 'UNAPPLIED_CASH' END, $3, $2 \
             FROM item i CROSS JOIN above u WHERE i.id = $1 \
             ON CONFLICT (account_id, currency, company_code, component, effective_date) \
             DO UPDATE SET amount = credit_exposure.amount + excluded.amount",
            vec![item.into(), amount.into(), counts_from.into()],
        )
        .await;
        self.sql(
            "UPDATE item SET open = open + $2 WHERE id = $1",
            vec![item.into(), amount.into()],
        )
        .await;
    }
}
