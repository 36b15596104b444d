//! Everything at once: orders on their whole way, overrides, documents and their reversals, limits,
//! holds, accounts that move between groups, and a clock that jumps. Replayed in the order of the
//! recorded times, every answer is the one of a book kept by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use fastrand::Rng;
use tokio::task::JoinSet;

use super::calls::Caller;
use super::model::{Ask, Book, Call, Document, assert_within_limits};
use super::reads::assert_seen;
use super::{exposure, open_account, set_limit, verify};
use crate::support::ledger::fresh;
use crate::support::linear::{Timed, linearize};
use crate::support::{Engine, TestServer};

const CALLERS: usize = 8;
const CALLS: usize = 50;
/// Accounts that order, in the groups G and H, or alone.
const BUYERS: [(&str, &str, i64); 5] = [
    ("A", "G", 60_000),
    ("B", "G", 40_000),
    ("C", "H", 50_000),
    ("D", "H", 30_000),
    ("E", "", 50_000),
];
const GROUPS: [(&str, i64); 2] = [("G", 80_000), ("H", 60_000)];

/// The orders that somebody asked about, whatever became of them.
type Orders = Arc<Mutex<Vec<String>>>;

fn seed() -> u64 {
    let seed = std::env::var("BALLAST_TEST_SEED");
    let seed = seed.map_or(20_190_630, |seed| seed.parse().expect("a number"));
    println!("BALLAST_TEST_SEED={seed}");
    seed
}

async fn open(server: &TestServer) -> (Book, Vec<(String, String)>) {
    let mut book = Book::default();
    let mut etags = Vec::new();
    let groups = GROUPS.map(|(id, limit)| (id, "", limit));
    for (id, parent, limit) in groups.into_iter().chain(BUYERS) {
        open_account(server, id, parent).await;
        etags.push((id.to_owned(), set_limit(server, id, limit).await));
        book.open_account(id, parent, limit);
    }
    (book, etags)
}

/// Somebody who orders, delivers, cancels, and sends invoices and money.
async fn trade(mut caller: Caller, orders: Orders, mut rng: Rng) -> Vec<Timed<Call>> {
    let (mut calls, mut posted) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        let now = caller.now();
        let known = {
            let orders = orders.lock().expect("no panic");
            (!orders.is_empty()).then(|| orders[rng.usize(..orders.len())].clone())
        };
        let amount = rng.i64(1..=200) * 100;
        let later = now + rng.i64(1..=120) * 1_000_000;
        let ask = match (rng.u32(..100), known) {
            (0..35, _) | (_, None) => {
                let account = BUYERS[rng.usize(..BUYERS.len())].0.to_owned();
                let order = new_order(&orders, &account);
                let anyway = rng.u32(..12) == 0;
                Ask::Reserve { account, order, amount, expire: later, anyway }
            }
            (35..50, Some(order)) => {
                let (new, longer) = (rng.u32(..3) > 0, rng.bool());
                Ask::Amend {
                    order,
                    amount: (new || !longer).then_some(amount),
                    expire: longer.then_some(later),
                }
            }
            (50..62, Some(order)) => {
                Ask::Deliver { order, amount: rng.bool().then_some(amount / 2) }
            }
            (62..75, Some(order)) => {
                Ask::Cancel { order, returned: if rng.bool() { 0 } else { amount / 4 } }
            }
            (75..79, Some(order)) => Ask::Complete { order },
            (79..91, Some(order)) => Ask::Post { documents: documents(&mut rng, order, amount) },
            (91..95, Some(_)) if !posted.is_empty() => {
                Ask::Reverse { document: posted.swap_remove(rng.usize(..posted.len())) }
            }
            (_, Some(_)) => {
                let account = BUYERS[rng.usize(..BUYERS.len())].0.to_owned();
                Ask::Check { account, amount }
            }
        };
        if let Ask::Post { documents } = &ask {
            posted.extend(documents.iter().cloned());
        }
        calls.push(caller.call(ask).await);
    }
    calls
}

fn new_order(orders: &Orders, account: &str) -> String {
    let mut orders = orders.lock().expect("no panic");
    let order = format!("{account}-{}", orders.len());
    orders.push(order.clone());
    order
}

