//! One account as its history grows: what it owes now, and what it owed on a past day as known
//! then. One caller at a time, so that the numbers are latencies.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::time::Duration;

use ballast::pb;
use bytes::Bytes;
use chrono::{NaiveDate, Utc};
use prost::Message as _;

use support::bare::Bare;
use support::data::{self, account, as_of, before, date};
use support::engine::{Database, Engine, Server};
use support::load::Target;
use support::recorder::{Ran, is_background};
use support::samples::{Samples, mean_ms};
use support::table::{Goal, Table};
use support::{Effort, run};

const RISK: &str = "/ballast.v1.ReceivableService/GetReceivablesRisk";
/// The account that is asked about a past day.
const PAST: usize = 99;

fn main() {
    run(async {
        let effort = Effort::from_args();
        let mut table = Table::new("history");
        for engine in Engine::all() {
            let database = Database::create(engine).await;
            let server = Server::start(&database).await;
            let bare = Bare::connect(&database.url).await;
            growth(&server, &bare, engine, effort, &mut table).await;
            past(&server, &bare, engine, effort, &mut table).await;
            server.stop().await;
            bare.close().await;
            database.remove().await;
        }
        table.finish();
    });
}

/// The same question about accounts of all sizes.
async fn growth(server: &Server, bare: &Bare, engine: Engine, effort: Effort, table: &mut Table) {
    let sizes: &[usize] =
        if effort.quick { &[10, 1_000, 10_000] } else { &[10, 1_000, 10_000, 100_000] };
    let documents =
        sizes.iter().enumerate().flat_map(|(number, size)| data::open_invoices(number, *size));
    data::import(server.channel().await, "growth", documents).await;

    let views = [("BASIC", pb::RiskView::Basic), ("FULL", pb::RiskView::Full)];
    let mut times = vec![[Samples::default(), Samples::default()]; sizes.len()];
    let mut targets = Vec::new();
    for number in 0..sizes.len() {
        for (_, view) in views {
            let request = risk(number, as_of(), None, view);
            let target = Target::new(server.address, RISK, vec![request]).await;
            target.call(0).await;
            targets.push(target);
        }
    }
    let mut items = vec![Samples::default(); sizes.len()];
    let ids = ids(server, sizes.len()).await;
    for _ in 0..effort.rounds() {
        for number in 0..sizes.len() {
            for (view, times) in times[number].iter_mut().enumerate() {
                let target = &targets[number * views.len() + view];
                times.push(mean_ms(100, || target.call(0)).await);
            }
            let sum = Ran::new(SUM_OF_ITEMS, vec![ids[number].clone().into()]);
            items[number].push(mean_ms(3, || bare.run(&sum)).await);
        }
    }
    let smallest = sizes[0];
    for (number, size) in sizes.iter().enumerate().skip(1) {
        for (view, (name, _)) in views.into_iter().enumerate() {
            let numbers = (times[0][view].median(), times[number][view].median());
            let what = format!("GetReceivablesRisk {name}, {size} open items, {}", engine.name());
            let goal = if number + 1 == sizes.len() { Goal::AtMost(1.5) } else { Goal::Reported };
            table.row(what, format!("the same with {smallest}"), numbers, "ms", goal);
        }
        let what = format!("summing {size} open items by bare sqlx, {}", engine.name());
        let numbers = (items[0].median(), items[number].median());
        table.row(what, format!("the same with {smallest}"), numbers, "ms", Goal::Reported);
    }
}

const SUM_OF_ITEMS: &str = "SELECT currency, class, due_date, CAST(SUM(open) AS BIGINT) AS amount, \
     COUNT(*) AS items FROM item WHERE account_id = $1 AND open <> 0 \
     GROUP BY currency, class, due_date";

const SUM_OF_ENTRIES: &str = "SELECT i.currency, i.class, i.due_date, \
     CAST(SUM(e.amount) AS BIGINT) AS amount \
     FROM entry e JOIN item i ON i.id = e.item_id WHERE e.account_id = $1 \
     AND e.effective_date <= $2 AND e.recorded_us <= $3 GROUP BY i.currency, i.class, i.due_date";

/// A day in the middle of the books, as known when half of the entries were recorded.
async fn past(server: &Server, bare: &Bare, engine: Engine, effort: Effort, table: &mut Table) {
    let entries = if effort.quick { 10_000 } else { 100_000 };
    // A settled invoice makes four entries: two postings, and the clearing of both items.
    let first = data::settled_invoices(PAST, entries / 8);
    data::import(server.channel().await, "past-1", first).await;
    let known_at = Utc::now().timestamp_micros();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = data::open_invoices(PAST, entries / 2);
    data::import(server.channel().await, "past-2", second).await;

    let day = before(180);
    let request = risk(PAST, day, Some(known_at), pb::RiskView::Basic);
    let target = Target::new(server.address, RISK, vec![request]).await;
    target.call(0).await;
    server.recorder.start();
    target.call(0).await;
    let ran: Vec<Ran> = server.recorder.stop().into_iter().filter(|r| !is_background(r)).collect();
    let id = &id_of(server, &account(PAST)).await;
    let sum = Ran::new(SUM_OF_ENTRIES, vec![id.clone().into(), day.into(), known_at.into()]);

    let [mut ours, mut same, mut summing] = Samples::several();
    for _ in 0..effort.rounds() {
        ours.push(mean_ms(5, || target.call(0)).await);
        same.push(
            mean_ms(5, || async {
                for statement in &ran {
                    bare.run(statement).await;
                }
            })
            .await,
        );
        summing.push(mean_ms(5, || bare.run(&sum)).await);
    }
    let what = format!("past day of an account with {entries} entries, {}", engine.name());
    let peer = "the sum of its entries by bare sqlx";
    table.row(&what, peer, (summing.median(), ours.median()), "ms", Goal::AtMost(2.0));
    let peer = "the same statements through bare sqlx";
    table.row(&what, peer, (same.median(), ours.median()), "ms", Goal::Reported);
}

fn risk(number: usize, day: NaiveDate, known_at: Option<i64>, view: pb::RiskView) -> Bytes {
    let request = pb::GetReceivablesRiskRequest {
        account: account(number),
        as_of: Some(date(day)),
        known_at: known_at.map(|micros| prost_types::Timestamp {
            seconds: micros / 1_000_000,
            nanos: (micros % 1_000_000) as i32 * 1_000,
        }),
        view: view.into(),
        ..Default::default()
    };
    Bytes::from(request.encode_to_vec())
}

async fn ids(server: &Server, accounts: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..accounts {
        ids.push(id_of(server, &account(number)).await);
    }
    ids
}

async fn id_of(server: &Server, name: &str) -> String {
    let channel = server.channel().await;
    let mut client = pb::account_service_client::AccountServiceClient::new(channel);
    let request = pb::GetAccountRequest { name: name.into() };
    let account = client.get_account(request).await.expect("found").into_inner();
    account.name.strip_prefix("accounts/").expect("a name").to_owned()
}
