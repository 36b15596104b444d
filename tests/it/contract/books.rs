//! Everything in a database, as lines of text.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::support::{Engine, TestServer};

/// Written beside the calls: a call leaves them alone.
const BESIDE: [&str; 5] = ["audit_pending", "audit_seal", "credit_standing", "job_lease", "seal"];
/// Told beside the calls, by the job that looks at what changes by itself.
const TOLD_BESIDE: &str = "ballast.credit.standing_changed.v1";
const SEALED: [&str; 1] = ["sealed_position"];

enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

pub struct Books {
    pool: Pool,
    columns: BTreeMap<String, Vec<String>>,
}

impl Books {
    pub async fn of(server: &TestServer) -> Self {
        let url = server.database_url();
        let pool = match server.engine() {
            Engine::Sqlite => Pool::Sqlite(SqlitePool::connect(url).await.expect("the database")),
            Engine::Postgres => Pool::Postgres(PgPool::connect(url).await.expect("the database")),
        };
        let mut books = Self { pool, columns: BTreeMap::new() };
        let sql = match &books.pool {
            Pool::Sqlite(_) => {
                "SELECT t.name || ' ' || c.name FROM sqlite_master t, pragma_table_info(t.name) c \
                 WHERE t.type = 'table'"
            }
            Pool::Postgres(_) => {
                "SELECT table_name || ' ' || column_name FROM information_schema.columns \
                 WHERE table_schema = 'public'"
            }
        };
        for line in books.lines(sql.into()).await {
            let (table, column) = line.split_once(' ').expect("two names");
            if !BESIDE.contains(&table) && !SEALED.contains(&column) {
                books.columns.entry(table.into()).or_default().push(column.into());
            }
        }
        books
    }

    /// A line for each row, beginning with its table.
    pub async fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in self.columns.keys() {
            all.extend(self.rows(table).await);
        }
        all
    }

    pub async fn rows(&self, table: &str) -> Vec<String> {
        let cells: Vec<String> = self.columns[table]
            .iter()
            .map(|column| match &self.pool {
                Pool::Sqlite(_) => format!("'{column}=' || quote({column})"),
                Pool::Postgres(_) => format!("'{column}=' || coalesce({column}::text, 'NULL')"),
            })
            .collect();
        let row = cells.join(" || ' ' || ");
        let told = match table {
            "outbox" => format!("WHERE event_type <> '{TOLD_BESIDE}'"),
            _ => String::new(),
        };
        self.lines(format!("SELECT '{table}: ' || {row} FROM {table} {told} ORDER BY 1")).await
    }

    /// The texts that a query answers.
    pub async fn lines(&self, sql: String) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        match &self.pool {
            Pool::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await,
            Pool::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await,
        }
        .expect("rows")
    }
}
