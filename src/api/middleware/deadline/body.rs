//! The body of a streaming answer that ends in time, with a status the client understands.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;

use crate::api::status::retry_after;
use crate::domain::error::{Error, Reason};

/// Ends at the deadline or when the server goes down, whichever comes first.
pub struct Bounded {
    /// `None` once it was ended early.
    inner: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Bounded {
    pub fn new(inner: Body, deadline: Option<Instant>, stop: CancellationToken) -> Self {
        Self {
            inner: Some(inner),
            deadline: deadline.map(|d| Box::pin(tokio::time::sleep_until(d.into()))),
            stop: Box::pin(stop.cancelled_owned()),
        }
    }

    fn end(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // Dropping the stream tells the handler.
        self.inner = None;
        let (parts, ()) = Status::from(error).into_http::<()>().into_parts();
        let mut trailers = parts.headers;
        trailers.remove(http::header::CONTENT_TYPE);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.inner.is_none() {
            return Poll::Ready(None);
        }
        // First, so that a stream which always has a message ready ends in time too.
        if this.deadline.as_mut().is_some_and(|d| d.as_mut().poll(cx).is_ready()) {
            return this.end(Error::DeadlineExceeded);
        }
        if this.stop.as_mut().poll(cx).is_ready() {
            return this.end(Error::Unavailable {
                reason: Reason::ShuttingDown,
                description: "the server is going down: connect again and resume".into(),
                retry_after: retry_after(Duration::from_millis(500)),
            });
        }
        match &mut this.inner {
            Some(inner) => Pin::new(inner).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
