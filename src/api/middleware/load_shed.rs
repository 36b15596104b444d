//! A bound on the calls under way in the whole process. One too many is refused at once and
//! told when to come again: queueing would delay every call.

mod body;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::{Methods, Target};
use crate::api::status::retry_after;
use crate::domain::error::{Error, Reason};
use body::Holding;

#[derive(Debug)]
pub struct LoadShed {
    methods: Arc<Methods>,
    permits: Arc<Semaphore>,
}

impl LoadShed {
    pub fn new(methods: Arc<Methods>, requests_concurrent_max: u32) -> Self {
        // `validate` bounds it far below what a semaphore holds.
        let permits = Arc::new(Semaphore::new(requests_concurrent_max as usize));
        Self { methods, permits }
    }
}

impl Middleware for LoadShed {
    async fn handle<S: Inner>(&self, request: Request<Body>, next: Next<S>) -> Response<Body> {
        let target = self.methods.target(request.uri().path());
        if target == Target::Open {
            // Health checks are not refused: an overloaded server is alive.
            return next.run(request).await;
        }
        let Ok(permit) = self.permits.clone().try_acquire_owned() else {
            return refuse(Error::ResourceExhausted {
                reason: Reason::Overloaded,
                description: "too many calls at once: wait and try again".into(),
                retry_after: Some(retry_after(Duration::from_millis(100))),
            });
        };
        let response = next.run(request).await;
        if target.is_streaming() {
            // A stream works until its last message was taken.
            response.map(|body| Body::new(Holding::new(body, permit)))
        } else {
            response
        }
    }
}
