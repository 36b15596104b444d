//! Read your writes: `ballast-at-least` comes in, `ballast-revision` goes out. Both are a
//! recorded time in microseconds since the epoch, as decimal digits.

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::body::Body;

use super::{Inner, Middleware, Next, refuse};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason};

pub const AT_LEAST: HeaderName = HeaderName::from_static("ballast-at-least");
pub const REVISION: HeaderName = HeaderName::from_static("ballast-revision");

/// The revision a caller must see at least; in the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtLeast(pub i64);

#[derive(Debug)]
pub struct Revisions;

impl Middleware for Revisions {
    async fn handle<S: Inner>(&self, mut request: Request<Body>, next: Next<S>) -> Response<Body> {
        if let Some(value) = request.headers().get(&AT_LEAST) {
            let Some(at_least) = parse(value) else {
                let description = "must be a `ballast-revision` as it was answered";
                return refuse(Error::invalid(
                    AT_LEAST.as_str(),
                    Reason::RevisionInvalid,
                    description,
                ));
            };
            request.extensions_mut().insert(at_least);
        }
        let revision = request.extensions().get::<Ctx>().map(|ctx| ctx.revision.clone());
        let mut response = next.run(request).await;
        if let Some(micros) = revision.and_then(|r| r.get()) {
            response.headers_mut().insert(REVISION, HeaderValue::from(micros));
        }
        response
    }
}

fn parse(value: &HeaderValue) -> Option<AtLeast> {
    let text = value.to_str().ok()?;
    // `parse` would take a sign.
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(AtLeast)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_revisions_are_read() {
        let read = |text: &'static str| parse(&HeaderValue::from_static(text));
        assert_eq!(read("1561885200000001"), Some(AtLeast(1_561_885_200_000_001)));
        for text in ["", "-1", "+1", "1.5", "now", "99999999999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
