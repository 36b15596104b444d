//! The only place with SQL.
//!
//! What lives here: connections, transactions, migrations, and one file for each aggregate
//! that turns rows into domain types and back. What must not: rules (they are in `domain`),
//! sequence (in `service`), anything of the wire.
//!
//! Functions take `&impl ConnectionTrait` (or a [`tx::WriteTx`]), never acquire a second
//! connection, and answer domain types.

pub mod account;
mod batch;
mod columns;
mod connect;
pub mod credit;
mod entity;
pub mod error;
pub mod facts;
mod import_run;
mod journal;
mod keyset;
mod lease;
mod ledger;
mod lock;
mod member;
mod migration;
mod observe;
mod queue;
pub mod receivables;
mod rows;
mod seal;
#[cfg(test)]
pub(crate) mod seed;
mod settled;
mod source_system;
mod sql;
mod tx;
mod verify;

pub mod idempotency;

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbBackend};

use crate::ctx::Clock;
use crate::domain::error::Result;

pub use batch::Answered;
pub use idempotency::{Call, CallRecord, Outcome, Step, reused};
pub use import_run::ImportRun;
pub use journal::AuditEntry;
pub use ledger::WaitingClearing;
pub use lock::{Entered, Head};
pub use queue::Lane;
pub use tx::{ReadTx, WriteTx};
pub use verify::Check;

/// The database: an embedded SQLite file or PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    /// Reads outside transactions.
    reader: DatabaseConnection,
    /// Write transactions: one connection on SQLite, the common pool on PostgreSQL.
    writer: DatabaseConnection,
    queue: Option<queue::WriterQueue>,
    settlement: settled::Settlement,
    clock: Clock,
    tasks: tx::Tasks,
    /// Wakes the sealer after a commit.
    committed: Arc<tokio::sync::Notify>,
    /// Keeps other writing processes off the same SQLite file.
    _lock: Option<Arc<std::fs::File>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("sqlite", &self.is_sqlite()).finish_non_exhaustive()
    }
}

impl Store {
    pub fn is_sqlite(&self) -> bool {
        self.reader.get_database_backend() == DbBackend::Sqlite
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        sql::execute(&self.reader, "SELECT 1", vec![]).await?;
        Ok(())
    }

    /// Brings the schema up to date; safe to call from several instances at once.
    pub async fn migrate(&self) -> Result<()> {
        migration::up(self).await?;
        self.settlement.raise_floor(settled::last_recorded(&self.reader).await?);
        Ok(())
    }

    /// Up to when everything recorded is known: the latest `known_at` a read of more than one
    /// account may use. Microseconds since the epoch.
    pub async fn settled(&self) -> Result<i64> {
        self.settlement.settled(&self.reader).await
    }

    /// Waits for the transactions under way, then closes the connections.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        // Closing tells the pools; errors here have no one to act on them.
        let _ = self.reader.clone().close().await;
        let _ = self.writer.clone().close().await;
    }
}
