//! Accepts connections and serves HTTP/2 on them.
//!
//! tonic's own loop has one age for all connections, no bound on their number, and a timer of
//! its own that answers CANCELLED where the contract says DEADLINE_EXCEEDED; so this is ours.

mod begun;
mod connection;
mod request_body;
mod seats;

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::middleware::Inner;
use crate::config::Server;
use connection::{Connection, Limits};
use seats::Seats;

/// After a failed accept (no file descriptors left, say): long enough not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Acceptor {
    listener: TcpListener,
    seats: Arc<Seats>,
    limits: Limits,
    /// For the connections that are accepted from now on; `None` for plain text.
    tls: watch::Receiver<Option<Arc<ServerConfig>>>,
    http2: Builder<TokioExecutor>,
    connections: Connections,
}

/// The connections that are open, and how to end them.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections {
    tracker: TaskTracker,
    drain: CancellationToken,
    cut: CancellationToken,
}

impl Acceptor {
    pub fn new(
        listener: TcpListener,
        server: &Server,
        tls: watch::Receiver<Option<Arc<ServerConfig>>>,
    ) -> Self {
        let mut http2 = Builder::new(TokioExecutor::new()).http2_only();
        http2
            .http2()
            .timer(TokioTimer::new())
            // Half-open connections are found by these pings, through proxies too.
            .keep_alive_interval(Duration::from_secs(server.keepalive_interval_seconds))
            .keep_alive_timeout(Duration::from_secs(server.keepalive_timeout_seconds))
            .max_concurrent_streams(server.streams_per_connection_max)
            .adaptive_window(true);
        Self {
            listener,
            seats: Arc::new(Seats::new(server)),
            limits: Limits::new(server),
            tls,
            http2,
            connections: Connections::default(),
        }
    }

    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Accepts until the drain begins, and then closes the socket.
    pub async fn run(self, inner: impl Inner) {
        let inner = Arc::new(inner);
        let Self { listener, seats, limits, tls, http2, connections } = self;
        loop {
            let accepted = tokio::select! {
                biased;
                () = connections.drain.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(seat) = Seats::take(&seats, peer.ip()) else {
                // Closed at once, so that the client tries another instance.
                tracing::warn!(%peer, "too many connections: one was closed");
                continue;
            };
            let tls = tls.borrow().clone();
            let connection = Connection { stream, peer, limits, tls, seat };
            let (drain, cut) = (connections.drain.clone(), connections.cut.clone());
            let served = connection.serve(http2.clone(), inner.clone(), drain);
            connections.tracker.spawn(async move {
                tokio::select! {
                    () = cut.cancelled() => {}
                    () = served => {}
                }
            });
        }
    }
}

impl Connections {
    /// Takes no new connections and calls; waits for those under way, and cuts what is left
    /// when `patience` is over.
    pub async fn drain(self, patience: impl Future<Output = ()>) {
        self.drain.cancel();
        self.tracker.close();
        tokio::select! {
            () = self.tracker.wait() => return,
            () = patience => {}
        }
        tracing::warn!(connections = self.tracker.len(), "cut while draining");
        self.cut.cancel();
        self.tracker.wait().await;
    }
}
