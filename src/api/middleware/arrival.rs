//! How long a request may take to arrive. A unary call whose message never comes would hold its
//! place for nothing, and so would a stream whose client says nothing any more.

mod body;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;

use super::{Inner, Middleware, Next};
use crate::api::methods::{Methods, Target};
use crate::config::Server;
use body::Arriving;

/// What is said within of a request that ended in its middle.
pub(super) const BROKEN_OFF: &str = "the request broke off";

#[derive(Debug)]
pub struct Arrivals {
    methods: Arc<Methods>,
    whole: Duration,
    idle: Duration,
}

impl Arrivals {
    pub fn new(methods: Arc<Methods>, server: &Server) -> Self {
        Self {
            methods,
            whole: Duration::from_millis(server.request_arrival_timeout_ms),
            idle: Duration::from_secs(server.stream_idle_seconds_max),
        }
    }
}

impl Middleware for Arrivals {
    async fn handle<S: Inner>(&self, request: Request<Body>, next: Next<'_, S>) -> Response<Body> {
        let is_stream = match self.methods.target(request.uri().path()) {
            Target::Ours(method) => method.client_streaming,
            Target::Open => request.uri().path().ends_with("/ServerReflectionInfo"),
            Target::Unknown => false,
        };
        let limit = if is_stream { self.idle } else { self.whole };
        next.run(request.map(|body| Body::new(Arriving::new(body, limit, is_stream)))).await
    }
}
