//! Keeps the promise that every refusal carries `ErrorInfo`, also those tonic makes itself:
//! messages that are too large or cannot be decoded, and methods that do not exist.

mod body;

use std::sync::Arc;

use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};

use super::arrival::BROKEN_OFF;
use super::{Inner, Middleware, Next};
use crate::api::methods::{Methods, Target};
use crate::domain::error::{Error, Reason};
use body::Corrected;

#[derive(Debug)]
pub struct Contract(Arc<Methods>);

impl Contract {
    pub fn new(methods: Arc<Methods>) -> Self {
        Self(methods)
    }
}

impl Middleware for Contract {
    async fn handle<S: Inner>(&self, request: Request<Body>, next: Next<'_, S>) -> Response<Body> {
        if self.0.target(request.uri().path()) == Target::Open {
            // Health and reflection have contracts of their own.
            return next.run(request).await;
        }
        let method = request.uri().path().to_owned();
        let mut response = next.run(request).await;
        correct(response.headers_mut(), &method);
        if response.headers().contains_key("grpc-status") {
            response
        } else {
            response.map(|body| Body::new(Corrected::new(body, method)))
        }
    }
}

/// Gives a status in headers or trailers its details, if it has none.
fn correct(headers: &mut HeaderMap, method: &str) {
    let Some(status) = Status::from_header_map(headers) else { return };
    // Where the client is gone nobody reads a reason.
    let is_over = matches!(status.code(), Code::Ok | Code::Cancelled);
    if is_over || !status.details().is_empty() {
        return;
    }
    let told = match (status.code(), status.message()) {
        (Code::Aborted, BROKEN_OFF) => Status::cancelled(BROKEN_OFF),
        _ => explain(&status, method).into(),
    };
    // A header map that was just made is always valid.
    if told.add_header(headers).is_err() {
        tracing::error!(method, "a status could not be written");
    }
}

/// What a status that is not ours means. tonic tells its own refusals apart by text only;
/// an integration test holds these texts against the version we build with.
fn explain(status: &Status, method: &str) -> Error {
    let message = status.message();
    let too_large = ["message length too large", "size limit, of"];
    let malformed = [
        "failed to decode Protobuf message",
        "Missing request message",
        "protocol error",
        "Unexpected EOF",
        "Error decompressing",
    ];
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if says(&too_large) => {
            Error::ResourceExhausted {
                reason: Reason::MessageTooLarge,
                description: message.to_owned(),
                retry_after: None,
            }
        }
        Code::Internal if says(&malformed) => Error::invalid("", Reason::RequestMalformed, message),
        Code::Unimplemented if message.starts_with("Content is compressed") => {
            Error::EncodingUnsupported
        }
        Code::Unimplemented => Error::Unimplemented(method.to_owned()),
        code => Error::internal(format!("{method} answered {code:?} without details: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_details_is_left_alone() {
        let ours = Status::from(Error::DeadlineExceeded).into_http::<()>();
        let mut headers = ours.headers().clone();
        correct(&mut headers, "/x/Y");
        assert_eq!(&headers, ours.headers());
        let mut fine = HeaderMap::new();
        correct(&mut fine, "/x/Y");
        assert!(fine.is_empty());
        let gone = Status::cancelled("gone").into_http::<()>();
        let mut headers = gone.headers().clone();
        correct(&mut headers, "/x/Y");
        assert_eq!(&headers, gone.headers());
        let broken = Status::aborted(BROKEN_OFF).into_http::<()>();
        let mut headers = broken.headers().clone();
        correct(&mut headers, "/x/Y");
        let status = Status::from_header_map(&headers).expect("a status");
        assert_eq!(status.code(), Code::Cancelled);
    }

    #[test]
    fn a_stray_status_becomes_internal_and_keeps_its_text_to_itself() {
        let mut headers = Status::unknown("s3cret").into_http::<()>().headers().clone();
        correct(&mut headers, "/x/Y");
        let status = Status::from_header_map(&headers).expect("a status");
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
        assert!(!format!("{headers:?}").contains("s3cret"));
    }
}
