//! A client below the generated ones: any path, any header, any bytes, no timers of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use prost::Message;
use tonic::Status;

pub struct Raw {
    address: SocketAddr,
    client: Client<HttpConnector, Whole>,
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

    /// Sends bytes as they are, framing included, and reads the status of the answer.
    pub async fn send(&self, path: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Status {
        status(self.answer(path, headers, bytes).await).await
    }

    /// Sends bytes as they are and returns what came back, its body unread.
    pub async fn answer(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        bytes: Vec<u8>,
    ) -> Response<Incoming> {
        self.try_answer(path, headers, bytes).await.expect("the connection holds")
    }

    /// As `answer`, where the connection may break.
    pub async fn try_answer(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        bytes: Vec<u8>,
    ) -> Result<Response<Incoming>, Error> {
        self.request(path, headers, Whole::Bytes(bytes.into())).await
    }

    /// A call whose message breaks off with these bytes, and goes on waiting.
    pub async fn begin(&self, path: &str, bytes: Vec<u8>) -> Result<Response<Incoming>, Error> {
        self.request(path, &[], Whole::Part(bytes.into())).await
    }

    /// A call whose message never comes: the answer, if there is one all the same.
    pub async fn withhold(&self, path: &str, headers: &[(&str, &str)]) -> Status {
        let answer = self.request(path, headers, Whole::Never).await.expect("the connection holds");
        Status::from_header_map(answer.headers()).expect("nothing but a status")
    }

    async fn request(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Whole,
    ) -> Result<Response<Incoming>, Error> {
        let mut request =
            Request::post(format!("http://{}{path}", self.address)).header("te", "trailers");
        // Unless the test says another.
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.client.request(request.body(body).expect("a request")).await
    }
}

/// The status of an answer, wherever it stands.
pub async fn status(answer: Response<Incoming>) -> Status {
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

/// The length-prefixed form of a message.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("below 4 GiB");
    let mut bytes = vec![0];
    bytes.extend(length.to_be_bytes());
    bytes.extend(message);
    bytes
}

/// A body of one piece.
enum Whole {
    Bytes(Bytes),
    /// These, and nothing more.
    Part(Bytes),
    Sent,
    Never,
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::replace(&mut *self, Self::Sent) {
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Self::Part(bytes) => {
                *self = Self::Never;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Sent => Poll::Ready(None),
            Self::Never => {
                *self = Self::Never;
                Poll::Pending
            }
        }
    }
}
