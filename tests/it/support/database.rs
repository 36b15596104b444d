//! Fresh databases: copies of a template of each engine, which is migrated once for all
//! processes that test and has the hash of the migrations in its name. The unit tests of the
//! library include this file too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ballast::config::{self, DatabaseUrl};
use ballast::ctx::Clock;
use ballast::store::Store;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

const URL_VARIABLE: &str = "BALLAST_TEST_POSTGRES_URL";
/// Only one process at a time makes templates or sweeps.
const TEMPLATE_LOCK: i64 = 0x0062_616c_6c61_7374;
/// Other checkouts may test on the same server, each with its own migrations.
const TEMPLATES_KEPT: usize = 4;
const NO_SUCH_DATABASE: &str = "3D000";

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
    /// With the schema of this version.
    pub async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let (database, file) = Self::directory();
                copy_sqlite(&file).await;
                database
            }
            Engine::Postgres => Self::postgres(copy_postgres().await),
        }
    }

    /// Without a schema; on SQLite without the file.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::directory().0,
            Engine::Postgres => {
                let mut admin = admin().await;
                let name = new_name(&mut admin).await;
                run(&mut admin, format!("CREATE DATABASE {name}")).await;
                let _ = admin.close().await;
                Self::postgres(name)
            }
        }
    }

    /// A database that the test makes and takes away.
    pub fn elsewhere(url: String) -> Self {
        Self { url: DatabaseUrl::new(url), place: Place::Elsewhere }
    }

    fn directory() -> (Self, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ballast.db");
        let url = sqlite_url(&file);
        (Self { url, place: Place::Directory { _gone_at_drop: directory } }, file)
    }

    fn postgres(name: String) -> Self {
        Self { url: postgres_url(&name), place: Place::Postgres { name } }
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Postgres { name } = &self.place {
            let name = name.clone();
            // The runtime of the test may be the one that drops this.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.map_err(sqlx::Error::Io)?.block_on(drop_postgres(&name))
            });
            if !matches!(dropping.join(), Ok(Ok(()))) {
                eprintln!("a test database was left behind");
            }
        }
    }
}

async fn migrate(url: DatabaseUrl) {
    let database = config::Database { url, ..config::Database::default() };
    let store = Store::connect(&database, Clock::system(chrono_tz::UTC)).await.expect("opened");
    store.migrate().await.expect("migrated");
    store.close().await;
}

fn sqlite_url(file: &Path) -> DatabaseUrl {
    DatabaseUrl::new(format!("sqlite://{}", file.display()))
}

async fn copy_sqlite(to: &Path) {
    // Beside the program that tests, so that a build has templates of its own.
    let program = std::env::current_exe().expect("a path");
    let directory = program.parent().expect("a directory").join("test-templates");
    let template = directory.join(format!("{}.db", Store::schema_fingerprint()));
    if !template.exists() {
        make_sqlite(&directory, &template).await;
    }
    std::fs::copy(&template, to).expect("copied");
}

/// Another process may have made it meanwhile. Takes away what is left of other schemas and of
/// processes that are no more.
async fn make_sqlite(directory: &Path, template: &Path) {
    std::fs::create_dir_all(directory).expect("a directory");
    let lock_path = directory.join("lock");
    let lock = File::create(&lock_path).expect("a lock file");
    lock.lock().expect("locked");
    if template.exists() {
        return;
    }
    for entry in std::fs::read_dir(directory).expect("listed") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => std::fs::remove_dir_all(&path).expect("removed"),
            false if path != lock_path => std::fs::remove_file(&path).expect("removed"),
            false => {}
        }
    }
    let making = tempfile::tempdir_in(directory).expect("a directory");
    let file = making.path().join("ballast.db");
    migrate(sqlite_url(&file)).await;
    assert!(!making.path().join("ballast.db-wal").exists(), "not everything is in the file");
    std::fs::rename(file, template).expect("renamed");
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
fn postgres_url(name: &str) -> DatabaseUrl {
    let url = server_url();
    let (base, parameters) = match url.split_once('?') {
        Some((base, parameters)) => (base, format!("?{parameters}")),
        None => (&*url, String::new()),
    };
    let host = base.find("://").map_or(0, |at| at + 3);
    let end = base[host..].find('/').map_or(base.len(), |at| host + at);
    DatabaseUrl::new(format!("{}/{name}{parameters}", &base[..end]))
}

async fn admin() -> PgConnection {
    PgConnection::connect(&server_url()).await.expect("PostgreSQL")
}

async fn copy_postgres() -> String {
    let mut admin = admin().await;
    let name = new_name(&mut admin).await;
    let template = format!("ballast_template_{}", Store::schema_fingerprint());
    // A few megabytes are copied faster as files than page by page through the log.
    let strategy = match admin.server_version_num() {
        Some(150_000..) => "STRATEGY FILE_COPY",
        _ => "",
    };
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}");
    match admin.execute(AssertSqlSafe(copy.clone())).await {
        Ok(_) => {}
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some(NO_SUCH_DATABASE) => {
            make_postgres(&mut admin, &template).await;
            run(&mut admin, copy).await;
        }
        Err(error) => panic!("{copy}: {error}"),
    }
    let _ = admin.close().await;
    name
}

/// Another process may have made it meanwhile. Drops the oldest templates of other schemas.
async fn make_postgres(admin: &mut PgConnection, template: &str) {
    lock(admin).await;
    let mut templates = names(admin, "ballast_template_").await;
    if !templates.iter().any(|name| name == template) {
        let kept = templates.len().min(TEMPLATES_KEPT - 1);
        for name in templates.drain(..templates.len() - kept) {
            run(admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
        // If this process ends before it is done, another one sweeps it.
        let making = format!("ballast_test_{}_template", std::process::id());
        run(admin, format!("CREATE DATABASE {making}")).await;
        migrate(postgres_url(&making)).await;
        run(admin, format!("ALTER DATABASE {making} RENAME TO {template}")).await;
    }
    unlock(admin).await;
}

/// A name with this process in it; the first time, leftovers are swept.
async fn new_name(admin: &mut PgConnection) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static SWEPT: OnceCell<()> = OnceCell::const_new();
    SWEPT.get_or_init(|| sweep(admin)).await;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("ballast_test_{}_{number}", std::process::id())
}

/// Drops what processes left behind that are no more.
async fn sweep(admin: &mut PgConnection) {
    let is_left_behind = |name: &String| {
        let owner = name.split('_').nth(2).unwrap_or_default();
        owner == std::process::id().to_string() || !Path::new("/proc").join(owner).exists()
    };
    let mut left = names(admin, "ballast_test_").await;
    left.retain(is_left_behind);
    if left.is_empty() {
        return;
    }
    lock(admin).await;
    for name in left {
        run(admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }
    unlock(admin).await;
}

/// Databases of ours, the oldest first.
async fn names(admin: &mut PgConnection, prefix: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1) ORDER BY oid",
    )
    .bind(prefix)
    .fetch_all(admin)
    .await
    .expect("listed")
}

async fn lock(admin: &mut PgConnection) {
    run(admin, format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
}

/// Closing the connection would give the lock back as well.
async fn unlock(admin: &mut PgConnection) {
    run(admin, format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
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
