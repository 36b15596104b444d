//! Whether the database is known to be away. One state for the whole process: whoever asks the
//! database sets it, calls are refused by it, and health tells it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Presence {
    is_away: Arc<watch::Sender<bool>>,
    suspected: Arc<Notify>,
    /// How often a connection turned out to be cut off.
    silences: Arc<watch::Sender<u64>>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            is_away: watch::channel(false).0.into(),
            suspected: Arc::default(),
            silences: watch::channel(0).0.into(),
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
        self.silences.send_modify(|count| *count += 1);
    }

    /// Waits until a connection turns out to be cut off, and for so long from then on.
    pub async fn silent_for(&self, long: Duration) {
        let mut silences = self.silences.subscribe();
        // The sender is held by `self`.
        let _ = silences.changed().await;
        tokio::time::sleep(long).await;
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
    async fn a_suspicion_is_heard_once_also_by_whoever_comes_later() {
        let presence = Presence::default();
        presence.suspect();
        presence.suspect();
        presence.suspected().await;
        let again = tokio::time::timeout(Duration::from_millis(20), presence.suspected());
        again.await.unwrap_err();
    }
}
