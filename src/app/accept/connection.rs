//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;

use super::begun::Begun;
use super::request_body::RequestBody;
use super::seats::Seat;
use crate::api::middleware::Inner;
use crate::api::middleware::access::PeerNames;
use crate::app::tls;
use crate::config::Server;

/// What every HTTP/2 client says first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The answer to an HTTP/1 client, for the person who reads it.
const NOT_HTTP2: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\n\
    content-type: text/plain\r\ncontent-length: 42\r\nconnection: close\r\n\r\n\
    This is a gRPC server: it speaks HTTP/2.\r\n";

/// How long a connection that makes room for another may take to leave.
const LEAVE_GRACE: Duration = Duration::from_secs(1);

/// Bounds on one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    handshake: Duration,
    /// `None`: no bound.
    age: Option<Duration>,
    jitter_percent: u32,
}

impl Limits {
    pub(super) fn new(server: &Server) -> Self {
        let age = server.connection_age_seconds_max;
        Self {
            handshake: server.handshake_timeout(),
            age: (age > 0).then(|| Duration::from_secs(age)),
            jitter_percent: server.connection_age_jitter_percent,
        }
    }

    /// Different for each connection, so that not all clients come back at once.
    fn age(&self) -> Option<Duration> {
        let percent = 100 - self.jitter_percent + fastrand::u32(0..=2 * self.jitter_percent);
        self.age.map(|age| age * percent / 100)
    }
}

pub(super) struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub limits: Limits,
    /// `None` for plain text.
    pub tls: Option<Arc<ServerConfig>>,
    /// Given back when the connection is gone.
    pub seat: Seat,
}

impl Connection {
    /// Serves until the client leaves, or gracefully until its calls are over once the
    /// connection is too old or the server drains.
    pub async fn serve(
        self,
        http2: Builder<TokioExecutor>,
        inner: Arc<impl Inner>,
        drain: CancellationToken,
    ) {
        let Self { stream, peer, limits, tls, seat } = self;
        let seat = Arc::new(seat);
        // Answers are small and somebody waits for them: they are not held back to fill a packet.
        let _ = stream.set_nodelay(true);
        let info = TcpConnectInfo { local_addr: stream.local_addr().ok(), remote_addr: Some(peer) };
        let (of_calls, place) = (seat.clone(), seat.use_of.calls.clone());
        let answers = |names: PeerNames| {
            service_fn(move |mut request: Request<Incoming>| {
                of_calls.used();
                request.extensions_mut().insert(info.clone());
                request.extensions_mut().insert(names.clone());
                request.extensions_mut().insert(place.clone());
                let request = request.map(|body| Body::new(RequestBody::new(body)));
                let inner = inner.clone();
                // In one piece on the heap: the task of a call moves it about before it begins.
                Box::pin(async move { Ok::<_, Infallible>(inner.answer(request).await) })
            })
        };
        match tls {
            None => {
                let plain = async { speaks_http2(&stream).await.then_some(()) };
                if limits.begun(&drain, &seat, plain).await.is_some() {
                    let answers = answers(PeerNames::default());
                    let served = http2.serve_connection(TokioIo::new(stream), answers);
                    limits.converse(served, drain, &seat).await;
                }
            }
            Some(tls) => {
                let begun = limits.begun(&drain, &seat, secured(stream, tls)).await;
                if let Some((stream, names)) = begun {
                    let served = http2.serve_connection(TokioIo::new(stream), answers(names));
                    limits.converse(served, drain, &seat).await;
                }
            }
        }
    }
}

impl Limits {
    /// What comes of a handshake, unless it takes too long, the server drains, or another needs the place.
    async fn begun<T>(
        &self,
        drain: &CancellationToken,
        seat: &Seat,
        handshake: impl Future<Output = Option<T>>,
    ) -> Option<T> {
        let begun = tokio::select! {
            () = drain.cancelled() => None,
            () = seat.wanted() => None,
            begun = tokio::time::timeout(self.handshake, handshake) => begun.ok().flatten(),
        };
        if begun.is_none() {
            tracing::debug!("a connection did not begin to speak HTTP/2");
        }
        begun
    }

    /// Serves calls until the client leaves, or until those under way are over.
    async fn converse<C>(&self, served: C, drain: CancellationToken, seat: &Seat)
    where
        C: GracefulConnection<Error: Debug>,
    {
        let mut served = std::pin::pin!(served);
        let too_old = async {
            match self.age() {
                Some(age) => tokio::time::sleep(age).await,
                None => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            ended = served.as_mut() => Some(ended),
            () = too_old => None,
            () = drain.cancelled() => None,
            () = seat.wanted() => None,
        };
        let ended = match ended {
            Some(ended) => Some(ended),
            None => {
                // GOAWAY: calls under way go on, new ones go elsewhere.
                served.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = served => Some(ended),
                    () = cut(seat) => None,
                }
            }
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(?error, "a connection broke");
        }
    }
}

/// Waits until a connection has to be cut: it was asked to make room, does not, and nobody calls.
async fn cut(seat: &Seat) {
    seat.wanted().await;
    loop {
        tokio::time::sleep(LEAVE_GRACE).await;
        if seat.is_idle() {
            tracing::debug!("a connection was cut to make room");
            return;
        }
    }
}

/// Does the handshake of TLS, and reads the client's first bytes.
async fn secured(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
) -> Option<(Begun<TlsStream<TcpStream>, { PREFACE.len() }>, PeerNames)> {
    let mut stream = match TlsAcceptor::from(tls).accept(stream).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            return None;
        }
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let names = PeerNames(shown.map(tls::names).unwrap_or_default());
    let mut first = [0; PREFACE.len()];
    stream.read_exact(&mut first).await.ok()?;
    if first != *PREFACE {
        // The client may have gone already.
        let _ = stream.write_all(NOT_HTTP2).await;
        let _ = stream.shutdown().await;
        return None;
    }
    Some((Begun::new(first, stream), names))
}

/// Waits for the client's first bytes without taking them.
async fn speaks_http2(stream: &TcpStream) -> bool {
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return false,
            Ok(n) if first[..n] != PREFACE[..n] => {
                // The client may have gone already.
                let _ = stream.try_write(NOT_HTTP2);
                return false;
            }
            Ok(n) if n == PREFACE.len() => return true,
            // A part of it is readable already: `peek` would not wait for the rest.
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_spread_around_the_limit() {
        let server = Server { connection_age_seconds_max: 1_000, ..Server::default() };
        let limits = Limits::new(&server);
        let ages: Vec<_> = (0..200).filter_map(|_| limits.age()).map(|age| age.as_secs()).collect();
        assert!(ages.iter().all(|age| (900..=1_100).contains(age)));
        assert!(ages.iter().any(|age| *age < 1_000) && ages.iter().any(|age| *age > 1_000));
        let server = Server { connection_age_seconds_max: 0, ..server };
        assert_eq!(Limits::new(&server).age(), None);
    }

    #[test]
    fn the_answer_to_http1_has_the_length_it_says() {
        let text = String::from_utf8_lossy(NOT_HTTP2);
        let (_, body) = text.split_once("\r\n\r\n").expect("headers");
        assert_eq!(body.len(), 42);
    }
}
