//! Transactions.
//!
//! A write runs in a task of its own: a client that goes away drops the handler, not the
//! transaction (and never a half-sent BEGIN, which would poison its pooled connection). One that
//! still waits for its turn is dropped with its caller. It is tried again on serialization failures and deadlocks, inside the deadline. Nothing in here
//! nests transactions or waits for a second connection while holding one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use tokio_util::sync::CancellationToken;

use super::error::{not_migrated, silent, store_error};
use super::once::Answered;
use super::queue::Wait;
use super::settled::embedded::InFlight;
use super::standings::KeptStanding;
use super::visible::Visible;
use super::{Store, sql};
use crate::ctx::{Clock, Ctx};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::point;

/// Attempts at a transaction that others got in the way of.
const ATTEMPTS_MAX: u32 = 4;
/// What a read says of itself on PostgreSQL; on SQLite one statement after the other sees the same.
const ONE_PICTURE: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
/// How long work that was under way when the database fell silent waits for it.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How a write transaction ends that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Commit,
    Rollback,
}

/// A write transaction. It records at one instant, fixed by [`WriteTx::record_after`].
pub struct WriteTx {
    pub(super) conn: DatabaseTransaction,
    /// The recorded time, once it is fixed.
    recorded: Option<i64>,
    /// The recorded time of what it answers from, where that was done before.
    repeated: i64,
    in_flight: Option<InFlight>,
    /// Entries written so far: part of their key.
    entries: i32,
    /// Groups that accounts were found in when others were locked, by this attempt and those
    /// before it.
    pub(super) met: BTreeSet<String>,
    /// The roots of accounts whose groups are locked.
    pub(super) roots: HashMap<String, String>,
    /// What the revisions of the groups that it changes become. No other transaction has it, also where
    /// commits are lost with a database and made anew.
    pub(super) revision: i64,
    /// The accounts, roots among them, that it gave it to.
    pub(super) raised: BTreeSet<String>,
    /// Whether what rules accounts changes: see [`WriteTx::raise_rules`].
    pub(super) rules_changed: bool,
    /// Standings to be kept once this is committed.
    pub(super) standings: Vec<(String, Arc<KeptStanding>)>,
    /// `None` if its caller sees all rows.
    pub(super) visible: Option<Visible>,
    pub(super) store: Store,
}

impl WriteTx {
    /// Fixes the recorded time of this transaction: now, or just after the point that `head` was
    /// told with, the last recorded time of the accounts it writes to. Call it with their heads
    /// locked.
    pub async fn record_after(&mut self, head: i64) -> Result<i64> {
        let recorded = match self.recorded {
            Some(recorded) => recorded.max(point::after(head)),
            None if self.store.is_sqlite() => {
                let (recorded, in_flight) = self.store.settlement.record(head).await;
                self.in_flight = Some(in_flight);
                recorded
            }
            None => self.store.settlement.record_on(&self.conn, head).await?,
        };
        self.recorded = Some(recorded);
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.recorded_at(recorded);
        }
        Ok(recorded)
    }

    /// The recorded time, for transactions that lock no account head.
    pub async fn recorded_at(&mut self) -> Result<i64> {
        match self.recorded {
            Some(recorded) => Ok(recorded),
            None => self.record_after(0).await,
        }
    }

    /// The answer is that of an earlier call, which was recorded then.
    pub(super) fn repeats(&mut self, recorded: i64) {
        self.repeated = self.repeated.max(recorded);
    }

    /// Up to when everything recorded is known, seen from inside this transaction: before
    /// whatever it records itself.
    pub(super) async fn settled(&self) -> Result<i64> {
        self.store.settlement.settled_within(&self.conn, self.recorded).await
    }

    /// Numbers for the next `count` ledger entries; answers the first.
    pub(super) fn entry_positions(&mut self, count: usize) -> Result<i32> {
        let first = self.entries;
        let next = i32::try_from(count).ok().and_then(|count| first.checked_add(count));
        self.entries = next.ok_or_else(|| Error::internal("too many entries at once"))?;
        Ok(first)
    }

    /// Has PostgreSQL look up rows by their indexes from here on ([`sql::by_indexes`]).
    pub async fn by_indexes(&self) -> Result<()> {
        sql::by_indexes(&self.conn, true).await
    }

    pub fn clock(&self) -> &Clock {
        &self.store.clock
    }
}

impl Store {
    /// Runs `work` in a write transaction and commits it. `work` may run several times and must
    /// not keep anything from a run that failed.
    pub async fn write<T, F>(&self, ctx: &Ctx, wait: impl Into<Wait>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut WriteTx) -> BoxFuture<'a, Result<T>> + Send + Sync + 'static,
    {
        self.run(ctx, wait.into(), End::Commit, work).await
    }

