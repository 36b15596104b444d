//! Whether the database is known to be away. One state for the whole process: whoever asks the
//! database sets it, calls are refused by it, and health tells it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

/// For how long connections are doubted.
const DOUBT: Duration = Duration::from_secs(10);

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Presence {
    is_away: Arc<watch::Sender<bool>>,
    suspected: Arc<Notify>,
    /// How often a connection turned out to be cut off.
    silences: Arc<watch::Sender<u64>>,
    doubts: Arc<Mutex<Doubts>>,
}

/// Why a connection may be of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The database is away, or another connection was cut off.
    Silent,
    /// Somebody let go of a statement that may still run.
    GaveUp,
}

/// Up to when it is doubted for each reason.
#[derive(Debug, Default, Clone, Copy)]
struct Doubts {
    silent: Option<Instant>,
    gave_up: Option<Instant>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            is_away: watch::channel(false).0.into(),
            suspected: Arc::default(),
            silences: watch::channel(0).0.into(),
            doubts: Arc::default(),
        }
    }
}

impl Presence {
    /// What the database said, or that it said nothing.
    pub fn set_away(&self, is_away: bool) {
        let changed =
            self.is_away.send_if_modified(|was| std::mem::replace(was, is_away) != is_away);
        match (changed, is_away) {
            (true, true) => tracing::error!("the database does not answer: calls are refused"),
            (true, false) => tracing::info!("the database answers"),
            (false, _) => {}
        }
    }

    pub fn is_away(&self) -> bool {
        *self.is_away.borrow()
    }

    /// Waits until it is away.
    pub async fn gone(&self) {
        // The sender is held by `self`.
        let _ = self.is_away.subscribe().wait_for(|is_away| *is_away).await;
    }

    /// The database answers, and said nothing on a connection from before: what waits on others may wait for
    /// ever.
    pub fn silent(&self) {
        self.doubts().silent = Instant::now().checked_add(DOUBT);
        self.silences.send_modify(|count| *count += 1);
    }

    /// Waits until a connection turns out to be cut off, and for so long from then on.
    pub async fn silent_for(&self, long: Duration) {
        let mut silences = self.silences.subscribe();
        // The sender is held by `self`.
        let _ = silences.changed().await;
        tokio::time::sleep(long).await;
    }

    /// Somebody gave up waiting for an answer, which may still come.
    pub fn gave_up(&self) {
        self.doubts().gave_up = Instant::now().checked_add(DOUBT);
    }

    /// Why a connection may be of no use any more.
    pub fn doubt(&self) -> Option<Doubt> {
        let Doubts { silent, gave_up } = *self.doubts();
        let is_recent = |until: Option<Instant>| until.is_some_and(|until| Instant::now() < until);
        if self.is_away() || is_recent(silent) {
            return Some(Doubt::Silent);
        }
        is_recent(gave_up).then_some(Doubt::GaveUp)
    }

    /// An instant is never left half written, also where a thread ended.
    fn doubts(&self) -> MutexGuard<'_, Doubts> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call met with trouble: the database is to be asked now and not at the next turn.
    pub fn suspect(&self) {
        self.suspected.notify_one();
    }

    /// Waits until somebody suspects; whoever did before is heard too.
    pub async fn suspected(&self) {
        self.suspected.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_told_when_it_goes_and_nobody_before() {
        let presence = Presence::default();
        let soon = Duration::from_millis(20);
        tokio::time::timeout(soon, presence.gone()).await.unwrap_err();
        let waiting = tokio::spawn({
            let presence = presence.clone();
            async move { presence.gone().await }
        });
        presence.set_away(true);
        waiting.await.unwrap();
        presence.gone().await;
        presence.set_away(false);
        assert!(!presence.is_away());
        tokio::time::timeout(soon, presence.gone()).await.unwrap_err();
    }

    #[tokio::test]
    async fn what_began_before_a_silence_is_told_and_what_began_after_it_is_not() {
        let presence = Presence::default();
        presence.silent();
        let (soon, later) = (Duration::from_millis(1), Duration::from_millis(100));
        tokio::time::timeout(later, presence.silent_for(soon)).await.unwrap_err();
        let waiting = tokio::spawn({
            let presence = presence.clone();
            async move { presence.silent_for(soon).await }
        });
        while presence.silences.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        presence.silent();
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn connections_are_doubted_by_what_is_known() {
        let presence = Presence::default();
        assert_eq!(presence.doubt(), None);
        presence.set_away(true);
        assert_eq!(presence.doubt(), Some(Doubt::Silent));
        presence.set_away(false);
        assert_eq!(presence.doubt(), None);
        presence.gave_up();
        assert_eq!(presence.doubt(), Some(Doubt::GaveUp));
        presence.silent();
        assert_eq!(presence.doubt(), Some(Doubt::Silent));
    }

    #[tokio::test]
    async fn a_suspicion_is_heard_once_also_by_whoever_comes_later() {
        let presence = Presence::default();
        presence.suspect();
        presence.suspect();
        presence.suspected().await;
        let again = tokio::time::timeout(Duration::from_millis(20), presence.suspected());
        again.await.unwrap_err();
    }
}
