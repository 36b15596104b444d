//! The handle on the database that everything of this folder adds its functions to.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

use super::file_lock::FileLock;
use super::pool::Pool;
use super::probe::{Found, Probe};
use super::queue::WriterQueue;
use super::risks::KeptRisks;
use super::settled::Settlement;
use super::sql;
use super::standings::KeptStandings;
use crate::ctx::Clock;
use crate::domain::error::Result;
use crate::presence::Presence;

/// The database: an embedded SQLite file or PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(super) reads: Pool,
    /// One connection on SQLite; on PostgreSQL those of the reads.
    pub(super) writes: Pool,
    pub(super) queue: WriterQueue,
    pub(super) settlement: Settlement,
    pub(super) clock: Clock,
    /// The transactions under way: shutdown waits for them.
    pub(super) tasks: Arc<TaskTracker>,
    /// Whether the schema is that of this version.
    pub(super) migrated: Arc<AtomicBool>,
    /// How credit groups stood when somebody looked last.
    pub(super) standings: KeptStandings,
    /// What accounts owed when somebody asked last.
    pub(super) risks: KeptRisks,
    /// Wakes the sealer after a commit.
    pub(super) committed: Arc<Notify>,
    /// Whether the database is known to be away.
    pub(super) presence: Presence,
    /// `None` where the database cannot be away, or calls are not to be refused while it is.
    pub(super) probe: Option<Arc<Probe>>,
    /// Keeps other writing processes off the same SQLite file, and knows whether it is still there.
    pub(super) file: Option<Arc<FileLock>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("sqlite", &self.is_sqlite()).finish_non_exhaustive()
    }
}

impl Store {
    pub fn is_sqlite(&self) -> bool {
        self.reads.backend() == DbBackend::Sqlite
    }

    /// What reads outside transactions, or begins one.
    pub(super) fn reader(&self) -> DatabaseConnection {
        self.reads.current()
    }

    /// What begins write transactions.
    pub(super) fn writer(&self) -> DatabaseConnection {
        self.writes.current()
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        sql::execute(&self.reader(), "SELECT 1", vec![]).await?;
        Ok(())
    }

    /// Asks the database whether it is there. Its answer, or its silence, is what
    /// [`Store::presence`] tells from now on.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`.
    pub async fn probe(&self) -> Result<()> {
        let answer = match (&self.probe, &self.file) {
            (Some(probe), _) => probe.look().await.map(|found| self.found(found)),
            (None, Some(file)) => file.check(),
            (None, None) => Ok(()),
        };
        // The connections to a file are as many as its readers: a busy one answers in its time.
        if self.probe.is_none() && answer.is_ok() {
            self.presence.set_away(false);
            return self.ping().await;
        }
        self.presence.set_away(answer.is_err());
        answer
    }

    /// What waits on connections that were cut off is given up, and nobody else gets one of them.
    fn found(&self, found: Found) {
        if found == Found::CutOff {
            self.presence.silent();
            self.writes.renew();
        }
    }

    /// Whether the database is known to be away: what [`Store::probe`] found.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// The time that recorded times go by: on PostgreSQL the database's. Microseconds since the
    /// epoch.
    pub async fn now(&self) -> Result<i64> {
        if self.is_sqlite() {
            return Ok(self.clock.now_micros());
        }
        self.settlement.now_on(&self.reader()).await
    }

    /// Up to when everything recorded is known: the latest `known_at` a read of more than one
    /// account may use. Microseconds since the epoch, a whole millisecond.
    pub async fn settled(&self) -> Result<i64> {
        self.settlement.settled(&self.reader()).await
    }

    /// Waits for the transactions under way, then closes the connections.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.reads.close().await;
        self.writes.close().await;
    }
}
