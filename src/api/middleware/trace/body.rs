//! Watches the body of an answer for the status in its trailers.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};

use super::{Line, code};
use crate::api::status::TRACE;

pub(super) struct Observed {
    inner: Body,
    line: Line,
}

impl Observed {
    pub(super) fn new(inner: Body, line: Line) -> Self {
        Self { inner, line }
    }
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { inner, line } = &mut *self;
        // The body of a stream runs outside the call's future, and may fail inside.
        let trace = line.call.trace.clone();
        let frame = ready!(TRACE.sync_scope(trace, || Pin::new(inner).poll_frame(cx)));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    line.finish(code);
                }
            }
            Some(Err(status)) => line.finish(status.code()),
            None => line.finish(Code::Ok),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
