//! A trace id for every call, and one log line when it is over. What the line says is the
//! method, the outcome, the time and the caller: never amounts, names or tokens.

mod body;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::{HeaderMap, Request, Response};
use tonic::Code;
use tonic::body::Body;

use super::{Inner, Middleware, Next};
use crate::api::status::TRACE;
use body::Observed;

/// What is known about a call beside its request; in the extensions of the request.
#[derive(Debug, Clone)]
pub struct Call {
    pub trace: Arc<str>,
    principal: Arc<OnceLock<Arc<str>>>,
}

impl Default for Call {
    fn default() -> Self {
        Self::of(new_trace())
    }
}

impl Call {
    fn of(trace: Arc<str>) -> Self {
        Self { trace, principal: Arc::default() }
    }

    /// Noted by the access layer, for the log.
    pub fn set_principal(&self, principal: &Arc<str>) {
        // A call has one caller, so it is set once.
        let _ = self.principal.set(principal.clone());
    }

    /// Once it is known.
    pub fn principal(&self) -> Option<Arc<str>> {
        self.principal.get().cloned()
    }
}

#[derive(Debug)]
pub struct Traces;

impl Middleware for Traces {
    async fn handle<S: Inner>(
        &self,
        mut request: Request<Body>,
        next: Next<'_, S>,
    ) -> Response<Body> {
        let call = Call::of(trace_id(request.headers()));
        let mut line = Line::new(call.clone(), request.uri().path().to_owned(), Instant::now());
        request.extensions_mut().insert(call.clone());
        let response = TRACE.scope(call.trace, next.run(request)).await;
        match code(response.headers()) {
            // Nothing but headers: the call is over.
            Some(code) => {
                line.finish(code);
                response
            }
            None => response.map(|body| Body::new(Observed::new(body, line))),
        }
    }
}

/// The trace of a caller that sends one (W3C `traceparent`), else a new one.
fn trace_id(headers: &HeaderMap) -> Arc<str> {
    let sent = headers.get("traceparent").and_then(|v| v.to_str().ok()).and_then(|text| {
        let id = text.split('-').nth(1)?;
        let valid = id.len() == 32
            && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            && id.bytes().any(|b| b != b'0');
        valid.then(|| id.into())
    });
    sent.unwrap_or_else(new_trace)
}

/// Any but zero, as W3C Trace Context wants it; nobody has to be kept from guessing it.
fn new_trace() -> Arc<str> {
    format!("{:032x}", fastrand::u128(1..)).into()
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// The log line of a call, written when the call is over, however it ends.
struct Line {
    call: Call,
    method: String,
    start: Instant,
    written: bool,
}

impl Line {
    fn new(call: Call, method: String, start: Instant) -> Self {
        Self { call, method, start, written: false }
    }

    fn finish(&mut self, code: Code) {
        if std::mem::replace(&mut self.written, true) {
            return;
        }
        let Self { call, method, start, written: _ } = self;
        // Unknown methods are the caller's text: shortened, and escaped by the formatter.
        let method = &method[..method.floor_char_boundary(128)];
        let principal = call.principal.get().map_or("-", |p| p);
        let trace = &*call.trace;
        let elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        macro_rules! write_at {
            ($level:ident) => {
                tracing::$level!(method, ?code, elapsed_us, principal, trace, "call")
            };
        }
        match code {
            Code::Internal | Code::Unknown | Code::DataLoss => write_at!(error),
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => {
                write_at!(warn);
            }
            // Who goes away is no trouble of ours.
            Code::Cancelled => write_at!(debug),
            _ if method.starts_with("/grpc.") => write_at!(debug),
            _ => write_at!(info),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The client went away before there was an outcome.
        self.finish(Code::Cancelled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_valid_trace_of_the_caller_is_kept() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", HeaderValue::from_static(text));
            trace_id(&headers)
        };
        let id = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(&*of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), id);
        for invalid in ["", "00-zz-b7-01", "00-00000000000000000000000000000000-b7-01", "x"] {
            assert_eq!(of(invalid).len(), 32);
            assert_ne!(of(invalid), of(invalid));
        }
    }
}
