//! The one place where driver errors become errors of ours. Driver texts are logged, never
//! shown.

use std::path::Path;
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};

use crate::domain::error::{Error, Reason, Resource};
use crate::domain::money::beyond_totals;

/// How long a caller should wait before trying an unavailable database again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Maps a driver error to what the caller can do about it.
pub(super) fn store_error(error: DbErr) -> Error {
    match &error {
        DbErr::ConnectionAcquire(_) => no_connection(&error),
        DbErr::Conn(e) | DbErr::Exec(e) | DbErr::Query(e) => match e {
            RuntimeErr::SqlxError(e) => from_sqlx(e, &error),
            RuntimeErr::Internal(_) => internal(&error),
        },
        _ => internal(&error),
    }
}

fn from_sqlx(error: &sqlx::Error, whole: &DbErr) -> Error {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::BeginFailed => unavailable(whole),
        sqlx::Error::PoolTimedOut => no_connection(whole),
        // What SUM says on SQLite, under the code of any mistake.
        sqlx::Error::Database(e) if e.message() == "integer overflow" => beyond_totals("a total"),
        sqlx::Error::Database(e) => match e.code().as_deref() {
            Some(code) => from_code(code, whole),
            None => internal(whole),
        },
        _ => internal(whole),
    }
}

/// SQLSTATE of PostgreSQL, or the (extended) result code of SQLite: they never collide, a
/// SQLSTATE has five characters and SQLite's codes of five digits do not occur.
fn from_code(code: &str, whole: &DbErr) -> Error {
    match code {
        // Serialization failure, deadlock; SQLite: busy, busy snapshot.
        "40001" | "40P01" | "5" | "517" => {
            tracing::debug!(code, "transaction to be retried");
            concurrent_change("transaction")
        }
        // Unique violation; SQLite: unique, primary key. Where a caller expects one it asks
        // with ON CONFLICT instead, so this is a race it has not foreseen.
        "23505" | "2067" | "1555" => {
            tracing::warn!(error = %whole, "unexpected conflict");
            concurrent_change("transaction")
        }
        "57014" => Error::DeadlineExceeded,
        // Disk full.
        "53100" | "13" => {
            tracing::error!(error = %whole, "the disk of the database is full");
            Error::ResourceExhausted {
                reason: Reason::StorageFull,
                description: "the disk of the database is full; nothing was written".into(),
                retry_after: Some(Duration::from_secs(60)),
            }
        }
        // A number beyond 64 bits; a total beyond what its column may hold (SQLite: CHECK).
        "22003" | "23514" | "275" => beyond_totals("a total"),
        // A table that does not exist: the database is up, and its schema not there yet.
        "42P01" => unavailable(whole),
        // SQLite I/O errors (10 and its extended codes).
        _ if code.parse::<u32>().is_ok_and(|c| code.len() < 5 && c & 0xff == 10) => {
            unavailable(whole)
        }
        // Connection exceptions, operator intervention, insufficient resources.
        _ if code.len() == 5 && ["08", "57", "53"].contains(&&code[..2]) => unavailable(whole),
        _ => internal(whole),
    }
}

/// Another call came in between; the transaction is tried again.
pub(super) fn concurrent_change(kind: &'static str) -> Error {
    Error::Aborted {
        reason: Reason::ConcurrentChange,
        resource: Resource { kind, name: String::new() },
        description: "another call changed the same things at the same time".into(),
    }
}

/// The database may be there, but its schema is not known to be that of this version.
pub(super) fn not_migrated() -> Error {
    come_again("the schema of the database is not up to date")
}

pub(super) fn unavailable(error: &dyn std::fmt::Display) -> Error {
    tracing::warn!(%error, "the database does not answer");
    come_again(SILENT)
}

/// All connections are in use, or a new one does not come: whether the database is there is not known.
fn no_connection(error: &DbErr) -> Error {
    tracing::warn!(%error, "no connection to the database in time");
    come_again("no connection to the database was free in time")
}

/// It was asked, and said nothing for some time.
pub(super) fn silent(timeout: Duration) -> Error {
    tracing::warn!(?timeout, "the database does not answer");
    come_again(SILENT)
}

const SILENT: &str = "the database does not answer";

fn come_again(description: &str) -> Error {
    Error::Unavailable {
        reason: Reason::DatabaseUnavailable,
        description: description.into(),
        retry_after: RETRY_AFTER,
    }
}

fn internal(error: &DbErr) -> Error {
    Error::internal(error.to_string())
}

/// That a file of the database cannot be opened.
pub(super) fn cannot_open(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable {
        reason: Reason::DatabaseUnavailable,
        description: format!("cannot open {}: {error}", path.display()),
        retry_after: RETRY_AFTER,
    }
}

/// The file that was opened is not where it was.
pub(super) fn misplaced(path: &Path, how: &dyn std::fmt::Display) -> Error {
    tracing::error!(
        "{} was moved or deleted under the server ({how}): nothing is written",
        path.display()
    );
    come_again("the file of the database was moved or deleted")
}

/// A file whose pages do not fit together.
pub(super) fn damaged(path: &Path, how: &str) -> Error {
    Error::Unavailable {
        reason: Reason::DatabaseUnavailable,
        description: format!(
            "{} is damaged ({how}): put a copy of it back; `ballast verify` tells which figures \
             of a copy still hold",
            path.display()
        ),
        retry_after: RETRY_AFTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_engines_map_to_what_the_caller_can_do() {
        let whole = DbErr::Custom("secret driver text".into());
        assert_eq!(from_code("40P01", &whole).reason(), Reason::ConcurrentChange);
        assert_eq!(from_code("517", &whole).reason(), Reason::ConcurrentChange);
        assert_eq!(from_code("13", &whole).reason(), Reason::StorageFull);
        assert_eq!(from_code("53100", &whole).reason(), Reason::StorageFull);
        assert_eq!(from_code("778", &whole).reason(), Reason::DatabaseUnavailable);
        assert_eq!(from_code("57P01", &whole).reason(), Reason::DatabaseUnavailable);
        assert_eq!(from_code("08006", &whole).reason(), Reason::DatabaseUnavailable);
        assert_eq!(from_code("42P01", &whole).reason(), Reason::DatabaseUnavailable);
        for code in ["22003", "23514", "275"] {
            assert_eq!(from_code(code, &whole).reason(), Reason::AmountOutOfRange);
        }
        assert_eq!(from_code("42601", &whole).reason(), Reason::Internal);
    }
}
