//! What every call goes through before and after its handler, one concern per file.
//! `app` stacks them; the order there is the order a request meets them.

pub mod access;
pub mod arrival;
pub mod contract;
pub mod deadline;
pub mod outage;
pub mod places;
pub mod protocol;
pub mod revision;
pub mod trace;

use std::future::Future;
use std::sync::Arc;

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service as _};

/// A concern of every call: looks at the request, lets `next` answer or refuses itself.
pub trait Middleware: Send + Sync + 'static {
    fn handle<S: Inner>(
        &self,
        request: Request<Body>,
        next: Next<'_, S>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// What a middleware may wrap: what always answers with a response. All calls share one of it, by
/// reference: a `tower` service would be copied with everything below it for each call, once a layer.
pub trait Inner: Send + Sync + 'static {
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response<Body>> + Send;
}

impl Inner for Routes {
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        match self.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// The rest of the stack.
#[derive(Debug)]
pub struct Next<'a, S>(&'a S);

impl<S: Inner> Next<'_, S> {
    pub async fn run(self, request: Request<Body>) -> Response<Body> {
        self.0.answer(request).await
    }
}

/// Makes a layer of a middleware.
#[derive(Debug)]
pub struct With<M>(Arc<M>);

impl<M: Middleware> With<M> {
    pub fn new(middleware: M) -> Self {
        Self(Arc::new(middleware))
    }
}

impl<M: Middleware, S> Layer<S> for With<M> {
    type Service = Wrapped<M, S>;

    fn layer(&self, inner: S) -> Wrapped<M, S> {
        Wrapped { middleware: self.0.clone(), inner }
    }
}

/// What answers behind a middleware.
#[derive(Debug)]
pub struct Wrapped<M, S> {
    middleware: Arc<M>,
    inner: S,
}

impl<M: Middleware, S: Inner> Inner for Wrapped<M, S> {
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response<Body>> + Send {
        self.middleware.handle(request, Next(&self.inner))
    }
}

/// The answer of a middleware that refuses.
pub fn refuse(error: crate::domain::error::Error) -> Response<Body> {
    Status::from(error).into_http()
}
