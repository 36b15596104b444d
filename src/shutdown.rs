//! Going down in order: tell the load balancer, wait, end the streams, drain, then cut.
//!
//! `Shutdown` only holds the phases; `app` walks through them.

use tokio_util::sync::CancellationToken;

/// Asked by a signal or a test; watched by everything that has to come to an end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    requested: CancellationToken,
    streams_should_end: CancellationToken,
    streams_must_end: CancellationToken,
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts going down; again is harmless.
    pub fn request(&self) {
        self.requested.cancel();
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

    /// Asks for the shutdown at SIGTERM or SIGINT.
    ///
    /// # Errors
    /// If the process cannot listen for signals.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
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
            tracing::warn!("second signal: leaving at once");
            std::process::exit(130);
        });
        Ok(())
    }
}
