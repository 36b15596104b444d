//! Fresh databases: a file in a directory of its own, or a PostgreSQL database made from a
//! template that this process migrated once.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use ballast::config::{self, DatabaseUrl};
use ballast::ctx::Clock;
use ballast::store::Store;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::server::background;

const URL_VARIABLE: &str = "BALLAST_TEST_POSTGRES_URL";
/// Only one process at a time makes or sweeps templates.
const TEMPLATE_LOCK: i64 = 0x0062_616c_6c61_7374;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database of one test, gone when it is dropped.
pub struct Database {
    url: DatabaseUrl,
    place: Place,
}

enum Place {
    Directory {
        _gone_at_drop: TempDir,
    },
    Postgres {
        name: String,
    },
    /// Belongs to the test.
    Elsewhere,
}

impl Database {
    pub async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let directory = tempfile::tempdir().expect("a directory");
                let file = directory.path().join("ballast.db");
                let url = DatabaseUrl::new(format!("sqlite://{}", file.display()));
                Self { url, place: Place::Directory { _gone_at_drop: directory } }
            }
            Engine::Postgres => {
                // On the runtime that stays: the template is shared by all tests.
                let name = background().spawn(create_postgres()).await.expect("a database");
                let url = DatabaseUrl::new(url_of(&name));
                Self { url, place: Place::Postgres { name } }
            }
        }
    }

    /// A database that the test makes and takes away.
    pub fn elsewhere(url: String) -> Self {
        Self { url: DatabaseUrl::new(url), place: Place::Elsewhere }
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Postgres { name } = &self.place {
            let name = name.clone();
            let (done, wait) = std::sync::mpsc::channel();
            background().spawn(async move {
                let dropped = drop_postgres(&name).await;
                let _ = done.send(dropped.map_err(|e| e.to_string()));
            });
            if let Ok(Err(error)) = wait.recv() {
                eprintln!("a test database was left behind: {error}");
            }
        }
    }
}

fn server_url() -> String {
    std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{URL_VARIABLE} is not set: run scripts/test, which starts a PostgreSQL for the \
             tests, or name one, like postgres://postgres@127.0.0.1/postgres"
        )
    })
}

/// The same server, another database.
fn url_of(name: &str) -> String {
    let url = server_url();
    let (base, parameters) = match url.split_once('?') {
        Some((base, parameters)) => (base, format!("?{parameters}")),
        None => (&*url, String::new()),
    };
    let host = base.find("://").map_or(0, |at| at + 3);
    let end = base[host..].find('/').map_or(base.len(), |at| host + at);
    format!("{}/{name}{parameters}", &base[..end])
}

async fn create_postgres() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let template = TEMPLATE.get_or_init(make_template).await;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("ballast_test_{}_{number}", std::process::id());
    let mut admin = PgConnection::connect(&server_url()).await.expect("PostgreSQL");
    run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    let _ = admin.close().await;
    name
}

/// A migrated database with this process in its name, so that processes do not meet.
async fn make_template() -> String {
    let template = format!("ballast_test_{}_template", std::process::id());
    let mut admin = PgConnection::connect(&server_url()).await.expect("PostgreSQL");
    run(&mut admin, format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    sweep(&mut admin).await;
    run(&mut admin, format!("CREATE DATABASE {template}")).await;
    let database = config::Database {
        url: DatabaseUrl::new(url_of(&template)),
        ..config::Database::default()
    };
    let store = Store::connect(&database, Clock::system(chrono_tz::UTC)).await.expect("opened");
    store.migrate().await.expect("migrated");
    store.close().await;
    // Closing gives the lock back.
    let _ = admin.close().await;
    template
}

/// Drops what processes left behind that are no more.
async fn sweep(admin: &mut PgConnection) {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE 'ballast_test_%'")
            .fetch_all(&mut *admin)
            .await
            .expect("listed");
    for name in names {
        let owner = name.split('_').nth(2).unwrap_or_default();
        let own = owner == std::process::id().to_string();
        if own || !Path::new("/proc").join(owner).exists() {
            run(admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

async fn drop_postgres(name: &str) -> sqlx::Result<()> {
    let mut admin = PgConnection::connect(&server_url()).await?;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
    admin.close().await
}

/// Names are ours, never input.
async fn run(admin: &mut PgConnection, sql: String) {
    let shown = sql.clone();
    admin.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|e| panic!("{shown}: {e}"));
}
