//! Work beside the calls. No answer depends on it: it gives audit rows and events their final
//! position, sums what moves in the book, tells other systems what changed by itself, and forgets
//! requests that are past their time.

use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::ctx::{Clock, Ctx};
use crate::service::credit::Credit;
use crate::shutdown::Shutdown;
use crate::store::Store;

/// How often old idempotency records are deleted.
const FORGET_INTERVAL: Duration = Duration::from_secs(3_600);

/// How often to look for what changed with time alone: reservations that expired, accounts that
/// are held or not held any more.
const TRANSITIONS_INTERVAL: Duration = Duration::from_secs(60);

pub(super) fn start(
    store: &Store,
    credit: Credit,
    clock: &Clock,
    shutdown: &Shutdown,
) -> TaskTracker {
    let jobs = TaskTracker::new();
    let (ctx, stop) = (Ctx::system(clock.clone()), shutdown.clone());
    let publishing = store.clone();
    jobs.spawn(async move {
        loop {
            tokio::select! {
                () = stop.requested() => return,
                () = tokio::time::sleep(TRANSITIONS_INTERVAL) => {}
            }
            let told = tokio::select! {
                () = stop.requested() => return,
                told = publishing.while_answered(credit.publish_transitions(&ctx)) => told,
            };
            match told {
                Ok(told) => tracing::debug!(?told, "transitions of credit"),
                Err(error) => tracing::warn!(%error, "transitions of credit are told later"),
            }
        }
    });
    let (sealing, stop) = (store.clone(), shutdown.clone());
    let ctx = Ctx::system(clock.clone());
    jobs.spawn(async move { sealing.run_sealer(ctx, stop.requested()).await });
    let (rolling, stop) = (store.clone(), shutdown.clone());
    let ctx = Ctx::system(clock.clone());
    jobs.spawn(async move { rolling.run_roller(ctx, stop.requested()).await });
    let (forgetting, stop) = (store.clone(), shutdown.clone());
    let ctx = Ctx::system(clock.clone());
    jobs.spawn(async move {
        loop {
            tokio::select! {
                () = stop.requested() => return,
                () = tokio::time::sleep(FORGET_INTERVAL) => {}
            }
            match forgetting.while_answered(forgetting.forget_old_requests(&ctx)).await {
                Ok(forgotten) => tracing::debug!(forgotten, "old requests forgotten"),
                Err(error) => tracing::warn!(%error, "old requests are forgotten later"),
            }
        }
    });
    jobs.close();
    jobs
}
