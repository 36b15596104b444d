//! Whether the server can answer: the database answers, and its schema is up to date. A server
//! may be started before its database is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::error::{Error, Result};
use crate::store::Store;

#[derive(Debug, Clone)]
pub(super) struct Readiness {
    store: Store,
    migrated: Arc<AtomicBool>,
}

impl Readiness {
    pub fn new(store: Store) -> Self {
        Self { store, migrated: Arc::default() }
    }

    pub async fn check(&self) -> Result<()> {
        if self.migrated.load(Ordering::Acquire) {
            return self.store.ping().await;
        }
        // In a task of its own: whoever asks may stop waiting, a migration may not stop.
        let store = self.store.clone();
        tokio::spawn(async move { store.migrate().await })
            .await
            .map_err(|e| Error::internal(format!("the migration failed: {e}")))??;
        self.migrated.store(true, Ordering::Release);
        Ok(())
    }
}
