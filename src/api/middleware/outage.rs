//! While the database is known to be away, calls are refused at once, also those under way: nobody
//! waits for a connection that cannot come. What a call began goes on in its own task for a while, and is
//! found by its `request_id` if it came to an end.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tonic::Code;
use tonic::body::Body;

use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::{Methods, Target};
use crate::api::status::retry_after;
use crate::domain::error::{Error, Reason};
use crate::presence::Presence;

/// When a refused caller is to come again; the database is asked about as often.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Outages {
    methods: Arc<Methods>,
    presence: Presence,
}

impl Outages {
    pub fn new(methods: Arc<Methods>, presence: Presence) -> Self {
        Self { methods, presence }
    }
}

impl Middleware for Outages {
    async fn handle<S: Inner>(&self, request: Request<Body>, next: Next<'_, S>) -> Response<Body> {
        if !matches!(self.methods.target(request.uri().path()), Target::Ours(_)) {
            return next.run(request).await;
        }
        if self.presence.is_away() {
            return refuse(away());
        }
        let mut answer = std::pin::pin!(next.run(request));
        let response = tokio::select! {
            biased;
            response = &mut answer => response,
            () = self.presence.gone() => return refuse(away()),
        };
        let code = response.headers().get("grpc-status");
        if code.is_some_and(|code| Code::from_bytes(code.as_bytes()) == Code::Unavailable) {
            self.presence.suspect();
        }
        response
    }
}

fn away() -> Error {
    Error::Unavailable {
        reason: Reason::DatabaseUnavailable,
        description: "the database does not answer".into(),
        retry_after: retry_after(RETRY_AFTER),
    }
}