    /// Runs `work` as [`Store::write`] does and keeps nothing of it: what would have come.
    pub async fn rehearse<T, F>(&self, ctx: &Ctx, wait: impl Into<Wait>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut WriteTx) -> BoxFuture<'a, Result<T>> + Send + Sync + 'static,
    {
        self.run(ctx, wait.into(), End::Rollback, work).await
    }

    async fn run<T, F>(&self, ctx: &Ctx, wait: Wait, end: End, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut WriteTx) -> BoxFuture<'a, Result<T>> + Send + Sync + 'static,
    {
        ctx.check_deadline()?;
        let (store, ctx) = (self.clone(), ctx.clone());
        let gone = CancellationToken::new();
        let _caller = gone.clone().drop_guard();
        let span = tracing::Span::current();
        let task = self.tasks.spawn(tracing::Instrument::instrument(
            async move { store.attempts(&ctx, &gone, wait, end, &work).await },
            span,
        ));
        task.await.map_err(|e| Error::internal(format!("a write task failed: {e}")))?
    }

    async fn attempts<T, F>(
        &self,
        ctx: &Ctx,
        gone: &CancellationToken,
        wait: Wait,
        end: End,
        work: &F,
    ) -> Result<T>
    where
        F: for<'a> Fn(&'a mut WriteTx) -> BoxFuture<'a, Result<T>>,
    {
        let mut met = BTreeSet::new();
        let mut attempt = 1;
        loop {
            ctx.check_deadline()?;
            // Held to the end of the attempt: the next writer begins after our commit.
            let turn = tokio::select! {
                biased;
                // Nobody is left to tell.
                () = gone.cancelled() => return Err(Error::DeadlineExceeded),
                turn = self.queue.enter(wait) => turn?,
            };
            let groups = met.len();
            let attempted = self.while_answered(self.attempt(ctx, gone, end, work, &mut met)).await;
            drop(turn);
            match attempted {
                // It locks one group more each time, until there is none left to move to: an end,
                // however often others move accounts while it waits for its locks.
                Err(Error::Aborted { reason: Reason::ConcurrentChange, .. })
                    if met.len() > groups =>
                {
                    tracing::debug!(groups = met.len(), "an account moved, transaction retried");
                }
                Err(Error::Aborted { reason: Reason::ConcurrentChange, .. })
                    if attempt < ATTEMPTS_MAX =>
                {
                    tracing::debug!(attempt, "transaction retried");
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=20) << attempt))
                        .await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// What comes of work in the database, unless that falls silent meanwhile: its host may be gone without a
    /// word, and then nothing ends a statement that waits. One that is there has some time to end it.
    pub(crate) async fn while_answered<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        if self.is_sqlite() {
            return work.await;
        }
        tokio::select! {
            biased;
            done = work => done,
            () = self.presence.silent_for(SILENCE_MAX) => Err(silent(SILENCE_MAX)),
        }
    }

    async fn attempt<T, F>(
        &self,
        ctx: &Ctx,
        gone: &CancellationToken,
        end: End,
        work: &F,
        met: &mut BTreeSet<String>,
    ) -> Result<T>
    where
        F: for<'a> Fn(&'a mut WriteTx) -> BoxFuture<'a, Result<T>>,
    {
        ctx.check_deadline()?;
        let mut tx = self.begin_write(ctx).await?;
        if gone.is_cancelled() {
            // It waited for its connection for longer than its caller did, who was told that it failed.
            return Err(Error::DeadlineExceeded);
        }
        tx.met.clone_from(met);
        let done = match work(&mut tx).await {
            Ok(value) => tx.raise_rules().await.and_then(|()| self.check_file()).map(|()| value),
            Err(error) => Err(error),
        };
        match done {
            Ok(value) if end == End::Rollback => {
                tx.conn.rollback().await.map_err(store_error)?;
                Ok(value)
            }
            Ok(value) => {
                let WriteTx { conn, in_flight, recorded, repeated, standings, .. } = tx;
                conn.commit().await.map_err(store_error)?;
                self.standings.keep(standings);
                // Only now may readers settle past this transaction.
                drop(in_flight);
                ctx.revision.raise(point::told(repeated));
                if let Some(recorded) = recorded {
                    self.settlement.committed(recorded);
                    ctx.revision.raise(point::told(recorded));
                    self.committed.notify_one();
                }
                Ok(value)
            }
            Err(error) => {
                *met = std::mem::take(&mut tx.met);
                if let Err(rollback) = tx.conn.rollback().await {
                    tracing::warn!(error = %rollback, "rollback failed; the connection is closed");
                }
                Err(error)
            }
        }
    }

    /// What is written to a file that was deleted is lost with the process.
    fn check_file(&self) -> Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| file.check_with_log())
    }

    async fn begin_write(&self, ctx: &Ctx) -> Result<WriteTx> {
        if !self.is_migrated() {
            return Err(not_migrated());
        }
        let conn = self
            .writer()
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await
            .map_err(store_error)?;
        let mut tx = WriteTx {
            conn,
            recorded: None,
            repeated: 0,
            in_flight: None,
            entries: 0,
            met: BTreeSet::new(),
            roots: HashMap::new(),
            revision: fastrand::i64(1..),
            raised: BTreeSet::new(),
            rules_changed: false,
            standings: Vec::new(),
            visible: None,
            store: self.clone(),
        };
        self.set(ctx, &tx.conn, &[]).await?;
        tx.visible = Visible::of(&tx.conn, ctx, self.clock.business_date()).await?;
        Ok(tx)
    }

    /// How a transaction goes on PostgreSQL, in one message: what it says itself, and that its statements end
    /// with the deadline of their call.
    async fn set(&self, ctx: &Ctx, conn: &DatabaseTransaction, itself: &[&str]) -> Result<()> {
        let left = ctx.deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            let millis = left.as_millis().clamp(1, i32::MAX as u128);
            format!("SET LOCAL statement_timeout = {millis}")
        });
        let all: Vec<&str> = itself.iter().copied().chain(left.as_deref()).collect();
        if !self.is_sqlite() && !all.is_empty() {
            conn.execute_unprepared(&all.join("; ")).await.map_err(store_error)?;
        }
        Ok(())
    }

    /// Runs `work` on one unchanging picture of the database.
    pub async fn read<T, F>(&self, ctx: &Ctx, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a ReadTx) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        ctx.check_deadline()?;
        let (store, ctx) = (self.clone(), ctx.clone());
        let task = self
            .tasks
            .spawn(async move { store.while_answered(store.read_once(&ctx, work)).await });
        task.await.map_err(|e| Error::internal(format!("a read task failed: {e}")))?
    }

    async fn read_once<T, F>(&self, ctx: &Ctx, work: F) -> Result<T>
    where
        F: for<'a> FnOnce(&'a ReadTx) -> BoxFuture<'a, Result<T>>,
    {
        let conn = self
            .reader()
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
                ..Default::default()
            })
            .await
            .map_err(store_error)?;
        self.set(ctx, &conn, &[ONE_PICTURE]).await?;
        let today = self.clock.business_date();
        let visible = Visible::of(&conn, ctx, today).await?;
        let answered = Answered::default();
        let tx = ReadTx { conn, today, visible, answered, store: self.clone() };
        let result = work(&tx).await;
        tx.conn.rollback().await.map_err(store_error)?;
        result
    }
}

