//! Recorded time, and up to when it is settled.
//!
//! A ledger answer as known at K may only be given once nothing can be recorded at or before
//! K any more. Writers announce a lower bound *before* they read the clock for their recorded
//! time; a reader reads the clock *before* it looks at the announcements. Whatever a reader
//! overlooks is therefore recorded later than what the reader settles.
//!
//! What is settled is told in whole milliseconds (`domain/point.rs`).
//!
//! On SQLite the one writing process keeps the announcement in memory (`settled/embedded.rs`); a
//! process that reads beside it goes by the last commit. On PostgreSQL the announcement is a
//! shared advisory lock whose key is the lower bound: it is seen by every instance, ends with
//! its transaction however that ends, and costs no table.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};

use self::embedded::{InFlight, Writer};
use super::sql;
use crate::ctx::Clock;
use crate::ctx::steady::{LEEWAY_MICROS, Reading, Steady};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::point::{self, MILLI};

pub(super) mod embedded;

/// How far recorded times may run ahead of the clock: a writer that is told to record later than
/// that is slowed down, by at most a millisecond a transaction.
pub(super) const LEAD_MAX_MICROS: i64 = 100 * MILLI;
/// A read waits for the end of the millisecond that our own last write was told with, if that is
/// as near as this.
const NEAR_MICROS: i64 = 4 * MILLI;
/// How long a read of the embedded engine waits for the transaction that is being committed.
const COMMIT_WAIT: Duration = Duration::from_secs(2);
const TELL_AGAIN_MICROS: i64 = 60_000_000;
const BESIDE_POLL: Duration = Duration::from_millis(5);

/// What this process knows of recorded times, and the clock.
#[derive(Debug, Clone)]
pub(super) struct Settlement {
    clock: Clock,
    /// The one writer of the embedded engine.
    writer: Arc<Writer>,
    /// PostgreSQL: the last recorded time that this process committed.
    own: Arc<AtomicI64>,
    /// PostgreSQL: its clock, held against the time that passes here.
    database: Arc<Steady>,
    /// When a difference between its clock and ours was last spoken of.
    apart_spoken: Arc<AtomicI64>,
    /// The process that writes to the SQLite file is another one.
    beside: bool,
}

