//! Databases of their own, and the service on them, in this process.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use ballast::app::App;
use ballast::config::{Config, DatabaseUrl};
use ballast::ctx::Clock;
use ballast::shutdown::Shutdown;
use ballast::store::Store;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

use super::recorder::Recorder;
use super::table;

const URL_VARIABLE: &str = "BALLAST_TEST_POSTGRES_URL";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// SQLite, and PostgreSQL if a server is given.
    pub fn all() -> Vec<Self> {
        match std::env::var(URL_VARIABLE) {
            Ok(_) => vec![Self::Sqlite, Self::Postgres],
            Err(_) => {
                println!("({URL_VARIABLE} is not set: SQLite only)");
                vec![Self::Sqlite]
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// An empty database, until it is removed.
pub struct Database {
    pub engine: Engine,
    pub url: String,
    /// The directory of the file, gone when it is dropped.
    directory: Option<TempDir>,
    name: String,
}

impl Database {
    pub async fn create(engine: Engine) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ballast_bench_{}_{number}", std::process::id());
        match engine {
            Engine::Sqlite => {
                let directory = tempfile::tempdir_in(table::directory()).expect("a directory");
                let url = format!("sqlite://{}", directory.path().join("ballast.db").display());
                Self { engine, url, directory: Some(directory), name }
            }
            Engine::Postgres => {
                admin(format!("CREATE DATABASE {name}")).await;
                let server = std::env::var(URL_VARIABLE).expect("it was there");
                let (base, _) = server.rsplit_once('/').expect("a database in the URL");
                Self { engine, url: format!("{base}/{name}"), directory: None, name }
            }
        }
    }

    /// What it takes on the disk, once the service is stopped.
    pub async fn bytes(&self) -> u64 {
        match &self.directory {
            Some(directory) => {
                let files = std::fs::read_dir(directory.path()).expect("a directory");
                files.map(|file| file.expect("a file").metadata().expect("there").len()).sum()
            }
            None => {
                let mut own = PgConnection::connect(&self.url).await.expect("PostgreSQL");
                let size = "SELECT pg_database_size(current_database())";
                let bytes: i64 = sqlx::query_scalar(size).fetch_one(&mut own).await.expect("told");
                own.close().await.expect("closed");
                bytes.unsigned_abs()
            }
        }
    }

    pub async fn remove(self) {
        if self.engine == Engine::Postgres {
            admin(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
        }
    }
}

/// Names are ours, never input.
async fn admin(sql: String) {
    let server = std::env::var(URL_VARIABLE).expect("it was there");
    let mut admin = PgConnection::connect(&server).await.expect("PostgreSQL");
    let shown = sql.clone();
    admin.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|e| panic!("{shown}: {e}"));
    admin.close().await.expect("closed");
}

/// The service as it is served, with its jobs, on a port of its own.
pub struct Server {
    pub address: SocketAddr,
    pub recorder: Recorder,
    shutdown: Shutdown,
    stopped: JoinHandle<()>,
}

impl Server {
    pub async fn start(database: &Database) -> Self {
        let mut config = Config::default();
        config.auth.insecure = true;
        config.server.shutdown_notice_ms = 0;
        config.server.shutdown_stream_grace_ms = 0;
        config.database.url = DatabaseUrl::new(&*database.url);
        let clock = Clock::system(config.business.time_zone);
        let mut store = Store::connect(&config.database, clock.clone()).await.expect("a database");
        store.migrate().await.expect("migrated");
        let recorder = Recorder::default();
        recorder.attach(&mut store);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        let stopped = tokio::spawn(async move {
            let served = App::serve(listener, config, store, clock, stop, || ()).await;
            served.expect("served to the end");
        });
        Self { address, recorder, shutdown, stopped }
    }

    pub async fn channel(&self) -> Channel {
        channel(self.address).await
    }

    pub async fn stop(self) {
        self.shutdown.hurry();
        self.stopped.await.expect("stopped in order");
    }
}

pub async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    // The window of a long stream should not be what is measured.
    let endpoint = endpoint.initial_stream_window_size(1 << 20);
    endpoint.initial_connection_window_size(4 << 20).connect().await.expect("connected")
}
