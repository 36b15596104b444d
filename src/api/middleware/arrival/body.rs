//! A body of a request that ends with an error if it does not come, or breaks off.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;

use super::BROKEN_OFF;
use crate::domain::error::Error;

pub(super) struct Arriving {
    inner: Body,
    limit: Duration,
    /// The time counts for each piece anew, from when somebody waits for it.
    by_piece: bool,
    until: Instant,
    /// Made when somebody waits; most bodies are there when they are asked for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Arriving {
    pub fn new(inner: Body, limit: Duration, by_piece: bool) -> Self {
        Self { inner, limit, by_piece, until: Instant::now() + limit, timer: None }
    }
}

/// Whatever the transport calls it: the client, or the way to it, is gone, and nobody reads the answer.
///
/// tonic takes CANCELLED within a request for the end of it, and half an upload would be taken for a whole
/// one: so it is ABORTED until the contract layer.
fn broken_off(error: &Status) -> Status {
    tracing::debug!(%error, "a request broke off");
    Status::aborted(BROKEN_OFF)
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if this.by_piece {
                this.timer = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| broken_off(&error))));
        }
        let timer = this.timer.get_or_insert_with(|| {
            if this.by_piece {
                this.until = Instant::now() + this.limit;
            }
            Box::pin(sleep_until(this.until))
        });
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Error::DeadlineExceeded.into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    #[tokio::test]
    async fn a_request_that_is_cancelled_is_never_told_as_cancelled_within() {
        let frames =
            [Ok(Frame::data(Bytes::from_static(b"half"))), Err(Status::cancelled("reset"))];
        let inner = Body::new(StreamBody::new(tokio_stream::iter(frames)));
        let body = Arriving::new(inner, Duration::from_secs(5), true);
        let error = body.collect().await.expect_err("it broke off");
        assert_eq!(error.code(), tonic::Code::Aborted);
    }
}
