//! A call held against the statements that it runs.

use std::time::Instant;

use super::Effort;
use super::bare::Bare;
use super::engine::Server;
use super::recorder::{Ran, is_background};
use super::samples::Samples;
use super::table::{Goal, Table};

/// Holds a question, which asks at most so many statements, against the same through bare sqlx.
pub async fn question(
    effort: Effort,
    table: &mut Table,
    (server, bare): (&Server, &Bare),
    (what, statements_max): (String, usize),
    ask: impl AsyncFn(),
) {
    server.recorder.start();
    ask().await;
    let ran = server.recorder.stop().into_iter();
    let reads = |ran: &Ran| !is_background(ran) && ran.text().starts_with(['S', 'W']);
    let statements: Vec<Ran> = ran.filter(reads).collect();
    assert!(statements.len() <= statements_max, "{what}: {statements:#?}");
    let [mut ours, mut theirs] = Samples::several();
    for _ in 0..effort.rounds() {
        let start = Instant::now();
        ask().await;
        ours.push_time(start.elapsed());
        let start = Instant::now();
        for statement in &statements {
            bare.stream(statement).await;
        }
        theirs.push_time(start.elapsed());
    }
    let peer = format!("its {} statements by bare sqlx", statements.len());
    table.row(what, peer, (theirs.median(), ours.median()), "ms", Goal::AtMost(2.0));
}

/// Holds a write against its statements in one transaction through bare sqlx, on a database that `other`
/// reaches and that held the same before the first of them.
pub async fn write(
    effort: Effort,
    table: &mut Table,
    (server, other): (&Server, &Bare),
    what: String,
    call: impl AsyncFn(usize),
) {
    let [mut ours, mut theirs] = Samples::several();
    let mut count = 0;
    // The first prepares statements.
    for round in 0..=effort.rounds() * WRITES {
        server.recorder.start();
        let start = Instant::now();
        call(round).await;
        let took = start.elapsed();
        let ran = server.recorder.stop().into_iter();
        let statements: Vec<Ran> = ran.filter(|ran| !is_background(ran)).collect();
        let start = Instant::now();
        other.transaction(&statements).await;
        if round > 0 {
            ours.push_time(took);
            theirs.push_time(start.elapsed());
            count = statements.len();
        }
    }
    let peer = format!("its {count} statements in one transaction by bare sqlx");
    table.row(what, peer, (theirs.median(), ours.median()), "ms", Goal::AtMost(2.0));
}

/// Writes of one round.
const WRITES: usize = 20;
