//! Statements through bare sqlx: the limit of whatever asks a database.

use std::str::FromStr as _;

use sea_orm::sea_query::ArrayType;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector, Value};
use sqlx::postgres::{PgArguments, PgPoolOptions};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, PgPool, Postgres, SqlitePool};

use super::recorder::Ran;

/// Connections with the settings of the service: four that read and one that writes.
#[derive(Clone)]
pub enum Bare {
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

macro_rules! bound {
    ($ran:expr, $array:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($ran.sql.clone()));
        for value in &$ran.values {
            query = match value.clone() {
                Value::Bool(v) => query.bind(v),
                Value::Int(v) => query.bind(v),
                Value::BigInt(v) => query.bind(v),
                // The count of a LIMIT.
                Value::BigUnsigned(v) => {
                    query.bind(v.map(|count| i64::try_from(count).expect("a count of rows")))
                }
                Value::String(v) => query.bind(v),
                Value::Bytes(v) => query.bind(v),
                Value::ChronoDate(v) => query.bind(v),
                Value::Uuid(v) => query.bind(v),
                Value::Array(kind, cells) => $array(query, kind, *cells.expect("never NULL")),
                other => panic!("a value of another type: {other:?}"),
            };
        }
        query
    }};
}

impl Bare {
    pub async fn connect(url: &str) -> Self {
        if url.starts_with("postgres") {
            let pool = PgPoolOptions::new().max_connections(12).test_before_acquire(false);
            return Self::Postgres(pool.connect(url).await.expect("PostgreSQL"));
        }
        let options = SqliteConnectOptions::from_str(url)
            .expect("a file")
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(false)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", "268435456")
            .statement_cache_capacity(256);
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .after_connect(|connection, _| Box::pin(guarantee_stable_plans(connection)))
        };
        Self::Sqlite {
            reader: pool(4).connect_lazy_with(options.clone().read_only(true)),
            writer: pool(1).connect_lazy_with(options),
        }
    }

    /// Runs a statement and fetches its rows, undecoded; answers how many.
    pub async fn run(&self, ran: &Ran) -> usize {
        let rows = match self {
            Self::Sqlite { reader, .. } => {
                bound!(ran, no_arrays).fetch_all(reader).await.map(|rows| rows.len())
            }
            Self::Postgres(pool) => bound!(ran, array).fetch_all(pool).await.map(|rows| rows.len()),
        };
        rows.unwrap_or_else(|e| panic!("{e}: {}", ran.sql))
    }

    /// Runs a query and lets its rows go by one at a time; answers how many.
    pub async fn stream(&self, ran: &Ran) -> usize {
        use futures_util::TryStreamExt as _;
        let count = |sum: usize, _| async move { Ok(sum + 1) };
        let rows = match self {
            Self::Sqlite { reader, .. } => {
                let rows = bound!(ran, no_arrays);
                rows.fetch(reader).map_ok(drop).try_fold(0, count).await
            }
            Self::Postgres(pool) => {
                let rows = bound!(ran, array);
                rows.fetch(pool).map_ok(drop).try_fold(0, count).await
            }
        };
        rows.unwrap_or_else(|e: sqlx::Error| panic!("{e}: {}", ran.sql))
    }

    /// Runs statements one after the other in one write transaction.
    pub async fn transaction(&self, statements: &[Ran]) {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut tx = writer.begin_with("BEGIN IMMEDIATE").await.expect("begun");
                for ran in statements {
                    let done = bound!(ran, no_arrays).fetch_all(&mut *tx).await;
                    done.unwrap_or_else(|e| panic!("{e}: {}", ran.sql));
                }
                tx.commit().await.expect("committed");
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await.expect("begun");
                for ran in statements {
                    let done = bound!(ran, array).fetch_all(&mut *tx).await;
                    done.unwrap_or_else(|e| panic!("{e}: {}", ran.sql));
                }
                tx.commit().await.expect("committed");
            }
        }
    }

    /// The same connections with SeaORM around them.
    pub fn sea_orm(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite { reader, .. } => {
                SqlxSqliteConnector::from_sqlx_sqlite_pool(reader.clone())
            }
            Self::Postgres(pool) => SqlxPostgresConnector::from_sqlx_postgres_pool(pool.clone()),
        }
    }

    pub async fn close(self) {
        match self {
            Self::Sqlite { reader, writer } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

fn no_arrays<Q>(_: Q, _: ArrayType, _: Vec<Value>) -> Q {
    panic!("SQLite has no arrays")
}

fn array(
    query: Query<'_, Postgres, PgArguments>,
    kind: ArrayType,
    cells: Vec<Value>,
) -> Query<'_, Postgres, PgArguments> {
    macro_rules! cells {
        ($variant:path) => {{
            let cell = |value| match value {
                $variant(Some(v)) => v,
                other => panic!("a cell of another type: {other:?}"),
            };
            query.bind(cells.into_iter().map(cell).collect::<Vec<_>>())
        }};
    }
    match kind {
        ArrayType::Uuid => cells!(Value::Uuid),
        ArrayType::String => cells!(Value::String),
        ArrayType::Int => cells!(Value::Int),
        ArrayType::BigInt => cells!(Value::BigInt),
        ArrayType::ChronoDate => cells!(Value::ChronoDate),
        ArrayType::Bool => cells!(Value::Bool),
        ArrayType::Bytes => cells!(Value::Bytes),
        other => panic!("an array of another type: {other:?}"),
    }
}

/// As the service does: without it a statement with a bound LIMIT is prepared at each run.
#[expect(unsafe_code, reason = "the setting is only in the C interface of SQLite")]
async fn guarantee_stable_plans(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    // SAFETY: the handle is locked and open; the option takes an int and an int pointer,
    // which may be null.
    let code = unsafe {
        libsqlite3_sys::sqlite3_db_config(
            handle.as_raw_handle().as_ptr(),
            libsqlite3_sys::SQLITE_DBCONFIG_ENABLE_QPSG,
            1 as std::ffi::c_int,
            std::ptr::null_mut::<std::ffi::c_int>(),
        )
    };
    assert_eq!(code, libsqlite3_sys::SQLITE_OK, "sqlite3_db_config");
    Ok(())
}
