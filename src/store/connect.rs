//! Opening the database: pools, pragmas.

#![expect(
    unsafe_code,
    reason = "the version of SQLite and one setting of a connection are only in its C interface"
)]

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::error::{cannot_open, damaged};
use super::file_lock::FileLock;
use super::pool::Pool;
use super::probe::Probe;
use super::queue::{Bounds, WriterQueue};
use super::risks::KeptRisks;
use super::settled::Settlement;
use super::standings::KeptStandings;
use super::{Store, migration};
use crate::config::Database;
use crate::ctx::Clock;
use crate::domain::error::{Error, Reason, Result};
use crate::presence::Presence;

/// SQLite before 3.51.3 can corrupt a file when the WAL is reset under load.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// A write waits this long for another process, for instance a backup.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT: &str = "60s";
const STATEMENT_CACHE: usize = 256;
/// Pages of the write-ahead log before they are moved to the file: 16 MiB. A checkpoint costs
/// two more waits for the disk, and moves a page once however often it was written.
const SQLITE_WAL_PAGES: &str = "4096";
/// A page does not fit the others, or the file is none of SQLite; in the lowest byte of a result code.
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_NOTADB: u32 = 26;
/// Connections that writes never take.
const POSTGRES_READERS_MIN: u32 = 2;
/// SQLite's default, and fixed for a file when it is made.
const SQLITE_PAGES_PER_MEGABYTE: u64 = (1 << 20) / 4096;

impl Store {
    /// Opens the database. Nothing is created but an empty SQLite file: call
    /// [`Store::migrate`] next.
    pub async fn connect(options: &Database, clock: Clock) -> Result<Self> {
        Self::open(options, clock, false).await
    }

    /// Opens the database for reading only: beside a running server, if it is a SQLite file.
    ///
    /// # Errors
    /// `SCHEMA_NEWER` or `SCHEMA_OLDER` if another version migrated the database.
    pub async fn connect_read_only(options: &Database, clock: Clock) -> Result<Self> {
        let store = Self::open(options, clock, true).await?;
        migration::require_current(&store.reader()).await?;
        Ok(store)
    }

    async fn open(options: &Database, clock: Clock, read_only: bool) -> Result<Self> {
        if options.url.is_sqlite() {
            Self::open_sqlite(options, clock, read_only).await
        } else if options.url.is_postgres() {
            Self::open_postgres(options, clock)
        } else {
            Err(Error::invalid(
                "database.url",
                Reason::FieldInvalid,
                "must begin with sqlite:// or postgres://",
            ))
        }
    }

    async fn open_sqlite(options: &Database, clock: Clock, read_only: bool) -> Result<Self> {
        // SAFETY: takes no arguments and reads a constant of the linked library.
        let version = unsafe { libsqlite3_sys::sqlite3_libversion_number() };
        if version < SQLITE_VERSION_MIN {
            return Err(Error::internal(format!(
                "SQLite {version} can corrupt its files; at least {SQLITE_VERSION_MIN} is needed"
            )));
        }
        let connect = SqliteConnectOptions::from_str(options.url.expose())
            .map_err(|_| bad_url("sqlite://path/to/file.db"))?
            .create_if_missing(!read_only)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(false)
            .busy_timeout(SQLITE_BUSY_TIMEOUT)
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", SQLITE_WAL_PAGES)
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", "268435456")
            .statement_cache_capacity(STATEMENT_CACHE);
        // A database in memory is nobody else's: it has a name of its own, and no file.
        let in_memory = connect.get_filename().to_string_lossy().starts_with("file:");
        let lock = match read_only || in_memory {
            true => None,
            false => Some(Arc::new(FileLock::take(connect.get_filename())?)),
        };
        // What is erased is overwritten, and stays in no free page of the file.
        let mut writing = connect.clone().read_only(read_only).pragma("secure_delete", "ON");
        if options.sqlite_megabytes_max > 0 {
            // A file that is larger already keeps its size.
            let pages = u64::from(options.sqlite_megabytes_max) * SQLITE_PAGES_PER_MEGABYTE;
            writing = writing.pragma("max_page_count", pages.to_string());
        }
        let writer = sqlite_pool(1, options)
            .connect_with(writing)
            .await
            .map_err(|e| not_opened(connect.get_filename(), &e))?;
        if lock.is_some() {
            check_pages(&writer, connect.get_filename(), options).await?;
        }
        let reader =
            sqlite_pool(options.sqlite_readers, options).connect_lazy_with(connect.read_only(true));
        Ok(Self {
            reads: Pool::of_file(SqlxSqliteConnector::from_sqlx_sqlite_pool(reader)),
            writes: Pool::of_file(SqlxSqliteConnector::from_sqlx_sqlite_pool(writer)),
            queue: WriterQueue::new(1, bounds(options)),
            settlement: match read_only {
                true => Settlement::beside(clock.clone()),
                false => Settlement::new(clock.clone()),
            },
            clock,
            tasks: Arc::default(),
            migrated: Arc::default(),
            standings: KeptStandings::new(options.credit_standings_kept),
            risks: KeptRisks::new(options.risks_kept),
            committed: Arc::default(),
            presence: Presence::default(),
            probe: None,
            file: lock,
        })
    }

