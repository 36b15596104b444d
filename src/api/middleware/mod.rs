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

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt as _};

/// A concern of every call: looks at the request, lets `next` answer or refuses itself.
pub trait Middleware: Send + Sync + 'static {
    fn handle<S: Inner>(
        &self,
        request: Request<Body>,
        next: Next<S>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// What a middleware may wrap: a service that always answers with a response.
pub trait Inner:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Inner for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// The rest of the stack.
#[derive(Debug)]
pub struct Next<S>(S);

impl<S: Inner> Next<S> {
    pub async fn run(self, request: Request<Body>) -> Response<Body> {
        match self.0.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Makes a tower layer of a middleware.
#[derive(Debug)]
pub struct With<M>(Arc<M>);

impl<M: Middleware> With<M> {
    pub fn new(middleware: M) -> Self {
        Self(Arc::new(middleware))
    }
}

impl<M> Clone for With<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Middleware, S> Layer<S> for With<M> {
    type Service = Wrapped<M, S>;

    fn layer(&self, inner: S) -> Wrapped<M, S> {
        Wrapped { middleware: self.0.clone(), inner }
    }
}

/// A service behind a middleware.
#[derive(Debug)]
pub struct Wrapped<M, S> {
    middleware: Arc<M>,
    inner: S,
}

impl<M, S: Clone> Clone for Wrapped<M, S> {
    fn clone(&self) -> Self {
        Self { middleware: self.middleware.clone(), inner: self.inner.clone() }
    }
}

impl<M: Middleware, S: Inner> Service<Request<Body>> for Wrapped<M, S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // `Next` waits for the clone it calls; being ready here would say nothing about it.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let middleware = self.middleware.clone();
        let next = Next(self.inner.clone());
        Box::pin(async move { Ok(middleware.handle(request, next).await) })
    }
}

/// The answer of a middleware that refuses.
pub fn refuse(error: crate::domain::error::Error) -> Response<Body> {
    Status::from(error).into_http()
}
