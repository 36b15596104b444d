//! What the service asks its database for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ballast::store::Store;
use sea_orm::{Statement, Value};

/// A statement with its values.
#[derive(Debug, Clone)]
pub struct Ran {
    pub sql: Arc<str>,
    pub values: Vec<Value>,
    pub took: Duration,
}

impl Ran {
    pub fn new(sql: &str, values: Vec<Value>) -> Self {
        Self { sql: sql.into(), values, took: Duration::ZERO }
    }

    /// What it says without the quotes of names, by which a statement is recognized: some are
    /// text, some are put together.
    pub fn text(&self) -> String {
        self.sql.replace('"', "")
    }
}

/// Collects statements while it is on.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    on: Arc<AtomicBool>,
    ran: Arc<Mutex<Vec<Ran>>>,
}

impl Recorder {
    pub fn attach(&self, store: &mut Store) {
        let recorder = self.clone();
        store.observe_times(move |statement, took| recorder.take(statement, took));
    }

    fn take(&self, statement: &Statement, took: Duration) {
        if self.on.load(Ordering::Relaxed) {
            let values = statement.values.clone().map_or_else(Vec::new, |values| values.0);
            let ran = Ran { took, ..Ran::new(&statement.sql, values) };
            self.ran.lock().expect("nobody panics with it").push(ran);
        }
    }

    pub fn start(&self) {
        self.ran.lock().expect("nobody panics with it").clear();
        self.on.store(true, Ordering::Relaxed);
    }

    /// Waits until the service asks for nothing any more: after a book was written it looks at all accounts once.
    pub async fn until_idle(&self) {
        loop {
            self.start();
            tokio::time::sleep(Duration::from_secs(2)).await;
            if self.stop().iter().all(is_background) {
                return;
            }
        }
    }

    /// Prints which statements took most of the time, for each of so many calls or batches.
    pub fn print_times(ran: &[Ran], calls: usize, what: &str) {
        let mut times: HashMap<String, (usize, Duration)> = HashMap::new();
        for ran in ran {
            let of = times.entry(ran.text().chars().take(100).collect()).or_default();
            *of = (of.0 + 1, of.1 + ran.took);
        }
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_by_key(|(_, (_, took))| std::cmp::Reverse(*took));
        let whole: Duration = times.iter().map(|(_, (_, took))| *took).sum();
        let each = |took: Duration| took.as_secs_f64() * 1e6 / calls as f64;
        println!("{:.0} µs in statements for each {what}:", each(whole));
        for (text, (count, took)) in times.iter().take(20) {
            println!("    {:>7.0} µs {:>6.2} × {text}", each(*took), *count as f64 / calls as f64);
        }
    }

    /// What was asked for since the start.
    pub fn stop(&self) -> Vec<Ran> {
        self.on.store(false, Ordering::Relaxed);
        std::mem::take(&mut *self.ran.lock().expect("nobody panics with it"))
    }
}

/// Whether it belongs to the work beside the calls: the sealer's, what sums the
/// book, or the questions of the health check.
pub fn is_background(ran: &Ran) -> bool {
    let text = ran.text();
    let starts = [
        "UPDATE outbox",
        "UPDATE audit",
        "UPDATE job_lease",
        "INSERT INTO job_lease",
        "DELETE FROM audit_pending",
        "SELECT audit_pending",
        "INSERT INTO seal",
        "UPDATE seal",
        "SELECT seal.",
        "INSERT INTO book_",
        "UPDATE book_",
        "DELETE FROM book_",
    ];
    let parts =
        ["audit_seal", "FROM outbox WHERE", "FROM audit WHERE", "has_table", "seaql_migrations"];
    text == "SELECT 1"
        || text.starts_with("SELECT MAX(v) AS v FROM (SELECT COALESCE(MAX(recorded_us), 0)")
        || starts.iter().any(|start| text.starts_with(start))
        || parts.iter().any(|part| text.contains(part))
}