    /// Lazily: a server may start before its database does, and says so in its health.
    fn open_postgres(options: &Database, clock: Clock) -> Result<Self> {
        let statement_timeout = options.statement_timeout_max().as_millis().to_string();
        let connect = PgConnectOptions::from_str(options.url.expose())
            .map_err(|_| bad_url("postgres://user:password@host:5432/database"))?
            .application_name("ballast")
            .statement_cache_capacity(if options.statement_cache { STATEMENT_CACHE } else { 0 })
            .options([
                ("idle_in_transaction_session_timeout", POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT),
                ("statement_timeout", statement_timeout.as_str()),
                // Sets travel as arrays, so one plan serves all their sizes; planning the
                // statement behind a decision anew took longer than running it.
                ("plan_cache_mode", "force_generic_plan"),
                ("jit", "off"),
            ]);
        let presence = Presence::default();
        let probe =
            options.probe_timeout().map(|timeout| Probe::new(connect.clone(), timeout).into());
        let pools = PgPoolOptions::new()
            .max_connections(options.postgres_connections_max)
            .acquire_timeout(options.acquire_timeout())
            // A ping before every query costs a round trip; one after idle time finds what
            // a restart of the database left behind.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(2) {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            });
        let pool = Pool::new(move || {
            let lazy = pools.clone().connect_lazy_with(connect.clone());
            SqlxPostgresConnector::from_sqlx_postgres_pool(lazy)
        });
        Ok(Self {
            reads: pool.clone(),
            writes: pool,
            // The others are left to reads, and to whoever asks whether the database is there.
            queue: WriterQueue::new(
                options.postgres_connections_max.saturating_sub(POSTGRES_READERS_MIN).max(1),
                bounds(options),
            ),
            settlement: Settlement::new(clock.clone()),
            clock,
            tasks: Arc::default(),
            migrated: Arc::default(),
            standings: KeptStandings::new(options.credit_standings_kept),
            risks: KeptRisks::new(options.risks_kept),
            committed: Arc::default(),
            presence,
            probe,
            file: None,
        })
    }
}

fn bounds(options: &Database) -> Bounds {
    let Database { writes_waiting_max, writes_waiting_bytes_max, .. } = *options;
    Bounds { count: writes_waiting_max as usize, bytes: writes_waiting_bytes_max }
}

fn sqlite_pool(connections: u32, options: &Database) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(options.acquire_timeout())
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(guarantee_stable_plans(connection)))
        .after_release(|connection, _| Box::pin(is_between_transactions(connection)))
}

/// A file whose pages do not fit together is not served: what is written to it may be lost with them.
/// Which bits of an amount were flipped no check of pages tells; `verify` compares sums.
async fn check_pages(writer: &SqlitePool, file: &Path, options: &Database) -> Result<()> {
    let bytes_max = u64::from(options.sqlite_check_megabytes_max) << 20;
    let bytes = std::fs::metadata(file).map_err(|e| cannot_open(file, &e))?.len();
    if bytes > bytes_max {
        let file = file.display();
        tracing::info!("{file} is larger than what is checked at a start (ballast verify does)");
        return Ok(());
    }
    let told = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(writer).await;
    match told {
        Ok(told) if told == "ok" => Ok(()),
        Ok(told) => Err(damaged(file, told.lines().last().unwrap_or_default())),
        Err(error) => Err(not_opened(file, &error)),
    }
}

fn not_opened(file: &Path, error: &sqlx::Error) -> Error {
    let of_database = error.as_database_error();
    let code = of_database.and_then(|e| e.code()?.parse::<u32>().ok()).map(|code| code & 0xff);
    match (of_database, code) {
        (Some(e), Some(SQLITE_CORRUPT | SQLITE_NOTADB)) => damaged(file, e.message()),
        _ => cannot_open(file, error),
    }
}

/// A full disk makes SQLite end a transaction by itself. The driver does not learn of it and
/// goes on counting: its next transaction would be a savepoint, and what is committed in there
/// is not. Such a connection is closed.
async fn is_between_transactions(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Behind a rollback that may still be queued.
    sqlx::Connection::ping(connection).await?;
    Ok(!sqlx::Connection::is_in_transaction(connection))
}

/// Without this SQLite prepares a statement with a bound LIMIT again at every execution.
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
    if code != libsqlite3_sys::SQLITE_OK {
        return Err(sqlx::Error::Protocol(format!("sqlite3_db_config answered {code}")));
    }
    Ok(())
}

fn bad_url(example: &str) -> Error {
    Error::invalid("database.url", Reason::FieldInvalid, format!("must look like {example}"))
}
