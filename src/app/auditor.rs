//! Writes what was denied to the audit, from time to time and at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::api::middleware::access::DeniedCalls;
use crate::ctx::{Clock, Ctx};
use crate::domain::denial::Denied;
use crate::shutdown::Shutdown;
use crate::store::Store;

/// How long a write may take, also where the server is going down.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Auditor {
    store: Store,
    clock: Clock,
    denied: DeniedCalls,
    /// Rows that are being written, or were, and nobody said that they are there. They keep their ids, by
    /// which they are written once however often it is tried.
    writing: Arc<Mutex<Vec<(Uuid, Denied)>>>,
}

impl Auditor {
    pub fn new(store: Store, clock: Clock, denied: DeniedCalls) -> Self {
        Self { store, clock, denied, writing: Arc::default() }
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
        let written = self.writing.lock().await;
        let unsure = written.iter().map(|(_, row)| row.count);
        let lost: u64 = unsure.chain(self.denied.take().iter().map(|row| row.count)).sum();
        if lost > 0 {
            tracing::error!(lost, "denied calls are not in the audit");
        }
    }

    /// Those that were not written before go first, then what came since.
    async fn write(&self) {
        let mut writing = self.writing.lock().await;
        for _ in 0..2 {
            if self.store.presence().is_away() {
                return;
            }
            if writing.is_empty() {
                let rows = self.denied.take().into_iter();
                *writing = rows.map(|row| (Uuid::now_v7(), row)).collect();
            }
            if writing.is_empty() {
                return;
            }
            let ctx = Ctx {
                deadline: std::time::Instant::now().checked_add(WRITE_TIMEOUT),
                ..Ctx::system(self.clock.clone())
            };
            let written = self.store.audit_denied(&ctx, writing.clone());
            match tokio::time::timeout(WRITE_TIMEOUT, written).await {
                Ok(Ok(())) => {
                    tracing::debug!(rows = writing.len(), "denied calls are in the audit");
                    writing.clear();
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "denied calls are written to the audit later");
                    return;
                }
                Err(_) => {
                    tracing::warn!("denied calls are written to the audit later");
                    return;
                }
            }
        }
    }
}
