//! Read your writes: `ballast-at-least` comes in, `ballast-revision` goes out. Both are a
//! recorded time in microseconds since the epoch, as decimal digits.

use http::{HeaderName, HeaderValue, Request, Response};
use tonic::body::Body;

use super::{Inner, Middleware, Next, refuse};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};

pub const AT_LEAST: HeaderName = HeaderName::from_static("ballast-at-least");
pub const REVISION: HeaderName = HeaderName::from_static("ballast-revision");

#[derive(Debug)]
pub struct Revisions;

impl Middleware for Revisions {
    async fn handle<S: Inner>(
        &self,
        mut request: Request<Body>,
        next: Next<'_, S>,
    ) -> Response<Body> {
        let at_least = match request.headers().get(&AT_LEAST).map(parse).transpose() {
            Ok(at_least) => at_least,
            Err(error) => return refuse(error),
        };
        let ctx = request.extensions_mut().get_mut::<Ctx>();
        let revision = ctx.map(|ctx| {
            ctx.at_least = at_least;
            ctx.revision.clone()
        });
        let mut response = next.run(request).await;
        if let Some(micros) = revision.and_then(|r| r.get()) {
            response.headers_mut().insert(REVISION, HeaderValue::from(micros));
        }
        response
    }
}

fn parse(value: &HeaderValue) -> Result<i64> {
    let text = value.to_str().unwrap_or_default();
    // `parse` would take a sign.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let description = "must be a `ballast-revision` as it was answered";
        Error::invalid(AT_LEAST.as_str(), Reason::RevisionInvalid, description)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_revisions_are_read() {
        let read = |text: &'static str| parse(&HeaderValue::from_static(text)).ok();
        assert_eq!(read("1561885200000001"), Some(1_561_885_200_000_001));
        for text in ["", "-1", "+1", "1.5", "now", "99999999999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
