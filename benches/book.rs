//! The whole book: its aging, the accounts that owe most, and the export of every open item.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ballast::pb;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use bytes::Bytes;
use prost::Message as _;
use tokio_stream::StreamExt as _;

use support::bare::Bare;
use support::data::{self, as_of, date};
use support::engine::{Database, Engine, Server, channel};
use support::load::Target;
use support::memory::Peak;
use support::process::Process;
use support::recorder::{Ran, is_background};
use support::samples::{Samples, mean_ms};
use support::table::{Goal, Table};
use support::{Effort, run};

const AGING: &str = "/ballast.v1.ReceivableService/GetAging";
const WORST: &str = "/ballast.v1.ReceivableService/ListReceivablesRisk";
const ITEMS_PER_ACCOUNT: usize = 10;

/// The projection as it lies.
const PROJECTION: &str = "SELECT currency, class, due_date, \
     CAST(SUM(amount) AS BIGINT) AS amount, CAST(SUM(items) AS BIGINT) AS items \
     FROM book_due GROUP BY currency, class, due_date";

const SUM_OF_ITEMS: &str = "SELECT currency, class, due_date, \
     CAST(SUM(open) AS BIGINT) AS amount, COUNT(*) AS items \
     FROM item WHERE open <> 0 GROUP BY currency, class, due_date";

/// A row while anything that was recorded is not summed yet.
const UNSUMMED: &str = "SELECT recorded_us FROM entry \
     WHERE recorded_us > (SELECT rolled_us FROM book_rolled) ORDER BY recorded_us LIMIT 1";

/// The aging of each account in one statement.
const BY_ACCOUNT: &str = "SELECT account_id, currency, \
     CAST(SUM(CASE WHEN due_date >= $1 THEN amount ELSE 0 END) AS BIGINT) AS a0, \
     CAST(SUM(CASE WHEN due_date < $1 AND due_date >= $2 THEN amount ELSE 0 END) AS BIGINT) AS a1, \
     CAST(SUM(CASE WHEN due_date < $2 AND due_date >= $3 THEN amount ELSE 0 END) AS BIGINT) AS a2, \
     CAST(SUM(CASE WHEN due_date < $3 AND due_date >= $4 THEN amount ELSE 0 END) AS BIGINT) AS a3, \
     CAST(SUM(CASE WHEN due_date < $4 AND due_date >= $5 THEN amount ELSE 0 END) AS BIGINT) AS a4, \
     CAST(SUM(CASE WHEN due_date < $5 THEN amount ELSE 0 END) AS BIGINT) AS a5, \
     CAST(SUM(items) AS BIGINT) AS items, MIN(due_date) AS oldest \
     FROM account_due GROUP BY account_id, currency";

/// Every open item with its document, in the order of the export.
const OPEN_ITEMS: &str = "SELECT i.id, i.account_id, i.document_id, d.source_system, \
     i.company_code, d.fiscal_year, d.document_no, d.line_no, i.kind, i.class, i.document_date, \
     i.posting_date, i.due_date, i.currency, i.amount, i.open, d.order_ref, i.release_condition \
     FROM item i JOIN document d ON d.id = i.document_id WHERE i.open <> 0 \
     ORDER BY i.account_id, i.due_date, i.id";

fn main() {
    run(async {
        let effort = Effort::from_args();
        let items = items(effort);
        let mut table = Table::new("book");
        for engine in Engine::all() {
            let small = Book::import(engine, items / 10).await;
            let small = small.memory().await;
            let book = Book::import(engine, items).await;
            book.aging(effort, &mut table).await;
            book.past(effort, &mut table).await;
            book.worst(effort, &mut table).await;
            book.export(effort, &mut table).await;
            let large = book.memory().await;
            for (what, small, large) in [
                ("a page of the worst accounts", small.0, large.0),
                ("the export of the open items", small.1, large.1),
            ] {
                let what = format!("peak memory of {what}, {items} items, {}", engine.name());
                let peer = format!("the same with {} items", items / 10);
                table.row(what, peer, (small, large), "MiB", Goal::AtMost(1.5));
            }
        }
        table.finish();
    });
}

