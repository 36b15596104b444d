//! A server with nothing but the stack below ours: what a handler could reach that runs the
//! same statements and answers as many bytes.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes};
use http::{Request, Response};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, ServerTlsConfig};
use tonic::{Status, transport};

type Answer = Pin<Box<dyn Future<Output = Bytes> + Send>>;

/// From a request to its answer, both as bytes.
pub type Handler = Arc<dyn Fn(Bytes) -> Answer + Send + Sync>;

/// The path of its one method: one of ours, so that our layers let it through.
pub const PATH: &str = "/ballast.v1.AccountService/GetAccount";

/// The handler as it stands behind our layers.
pub fn routes(handler: Handler) -> Routes {
    Routes::new(Limit { handler })
}

/// Serves a handler until the program ends.
pub async fn serve(handler: Handler) -> SocketAddr {
    serve_with(handler, None).await
}

/// As [`serve`], by TLS where there is a certificate.
pub async fn serve_with(handler: Handler, certificate: Option<Identity>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    // Without this an answer waits for the acknowledgement of the one before, up to 40 ms.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut server = transport::Server::builder();
    if let Some(identity) = certificate {
        server =
            server.tls_config(ServerTlsConfig::new().identity(identity)).expect("a certificate");
    }
    let server = server.add_service(Limit { handler });
    tokio::spawn(async move { server.serve_with_incoming(incoming).await.expect("served") });
    address
}

#[derive(Clone)]
struct Limit {
    handler: Handler,
}

impl NamedService for Limit {
    const NAME: &'static str = "ballast.v1.AccountService";
}

impl tower::Service<Request<Body>> for Limit {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let handler = self.handler.clone();
        let service = tower::service_fn(move |request: tonic::Request<Bytes>| {
            let answer = handler(request.into_inner());
            async move { Ok::<_, Status>(tonic::Response::new(answer.await)) }
        });
        Box::pin(async move { Ok(tonic::server::Grpc::new(Raw).unary(service, request).await) })
    }
}

/// A handler that does nothing.
pub fn nothing(answer: Bytes) -> Handler {
    Arc::new(move |_| Box::pin(at_once(answer.clone())))
}

fn at_once(answer: Bytes) -> Ready<Bytes> {
    ready(answer)
}

/// Messages as bytes: neither side of a measurement decodes more than it has to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
