//! `ballast serve`.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::options::Options;
use crate::app::{self, App};
use crate::cli::say::say;
use crate::config::Config;
use crate::ctx::{Clock, Ctx};
use crate::domain::error::Error;
use crate::shutdown::Shutdown;
use crate::store::Store;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,
    /// Address and port to listen on [default: 127.0.0.1:50051].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// No credentials: every caller is an administrator. On a loopback address only.
    #[arg(long)]
    insecure: bool,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let Args { options, listen, insecure } = args;
    let insecure = insecure.then(|| "true".to_owned());
    let config = options.load(vec![("server.listen", listen), ("auth.insecure", insecure)])?;
    telemetry::init(&config.log);
    app::check(&config).map_err(|e| e.to_string())?;

    // Before the database: a port in use is found out at once.
    let listener = listen_on(config.server.listen).await?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let clock = Clock::system(config.business.time_zone);
    let url = config.database.url.redacted();
    let store = Store::connect(&config.database, clock.clone())
        .await
        .map_err(|e| format!("cannot open the database {url}: {e}"))?;
    match store.migrate().await {
        // It may come up after us: until then health says NOT_SERVING.
        Err(error @ Error::Unavailable { .. }) => tracing::warn!(%error, "waiting for {url}"),
        done => {
            done.map_err(|e| format!("cannot bring the database {url} up to date: {e}"))?;
            check_default_owner(&config, &store, &clock).await?;
        }
    }

    let shutdown = Shutdown::new();
    shutdown.on_signals().map_err(|e| format!("cannot listen for signals: {e}"))?;
    tracing::info!(%address, database = url, "starting");
    let scheme = if config.tls.cert.is_some() { "https" } else { "http" };
    let serving = App::serve(listener, config, store, clock, shutdown, || {
        say!("ballast listening on {scheme}://{address}");
    });
    serving.await.map_err(|e| e.to_string())
}

/// Before anybody is served: what nobody owns must have an owner.
async fn check_default_owner(config: &Config, store: &Store, clock: &Clock) -> Result<(), String> {
    let members = app::members(config, store.clone()).map_err(|e| e.to_string())?;
    let checked = members.check_default_owner(&Ctx::system(clock.clone())).await;
    checked.map_err(|e| e.to_string())
}

pub(super) async fn listen_on(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|e| match e.kind() {
        ErrorKind::AddrInUse => {
            format!("{address} is in use: stop the other process, or choose another --listen")
        }
        ErrorKind::PermissionDenied => {
            format!("not allowed to listen on {address}: choose a port above 1023")
        }
        ErrorKind::AddrNotAvailable => {
            format!("{address} is not an address of this machine: choose another --listen")
        }
        _ => format!("cannot listen on {address}: {e}"),
    })
}
