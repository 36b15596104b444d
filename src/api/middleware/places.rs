//! Places for the calls under way: so many in the whole process, so many of them for one principal
//! and for one connection, and so many for each class, so that reports and imports leave room for
//! questions, and those for decisions. One call too many is refused at once and told when to come
//! again: queueing would delay every call.
//!
//! A call keeps its place as long as anybody works for it, also when its caller went away.

mod body;
mod count;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;

use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::{Class, Methods, Target};
use crate::api::status::retry_after;
use crate::config::Server;
use crate::ctx::{self, Ctx};
use crate::domain::error::{Error, Reason};
use body::Holding;
pub use count::Connection;
use count::{Counts, Full, Wanted};

#[derive(Debug)]
pub struct Places {
    methods: Arc<Methods>,
    counts: Arc<Counts>,
}

impl Places {
    pub fn new(methods: Arc<Methods>, server: &Server) -> Self {
        Self { methods, counts: Arc::new(Counts::new(server)) }
    }
}

impl Middleware for Places {
    async fn handle<S: Inner>(
        &self,
        mut request: Request<Body>,
        next: Next<'_, S>,
    ) -> Response<Body> {
        let path = request.uri().path();
        let target = self.methods.target(path);
        if target == Target::Open && path.ends_with("/Check") {
            // Health checks are not refused: an overloaded server is alive.
            return next.run(request).await;
        }
        let connection = request.extensions().get::<Connection>().cloned();
        let ctx = request.extensions_mut().get_mut::<Ctx>();
        let wanted = match (&ctx, target) {
            (Some(ctx), Target::Ours(method)) => {
                Wanted { class: method.class, principal: Some(ctx.principal.clone()), connection }
            }
            // Nobody is known there.
            _ => Wanted { class: Class::Open, principal: None, connection },
        };
        let place = match Counts::take(&self.counts, wanted) {
            Ok(place) => Arc::new(place),
            Err(full) => return refuse(overloaded(full)),
        };
        if let Some(ctx) = ctx {
            ctx.place = ctx::Place::held(place.clone());
        }
        // The work of a stream of ours holds the place, and not its body: a client that takes no answer
        // would keep that for ever. Of those of the libraries the body is all that is seen.
        let by_body = target == Target::Open && target.is_streaming();
        let response = next.run(request).await;
        if by_body { response.map(|body| Body::new(Holding::new(body, place))) } else { response }
    }
}

fn overloaded(full: Full) -> Error {
    let what = match full {
        Full::Server => "too many calls at once",
        Full::Class => "too many calls of this kind at once",
        Full::Principal => "too many calls of this principal at once",
        Full::Connection => "too many calls of this connection at once",
    };
    Error::ResourceExhausted {
        reason: Reason::Overloaded,
        description: format!("{what}: wait and try again"),
        retry_after: Some(retry_after(Duration::from_millis(100))),
    }
}
