//! Work beside the calls. No answer depends on it: it gives audit rows and events their final
//! position, and forgets requests that are past their time.

use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::ctx::{Clock, Ctx};
use crate::shutdown::Shutdown;
use crate::store::Store;

/// How often old idempotency records are deleted.
const FORGET_INTERVAL: Duration = Duration::from_secs(3_600);

pub(super) fn start(store: &Store, clock: &Clock, shutdown: &Shutdown) -> TaskTracker {
    let jobs = TaskTracker::new();
    let (sealing, stop) = (store.clone(), shutdown.clone());
    let ctx = Ctx::system(clock.clone());
    jobs.spawn(async move { sealing.run_sealer(ctx, stop.requested()).await });
    let (forgetting, stop) = (store.clone(), shutdown.clone());
    let ctx = Ctx::system(clock.clone());
    jobs.spawn(async move {
        loop {
            tokio::select! {
                () = stop.requested() => return,
                () = tokio::time::sleep(FORGET_INTERVAL) => {}
            }
            match forgetting.forget_old_requests(&ctx).await {
                Ok(forgotten) => tracing::debug!(forgotten, "old requests forgotten"),
                Err(error) => tracing::warn!(%error, "old requests are forgotten later"),
            }
        }
    });
    jobs.close();
    jobs
}
