//! A real server in this process, on a port of its own and a fresh database.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ballast::app::App;
use ballast::config::Config;
use ballast::ctx::Clock;
use ballast::domain::error::{Error, Reason};
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::contact_service_client::ContactServiceClient;
use ballast::pb::credit_service_client::CreditServiceClient;
use ballast::pb::interaction_service_client::InteractionServiceClient;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use ballast::pb::tier_service_client::TierServiceClient;
use ballast::shutdown::Shutdown;
use ballast::store::Store;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::health_client::HealthClient;

use super::database::{Database, Engine};
use super::gate::Observer;
use super::raw::Raw;

/// Every test begins at this moment, on the last business day of a half-year.
const START: &str = "2019-06-30T09:00:00Z";
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Of 20 ms each.
const LOCK_TRIES: u32 = 100;

/// Where servers run: a test may block its own thread without stopping them.
pub(super) fn background() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

pub struct TestServer {
    engine: Engine,
    config: Config,
    clock: Clock,
    observer: Option<Observer>,
    running: Option<Running>,
    // Last: dropped after the server let go of it.
    database: Arc<Database>,
}

struct Running {
    address: SocketAddr,
    store: Store,
    shutdown: Shutdown,
    stopped: Receiver<()>,
}

/// A store on the database. Of a server that has stopped in this process, work that nobody waits for may hold the
/// lock of the file for a moment more; another process would be gone with its lock.
async fn connected(config: &Config, clock: &Clock) -> Store {
    let mut tries = 0;
    loop {
        match Store::connect(&config.database, clock.clone()).await {
            Err(error) if error.reason() == Reason::ConcurrentChange && tries < LOCK_TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            done => return done.expect("a database"),
        }
    }
}

impl TestServer {
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// A server whose configuration a test changed.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let start = START.parse::<DateTime<Utc>>().expect("a time");
        let clock = Clock::manual(start, chrono_tz::UTC);
        Self::start_on(Database::create(engine).await, engine, clock, change).await
    }

    /// A server that goes by the real time, which on PostgreSQL is the database's.
    pub async fn start_live(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::system(chrono_tz::UTC);
        Self::start_on(Database::create(engine).await, engine, clock, change).await
    }

    /// A server on a database that is there already, or will be.
    pub async fn start_on(
        database: Database,
        engine: Engine,
        clock: Clock,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::default();
        config.auth.insecure = true;
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.server.health_interval_ms = 50;
        config.server.shutdown_notice_ms = 0;
        config.server.shutdown_stream_grace_ms = 100;
        config.server.shutdown_drain_seconds_max = 5;
        config.database.url = database.url().clone();
        // Many servers at a time share one PostgreSQL.
        config.database.postgres_connections_max = 4;
        // A machine that is busy with many tests is slow, and not away.
        config.database.probe_timeout_ms = 20_000;
        change(&mut config);
        let database = database.into();
        let mut server = Self { engine, config, clock, observer: None, running: None, database };
        server.run().await;
        server
    }

    /// A server of which every statement is told after it ran.
    pub async fn start_observed(engine: Engine, observer: Observer) -> Self {
        let mut server = Self::start(engine).await;
        server.observer = Some(observer);
        server.restart().await;
        server
    }

    /// Another server on the same database and by the same clock.
    pub async fn beside(&self) -> Self {
        self.beside_with(|_| {}).await
    }

    /// As [`TestServer::beside`], with another configuration.
    pub async fn beside_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        let mut server = Self {
            engine: self.engine,
            config,
            clock: self.clock.clone(),
            observer: None,
            running: None,
            database: self.database.clone(),
        };
        server.run().await;
        server
    }

    async fn run(&mut self) {
        let (config, clock) = (self.config.clone(), self.clock.clone());
        let observer = self.observer.clone();
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let (stopping, stopped) = channel();
        background().spawn(async move {
            // Whatever happens: dropping it is what the test waits for.
            let _stopping = stopping;
            let listener = TcpListener::bind(config.server.listen).await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let mut store = connected(&config, &clock).await;
            if let Some(observer) = observer {
                store.observe(move |statement| observer(statement));
            }
            // As the command does: the database may come up later.
            match store.migrate().await {
                Err(Error::Unavailable { .. }) => {}
                done => done.expect("migrated"),
            }
            let started = (address, store.clone());
            App::serve(listener, config, store, clock, stop, || _ = ready.send(started))
                .await
                .expect("served to the end");
        });
        let (address, store) = is_ready.await.expect("the server did not start");
        self.running = Some(Running { address, store, shutdown, stopped });
    }

    /// As [`TestServer::restart`], with another configuration.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.restart().await;
    }

    /// Stops in order, and starts again on the same database, on another port.
    pub async fn restart(&mut self) {
        self.stop();
        self.run().await;
    }

    /// Stops in order and waits for it. Calls under way need a runtime of several threads to
    /// come to their end meanwhile.
    pub fn stop(&mut self) {
        self.stop_by(Shutdown::request);
    }

    fn stop_by(&mut self, stop: impl FnOnce(&Shutdown)) {
        if let Some(Running { address: _, store, shutdown, stopped }) = self.running.take() {
            drop(store);
            stop(&shutdown);
            // Disconnected is the news; only silence is trouble.
            let silence = Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            let ended = stopped.recv_timeout(STOP_TIMEOUT);
            assert!(ended != silence || std::thread::panicking(), "the server did not stop");
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the server was stopped")
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// Stands still but for a millisecond per reading; `clock().set(…)` moves it on.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The server's own store, for what has no method.
    pub fn store(&self) -> &Store {
        &self.running().store
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn database_url(&self) -> &str {
        self.database.url().expose()
    }

    /// Asks for the shutdown without waiting for it.
    pub fn begin_shutdown(&self) {
        self.running().shutdown.request();
    }

    /// As SIGHUP does.
    pub fn ask_reload(&self) {
        self.running().shutdown.ask_reload();
    }

    pub fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address()))
            .expect("an address")
            .connect_lazy()
    }

    pub fn accounts(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.channel()).max_decoding_message_size(64 << 20)
    }

    pub fn contacts(&self) -> ContactServiceClient<Channel> {
        ContactServiceClient::new(self.channel()).max_decoding_message_size(64 << 20)
    }

    pub fn credit(&self) -> CreditServiceClient<Channel> {
        CreditServiceClient::new(self.channel()).max_decoding_message_size(64 << 20)
    }

    pub fn interactions(&self) -> InteractionServiceClient<Channel> {
        InteractionServiceClient::new(self.channel()).max_decoding_message_size(64 << 20)
    }

    pub fn receivables(&self) -> ReceivableServiceClient<Channel> {
        ReceivableServiceClient::new(self.channel()).max_decoding_message_size(64 << 20)
    }

    pub fn tiers(&self) -> TierServiceClient<Channel> {
        TierServiceClient::new(self.channel()).max_decoding_message_size(64 << 20)
    }

    pub fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel())
    }

    /// A client that sends what it is told, and has no timers.
    pub fn raw(&self) -> Raw {
        Raw::new(self.address())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // The test is over: nobody is left to drain for.
        self.stop_by(Shutdown::hurry);
    }
}
