//! Credit: checks and reservations under load. Reservations are held against what they replace,
//! one transaction for each on SQLite and one statement for each on PostgreSQL, doing the least
//! that is safe: move exposure, reserve, keep the request id, leave an event. Checks are
//! held against the same account with few documents, and in a small group.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ballast::pb;
use bytes::Bytes;
use prost::Message as _;
use uuid::Uuid;

use support::bare::Bare;
use support::data::{self, account};
use support::engine::{Database, Engine, Server};
use support::limit::{self, Handler};
use support::load::Target;
use support::recorder::{Ran, Recorder};
use support::samples::{Samples, mean_ms};
use support::table::{Goal, Table};
use support::{Effort, run};

const CHECK: &str = "/ballast.v1.CreditService/CheckCredit";
const RESERVE: &str = "/ballast.v1.CreditService/ReserveCredit";

fn main() {
    run(async {
        let effort = Effort::from_args();
        let mut table = Table::new("credit");
        for engine in Engine::all() {
            let database = Database::create(engine).await;
            let server = Server::start(&database).await;
            reserve(&server, &database, engine, effort, &mut table).await;
            flat(&server, &database, engine, effort, &mut table).await;
            server.stop().await;
            database.remove().await;
        }
        table.finish();
    });
}

/// A number that no other request has.
fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

async fn reserve(
    server: &Server,
    database: &Database,
    engine: Engine,
    effort: Effort,
    table: &mut Table,
) {
    let accounts = if effort.quick { 1_000 } else { 10_000 };
    let documents = (0..accounts).flat_map(|number| data::open_invoices(number, 1));
    data::import(server.channel().await, "credit", documents).await;
    data::set_limits(server.channel().await, &(0..accounts).map(account).collect::<Vec<_>>()).await;
    let bare = Bare::connect(&database.url).await;
    prepare(&bare, engine, accounts).await;
    settle(&bare, engine).await;
    let peer = limit::serve(one_each(&bare, engine)).await;
    // The goal is for a disk that is waited for; without, the peer waits for next to nothing.
    let (what, goal) = match engine {
        Engine::Sqlite => ("one transaction each, in a handler", Goal::AtLeast(5.0)),
        Engine::Postgres if is_durable(&bare).await => {
            ("one statement each, in a handler, on a disk", Goal::AtLeast(0.8))
        }
        Engine::Postgres => ("one statement each, in a handler", Goal::Reported),
    };
    for (name, spread) in [("one hot account", 1), ("all accounts", accounts)] {
        let [mut theirs, mut ours] = Samples::several();
        for _ in 0..effort.rounds() {
            let requests = (0..50_000).map(|number| peer_request(number % spread)).collect();
            let target = Target::new(peer, limit::PATH, requests).await;
            theirs.push(target.rate(effort.window()).await / 1e3);
            let requests = (0..100_000).map(|number| reservation(number % spread)).collect();
            let target = Target::new(server.address, RESERVE, requests).await;
            ours.push(target.rate(effort.window()).await / 1e3);
        }
        server.recorder.start();
        let requests = (0..100_000).map(|number| reservation(number % spread)).collect();
        let target = Target::new(server.address, RESERVE, requests).await;
        let calls = target.rate(effort.window()).await * effort.window().as_secs_f64();
        let ran = server.recorder.stop();
        let batches =
            ran.iter().filter(|ran| ran.sql.starts_with("INSERT INTO idempotency")).count();
        println!(
            "{name}: {:.1} commands and {:.1} statements a batch",
            calls / batches as f64,
            ran.len() as f64 / batches as f64
        );
        Recorder::print_times(&ran, batches, "batch");
        let row = format!("ReserveCredit, {name} ({spread}), {}", engine.name());
        let numbers = (theirs.median(), ours.median());
        table.row(&row, what, numbers, "k/s", goal);
        table.row(row, "10 k/s", (10.0, ours.median()), "k/s", Goal::AtLeast(1.0));
    }
    bare.close().await;
}

fn usd(units: i64) -> Option<pb::Money> {
    Some(pb::Money { currency_code: "USD".into(), units, nanos: 0 })
}

fn reservation(number: usize) -> Bytes {
    let fresh = fresh();
    let request = pb::ReserveCreditRequest {
        account: account(number),
        company_code: "1000".into(),
        amount: usd(1),
        order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: format!("O{fresh}") }),
        request_id: format!("r{fresh}"),
        ..Default::default()
    };
    Bytes::from(request.encode_to_vec())
}

/// Tells PostgreSQL what was just loaded, as its own daemon would within the minute.
async fn settle(bare: &Bare, engine: Engine) {
    if engine == Engine::Postgres {
        bare.run(&Ran::new("ANALYZE", vec![])).await;
    }
}

/// Whether the server waits for its disk.
async fn is_durable(bare: &Bare) -> bool {
    bare.run(&Ran::new("SELECT 1 WHERE current_setting('fsync') = 'on'", vec![])).await > 0
}

/// The tables of the peer.
async fn prepare(bare: &Bare, engine: Engine, accounts: usize) {
    let (uuid, now) = match engine {
        Engine::Sqlite => ("BLOB", "INTEGER"),
        Engine::Postgres => ("UUID", "BIGINT"),
    };
    let tables = [
        format!("CREATE TABLE bench_account (id TEXT PRIMARY KEY, exposure {now}, most {now})"),
        format!(
            "CREATE TABLE bench_reservation (id {uuid} PRIMARY KEY, account_id TEXT, \
             order_ref TEXT UNIQUE, amount {now}, expire_us {now})"
        ),
        "CREATE TABLE bench_request (principal TEXT, request_id TEXT, answer TEXT, \
         PRIMARY KEY (principal, request_id))"
            .to_owned(),
        format!("CREATE TABLE bench_outbox (id {uuid} PRIMARY KEY, recorded_us {now}, data TEXT)"),
    ];
    let mut statements: Vec<Ran> = tables.into_iter().map(|sql| Ran::new(&sql, vec![])).collect();
    for number in 0..accounts {
        let sql = "INSERT INTO bench_account VALUES ($1, 0, 1000000000000)";
        statements.push(Ran::new(sql, vec![number.to_string().into()]));
    }
    bare.transaction(&statements).await;
}

