//! Whether the server can answer: the database answers, and its schema is up to date. A server
//! may be started before its database is.

use crate::domain::error::{Error, Result};
use crate::store::Store;

#[derive(Debug, Clone)]
pub(super) struct Readiness {
    store: Store,
}

impl Readiness {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    pub async fn check(&self) -> Result<()> {
        if self.store.is_migrated() {
            return self.store.ping().await;
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
        migrated
    }
}
