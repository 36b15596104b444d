//! Recorded time, and up to when it is settled.
//!
//! A ledger answer as known at K may only be given once nothing can be recorded at or before
//! K any more. Writers announce a lower bound *before* they read the clock for their recorded
//! time; a reader reads the clock *before* it looks at the announcements. Whatever a reader
//! overlooks is therefore recorded later than what the reader settles.
//!
//! On SQLite the one writing process keeps the announcement in memory; a process that reads
//! beside it goes by the last commit. On PostgreSQL the announcement is a
//! shared advisory lock whose key is the lower bound: it is seen by every instance, ends with
//! its transaction however that ends, and costs no table.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};

use super::sql;
use crate::ctx::Clock;
use crate::domain::error::{Error, Result};

/// The announcements of this process (SQLite), and the clock.
#[derive(Debug, Clone)]
pub(super) struct Settlement {
    clock: Clock,
    state: Arc<Mutex<State>>,
    /// The process that writes to the SQLite file is another one.
    beside: bool,
}

#[derive(Debug, Default)]
struct State {
    /// Lower bound of the transaction that is writing now (SQLite has at most one).
    in_flight: Option<i64>,
    /// Nothing is recorded at or before this any more.
    floor: i64,
}

/// Held while a transaction of the embedded engine may still record something.
#[derive(Debug)]
pub(super) struct InFlight {
    settlement: Settlement,
    recorded: i64,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.settlement.lock();
        state.in_flight = None;
        state.floor = state.floor.max(self.recorded);
    }
}

impl InFlight {
    /// The transaction recorded at this time, which may be later than announced.
    pub fn recorded_at(&mut self, recorded: i64) {
        self.recorded = self.recorded.max(recorded);
    }
}

impl Settlement {
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Arc::default(), beside: false }
    }

    /// For a process that only reads a SQLite file, beside the one that writes to it.
    pub fn beside(clock: Clock) -> Self {
        Self { beside: true, ..Self::new(clock) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere leaves two integers, which are always consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never settles or records below what an earlier run of the process recorded.
    pub fn raise_floor(&self, recorded: i64) {
        let mut state = self.lock();
        state.floor = state.floor.max(recorded);
    }

    /// Embedded engine: announces a writer; answers its recorded time.
    pub fn announce(&self) -> (i64, InFlight) {
        let mut state = self.lock();
        let recorded = self.clock.now_micros().max(state.floor + 1);
        state.in_flight = Some(recorded);
        (recorded, InFlight { settlement: self.clone(), recorded })
    }

    /// PostgreSQL: announces the transaction to all instances.
    pub async fn announce_on(&self, tx: &impl ConnectionTrait) -> Result<()> {
        if self.clock.is_system() {
            let sql = format!("SELECT pg_advisory_xact_lock_shared({NOW_MICROS})");
            sql::execute(tx, sql, vec![]).await?;
        } else {
            let now = self.clock.now_micros();
            sql::execute(tx, "SELECT pg_advisory_xact_lock_shared($1)", vec![now.into()]).await?;
        }
        Ok(())
    }

    /// PostgreSQL: the time now, by the one clock that all instances share.
    pub async fn now_on(&self, conn: &impl ConnectionTrait) -> Result<i64> {
        if !self.clock.is_system() {
            return Ok(self.clock.now_micros());
        }
        let now = sql::scalar(conn, format!("SELECT {NOW_MICROS} AS v"), vec![]).await?;
        now.ok_or_else(|| Error::internal("the database does not tell the time"))
    }

    /// Up to when everything recorded is known, by now.
    pub async fn settled(&self, conn: &impl ConnectionTrait) -> Result<i64> {
        if self.beside {
            // Its announcements are not for us to see. It commits in the order of recorded
            // times, so nothing comes before the last of them any more.
            return last_recorded(conn).await;
        }
        if conn.get_database_backend() == DbBackend::Sqlite {
            let mut state = self.lock();
            let now = self.clock.now_micros().max(state.floor);
            let settled = state.in_flight.map_or(now, |recorded| now.min(recorded - 1));
            state.floor = state.floor.max(settled);
            return Ok(settled);
        }
        #[derive(FromQueryResult)]
        struct Row {
            now: i64,
            oldest: Option<i64>,
        }
        // The condition on t.now makes the look at the locks wait for the look at the clock.
        let (clock, values) = if self.clock.is_system() {
            (NOW_MICROS, vec![])
        } else {
            ("$1::bigint", vec![self.clock.now_micros().into()])
        };
        let sql = format!(
            "WITH t AS MATERIALIZED (SELECT {clock} AS now) \
             SELECT t.now, (SELECT MIN((l.classid::bigint << 32) | l.objid::bigint) FROM pg_locks l \
               WHERE t.now IS NOT NULL AND l.locktype = 'advisory' AND l.objsubid = 1 \
                 AND l.mode = 'ShareLock' AND l.granted \
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS oldest \
             FROM t"
        );
        let row: Row = sql::one(conn, sql, values)
            .await?
            .ok_or_else(|| Error::internal("the database does not tell the time"))?;
        Ok(row.oldest.map_or(row.now, |oldest| row.now.min(oldest)) - 1)
    }
}

/// The last recorded time that is committed; 0 for none. Every write leaves it in the audit or
/// with the accounts it touched.
pub(super) async fn last_recorded(conn: &impl ConnectionTrait) -> Result<i64> {
    let last = sql::scalar::<i64>(
        conn,
        "SELECT MAX(v) AS v FROM (SELECT COALESCE(MAX(recorded_us), 0) AS v FROM audit UNION ALL \
         SELECT COALESCE(MAX(head_us), 0) FROM account_head) AS last",
        vec![],
    )
    .await?;
    Ok(last.unwrap_or_default())
}

const NOW_MICROS: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
