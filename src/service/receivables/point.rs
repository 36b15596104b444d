//! The point in both times that an answer is true for.
//!
//! An answer for (D, K) may be given once nothing can be recorded at or before K any more. For
//! one account that holds up to its head, which grows under its lock; for everything else, and
//! for a K that the caller names, up to the settled watermark. Points are whole milliseconds
//! (`domain/point.rs`).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, SecondsFormat};

use super::Receivables;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result, Violation};
use crate::domain::ledger::{LedgerPoint, PointQuery};
use crate::domain::names::AccountRef;
use crate::domain::point;
use crate::service::resolve;
use crate::store::Store;
use crate::store::receivables::At;

/// How old a watermark may be where the caller names no time: the answer names the one it used.
const RECENT: Duration = Duration::from_secs(1);
/// How long a read waits for a point that is not settled: as long as one write transaction may
/// hold up the watermark without anything being wrong.
const REACH_MAX: Duration = Duration::from_secs(2);
/// A point further ahead of the clock was never told by us: it lies in the future.
const AHEAD_MAX_MICROS: i64 = 2_000_000;
const REACH_POLL_MS: u64 = 1;
const REACH_POLL_MS_MAX: u64 = 80;

/// What is known about recorded times and stays true: a time that was settled stays settled.
#[derive(Debug, Default)]
pub(super) struct Watermark {
    settled: AtomicI64,
    asked: Mutex<Option<Instant>>,
    /// The first recorded time of the ledger; 0 while unknown.
    first: AtomicI64,
}

impl Watermark {
    /// Up to when everything is settled by now.
    async fn settled(&self, store: &Store) -> Result<i64> {
        let asked = Instant::now();
        let settled = store.settled().await?;
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        Ok(self.settled.fetch_max(settled, Ordering::AcqRel).max(settled))
    }

    /// Up to when everything was settled, as of at most [`RECENT`] ago. Mostly answered from
    /// memory.
    async fn recent(&self, store: &Store) -> Result<i64> {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match asked {
            Some(asked) if asked.elapsed() < RECENT => Ok(self.settled.load(Ordering::Acquire)),
            _ => self.settled(store).await,
        }
    }

    /// Waits until a point is settled; answers up to when everything is.
    ///
    /// # Errors
    /// REVISION_NOT_REACHED if it is not in time, DEADLINE_EXPIRED.
    async fn reach(&self, ctx: &Ctx, store: &Store, revision: i64) -> Result<i64> {
        let asked = Instant::now();
        let mut pause = REACH_POLL_MS;
        loop {
            let settled = self.settled(store).await?;
            if revision <= settled {
                return Ok(settled);
            }
            ctx.check_deadline()?;
            let next = Instant::now() + Duration::from_millis(pause);
            // Who would not live to see the next look is told to come again, while it listens.
            if asked.elapsed() >= REACH_MAX || ctx.deadline.is_some_and(|last| last <= next) {
                return Err(Error::Unavailable {
                    reason: Reason::RevisionNotReached,
                    description: "an earlier write is still under way".into(),
                    retry_after: RECENT,
                });
            }
            tokio::time::sleep_until(next.into()).await;
            pause = (pause * 2).min(REACH_POLL_MS_MAX);
        }
    }

    /// Waits for a point that a caller named, unless it lies in the future.
    ///
    /// # Errors
    /// KNOWN_AT_NOT_SETTLED, or as [`Watermark::reach`].
    async fn check(&self, ctx: &Ctx, store: &Store, known_at: i64) -> Result<()> {
        let Some(settled) = self.unsettled(store, known_at).await? else { return Ok(()) };
        if known_at - store.now().await? > AHEAD_MAX_MICROS {
            return Err(not_settled(settled));
        }
        self.reach(ctx, store, known_at).await?;
        Ok(())
    }

    /// Up to when everything is settled, if that is not as far as `known_at`. Times long
    /// past are answered from memory.
    async fn unsettled(&self, store: &Store, known_at: i64) -> Result<Option<i64>> {
        if known_at <= self.settled.load(Ordering::Acquire) {
            return Ok(None);
        }
        let settled = self.settled(store).await?;
        Ok((known_at > settled).then_some(settled))
    }

    /// Whether anything had been recorded by then.
    async fn is_known(&self, store: &Store, known_at: i64) -> Result<bool> {
        let first = self.first.load(Ordering::Acquire);
        if first != 0 {
            return Ok(first <= known_at);
        }
        let Some(first) = store.first_recorded().await? else { return Ok(false) };
        // Kept once it is settled: then no earlier one can come.
        if first <= self.settled.load(Ordering::Acquire) {
            self.first.store(first, Ordering::Release);
        }
        Ok(first <= known_at)
    }
}

