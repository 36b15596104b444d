//! Whether the server can answer: the database answers, its schema is up to date, and the member
//! who owns what nobody else does is there. A server may be started before its database is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ctx::{Clock, Ctx};
use crate::domain::error::{Error, Result};
use crate::service::members::Members;
use crate::store::Store;

#[derive(Debug, Clone)]
pub(super) struct Readiness {
    store: Store,
    members: Members,
    clock: Clock,
    ready: Arc<AtomicBool>,
}

impl Readiness {
    pub fn new(store: Store, members: Members, clock: Clock) -> Self {
        Self { store, members, clock, ready: Arc::default() }
    }

    pub async fn check(&self) -> Result<()> {
        self.store.probe().await?;
        if self.ready.load(Ordering::Acquire) {
            return Ok(());
        }
        // In a task of its own: whoever asks may stop waiting, a migration may not stop.
        let store = self.store.clone();
        let migrated = tokio::spawn(async move { store.migrate().await })
            .await
            .map_err(|e| Error::internal(format!("the migration failed: {e}")))?;
        match &migrated {
            // Told where it is found out.
            Ok(()) | Err(Error::Unavailable { .. }) => {}
            Err(error) => tracing::error!(%error, "cannot bring the database up to date"),
        }
        migrated?;
        let ctx = Ctx::system(self.clock.clone());
        let checked = self.members.check_default_owner(&ctx).await;
        checked.inspect_err(|error| tracing::error!(%error, "not ready"))?;
        self.ready.store(true, Ordering::Release);
        Ok(())
    }
}
