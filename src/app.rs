//! Puts the service together and serves it: store, use cases, handlers, the layers around
//! them, health and reflection. Knows everything; nothing but `cli` and tests knows it.

mod accept;
mod auditor;
mod health;
mod in_process;
mod jobs;
mod readiness;
mod reload;
mod routes;
mod tls;

pub(crate) use in_process::InProcess;
pub(crate) use routes::{members, records, settings, team_settings};
pub(crate) use tls::certificates;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tower::ServiceBuilder;

use crate::api::methods::Methods;
use crate::api::middleware::access::{Access, DeniedCalls};
use crate::api::middleware::arrival::Arrivals;
use crate::api::middleware::contract::Contract;
use crate::api::middleware::deadline::Deadlines;
use crate::api::middleware::outage::Outages;
use crate::api::middleware::places::Places;
use crate::api::middleware::protocol::Protocol;
use crate::api::middleware::revision::Revisions;
use crate::api::middleware::trace::Traces;
use crate::api::middleware::{Inner, With};
use crate::config::Config;
use crate::ctx::Clock;
use crate::domain::error::Result;
use crate::issuer::{Issuer, IssuerError};
use crate::service::credit::Credit;
use crate::shutdown::Shutdown;
use crate::store::Store;
use accept::Acceptor;
use auditor::Auditor;
use health::Health;
use readiness::Readiness;
use reload::{Live, Reload};
use tls::TlsError;

