//! `ballast demo`: a server with a made-up company on this machine, and a tour of the questions
//! that it answers.

mod json;
mod place;
mod questions;
mod tour;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::place::Place;
use super::serve::listen_on;
use crate::app::{App, ServeError};
use crate::cli::say::say;
use crate::config::{Config, Database, Log};
use crate::ctx::Clock;
use crate::demo::{self, Company, Filled, Plan};
use crate::service::Settings;
use crate::shutdown::Shutdown;
use crate::store::Store;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port of this machine to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Where to keep the database; by default a directory that is removed at the end.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Stop after the tour; exit status 0 if every example was answered as expected.
    #[arg(long)]
    exit: bool,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let Args { listen, data_dir, exit } = args;
    telemetry::init(&Log { level: "warn".into(), ..Log::default() });
    let shutdown = Shutdown::new();
    shutdown.on_signals().map_err(|e| format!("cannot listen for signals: {e}"))?;
    let listener = listen_on(listen).await?;
    let demo = tokio::select! {
        demo = Demo::start(listener, data_dir, shutdown.clone()) => demo?,
        () = shutdown.requested() => return Ok(()),
    };
    let mut out = std::io::stdout();
    let toured = tokio::select! {
        toured = demo.tour(&mut out) => toured,
        () = shutdown.requested() => Ok(()),
    };
    if !exit && !shutdown.is_requested() {
        say!("The server is up at {}; press Ctrl-C to stop it.", demo.address);
        shutdown.requested().await;
    }
    demo.stop().await?;
    toured
}

/// A running server with a made-up company.
pub struct Demo {
    address: SocketAddr,
    company: Company,
    filled: Filled,
    filled_in_ms: u128,
    store: Store,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), ServeError>>,
    place: Place,
}

impl Demo {
    /// Makes the company up as of today, records it in an embedded database and serves it
    /// until the shutdown is requested. Without a directory the database is a temporary one.
    ///
    /// # Errors
    /// In words for people: if there is a database already, or it cannot be written or served.
    pub async fn start(
        listener: TcpListener,
        directory: Option<PathBuf>,
        shutdown: Shutdown,
    ) -> Result<Self, String> {
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let place = Place::new(directory)?;
        let mut config = Config::default();
        config.auth.insecure = true;
        config.database.url = place.database_url();
        // No load balancer has to notice that a demo goes down.
        config.server.shutdown_notice_ms = 0;
        let company = Company::generate(Plan::demo(Utc::now().date_naive()));
        let settings = Settings {
            base_currency: None,
            rate_age_days_max: config.business.rate_age_days_max.into(),
        };
        let begun = Instant::now();
        let filled = fill(&config.database, settings, &company)
            .await
            .map_err(|e| format!("cannot record the company: {e}"))?;
        let filled_in_ms = begun.elapsed().as_millis();

        let clock = Clock::system(config.business.time_zone);
        let store = open(&config.database, &clock)
            .await
            .map_err(|e| format!("cannot open the database: {e}"))?;
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let served = (store.clone(), shutdown.clone());
        let serving = tokio::spawn(async move {
            let (store, shutdown) = served;
            // Nobody listens if the start was given up.
            App::serve(listener, config, store, clock, shutdown, || _ = ready.send(())).await
        });
        if is_ready.await.is_err() {
            return Err(ended(serving.await).err().unwrap_or_default());
        }
        Ok(Self { address, company, filled, filled_in_ms, store, shutdown, serving, place })
    }

    /// Asks every kind of question and writes each with its command and its answer.
    ///
    /// # Errors
    /// In words for people: which questions were not answered as expected.
    pub async fn tour(&self, out: &mut (dyn Write + Send)) -> Result<(), String> {
        tour::tour(self, out).await
    }

    /// The store that is served.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What recording the company came to.
    pub fn filled(&self) -> &Filled {
        &self.filled
    }

    /// Stops the server and removes what was temporary.
    ///
    /// # Errors
    /// In words for people: if the server did not end in order.
    pub async fn stop(self) -> Result<(), String> {
        let Self { shutdown, serving, store, place, .. } = self;
        shutdown.request();
        let stopped = ended(serving.await);
        drop(store);
        drop(place);
        stopped
    }
}

fn ended(served: Result<Result<(), ServeError>, tokio::task::JoinError>) -> Result<(), String> {
    match served {
        Ok(served) => served.map_err(|e| e.to_string()),
        Err(panicked) => Err(panicked.to_string()),
    }
}

/// Records the company with a clock that goes from evening to evening, and closes the database.
async fn fill(
    database: &Database,
    settings: Settings,
    company: &Company,
) -> crate::domain::error::Result<Filled> {
    let morning = company.plan.start().and_time(chrono::NaiveTime::MIN).and_utc();
    let clock = Clock::manual(morning, chrono_tz::UTC);
    let store = open(database, &clock).await?;
    let filled = demo::fill(&store, settings, &clock, company).await;
    store.close().await;
    filled
}

async fn open(database: &Database, clock: &Clock) -> crate::domain::error::Result<Store> {
    let store = Store::connect(database, clock.clone()).await?;
    store.migrate().await?;
    Ok(store)
}
