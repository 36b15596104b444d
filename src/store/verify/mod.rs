//! Whether the books add up: every projection is rebuilt from the ledger's entries and
//! compared, and what must hold of the entries is looked at. Reads one picture of the
//! database, writes nothing.

mod audit;
mod books;
mod credit;
mod directory;
mod edges;
mod facts;
mod merges;
mod projections;
mod signals;
#[cfg(test)]
mod tests;
mod timeline;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Value};
use serde::Serialize;

use super::{Store, sql};
use crate::ctx::Ctx;
use crate::domain::error::Result;

pub use audit::{AuditCheck, ChainEnd};

/// Differences a check shows of all that it found.
pub const EXAMPLES_MAX: i64 = 5;

/// Something that must hold, and how often it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    /// How many things were looked at.
    pub checked: i64,
    pub differences: i64,
    /// Some of the differences, in words; at most [`EXAMPLES_MAX`].
    pub examples: Vec<String>,
}

impl Check {
    pub fn holds(&self) -> bool {
        self.differences == 0
    }
}

impl Store {
    /// Checks everything, however long it takes: the work grows with the ledger.
    pub async fn verify(&self, ctx: &Ctx) -> Result<Vec<Check>> {
        let clock = self.clock.clone();
        self.read(ctx, |tx| {
            Box::pin(async move {
                let engine = tx.conn.get_database_backend();
                let mut queries = Vec::from(projections::queries(engine));
                queries.extend(projections::moves(engine));
                queries.extend(books::queries(engine));
                queries.extend(facts::queries(engine));
                queries.extend(credit::queries(engine, clock.business_date()));
                queries.push(timeline::query(engine));
                queries.extend(merges::queries());
                let mut checks = Vec::new();
                if engine == DbBackend::Sqlite {
                    checks.push(pages(&tx.conn).await?);
                }
                for query in queries {
                    checks.push(query.run(&tx.conn).await?);
                }
                checks.push(credit::reservations(&tx.conn, &clock).await?);
                checks.extend(directory::checks(tx).await?);
                checks.push(edges::check(tx).await?);
                checks.push(signals::check(tx).await?);
                checks.push(audit::chain(&tx.conn).await?);
                Ok(checks)
            })
        })
        .await
    }
}

/// Whether the pages of the file fit together, and its indexes its tables.
async fn pages(conn: &DatabaseTransaction) -> Result<Check> {
    let count = sql::scalar(conn, "SELECT page_count AS v FROM pragma_page_count", vec![]).await?;
    #[derive(FromQueryResult)]
    struct Row {
        integrity_check: String,
    }
    let text = "SELECT integrity_check FROM pragma_integrity_check";
    let told: Vec<Row> = sql::all(conn, text, vec![]).await?;
    let mut wrong: Vec<String> = told.into_iter().map(|row| row.integrity_check).collect();
    wrong.retain(|told| told != "ok");
    let differences = i64::try_from(wrong.len()).unwrap_or(i64::MAX);
    wrong.truncate(EXAMPLES_MAX as usize);
    let checked = count.unwrap_or_default();
    Ok(Check { name: "pages of the file", checked, differences, examples: wrong })
}

/// A check that SQL answers on its own.
struct Query {
    name: &'static str,
    /// Counts what is looked at, as `v`.
    checked: &'static str,
    /// One row, with an `example` in words, for each difference.
    differing: String,
    values: Vec<Value>,
}

impl Query {
    fn new(name: &'static str, checked: &'static str, differing: impl Into<String>) -> Self {
        Self { name, checked, differing: differing.into(), values: Vec::new() }
    }

    fn with(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    async fn run(self, conn: &DatabaseTransaction) -> Result<Check> {
        #[derive(FromQueryResult)]
        struct Row {
            example: String,
            differences: i64,
        }
        let Self { name, checked, differing, values } = self;
        let checked = sql::scalar(conn, checked, vec![]).await?.unwrap_or_default();
        let sql = format!(
            "WITH d AS MATERIALIZED ({differing}) \
             SELECT example, (SELECT COUNT(*) FROM d) AS differences FROM d \
             ORDER BY example LIMIT {EXAMPLES_MAX}"
        );
        let rows: Vec<Row> = sql::all(conn, sql, values).await?;
        Ok(Check {
            name,
            checked,
            differences: rows.first().map_or(0, |row| row.differences),
            examples: rows.into_iter().map(|row| row.example).collect(),
        })
    }
}

/// A UUID column in words.
fn id(engine: DbBackend, column: &str) -> String {
    match engine {
        DbBackend::Sqlite => format!("lower(hex({column}))"),
        _ => format!("replace(CAST({column} AS TEXT), '-', '')"),
    }
}
