//! The connections to a database. Where those that there are turn out to be cut off, others take
//! their place: nothing that waits on one of them, nor the library that asks each that is given
//! back for a sign of life without a bound, keeps the new ones from anybody.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend};

/// How long connections that were cut off are waited for. Those that the library still asks for a sign of
/// life then stay until the system gives them up, and with them those that nobody uses.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);

type Open = dyn Fn() -> DatabaseConnection + Send + Sync;

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(super) struct Pool {
    backend: DbBackend,
    current: Arc<RwLock<DatabaseConnection>>,
    open: Arc<Open>,
}

impl Pool {
    /// `open` makes connections without waiting for the database.
    pub fn new(open: impl Fn() -> DatabaseConnection + Send + Sync + 'static) -> Self {
        let first = open();
        Self {
            backend: first.get_database_backend(),
            current: Arc::new(RwLock::new(first)),
            open: Arc::new(open),
        }
    }

    /// Connections to a file, which nothing cuts off.
    pub fn of_file(connections: DatabaseConnection) -> Self {
        Self::new(move || connections.clone())
    }

    pub const fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Those that are used from now on.
    pub fn current(&self) -> DatabaseConnection {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has new connections take the place of these. What was begun on them may still end.
    pub fn renew(&self) {
        let before = self.replace((self.open)());
        tracing::warn!("connections to the database were cut off: new ones take their place");
        // It waits for those that are in use, which may never answer.
        tokio::spawn(tokio::time::timeout(CLOSE_TIMEOUT, before.close()));
    }

    /// Tells the callback of what is run from now on, until they are made anew.
    pub fn observe(&mut self, ran: impl Fn(&sea_orm::metric::Info<'_>) + Send + Sync + 'static) {
        let mut observed = self.current();
        observed.set_metric_callback(ran);
        self.current = Arc::new(RwLock::new(observed));
    }

    pub async fn close(&self) {
        // Closing tells the connections; errors here have no one to act on them.
        let _ = self.current().close().await;
    }

    fn replace(&self, by: DatabaseConnection) -> DatabaseConnection {
        std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), by)
    }
}