/// Invoices and receipts; some name an order, some are those of others.
fn documents(rng: &mut Rng, order: String, amount: i64) -> Vec<Document> {
    let (account, _) = order.split_once('-').expect("an account");
    let names = rng.u32(..3) > 0;
    let first = Document {
        no: fresh(),
        account: account.into(),
        order: if names { order.clone() } else { String::new() },
        amount,
        receipt: rng.bool(),
    };
    let other = Document {
        no: fresh(),
        account: BUYERS[rng.usize(..BUYERS.len())].0.into(),
        order: String::new(),
        amount: amount / 3 + 1,
        receipt: rng.u32(..4) > 0,
    };
    if rng.bool() { vec![first] } else { vec![first, other] }
}

/// Somebody who changes limits, and stops and releases accounts and groups.
async fn rule(
    mut caller: Caller,
    mut etags: Vec<(String, String)>,
    mut rng: Rng,
) -> Vec<Timed<Call>> {
    let mut calls = Vec::new();
    let mut held: Vec<(String, String)> = Vec::new();
    for _ in 0..CALLS / 2 {
        let n = rng.usize(..etags.len());
        match rng.u32(..4) {
            0 if held.len() < 2 => {
                let (call, hold) = caller.hold(&etags[n].0, rng.bool()).await;
                calls.push(call);
                held.push((etags[n].0.clone(), hold));
            }
            0 | 1 if !held.is_empty() => {
                let (id, hold) = held.remove(0);
                calls.push(caller.release(&id, hold).await);
            }
            _ => {
                let (id, etag) = &mut etags[n];
                calls.push(caller.set_limit(id, rng.i64(200..=900) * 100, etag).await);
            }
        }
    }
    calls
}

/// Somebody who moves accounts between groups.
async fn reorganize(mut caller: Caller, mut rng: Rng) -> Vec<Timed<Call>> {
    let mut stands: Vec<(&str, &str)> =
        BUYERS.iter().map(|(id, parent, _)| (*id, *parent)).collect();
    let mut calls = Vec::new();
    for _ in 0..CALLS / 2 {
        let n = rng.usize(..stands.len());
        let (id, parent) = stands[n];
        let others = ["G", "H", ""].into_iter().filter(|other| *other != parent);
        let other = others.collect::<Vec<_>>()[rng.usize(..2)];
        calls.push(caller.reparent(id, other).await);
        stands[n].1 = other;
    }
    calls
}

async fn everything_at_once(servers: &[&TestServer]) {
    let (book, etags) = open(servers[0]).await;
    let mut rng = Rng::with_seed(seed());
    let orders = Orders::default();
    let mut everybody = JoinSet::new();
    let caller = |n: usize| Caller::new(servers[n % servers.len()]);
    for n in 0..CALLERS {
        everybody.spawn(trade(caller(n), orders.clone(), rng.fork()));
    }
    everybody.spawn(rule(caller(0), etags, rng.fork()));
    everybody.spawn(reorganize(caller(1), rng.fork()));
    let clock = servers[0].clock().clone();
    let time = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let later = clock.now_micros() + rng.i64(0..2_000_000);
            clock.set(DateTime::from_timestamp_micros(later).expect("a time"));
        }
    });
    let history: Vec<Timed<Call>> = everybody.join_all().await.into_iter().flatten().collect();
    time.abort();

    let (writes, reads): (Vec<_>, Vec<_>) =
        history.into_iter().partition(|call| call.place.is_some());
    let (order, after) = linearize(book.clone(), &writes);
    let order: Vec<_> = order.into_iter().map(|n| &writes[n]).collect();
    assert_within_limits(&book, order.iter().map(|write| write.call.clone()));
    assert_seen(&book, &order, &reads.iter().collect::<Vec<_>>());
    let now = servers[0].clock().now_micros();
    for server in servers {
        for id in after.accounts() {
            assert_eq!(exposure(server, id).await, after.exposure(id, now), "{id}");
        }
    }
    verify(servers[0]).await;
}

on_both_engines! {
    async fn whatever_happens_at_once_is_answered_as_if_it_came_one_by_one(mut server: TestServer) {
        everything_at_once(&[&server]).await;
        server.restart().await;
        verify(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_on_two_servers_is_answered_as_if_by_one_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    everything_at_once(&[&server, &other]).await;
}
