//! The schema, as migrations. One text serves both engines: `{text}`, `{uuid}`, `{bigint}`,
//! `{date}` and `{bytes}` stand for the engine's own type, and `{clustered}` behind a table for
//! keeping its rows in the order of the key, where the engine can. A statement behind `{sqlite}` is
//! for that engine alone. Texts are compared byte by byte, as the rules compare them, whatever the
//! collation of the database is.
//!
//! In the tables of the ledger and of credit columns are NOT NULL; an absent value is the empty
//! text, 0, the nil UUID or 9999-12-31. Elsewhere an attribute may be NULL, and what stands in a
//! key or in the order of a page may not. Instants are microseconds since
//! the epoch in a BIGINT: the same order and the same bytes on both engines.
//!
//! What is missing is applied in one transaction: a start that is cut short leaves the database
//! as it was, for this version and for the one before it.

mod m0001_first;
mod m0002_member;
mod m0003_team;
mod m0004_directory;
mod m0005_tiers;
mod m0006_contact;
mod m0007_finding;
mod m0008_signal;
mod m0009_work;
mod m0010_gift;
mod m0011_timeline;
mod m0012_handover;
mod m0013_cost;
mod m0014_promise_contact;
mod m0015_audit;
mod m0016_group_revision;
mod m0017_records;
mod m0018_contact_occasion;
mod m0019_promise_timeline;
mod m0020_erasure;
mod m0021_book_move;
mod m0022_merge;
mod m0023_account_merge;
mod m0024_work_place;
mod m0025_book_revision;
mod m0026_fewer_indexes;
mod schema;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::prelude::*;

use super::error::store_error;
use super::{Store, settled};
use crate::domain::error::Result;

pub(super) use schema::require_current;

/// Serializes migrations of several instances; the number is arbitrary and ours.
const ADVISORY_LOCK: (i32, i32) = (0x6261_6c6c, 1);

/// In the order in which they are applied. What was released is never changed.
const MIGRATIONS: [Migration; 26] = [
    m0001_first::MIGRATION,
    m0002_member::MIGRATION,
    m0003_team::MIGRATION,
    m0004_directory::MIGRATION,
    m0005_tiers::MIGRATION,
    m0006_contact::MIGRATION,
    m0007_finding::MIGRATION,
    m0008_signal::MIGRATION,
    m0009_work::MIGRATION,
    m0010_gift::MIGRATION,
    m0011_timeline::MIGRATION,
    m0012_handover::MIGRATION,
    m0013_cost::MIGRATION,
    m0014_promise_contact::MIGRATION,
    m0015_audit::MIGRATION,
    m0016_group_revision::MIGRATION,
    m0017_records::MIGRATION,
    m0018_contact_occasion::MIGRATION,
    m0019_promise_timeline::MIGRATION,
    m0020_erasure::MIGRATION,
    m0021_book_move::MIGRATION,
    m0022_merge::MIGRATION,
    m0023_account_merge::MIGRATION,
    m0024_work_place::MIGRATION,
    m0025_book_revision::MIGRATION,
    m0026_fewer_indexes::MIGRATION,
];

/// A step of the schema. Its text says the same whenever and wherever it is asked for.
#[derive(Debug, Clone, Copy)]
struct Migration {
    name: &'static str,
    text: fn() -> String,
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> std::result::Result<(), DbErr> {
        let conn = manager.get_connection();
        for statement in statements(conn.get_database_backend(), &(self.text)()) {
            conn.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// Left to the library, SQLite would have none.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        MIGRATIONS.into_iter().map(|migration| Box::new(migration) as _).collect()
    }
}

impl Store {
    /// Brings the schema up to date; safe to call from several instances at once. Nothing is
    /// written through this store before it was done.
    ///
    /// # Errors
    /// `SCHEMA_NEWER` if a newer version migrated the database. It stays as it is.
    pub async fn migrate(&self) -> Result<()> {
        let tx = self
            .writer()
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await
            .map_err(store_error)?;
        up(&tx).await?;
        tx.commit().await.map_err(store_error)?;
        self.settlement.raise_floor(settled::last_recorded(&self.reader()).await?);
        self.migrated.store(true, Ordering::Release);
        Ok(())
    }