/// A million, fewer with `--quick`, or what `--items N` says.
fn items(effort: Effort) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--items").skip(1);
    let asked = arguments.next().map(|number| number.parse().expect("a number of items"));
    asked.unwrap_or(if effort.quick { 200_000 } else { 1_000_000 })
}

struct Book {
    database: Database,
    server: Server,
    bare: Bare,
    items: usize,
}

impl Book {
    async fn import(engine: Engine, items: usize) -> Self {
        let database = Database::create(engine).await;
        let server = Server::start(&database).await;
        let accounts = items / ITEMS_PER_ACCOUNT;
        let documents =
            (0..accounts).flat_map(|number| data::open_invoices(number, ITEMS_PER_ACCOUNT));
        let imported = data::import(server.channel().await, "book", documents).await;
        println!(
            "{} documents imported into {}, {:.0} a second",
            imported.documents,
            engine.name(),
            imported.documents_per_second()
        );
        let bare = Bare::connect(&database.url).await;
        if engine == Engine::Postgres {
            bare.run(&Ran::new("ANALYZE", Vec::new())).await;
        }
        Self { database, server, bare, items }
    }

    fn what(&self, what: &str) -> String {
        format!("{what}, {} open items, {}", self.items, self.database.engine.name())
    }

    /// What a call runs.
    async fn statements(&self, target: &Target) -> Vec<Ran> {
        target.call(0).await;
        self.server.recorder.start();
        target.call(0).await;
        self.server.recorder.stop().into_iter().filter(|ran| !is_background(ran)).collect()
    }

    async fn replay(&self, statements: &[Ran]) {
        for statement in statements {
            self.bare.run(statement).await;
        }
    }

    async fn aging(&self, effort: Effort, table: &mut Table) {
        let request = pb::GetAgingRequest {
            account: "accounts/-".into(),
            as_of: Some(date(as_of())),
            ..Default::default()
        };
        let request = Bytes::from(request.encode_to_vec());
        let target = Target::new(self.server.address, AGING, vec![request]).await;
        let statements = self.statements(&target).await;
        let projection = Ran::new(PROJECTION, Vec::new());
        let sum = Ran::new(SUM_OF_ITEMS, Vec::new());
        let [mut ours, mut bare, mut same, mut summing] = Samples::several();
        for _ in 0..effort.rounds() {
            ours.push(mean_ms(20, || target.call(0)).await);
            bare.push(mean_ms(20, || self.bare.run(&projection)).await);
            same.push(mean_ms(20, || self.replay(&statements)).await);
            summing.push(mean_ms(1, || self.bare.run(&sum)).await);
        }
        let what = self.what("aging of the book");
        let peer = "the projection by bare sqlx";
        table.row(&what, peer, (bare.median(), ours.median()), "ms", Goal::AtMost(2.0));
        let peer = format!("its {} statements through bare sqlx", statements.len());
        table.row(&what, peer, (same.median(), ours.median()), "ms", Goal::Reported);
        let peer = "summing the items by bare sqlx";
        table.row(&what, peer, (summing.median(), ours.median()), "ms", Goal::Reported);
    }

    /// Days before, as known now, once what moved is summed.
    async fn past(&self, effort: Effort, table: &mut Table) {
        let behind = Ran::new(UNSUMMED, Vec::new());
        let start = Instant::now();
        while self.bare.run(&behind).await > 0 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        println!("what moved is summed {:.1} s after that", start.elapsed().as_secs_f64());
        let of = async |days: u64| {
            let request = pb::GetAgingRequest {
                account: "accounts/-".into(),
                as_of: Some(date(data::before(days))),
                ..Default::default()
            };
            Target::new(self.server.address, AGING, vec![Bytes::from(request.encode_to_vec())])
                .await
        };
        let today = of(0).await;
        for days in [90, 400] {
            let target = of(days).await;
            let statements = self.statements(&target).await;
            let [mut ours, mut now, mut same] = Samples::several();
            for _ in 0..effort.rounds() {
                ours.push(mean_ms(5, || target.call(0)).await);
                now.push(mean_ms(5, || today.call(0)).await);
                same.push(mean_ms(5, || self.replay(&statements)).await);
            }
            let what = self.what(&format!("aging of the book {days} days ago"));
            table.row(&what, "today's", (now.median(), ours.median()), "ms", Goal::AtMost(5.0));
            let peer = format!("its {} statements through bare sqlx", statements.len());
            table.row(&what, peer, (same.median(), ours.median()), "ms", Goal::Reported);
        }
    }

