//! The queue before the one writer of the embedded engine: interactive writes first, bulk
//! writes when nobody interactive waits. An import holds the writer for one chunk at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::domain::error::{Error, Reason, Result};

/// Who waits for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A caller waits for this one answer.
    Interactive,
    /// A chunk of an import: yields to interactive writes.
    Bulk,
}

#[derive(Debug, Clone)]
pub(super) struct WriterQueue {
    turn: Arc<Semaphore>,
    interactive_waiting: Arc<AtomicUsize>,
    interactive_served: Arc<Notify>,
}

impl WriterQueue {
    pub fn new() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            interactive_waiting: Arc::default(),
            interactive_served: Arc::default(),
        }
    }

    pub async fn enter(&self, lane: Lane) -> Result<OwnedSemaphorePermit> {
        match lane {
            Lane::Interactive => {
                let _waiting = Waiting::new(self);
                self.take().await
            }
            Lane::Bulk => loop {
                let served = self.interactive_served.notified();
                if self.interactive_waiting.load(Ordering::Acquire) == 0 {
                    return self.take().await;
                }
                served.await;
            },
        }
    }

    async fn take(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).acquire_owned().await.map_err(|_| Error::Unavailable {
            reason: Reason::ShuttingDown,
            description: "the server is going down".into(),
            retry_after: std::time::Duration::from_secs(1),
        })
    }
}

/// Counts a waiting interactive write, also if its caller goes away.
struct Waiting<'a>(&'a WriterQueue);

impl<'a> Waiting<'a> {
    fn new(queue: &'a WriterQueue) -> Self {
        queue.interactive_waiting.fetch_add(1, Ordering::AcqRel);
        Self(queue)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.interactive_waiting.fetch_sub(1, Ordering::AcqRel);
        self.0.interactive_served.notify_waiters();
    }
}