impl Settlement {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            writer: Arc::default(),
            own: Arc::default(),
            database: Arc::default(),
            apart_spoken: Arc::new(AtomicI64::new(i64::MIN)),
            beside: false,
        }
    }

    /// For a process that only reads a SQLite file, beside the one that writes to it.
    pub fn beside(clock: Clock) -> Self {
        Self { beside: true, ..Self::new(clock) }
    }

    /// Never settles or records below what an earlier run of the process recorded. That the clock
    /// is behind it is said: it was set back while nobody ran, or the file comes from elsewhere.
    pub fn raise_floor(&self, recorded: i64) {
        let seconds = (recorded - self.clock.now_micros()) / 1_000_000;
        if seconds * 1_000_000 > LEEWAY_MICROS {
            tracing::error!(seconds, "the books were written to later than the clock says it is");
        }
        self.writer.raise_floor(recorded);
    }

    /// Embedded engine: fixes the recorded time of a transaction, later than `head` was told.
    pub async fn record(&self, head: i64) -> (i64, InFlight) {
        let now = self.clock.now_micros();
        let (recorded, in_flight) = self.writer.record(now, head);
        slow_down(recorded - now).await;
        (recorded, in_flight)
    }

    /// PostgreSQL: as [`Settlement::record`], announcing the transaction to all instances. Who
    /// only waits for its locks yet, or records nothing, holds nobody back.
    pub async fn record_on(&self, tx: &impl ConnectionTrait, head: i64) -> Result<i64> {
        let now = if self.clock.is_system() {
            // One after the other: the lock by one look at the clock, then another look.
            let announced = format!(
                "WITH l AS MATERIALIZED \
                 (SELECT pg_advisory_xact_lock_shared({NOW_MICROS}) IS NULL AS none) \
                 SELECT {NOW_MICROS} AS v FROM l WHERE none IS NOT NULL"
            );
            self.steady(sql::scalar(tx, announced, vec![]).await?)?
        } else {
            let now = self.clock.now_micros();
            sql::execute(tx, "SELECT pg_advisory_xact_lock_shared($1)", vec![now.into()]).await?;
            self.clock.now_micros()
        };
        let recorded = now.max(point::after(head));
        slow_down(recorded - now).await;
        Ok(recorded)
    }

    /// This process committed what it recorded then.
    pub fn committed(&self, recorded: i64) {
        self.own.fetch_max(recorded, Ordering::AcqRel);
    }

    /// PostgreSQL: the time now, by the one clock that all instances share.
    ///
    /// # Errors
    /// CLOCK_JUMPED: what is recorded by a clock that jumped can't be taken back.
    pub async fn now_on(&self, conn: &impl ConnectionTrait) -> Result<i64> {
        if !self.clock.is_system() {
            return Ok(self.clock.now_micros());
        }
        let now = sql::scalar(conn, format!("SELECT {NOW_MICROS} AS v"), vec![]).await?;
        self.steady(now)
    }

    fn steady(&self, now: Option<i64>) -> Result<i64> {
        let now = now.ok_or_else(|| Error::internal("the database does not tell the time"))?;
        let reading = self.hold(now);
        if reading.jumped() {
            return Err(Error::Unavailable {
                reason: Reason::ClockJumped,
                description: format!(
                    "the clock of the database jumped by {} s",
                    reading.off / 1_000_000
                ),
                retry_after: Duration::from_secs(10),
            });
        }
        Ok(now.max(reading.time))
    }

    /// Holds the clock of PostgreSQL against the time that passes here, and tells of what is off.
    fn hold(&self, now: i64) -> Reading {
        let passed = self.clock.passed_micros();
        let reading = self.database.read(now, passed);
        if reading.speak {
            let seconds = reading.off / 1_000_000;
            tracing::error!(
                seconds,
                "the clock of the database jumped; nothing is written until it is right, or this \
                 server starts anew"
            );
        }
        let apart = now - self.clock.now_micros();
        let spoken = self.apart_spoken.load(Ordering::Acquire);
        if apart.abs() > LEEWAY_MICROS && passed - TELL_AGAIN_MICROS >= spoken {
            self.apart_spoken.store(passed, Ordering::Release);
            let seconds = apart / 1_000_000;
            tracing::error!(seconds, "the clock of the database is ahead of ours: set both right");
        }
        reading
    }

    /// The latest point at which everything recorded is known by now: a whole millisecond.
    pub async fn settled(&self, conn: &impl ConnectionTrait) -> Result<i64> {
        if self.beside {
            return self.settled_beside(conn).await;
        }
        if conn.get_database_backend() == DbBackend::Sqlite {
            let settled = self.writer.settled(|| self.clock.now_micros(), COMMIT_WAIT).await;
            slow_down(settled - self.clock.now_micros()).await;
            return Ok(settled);
        }
        loop {
            let (now, settled) = self.settled_on(conn).await?;
            // Who has just written sees it, though its millisecond is not over: mostly it was
            // over before the commit was.
            let own = point::told(self.own.load(Ordering::Acquire));
            if now > own || own - now > NEAR_MICROS {
                return Ok(settled);
            }
            tokio::time::sleep(micros(own - now + 1)).await;
        }
    }

    /// As [`Settlement::settled`], seen from inside the one transaction of the embedded engine
    /// that may write, or from inside any on PostgreSQL: before whatever it records itself.
    pub async fn settled_within(
        &self,
        tx: &impl ConnectionTrait,
        recorded: Option<i64>,
    ) -> Result<i64> {
        if tx.get_database_backend() != DbBackend::Sqlite {
            return Ok(self.settled_on(tx).await?.1);
        }
        match recorded {
            Some(recorded) => Ok(point::named(recorded - 1)),
            None => Ok(self.writer.settle(self.clock.now_micros())),
        }
    }

    /// PostgreSQL: the time, and the latest point that is settled.
    async fn settled_on(&self, conn: &impl ConnectionTrait) -> Result<(i64, i64)> {
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
        let now = match self.clock.is_system().then(|| self.hold(row.now)) {
            Some(reading) if reading.jumped() => row.now.min(reading.time),
            Some(_) | None => row.now,
        };
        let bound = row.oldest.map_or(now, |oldest| now.min(oldest));
        Ok((now, point::named(bound - 1)))
    }

    /// What another process announces is not for us to see. It commits in the order of recorded
    /// times, and begins a new millisecond with each transaction unless it is far ahead of the
    /// clock: then one may still come that shares the last one's millisecond, until the clock
    /// has come there.
    async fn settled_beside(&self, conn: &impl ConnectionTrait) -> Result<i64> {
        loop {
            let last = last_recorded(conn).await?;
            let settled = point::told(last);
            if settled == last || settled < self.clock.now_micros() {
                return Ok(settled);
            }
            if settled - self.clock.now_micros() > 2 * LEAD_MAX_MICROS {
                // A clock that was set back: what shares the millisecond is left out.
                return Ok(point::named(last));
            }
            tokio::time::sleep(BESIDE_POLL).await;
        }
    }
}

/// Who is too far ahead of the clock waits a little, so that the lead does not grow.
async fn slow_down(lead: i64) {
    if lead > LEAD_MAX_MICROS + MILLI {
        tokio::time::sleep(micros(MILLI)).await;
    }
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
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