    async fn worst(&self, effort: Effort, table: &mut Table) {
        let target = worst(self.server.address).await;
        let statements = self.statements(&target).await;
        let edge = |days| data::before(days).into();
        let all = Ran::new(BY_ACCOUNT, vec![edge(0), edge(30), edge(60), edge(90), edge(120)]);
        let [mut ours, mut bare, mut same] = Samples::several();
        for _ in 0..effort.rounds() {
            ours.push(mean_ms(1, || target.call(0)).await);
            bare.push(mean_ms(1, || self.bare.stream(&all)).await);
            same.push(mean_ms(1, || self.replay(&statements)).await);
        }
        let what = self.what("the 50 worst accounts");
        let peer = "aging by account in one statement of bare sqlx";
        table.row(&what, peer, (bare.median(), ours.median()), "ms", Goal::AtMost(1.5));
        let peer = format!("its {} statements through bare sqlx", statements.len());
        table.row(&what, peer, (same.median(), ours.median()), "ms", Goal::Reported);
    }

    async fn export(&self, effort: Effort, table: &mut Table) {
        let all = Ran::new(OPEN_ITEMS, Vec::new());
        self.server.recorder.start();
        assert_eq!(exported(self.server.address).await, self.items, "every item once");
        let statements: Vec<Ran> =
            self.server.recorder.stop().into_iter().filter(|ran| !is_background(ran)).collect();
        let [mut ours, mut bare, mut same] = Samples::several();
        for _ in 0..effort.rounds() {
            let start = Instant::now();
            assert_eq!(exported(self.server.address).await, self.items, "every item once");
            ours.push_time(start.elapsed());
            bare.push(mean_ms(1, || self.bare.stream(&all)).await);
            same.push(mean_ms(1, || self.replay(&statements)).await);
        }
        let what = self.what("export of the open items");
        let peer = "every item in one statement of bare sqlx";
        table.row(&what, peer, (bare.median(), ours.median()), "ms", Goal::AtMost(1.5));
        let peer = format!("its {} statements through bare sqlx", statements.len());
        table.row(&what, peer, (same.median(), ours.median()), "ms", Goal::Reported);
    }

    /// The most that a server takes that was just started, for a page of the worst accounts
    /// and for an export.
    async fn memory(self) -> (f64, f64) {
        let Self { database, server, bare, items } = self;
        server.stop().await;
        bare.close().await;
        let mut peaks = Vec::new();
        for exports in [false, true] {
            let process = Process::serve(&database.url).await;
            let peak = Peak::watch(process.id());
            match exports {
                true => assert_eq!(exported(process.address).await, items, "every item once"),
                false => _ = worst(process.address).await.call(0).await,
            }
            peaks.push(peak.finish());
            process.end().await;
        }
        database.remove().await;
        (peaks[0], peaks[1])
    }
}

async fn worst(address: SocketAddr) -> Target {
    let request = pb::ListReceivablesRiskRequest {
        as_of: Some(date(as_of())),
        currency_code: "USD".into(),
        ..Default::default()
    };
    Target::new(address, WORST, vec![Bytes::from(request.encode_to_vec())]).await
}

/// Receives every open item; answers how many.
async fn exported(address: SocketAddr) -> usize {
    let client = ReceivableServiceClient::new(channel(address).await);
    let request = pb::ExportOpenItemsRequest {
        account: "accounts/-".into(),
        as_of: Some(date(as_of())),
        ..Default::default()
    };
    let answers = client.max_decoding_message_size(64 << 20).export_open_items(request).await;
    let mut answers = answers.expect("begun").into_inner();
    let mut items = 0;
    while let Some(answer) = answers.next().await {
        items += answer.expect("an answer").items.len();
    }
    items
}