/// What the process could not start or go on with, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(
        "--insecure makes every caller an administrator and is for a loopback address only, \
         not {0}: configure [[auth.tokens]] instead"
    )]
    InsecureInPublic(std::net::SocketAddr),
    #[error(
        "nobody could call this server: configure [[auth.tokens]] in the file of --config, or \
         jwt.issuer, or try it out with --insecure on a loopback address"
    )]
    NoCredentials,
    #[error("auth: {principal} has {unknown}, which no method asks for; there are {known}")]
    UnknownScope { principal: String, unknown: String, known: String },
    #[error(
        "without TLS tokens travel in the clear, so {0}, which other machines reach, is not \
         listened on: set tls.cert and tls.key, or server.behind_tls_proxy if a proxy beside the \
         server ends TLS"
    )]
    PlainInPublic(std::net::SocketAddr),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error(transparent)]
    Internal(#[from] crate::domain::error::Error),
    #[error("the listening socket failed: {0}")]
    Listener(#[from] std::io::Error),
}

/// Refuses a configuration that nobody could call, that lets tokens travel in the clear, or whose
/// scopes are no scopes: a slip of the pen would take from a caller what he was given.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn check(config: &Config) -> Result<(), ServeError> {
    let Config { auth, server, tls, jwt, .. } = config;
    let is_anybody_known =
        !auth.tokens.is_empty() || !auth.certificates.is_empty() || jwt.issuer.is_some();
    if !auth.insecure && !is_anybody_known {
        return Err(ServeError::NoCredentials);
    }
    check_address(config, server.listen)?;
    tls::load(tls)?;
    Issuer::new(jwt, &Clock::system(config.business.time_zone), None)?;
    let methods = Methods::ours()?;
    let known = methods.scopes();
    let by_token = auth.tokens.iter().map(|of| (&of.principal, &of.scopes));
    let by_certificate = auth.certificates.iter().map(|of| (&of.principal, &of.scopes));
    for (principal, scopes) in by_token.chain(by_certificate) {
        let is_unknown = |scope: &&String| *scope != "*" && !known.contains(scope.as_str());
        let unknown: Vec<&str> = scopes.iter().filter(is_unknown).map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(ServeError::UnknownScope {
                principal: principal.clone(),
                unknown: unknown.join(", "),
                known: known.into_iter().collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(())
}

/// Other machines reach the server by TLS only, its own or a proxy's.
fn check_address(config: &Config, address: std::net::SocketAddr) -> Result<(), ServeError> {
    let Config { server, tls, auth, .. } = config;
    let is_safe = address.ip().is_loopback() || tls.cert.is_some() || server.behind_tls_proxy;
    match is_safe {
        _ if auth.insecure && !address.ip().is_loopback() => {
            Err(ServeError::InsecureInPublic(address))
        }
        true => Ok(()),
        false => Err(ServeError::PlainInPublic(address)),
    }
}

/// The assembled service.
#[derive(Debug, Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub store: Store,
    pub clock: Clock,
}

impl App {
    /// Serves until `shutdown` is requested and everything has come to its end. Closes the
    /// store at last. `ready` is called once connections are accepted.
    ///
    /// # Errors
    /// If the configuration lets nobody in, or everybody from anywhere; if the socket fails.
    pub async fn serve(
        listener: TcpListener,
        config: Config,
        store: Store,
        clock: Clock,
        shutdown: Shutdown,
        ready: impl FnOnce(),
    ) -> Result<(), ServeError> {
        let app = Self::checked(&listener, config, store, clock)?;
        let health = Health::new().await;
        let credit = Credit::new(app.store.clone(), settings(&app.config)?);
        let routes = routes::routes(&app, &health, credit.clone())?;
        let jobs = jobs::start(&app.store, credit, &app.clock, &shutdown);
        app.serve_routes(listener, routes, health, jobs, shutdown, ready).await
    }

    /// As [`App::serve`], with other handlers behind the connections and layers of the service, and no
    /// jobs: for whoever asks what those do, or what they cost.
    ///
    /// # Errors
    /// As [`App::serve`].
    pub async fn serve_handlers(
        handlers: Routes,
        listener: TcpListener,
        config: Config,
        store: Store,
        clock: Clock,
        shutdown: Shutdown,
    ) -> Result<(), ServeError> {
        let app = Self::checked(&listener, config, store, clock)?;
        let jobs = TaskTracker::new();
        jobs.close();
        app.serve_routes(listener, handlers, Health::new().await, jobs, shutdown, || ()).await
    }

    /// Ready to be served on this address.
    fn checked(
        listener: &TcpListener,
        config: Config,
        store: Store,
        clock: Clock,
    ) -> Result<Self, ServeError> {
        check(&config)?;
        let address = listener.local_addr()?;
        check_address(&config, address)?;
        if config.auth.insecure {
            tracing::warn!(%address, "INSECURE: every caller on this machine is an administrator");
        }
        Ok(Self { config: Arc::new(config), store, clock })
    }

    async fn serve_routes(
        self,
        listener: TcpListener,
        routes: Routes,
        health: Health,
        jobs: TaskTracker,
        shutdown: Shutdown,
        ready: impl FnOnce(),
    ) -> Result<(), ServeError> {
        let server = &self.config.server;
        let (reload, live) = Reload::new(self.config.clone(), &self.clock)?;
        jobs.spawn(reload.run(shutdown.clone()));
        let acceptor = Acceptor::new(listener, server, live.tls.clone());
        let interval = Duration::from_secs(self.config.auth.denied_interval_seconds);
        let denied = DeniedCalls::new(!interval.is_zero());
        let auditor = Auditor::new(self.store.clone(), self.clock.clone(), denied.clone());
        jobs.spawn(auditor.clone().run(interval, shutdown.clone()));
        let service = self.layered(routes, live, denied, &shutdown)?;
        let connections = acceptor.connections();

        let members = members(&self.config, self.store.clone())?;
        let readiness = Readiness::new(self.store.clone(), members, self.clock.clone());
        let watch = tokio::spawn(health.clone().watch(
            server.health_interval(),
            self.config.patience(),
            self.store.presence().clone(),
            move || {
                let readiness = readiness.clone();
                async move { readiness.check().await }
            },
        ));
        let accepting = tokio::spawn(acceptor.run(service));
        ready();

        shutdown.requested().await;
        tracing::info!("no longer ready; calls are still served");
        // The database is still asked whether it is there, by which calls are refused at once.
        health.set_stopping().await;
        shutdown.pause(Duration::from_millis(server.shutdown_notice_ms)).await;

        shutdown.streams_should_end().cancel();
        shutdown.pause(Duration::from_millis(server.shutdown_stream_grace_ms)).await;
        shutdown.streams_must_end().cancel();

        let drained = shutdown.pause(Duration::from_secs(server.shutdown_drain_seconds_max));
        connections.drain(drained).await;
        watch.abort();
        // Nobody calls any more.
        jobs.wait().await;
        auditor.finish().await;
        accepting.await.map_err(std::io::Error::other)?;
        self.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }

    /// What a request goes through, top down.
    fn layered(
        &self,
        routes: Routes,
        live: Live,
        denied: DeniedCalls,
        shutdown: &Shutdown,
    ) -> Result<impl Inner> {
        let methods = Arc::new(Methods::ours()?);
        let server = &self.config.server;
        let (credentials, clock) = (live.credentials, self.clock.clone());
        let access = Access::new(methods.clone(), credentials, denied, clock);
        Ok(ServiceBuilder::new()
            .layer(With::new(Protocol))
            .layer(With::new(Traces))
            .layer(With::new(Contract::new(methods.clone())))
            .layer(With::new(Deadlines::new(methods.clone(), server, shutdown.clone())))
            .layer(With::new(access))
            .layer(With::new(Outages::new(methods.clone(), self.store.presence().clone())))
            .layer(With::new(Places::new(methods.clone(), server)))
            .layer(With::new(Arrivals::new(methods, server)))
            .layer(With::new(Revisions))
            .service(routes.prepare()))
    }
}

#[cfg(test)]
mod tests;