fn peer_request(number: usize) -> Bytes {
    Bytes::from(number.to_string())
}

/// The least that reserves safely, one call at a time.
fn one_each(bare: &Bare, engine: Engine) -> Handler {
    let bare = bare.clone();
    Arc::new(move |request| {
        let bare = bare.clone();
        Box::pin(async move {
            let account = std::str::from_utf8(&request).expect("a number").to_owned();
            let (id, event) = (Uuid::now_v7(), Uuid::now_v7());
            let (order, call) = (format!("O{id}"), format!("r{id}"));
            match engine {
                Engine::Sqlite => bare.transaction(&steps(&account, id, event, order, call)).await,
                Engine::Postgres => {
                    let values = vec![
                        account.into(),
                        1_i64.into(),
                        id.into(),
                        order.into(),
                        call.into(),
                        event.into(),
                    ];
                    bare.run(&Ran::new(CTE, values)).await;
                }
            }
            request
        })
    })
}

const CTE: &str = "WITH u AS (UPDATE bench_account SET exposure = exposure + $2 \
       WHERE id = $1 AND exposure + $2 <= most RETURNING id), \
     r AS (INSERT INTO bench_reservation SELECT $3, id, $4, $2, 0 FROM u RETURNING id), \
     i AS (INSERT INTO bench_request SELECT 'p', $5, 'APPROVED' FROM u), \
     o AS (INSERT INTO bench_outbox SELECT $6, 0, $4 FROM u) SELECT id FROM r";

fn steps(account: &str, id: Uuid, event: Uuid, order: String, call: String) -> [Ran; 4] {
    [
        Ran::new(
            "UPDATE bench_account SET exposure = exposure + $2 \
             WHERE id = $1 AND exposure + $2 <= most",
            vec![account.into(), 1_i64.into()],
        ),
        Ran::new(
            "INSERT INTO bench_reservation VALUES ($1, $2, $3, 1, 0)",
            vec![id.into(), account.into(), order.clone().into()],
        ),
        Ran::new("INSERT INTO bench_request VALUES ('p', $1, 'APPROVED')", vec![call.into()]),
        Ran::new("INSERT INTO bench_outbox VALUES ($1, 0, $2)", vec![event.into(), order.into()]),
    ]
}

/// A check, as the account has more documents and its group more members.
async fn flat(
    server: &Server,
    database: &Database,
    engine: Engine,
    effort: Effort,
    table: &mut Table,
) {
    const FIRST: usize = 500_000;
    let many = if effort.quick { 10_000 } else { 100_000 };
    let sizes = [10, many];
    let documents =
        sizes.iter().enumerate().flat_map(|(n, size)| data::open_invoices(FIRST + n, *size));
    data::import(server.channel().await, "flat", documents).await;
    let members = [10, if effort.quick { 1_000 } else { 10_000 }];
    for (n, members) in members.into_iter().enumerate() {
        group(server, n, members).await;
    }
    let asked =
        [account(FIRST), account(FIRST + 1), "accounts/g0-1".into(), "accounts/g1-1".into()];
    data::set_limits(server.channel().await, &asked).await;
    let bare = Bare::connect(&database.url).await;
    settle(&bare, engine).await;
    bare.close().await;
    let mut targets = Vec::new();
    for account in &asked {
        let request = pb::CheckCreditRequest {
            account: account.clone(),
            amount: usd(1),
            ..Default::default()
        };
        let request = Bytes::from(request.encode_to_vec());
        let target = Target::new(server.address, CHECK, vec![request]).await;
        target.call(0).await;
        targets.push(target);
    }
    let mut times = vec![Samples::default(); targets.len()];
    for _ in 0..effort.rounds() {
        for (target, times) in targets.iter().zip(&mut times) {
            times.push(mean_ms(200, || target.call(0)).await);
        }
    }
    let what = format!("CheckCredit, {many} open documents, {}", engine.name());
    let numbers = (times[0].median(), times[1].median());
    table.row(what, "the same with 10", numbers, "ms", Goal::AtMost(1.5));
    let what = format!("CheckCredit, group of {}, {}", members[1], engine.name());
    let numbers = (times[2].median(), times[3].median());
    table.row(what, "a group of 10", numbers, "ms", Goal::AtMost(1.5));
}

/// A group with a limit of its own, `g{n}` above `g{n}-1`, `g{n}-2` …
async fn group(server: &Server, n: usize, members: usize) {
    let client = pb::account_service_client::AccountServiceClient::new(server.channel().await);
    let create = |id: String, parent: String| {
        let mut client = client.clone();
        let account = pb::Account { display_name: id.clone(), parent, ..pb::Account::default() };
        let request = pb::CreateAccountRequest {
            account: Some(account),
            account_id: id,
            ..Default::default()
        };
        async move { client.create_account(request).await.expect("an account") }
    };
    create(format!("g{n}"), String::new()).await;
    let numbers: Vec<usize> = (1..members).collect();
    for chunk in numbers.chunks(64) {
        let calls = chunk.iter().map(|m| create(format!("g{n}-{m}"), format!("accounts/g{n}")));
        futures_util::future::join_all(calls).await;
    }
    data::set_limits(server.channel().await, &[format!("accounts/g{n}")]).await;
}
