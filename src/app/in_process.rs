//! The services without a server: for commands that ask what a client asks, of a database that is
//! here.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use super::health::Health;
use super::{App, routes, settings};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::service::credit::Credit;

/// Answers calls as the service itself makes them; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct InProcess {
    routes: Routes,
    ctx: Ctx,
}

impl InProcess {
    /// # Errors
    /// If the configuration says what can't be.
    pub async fn new(app: &App) -> Result<Self> {
        let health = Health::new().await;
        let credit = Credit::new(app.store.clone(), settings(&app.config)?);
        let routes = routes::routes(app, &health, credit)?.prepare();
        Ok(Self { routes, ctx: Ctx::system(app.clock.clone()) })
    }
}

impl Service<Request<Body>> for InProcess {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = <Routes as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.routes, cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        request.extensions_mut().insert(self.ctx.clone());
        self.routes.call(request)
    }
}
