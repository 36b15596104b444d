//! What is not a request of gRPC is refused as HTTP does it, before anything else looks at it: another
//! content would be read as messages, and answered with a status that its sender does not look for.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tonic::body::Body;

use super::{Inner, Middleware, Next};

const GRPC: &str = "application/grpc";

#[derive(Debug)]
pub struct Protocol;

impl Middleware for Protocol {
    async fn handle<S: Inner>(&self, request: Request<Body>, next: Next<'_, S>) -> Response<Body> {
        if request.method() != Method::POST {
            let mut response = refused(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        if !is_grpc(request.headers()) {
            return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        next.run(request).await
    }
}

fn refused(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Messages of protocol buffers, whatever parameters are said of them. `application/grpc-web` and
/// `application/grpc+json` are other protocols.
fn is_grpc(headers: &HeaderMap) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = said.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind.strip_prefix(GRPC).is_some_and(|rest| matches!(rest, "" | "+proto"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_told_by_its_type_and_not_by_its_parameters() {
        let of = |said: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(said));
            is_grpc(&headers)
        };
        for said in
            ["application/grpc", "Application/GRPC+proto", "application/grpc; charset=utf-8"]
        {
            assert!(of(said), "{said}");
        }
        for said in
            ["", "text/plain", "application/json", "application/grpc-web", "application/grpc+json"]
        {
            assert!(!of(said), "{said}");
        }
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