impl Receivables {
    /// The day asked about.
    pub(super) fn as_of(ctx: &Ctx, point: PointQuery) -> NaiveDate {
        point.as_of.unwrap_or_else(|| ctx.business_date())
    }

    /// The point of a question about the book or several accounts.
    pub(super) async fn settled_at(&self, ctx: &Ctx, point: PointQuery) -> Result<At> {
        let known_at = match point.known_at {
            Some(known_at) => {
                let known_at = point::named(known_at);
                self.watermark.check(ctx, &self.store, known_at).await?;
                known_at
            }
            None => match ctx.at_least {
                Some(revision) => self.watermark.reach(ctx, &self.store, revision).await?,
                None => self.watermark.settled(&self.store).await?,
            },
        };
        Ok(At { as_of: Self::as_of(ctx, point), known_at })
    }

    /// The point of a question about one account, before its head is seen: what the first
    /// statement may look at, and the time from which on its answer is settled anyway.
    pub(super) async fn head_at(&self, ctx: &Ctx, id: &str, point: PointQuery) -> Result<HeadAt> {
        let as_of = Self::as_of(ctx, point);
        match point.known_at {
            Some(known_at) => {
                let known_at = point::named(known_at);
                if self.watermark.unsettled(&self.store, known_at).await?.is_some() {
                    // A point that this very account was told with is as settled as any.
                    let head = self.store.head_of(id).await?.map(point::told);
                    if head.is_some_and(|head| head < known_at) {
                        self.watermark.check(ctx, &self.store, known_at).await?;
                    }
                }
                Ok(HeadAt { at: At { as_of, known_at }, settled: known_at })
            }
            None => {
                let mut settled = self.watermark.recent(&self.store).await?;
                if let Some(revision) = ctx.at_least.filter(|revision| *revision > settled) {
                    // A write to this very account has raised its head: nothing to wait for.
                    let head = self.store.head_of(id).await?.map(point::told);
                    if head.is_some_and(|head| head < revision) {
                        settled = self.watermark.reach(ctx, &self.store, revision).await?;
                    }
                }
                Ok(HeadAt { at: At::now(as_of), settled })
            }
        }
    }

    /// The point as an answer echoes it.
    pub(super) async fn echo(&self, ctx: &Ctx, at: At) -> Result<LedgerPoint> {
        Ok(LedgerPoint {
            as_of: at.as_of,
            known_at: at.known_at,
            projected: at.as_of > ctx.business_date(),
            known: self.watermark.is_known(&self.store, at.known_at).await?,
        })
    }

    /// Whether the whole book is settled up to then.
    pub(super) async fn is_settled(&self, known_at: i64) -> Result<bool> {
        Ok(self.watermark.unsettled(&self.store, known_at).await?.is_none())
    }

    /// As [`Receivables::head_at`], for a question whose answer also rests on what is kept
    /// apart from the account: exchange rates, calendars. A head does not tell when those were
    /// recorded.
    pub(super) async fn head_with_rates_at(
        &self,
        ctx: &Ctx,
        id: &str,
        point: PointQuery,
    ) -> Result<HeadAt> {
        if point.known_at.is_none() {
            let settled = self.settled_at(ctx, point).await?.known_at;
            return Ok(HeadAt { at: At::now(Self::as_of(ctx, point)), settled });
        }
        self.head_at(ctx, id, point).await
    }

    /// One account and the point of a question about it, for statements that come after its
    /// head was seen.
    pub(super) async fn account_at(
        &self,
        ctx: &Ctx,
        field: &str,
        name: &AccountRef,
        point: PointQuery,
    ) -> Result<(String, At)> {
        let id = self.id_of(ctx, field, name).await?;
        let head = self.head_at(ctx, &id, point).await?;
        let seen = self.store.head_of(&id).await?.ok_or_else(|| resolve::missing([name]))?;
        Ok((id, head.seen(seen)))
    }
}

/// The point of a question about one account while its head is not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadAt {
    /// What the statement that sees the head filters by: the point that was named, or no time.
    pub at: At,
    settled: i64,
}

impl HeadAt {
    /// The point of the answer, once its statement has seen the head of the account. A named
    /// point stands. Otherwise it is the point that the head was told with, or the watermark if
    /// that is later: taken before the statement, so all that is recorded by then is in the
    /// answer, and of this account nothing else ever will be.
    pub fn seen(self, head_us: i64) -> At {
        let latest = point::told(head_us).max(self.settled);
        At { known_at: self.at.known_at.min(latest), ..self.at }
    }
}

fn not_settled(settled: i64) -> Error {
    let until = DateTime::from_timestamp_micros(settled).unwrap_or_default();
    let until = until.to_rfc3339_opts(SecondsFormat::Micros, true);
    Violation::new("known_at", Reason::KnownAtNotSettled, format!("is settled until {until} only"))
        .with("settled_until", until)
        .into()
}
