//! A client below the generated ones: any path, any header, any bytes, no timers of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Body as _;

pub struct Raw {
    address: SocketAddr,
    client: Client<HttpConnector, Body>,
}

impl Raw {
    pub fn new(address: SocketAddr) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .http2_only(true)
            .build_http();
        Self { address, client }
    }

    /// Sends one message and reads the status of the answer, wherever it stands.
    pub async fn call(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        message: &impl Message,
    ) -> Status {
        self.send(path, headers, frame(&message.encode_to_vec())).await
    }

    /// Sends bytes as they are: framing is the caller's.
    pub async fn send(&self, path: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Status {
        let mut request = Request::post(format!("http://{}{path}", self.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::new(Whole(Some(bytes.into())));
        let answer = self.client.request(request.body(body).expect("a request")).await;
        let answer = answer.expect("the connection holds");
        if let Some(status) = Status::from_header_map(answer.headers()) {
            return status;
        }
        let mut body = std::pin::pin!(answer.into_body());
        while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            let frame = frame.expect("the stream holds");
            if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                return status;
            }
        }
        panic!("an answer without status");
    }
}

/// The length-prefixed form of a message.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("below 4 GiB");
    let mut bytes = vec![0];
    bytes.extend(length.to_be_bytes());
    bytes.extend(message);
    bytes
}

struct Whole(Option<Bytes>);

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}
