//! A service whose two methods do what the request names.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::server::{Grpc, NamedService, ServerStreamingService, UnaryService};
use tonic::{Status, codegen::BoxFuture, codegen::BoxStream};
use tonic_prost::ProstCodec;
use tower::Service;

use crate::api;
use crate::config::Server;
use crate::domain::error::Error;
use crate::pb::{Document, ExportOpenItemsRequest, ExportOpenItemsResponse, GetDocumentRequest};

#[derive(Debug, Clone)]
pub struct Fake {
    request_bytes_max: usize,
    response_bytes_max: usize,
    /// Calls that have come as far as here.
    reached: Arc<AtomicUsize>,
}

impl Fake {
    pub fn new(server: &Server, reached: Arc<AtomicUsize>) -> Self {
        let Server { request_bytes_max, response_bytes_max, .. } = *server;
        Self { request_bytes_max, response_bytes_max, reached }
    }
}

impl NamedService for Fake {
    const NAME: &'static str = "ballast.v1.ReceivableService";
}

impl Service<Request<Body>> for Fake {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.reached.fetch_add(1, Ordering::SeqCst);
        let (decode, encode) = (Some(self.request_bytes_max), Some(self.response_bytes_max));
        Box::pin(async move {
            Ok(if request.uri().path().ends_with("/GetDocument") {
                let mut gzip = tonic::codec::EnabledCompressionEncodings::default();
                gzip.enable(CompressionEncoding::Gzip);
                Grpc::new(ProstCodec::<Document, GetDocumentRequest>::default())
                    .apply_max_message_size_config(decode, encode)
                    .apply_compression_config(gzip, Default::default())
                    .unary(Unary, request)
                    .await
            } else {
                Grpc::new(ProstCodec::<ExportOpenItemsResponse, ExportOpenItemsRequest>::default())
                    .server_streaming(Streaming, request)
                    .await
            })
        })
    }
}

struct Unary;

impl UnaryService<GetDocumentRequest> for Unary {
    type Response = Document;
    type Future = BoxFuture<tonic::Response<Document>, Status>;

    fn call(&mut self, request: tonic::Request<GetDocumentRequest>) -> Self::Future {
        Box::pin(async move {
            let ctx = api::ctx(&request)?;
            assert!(ctx.deadline.is_some(), "unary calls have a deadline");
            let mut answer = Document::default();
            match request.get_ref().name.as_str() {
                "slow" => std::future::pending().await,
                "outlives" => {
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                        drop(ctx);
                    });
                    std::future::pending().await
                }
                "short" => tokio::time::sleep(Duration::from_millis(300)).await,
                "large" => answer.note = "x".repeat(3_000),
                "internal" => return Err(Error::internal("s3cret").into()),
                "stray" => return Err(Status::unknown("s3cret")),
                "write" => ctx.revision.raise(ctx.at_least.unwrap_or(0) + 1),
                _ => {}
            }
            Ok(tonic::Response::new(answer))
        })
    }
}

struct Streaming;

impl ServerStreamingService<ExportOpenItemsRequest> for Streaming {
    type Response = ExportOpenItemsResponse;
    type ResponseStream = BoxStream<ExportOpenItemsResponse>;
    type Future = BoxFuture<tonic::Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: tonic::Request<ExportOpenItemsRequest>) -> Self::Future {
        Box::pin(async move {
            let (ctx, ending) = (api::ctx(&request)?, api::ending(&request));
            let polite = request.get_ref().account == "polite";
            let stream: Pin<Box<dyn tokio_stream::Stream<Item = _> + Send>> = if polite {
                Box::pin(futures_util::stream::unfold(ctx, move |_held| {
                    let ending = ending.clone();
                    async move {
                        ending.cancelled().await;
                        None
                    }
                }))
            } else {
                // It works on, and so keeps its place.
                Box::pin(futures_util::stream::unfold(ctx, |held| async move {
                    std::future::pending::<()>().await;
                    drop(held);
                    None
                }))
            };
            Ok(tonic::Response::new(stream))
        })
    }
}
