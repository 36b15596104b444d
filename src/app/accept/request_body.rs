//! The body of a request, read to its end also where nobody wants it. A call that is refused by its headers
//! is answered before its message comes, and then HTTP/2 counts the message as a fault of the client: after
//! some hundred refusals its connection would be closed, with all calls on it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::Error;
use hyper::body::Incoming;
use tokio::runtime::Handle;

/// How long what nobody wants is read, and how much of it; then the stream is reset.
const UNWANTED_TIME_MAX: Duration = Duration::from_secs(2);
const UNWANTED_BYTES_MAX: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct RequestBody(Option<Incoming>);

impl RequestBody {
    pub fn new(body: Incoming) -> Self {
        Self(Some(body))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|body| !body.is_end_stream()) else { return };
        if let Ok(runtime) = Handle::try_current() {
            // Longer than that nobody waits.
            runtime.spawn(tokio::time::timeout(UNWANTED_TIME_MAX, read_away(body)));
        }
    }
}

async fn read_away(body: Incoming) {
    let mut body = Limited::new(body, UNWANTED_BYTES_MAX);
    while let Some(Ok(_)) = body.frame().await {}
}