/// A read-only transaction on one snapshot.
pub struct ReadTx {
    pub(super) conn: DatabaseTransaction,
    /// The business date.
    pub(super) today: NaiveDate,
    /// `None` if its caller sees all rows.
    pub(super) visible: Option<Visible>,
    pub(super) answered: Answered,
    pub(super) store: Store,
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::store::seed::fresh;
    use crate::store::sql;

    #[tokio::test]
    async fn a_read_of_postgresql_is_one_picture_and_ends_with_its_call() {
        for db in fresh().await.into_iter().filter(|db| !db.store.is_sqlite()) {
            let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
            let ctx = Ctx { deadline: Instant::now().checked_add(Duration::from_secs(60)), ..ctx };
            let read = db.store.read(&ctx, |tx| {
                Box::pin(async {
                    let mut told = Vec::new();
                    for name in
                        ["transaction_isolation", "transaction_read_only", "statement_timeout"]
                    {
                        let text = "SELECT current_setting($1) AS v";
                        told.push(sql::scalar::<String>(&tx.conn, text, vec![name.into()]).await?);
                    }
                    Ok(told)
                })
            });
            let told: Vec<String> = read.await.unwrap().into_iter().flatten().collect();
            let [isolation, read_only, timeout] = &told[..] else { panic!("{told:?}") };
            assert_eq!((&**isolation, &**read_only), ("repeatable read", "on"));
            // As it was set for 60 s: what is left of them, in milliseconds or whole seconds.
            let is_limited = timeout.ends_with("ms") || timeout == "1min" || timeout == "60s";
            assert!(is_limited && timeout != "0", "{timeout}");
        }
    }
}
