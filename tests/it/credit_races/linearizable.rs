//! Short histories of a few callers, held against their real time: whoever asks after an answer
//! was given sees what it did.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fastrand::Rng;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::calls::Caller;
use super::model::{Ask, Book, Call};
use super::{open_account, set_limit, verify};
use crate::support::linear::{Timed, linearize};
use crate::support::{Engine, TestServer};

const CALLERS: usize = 4;
const CALLS: usize = 6;
const ROUNDS: usize = 15;
const LIMIT: i64 = 1_000;
const GROUP_LIMIT: i64 = 1_500;

/// Counts the beginnings and ends of calls, whatever clocks say.
static TICKS: AtomicI64 = AtomicI64::new(0);

fn tick() -> i64 {
    TICKS.fetch_add(1, Ordering::SeqCst)
}

/// One caller of a round, with its accounts.
async fn call(mut caller: Caller, round: usize, n: usize, mut rng: Rng) -> Vec<Timed<Call>> {
    let account = format!("{}{round}", ["a", "b"][n % 2]);
    let mut calls = Vec::new();
    for k in 0..CALLS {
        let order = |k: usize| format!("{account}-{n}.{k}");
        let ask = match rng.u32(..4) {
            0 | 1 => Ask::Reserve {
                account: account.clone(),
                order: order(k),
                amount: rng.i64(2..=8) * 100,
                expire: caller.now() + 3_600_000_000,
                anyway: false,
            },
            2 if k > 0 => Ask::Cancel { order: order(rng.usize(..k)), returned: 0 },
            _ => Ask::Check { account: account.clone(), amount: 500 },
        };
        let from = tick();
        let Timed { call, .. } = caller.call(ask).await;
        calls.push(Timed { from, to: tick(), place: None, call });
    }
    calls
}

async fn rounds(servers: &[&TestServer]) {
    let mut rng = Rng::with_seed(7);
    for round in 0..ROUNDS {
        let mut book = Book::default();
        let group = format!("g{round}");
        for (id, parent, limit) in [
            (group.clone(), "", GROUP_LIMIT),
            (format!("a{round}"), &*group, LIMIT),
            (format!("b{round}"), &*group, LIMIT),
        ] {
            open_account(servers[0], &id, parent).await;
            set_limit(servers[0], &id, limit).await;
            book.open_account(&id, parent, limit);
        }
        let start = Arc::new(Barrier::new(CALLERS));
        let mut callers = JoinSet::new();
        for n in 0..CALLERS {
            // Callers of one account on different servers.
            let caller = Caller::new(servers[n / 2 % servers.len()]);
            let (start, rng) = (start.clone(), rng.fork());
            callers.spawn(async move {
                start.wait().await;
                call(caller, round, n, rng).await
            });
        }
        let history: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
        linearize(book, &history);
    }
    verify(servers[0]).await;
}

on_both_engines! {
    async fn who_asks_after_an_answer_sees_what_it_did(server: TestServer) {
        rounds(&[&server]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_another_server_sees_what_the_first_answered_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    rounds(&[&server, &other]).await;
}
