//! What a process is asked from outside: to go down in order (tell the load balancer, wait, end the
//! streams, drain, then cut), and to read its files anew.
//!
//! `Shutdown` only holds the phases; `app` walks through them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Asked by a signal or a test; watched by everything that has to come to an end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    requested: CancellationToken,
    hurried: CancellationToken,
    streams_should_end: CancellationToken,
    streams_must_end: CancellationToken,
    reload: Arc<Notify>,
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts going down; again is harmless.
    pub fn request(&self) {
        self.requested.cancel();
    }

    /// Goes down without waiting for anybody: calls under way are cut.
    pub fn hurry(&self) {
        self.hurried.cancel();
        self.requested.cancel();
    }

    /// Waits for somebody to lose patience.
    pub async fn hurried(&self) {
        self.hurried.cancelled().await;
    }

    /// Waits as long as given, or until somebody loses patience.
    pub async fn pause(&self, time: Duration) {
        // Either way it is over.
        let _ = tokio::time::timeout(time, self.hurried()).await;
    }

    /// Asks for the files to be read anew, which ends nothing.
    pub fn ask_reload(&self) {
        self.reload.notify_one();
    }

    /// Waits until somebody asks for that; whoever asked before is heard too.
    pub async fn reload_asked(&self) {
        self.reload.notified().await;
    }

    pub fn is_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// Waits until somebody asks for the shutdown.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Cancelled when a stream should finish what it is at and end with its resume token.
    pub fn streams_should_end(&self) -> CancellationToken {
        self.streams_should_end.clone()
    }

    /// Cancelled when streams that did not end by themselves are ended.
    pub fn streams_must_end(&self) -> CancellationToken {
        self.streams_must_end.clone()
    }

    /// Asks for the shutdown at SIGTERM or SIGINT, and hurries at the second. SIGHUP asks for the files
    /// to be read anew.
    ///
    /// # Errors
    /// If the process cannot listen for signals.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                tracing::info!(signal = "SIGHUP", "files are read anew");
                shutdown.ask_reload();
            }
        });
        let shutdown = self.clone();
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "shutting down");
            shutdown.request();
            // Somebody who asks twice does not want to wait.
            tokio::select! {
                _ = terminate.recv() => {},
                _ = interrupt.recv() => {},
            }
            tracing::warn!("second signal: not waiting for anybody");
            shutdown.hurry();
        });
        Ok(())
    }
}
