//! The queue before those who may write at a time, which is one on the embedded engine:
//! interactive writes first, bulk writes when nobody interactive waits. An import holds its turn for
//! one chunk at a time. On PostgreSQL writes leave connections to reads, whatever waits.

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
    turns: Arc<Semaphore>,
    waiting_max: usize,
    interactive_waiting: Arc<AtomicUsize>,
    interactive_served: Arc<Notify>,
}

impl WriterQueue {
    pub fn new(turns: u32, waiting_max: u32) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns as usize)),
            waiting_max: waiting_max as usize,
            interactive_waiting: Arc::default(),
            interactive_served: Arc::default(),
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// OVERLOADED if too many wait already.
    pub async fn enter(&self, lane: Lane) -> Result<OwnedSemaphorePermit> {
        match lane {
            Lane::Interactive => {
                let waiting = Waiting::new(self);
                if waiting.before >= self.waiting_max {
                    return Err(overloaded());
                }
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
        Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Error::Unavailable {
            reason: Reason::ShuttingDown,
            description: "the server is going down".into(),
            retry_after: std::time::Duration::from_secs(1),
        })
    }
}

fn overloaded() -> Error {
    Error::ResourceExhausted {
        reason: Reason::Overloaded,
        description: "too many writes wait: wait and try again".into(),
        retry_after: Some(std::time::Duration::from_millis(250)),
    }
}

/// Counts a waiting interactive write, also if its caller goes away.
struct Waiting<'a> {
    queue: &'a WriterQueue,
    /// How many waited already.
    before: usize,
}

impl<'a> Waiting<'a> {
    fn new(queue: &'a WriterQueue) -> Self {
        let before = queue.interactive_waiting.fetch_add(1, Ordering::AcqRel);
        Self { queue, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.queue.interactive_waiting.fetch_sub(1, Ordering::AcqRel);
        self.queue.interactive_served.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_write_too_many_is_refused_and_those_who_left_do_not_count() {
        let queue = WriterQueue::new(1, 2);
        let turn = queue.enter(Lane::Interactive).await.unwrap();
        let wait = || {
            let queue = queue.clone();
            tokio::spawn(async move { queue.enter(Lane::Interactive).await.map(drop) })
        };
        let (first, second) = (wait(), wait());
        tokio::task::yield_now().await;
        let refused = queue.enter(Lane::Interactive).await.expect_err("two wait");
        assert_eq!(refused.reason(), Reason::Overloaded);
        second.abort();
        assert!(second.await.is_err());
        let third = wait();
        drop(turn);
        assert!(first.await.unwrap().is_ok() && third.await.unwrap().is_ok());
    }
}
