//! The schema, as migrations. One text serves both engines: `{uuid}`, `{bigint}`, `{date}` and
//! `{bytes}` stand for the engine's own type.
//!
//! In the tables of the ledger and of credit columns are NOT NULL; an absent value is the empty
//! text, 0, the nil UUID or 9999-12-31. Elsewhere an attribute may be NULL, and what stands in a
//! key or in the order of a page may not. Instants are microseconds since
//! the epoch in a BIGINT: the same order and the same bytes on both engines.

mod m0001_ledger;
mod m0002_credit;
mod m0003_member;
#[cfg(test)]
mod tests;

use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};
use sea_orm_migration::prelude::*;

use super::Store;
use super::error::store_error;
use crate::domain::error::Result;

/// Serializes migrations of several instances; the number is arbitrary and ours.
const ADVISORY_LOCK: (i32, i32) = (0x6261_6c6c, 1);

pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_ledger::Migration),
            Box::new(m0002_credit::Migration),
            Box::new(m0003_member::Migration),
        ]
    }
}

pub(super) async fn up(store: &Store) -> Result<()> {
    if store.is_sqlite() {
        return Migrator::up(&store.writer, None).await.map_err(store_error);
    }
    // The lock and the migrations share one connection: the lock ends with the transaction.
    let tx = store.writer.begin().await.map_err(store_error)?;
    let (class, key) = ADVISORY_LOCK;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({class}, {key})"))
        .await
        .map_err(store_error)?;
    Migrator::up(&tx, None).await.map_err(store_error)?;
    tx.commit().await.map_err(store_error)
}

/// Renders the types of the engine into the text of a migration, statement by statement.
fn statements(backend: DbBackend, text: &str) -> Vec<String> {
    let (uuid, bigint, date, bytes) = match backend {
        DbBackend::Sqlite => ("BLOB", "INTEGER", "TEXT", "BLOB"),
        _ => ("UUID", "BIGINT", "DATE", "BYTEA"),
    };
    text.replace("{uuid}", uuid)
        .replace("{bigint}", bigint)
        .replace("{date}", date)
        .replace("{bytes}", bytes)
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Runs the statements of a migration.
async fn run(manager: &SchemaManager<'_>, text: &str) -> std::result::Result<(), DbErr> {
    let conn = manager.get_connection();
    for statement in statements(conn.get_database_backend(), text) {
        conn.execute_unprepared(&statement).await?;
    }
    Ok(())
}
