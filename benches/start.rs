//! From the start of the process to SERVING on an existing SQLite file, and the memory of a
//! server that nobody asks anything.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::time::Duration;

use support::data;
use support::engine::{Database, Engine, channel};
use support::memory::resident_mib;
use support::process::{Process, start_of_nothing};
use support::samples::Samples;
use support::table::{Goal, Table};
use support::{Effort, run};

fn main() {
    run(async {
        let effort = Effort::from_args();
        let mut table = Table::new("start");
        let database = Database::create(Engine::Sqlite).await;
        let process = Process::serve(&database.url).await;
        let accounts = if effort.quick { 200 } else { 2_000 };
        let documents = (0..accounts).flat_map(|number| data::open_invoices(number, 10));
        data::import(channel(process.address).await, "start", documents).await;
        process.end().await;

        let [mut nothing, mut serving, mut memory] = Samples::several();
        for _ in 0..effort.rounds() {
            nothing.push_time(start_of_nothing());
            let process = Process::serve(&database.url).await;
            serving.push_time(process.until_serving);
            tokio::time::sleep(Duration::from_secs(1)).await;
            memory.push(resident_mib(process.id()));
            process.end().await;
        }
        let what = format!("start to SERVING, a SQLite file of {} documents", accounts * 10);
        let at_most = (200.0, serving.median());
        table.row(what, "the goal", at_most, "ms", Goal::AtMost(1.0));
        let numbers = (nothing.median(), serving.median());
        table.row("the same", "`ballast --version`", numbers, "ms", Goal::Reported);
        let at_most = (60.0, memory.median());
        table.row("resident memory when idle", "the goal", at_most, "MiB", Goal::AtMost(1.0));
        table.finish();
    });
}