    /// Leaves the schema as it is, if it is that of this version.
    ///
    /// # Errors
    /// `SCHEMA_NEWER` or `SCHEMA_OLDER` if another version migrated the database.
    pub async fn accept_schema(&self) -> Result<()> {
        require_current(&self.reader()).await?;
        self.settlement.raise_floor(settled::last_recorded(&self.reader()).await?);
        self.migrated.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether [`Store::migrate`] was done.
    pub fn is_migrated(&self) -> bool {
        self.migrated.load(Ordering::Acquire)
    }

    /// A hash of all migrations: databases that are migrated and empty are equal if it is.
    pub fn schema_fingerprint() -> String {
        schema::fingerprint()
    }
}

async fn up(tx: &DatabaseTransaction) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // Both end with the transaction. An index of a large table takes longer than the statement of a
        // call may, and so does waiting for another instance that makes it.
        let (class, key) = ADVISORY_LOCK;
        tx.execute_unprepared(&format!(
            "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({class}, {key})"
        ))
        .await
        .map_err(store_error)?;
    }
    let applied = schema::applied(&SchemaManager::new(tx)).await?;
    schema::refuse_newer(&applied)?;
    if applied.len() == MIGRATIONS.len() {
        // The library would make its own table if it is missing, which not every role may.
        return Ok(());
    }
    Migrator::up(tx, None).await.map_err(store_error)
}

/// Every row of timelines, told by the facts.
pub(super) fn timeline_of_facts(backend: DbBackend) -> String {
    let facts = m0011_timeline::facts("NULLIF(p.contact_id, '')");
    in_words_of(backend, &format!("{facts} UNION ALL {}", m0022_merge::TIMELINE))
}

/// The statements of the text of a migration for the engine, in its words.
fn statements(backend: DbBackend, text: &str) -> Vec<String> {
    in_words_of(backend, text)
        .split(";\n")
        .map(str::trim)
        .filter_map(|statement| match statement.strip_prefix("{sqlite}") {
            Some(own) => (backend == DbBackend::Sqlite).then_some(own.trim()),
            None => Some(statement),
        })
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Renders the types of the engine, and how it says a few things that migrations need of what was
/// recorded before: `{noon}…{/noon}` is noon of a day in microseconds since the epoch,
/// `{as_uuid}…{/as_uuid}` an id that is part of a name, and `{json}…{/json}` a document to look into.
fn in_words_of(backend: DbBackend, text: &str) -> String {
    let (text_type, uuid, bigint, date, bytes, clustered) = match backend {
        DbBackend::Sqlite => ("TEXT", "BLOB", "INTEGER", "TEXT", "BLOB", " WITHOUT ROWID"),
        _ => ("TEXT COLLATE \"C\"", "UUID", "BIGINT", "DATE", "BYTEA", ""),
    };
    let (noon, as_uuid, json) = match backend {
        DbBackend::Sqlite => (
            ("(CAST(strftime('%s', ", ") AS INTEGER) * 1000000 + 43200000000)"),
            ("unhex(replace(", ", '-', ''))"),
            ("", ""),
        ),
        _ => (
            ("(CAST(", " - DATE '1970-01-01' AS BIGINT) * 86400000000 + 43200000000)"),
            ("CAST(", " AS UUID)"),
            ("CAST(", " AS JSON)"),
        ),
    };
    text.replace("{text}", text_type)
        .replace("{uuid}", uuid)
        .replace("{bigint}", bigint)
        .replace("{date}", date)
        .replace("{bytes}", bytes)
        .replace("{clustered}", clustered)
        .replace("{noon}", noon.0)
        .replace("{/noon}", noon.1)
        .replace("{as_uuid}", as_uuid.0)
        .replace("{/as_uuid}", as_uuid.1)
        .replace("{json}", json.0)
        .replace("{/json}", json.1)
}
