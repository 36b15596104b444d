//! Until when the caller waits. Work that is already too late is refused, work that gets too
//! late is given up, and both answer DEADLINE_EXCEEDED. Covers streams, which it also ends
//! when the server goes down.

mod body;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::Methods;
use crate::config::Server;
use crate::domain::error::{Error, Reason};
use crate::shutdown::Shutdown;
use body::Bounded;

/// When the caller stops waiting; in the extensions of the request.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Option<Instant>);

/// Cancelled when streams should come to an end; in the extensions of a streaming request.
#[derive(Debug, Clone)]
pub struct Ending(pub CancellationToken);

#[derive(Debug)]
pub struct Deadlines {
    methods: Arc<Methods>,
    default: Duration,
    max: Duration,
    shutdown: Shutdown,
}

impl Deadlines {
    pub fn new(methods: Arc<Methods>, server: &Server, shutdown: Shutdown) -> Self {
        Self {
            methods,
            default: Duration::from_millis(server.deadline_default_ms),
            max: Duration::from_millis(server.deadline_ms_max),
            shutdown,
        }
    }

    /// How long the call may take. A stream takes as long as its client says.
    fn timeout(&self, asked: Option<Duration>, streaming: bool) -> Option<Duration> {
        match (asked, streaming) {
            (asked, true) => asked,
            (None, false) => Some(self.default),
            (Some(asked), false) => Some(asked.min(self.max)),
        }
    }
}

impl Middleware for Deadlines {
    async fn handle<S: Inner>(
        &self,
        mut request: Request<Body>,
        next: Next<'_, S>,
    ) -> Response<Body> {
        let streaming = self.methods.target(request.uri().path()).is_streaming();
        let asked = match grpc_timeout(request.headers()) {
            Ok(asked) => asked,
            Err(error) => return refuse(error),
        };
        let timeout = self.timeout(asked, streaming);
        if timeout.is_some_and(|t| t.is_zero()) {
            return refuse(Error::DeadlineExceeded);
        }
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        request.extensions_mut().insert(Deadline(deadline));
        if streaming {
            request.extensions_mut().insert(Ending(self.shutdown.streams_should_end()));
        }

        let answer = next.run(request);
        let response = match deadline {
            None => answer.await,
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), answer).await {
                Ok(response) => response,
                Err(_) => return refuse(Error::DeadlineExceeded),
            },
        };
        if streaming {
            let stop = self.shutdown.streams_must_end();
            response.map(|body| Body::new(Bounded::new(body, deadline, stop)))
        } else {
            response
        }
    }
}

/// The client's `grpc-timeout`: at most eight digits and a unit.
fn grpc_timeout(headers: &HeaderMap) -> Result<Option<Duration>, Error> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(|text| {
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count: u64 = digits.parse().ok()?;
        match unit {
            "H" => Some(Duration::from_secs(count * 3600)),
            "M" => Some(Duration::from_secs(count * 60)),
            "S" => Some(Duration::from_secs(count)),
            "m" => Some(Duration::from_millis(count)),
            "u" => Some(Duration::from_micros(count)),
            "n" => Some(Duration::from_nanos(count)),
            _ => None,
        }
    });
    parsed.map(Some).ok_or_else(|| {
        let description = "must be at most eight digits and one of H, M, S, m, u, n";
        Error::invalid("grpc-timeout", Reason::RequestMalformed, description)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(text: &'static str) -> Result<Option<Duration>, Error> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", HeaderValue::from_static(text));
        grpc_timeout(&headers)
    }

    #[test]
    fn timeouts_of_clients_are_read() {
        assert_eq!(grpc_timeout(&HeaderMap::new()).ok(), Some(None));
        for (text, expected) in [
            ("0n", Duration::ZERO),
            ("100m", Duration::from_millis(100)),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
            ("7u", Duration::from_micros(7)),
        ] {
            assert_eq!(read(text).ok(), Some(Some(expected)), "{text}");
        }
        for text in ["", "1", "S", "1x", "-1S", "+1S", "999999999S", "1.5S", " 1S"] {
            assert_eq!(read(text).expect_err(text).reason(), Reason::RequestMalformed);
        }
    }

    #[test]
    fn unary_calls_have_a_deadline_always_and_streams_only_their_clients() {
        let methods = Arc::new(Methods::ours().expect("descriptors"));
        let deadlines = Deadlines::new(methods, &Server::default(), Shutdown::new());
        let second = Duration::from_secs(1);
        assert_eq!(deadlines.timeout(None, false), Some(30 * second));
        assert_eq!(deadlines.timeout(Some(second), false), Some(second));
        assert_eq!(deadlines.timeout(Some(9_000 * second), false), Some(300 * second));
        assert_eq!(deadlines.timeout(None, true), None);
        assert_eq!(deadlines.timeout(Some(9_000 * second), true), Some(9_000 * second));
    }
}
