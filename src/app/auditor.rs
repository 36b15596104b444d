//! Writes what was denied to the audit, from time to time and at the end.

use std::time::Duration;

use crate::api::middleware::access::DeniedCalls;
use crate::ctx::{Clock, Ctx};
use crate::shutdown::Shutdown;
use crate::store::Store;

/// How long a write may take, also where the server is going down.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Auditor {
    store: Store,
    clock: Clock,
    denied: DeniedCalls,
}

impl Auditor {
    pub fn new(store: Store, clock: Clock, denied: DeniedCalls) -> Self {
        Self { store, clock, denied }
    }

    /// Until the shutdown is asked for; zero for never.
    pub async fn run(self, interval: Duration, shutdown: Shutdown) {
        if interval.is_zero() {
            return;
        }
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(interval) => self.write().await,
            }
        }
    }

    /// At the end: what cannot be written now is lost, and said.
    pub async fn finish(&self) {
        self.write().await;
        let lost: u64 = self.denied.take().iter().map(|row| row.count).sum();
        if lost > 0 {
            tracing::error!(lost, "denied calls are not in the audit");
        }
    }

    /// What cannot be written is kept, counted together, for the next time.
    async fn write(&self) {
        if self.store.presence().is_away() {
            return;
        }
        let rows = self.denied.take();
        if rows.is_empty() {
            return;
        }
        let ctx = Ctx {
            deadline: std::time::Instant::now().checked_add(WRITE_TIMEOUT),
            ..Ctx::system(self.clock.clone())
        };
        let writing = self.store.audit_denied(&ctx, rows.clone());
        let written = tokio::time::timeout(WRITE_TIMEOUT, writing).await;
        match written {
            Ok(Ok(())) => {
                tracing::debug!(rows = rows.len(), "denied calls were written to the audit")
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "denied calls are written to the audit later");
                self.denied.put_back(rows);
            }
            Err(_) => {
                tracing::warn!("denied calls are written to the audit later");
                self.denied.put_back(rows);
            }
        }
    }
}
