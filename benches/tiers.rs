//! The book classified, and looked through for what should not be so. Accounts and their invoices are
//! written by SQL: it is not their import that is measured.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::tier_service_client::TierServiceClient;
use tonic::Request;
use tonic::transport::Channel;

use support::bare::Bare;
use support::data::{as_of, before, date};
use support::engine::{Database, Engine, Server, channel};
use support::made;
use support::memory::Peak;
use support::process::Process;
use support::recorder::{Ran, is_background};
use support::samples::Samples;
use support::table::{Goal, Table};
use support::{Effort, run};

/// The longest that a call may take.
const DEADLINE: Duration = Duration::from_secs(300);
/// A book of which every account is as it was made.
const UNCLASSIFIED: &str = "before any run";
/// Of so many accounts one changes its class between two runs.
const ONE_OF: usize = 100;
/// Most memory that a preview may take, in MiB.
const MEMORY_MAX: f64 = 1_024.0;

/// What statements about credit name.
const CREDIT: [&str; 4] =
    ["credit_", "AS tier_policy", "FROM account_due d", "account.delete_us ="];

/// An invoice of this year and one of long ago of each account.
const INVOICES: &str = "INSERT INTO document (id, account_id, source_system, company_code, fiscal_year, document_no, \
       line_no, source_version, kind, side, posting_date, document_date, currency, gross, \
       order_ref, recorded_us, detail) \
     SELECT {uuid}, m.id, 'ERP', '1000', 2025, m.id || y.tag, '', 0, 'INVOICE', 'DEBIT', y.posted, \
       y.posted, 'USD', 100 + m.n * 7919 % 1000003, '', 0, '{}' \
     FROM made m, (SELECT 'a' AS tag, '2025-06-01' AS posted \
       UNION ALL SELECT 'b', '2021-06-01') y";

fn main() {
    run(async {
        let effort = Effort::from_args();
        let accounts = accounts(effort);
        let mut table = Table::new("tiers");
        for engine in Engine::all() {
            let book = Book::fill(engine, accounts).await;
            book.preview(effort, &mut table, UNCLASSIFIED).await;
            book.apply(&mut table).await;
            book.preview(effort, &mut table, "of a book that was classified").await;
            book.memory(&mut table).await;
            // A tenth is as many as the figures of findings are told of.
            let book = Book::fill(engine, accounts / 10).await;
            book.findings(effort, &mut table).await;
            book.end().await;
        }
        table.finish();
    });
}

/// A million, fewer with `--quick`, or what `--accounts N` says.
fn accounts(effort: Effort) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--accounts").skip(1);
    let asked = arguments.next().map(|number| number.parse().expect("a number of accounts"));
    asked.unwrap_or(if effort.quick { 100_000 } else { 1_000_000 })
}

struct Book {
    database: Database,
    server: Server,
    bare: Bare,
    accounts: usize,
}

fn request<T>(of: T) -> Request<T> {
    let mut request = Request::new(of);
    request.set_timeout(DEADLINE);
    request
}

/// A run as of a day, by how many days before the last.
fn evaluate(days_before: u64, apply: bool) -> Request<pb::EvaluateTiersRequest> {
    request(pb::EvaluateTiersRequest {
        as_of: Some(date(before(days_before))),
        apply,
        ..Default::default()
    })
}

async fn tiers(address: SocketAddr) -> TierServiceClient<Channel> {
    TierServiceClient::new(channel(address).await)
}

impl Book {
    async fn fill(engine: Engine, accounts: usize) -> Self {
        let database = Database::create(engine).await;
        let server = Server::start(&database).await;
        let bare = Bare::connect(&database.url).await;
        let start = Instant::now();
        made::accounts(&bare, engine, accounts).await;
        made::rows(&bare, engine, accounts, &[INVOICES]).await;
        made::settle(&bare, engine).await;
        println!("{accounts} accounts made in {}, {:.1?}", engine.name(), start.elapsed());
        let book = Self { database, server, bare, accounts };
        book.in_force().await;
        book
    }

    /// Classes by number of accounts, in dollars, that follow at once.
    async fn in_force(&self) {
        let mut client = tiers(self.server.address).await;
        let class = |code: &str| pb::TierClass {
            code: code.into(),
            service: Some(pb::ServicePolicy {
                sponsor_required: code == "A",
                ..Default::default()
            }),
        };
        let policy = pb::TierPolicy {
            measure: pb::TierMeasure::NetRevenue.into(),
            method: pb::TierCutMethod::CountQuantile.into(),
            currency_code: "USD".into(),
            cuts_bp: vec![1_500, 5_000],
            band_bp: Some(0),
            dwell_days: Some(0),
            demotion_runs: 1,
            demotion_approval: Some(false),
            classes: ["A", "B", "C"].map(class).into(),
            ..Default::default()
        };
        let create = pb::CreateTierPolicyRequest {
            tier_policy: Some(policy),
            tier_policy_id: "bench".into(),
            ..Default::default()
        };
        let created = client.create_tier_policy(create).await.expect("created").into_inner();
        let activate = pb::ActivateTierPolicyRequest {
            name: created.name,
            effective_date: Some(date(before(1_000))),
            etag: created.etag,
            ..Default::default()
        };
        client.activate_tier_policy(activate).await.expect("in force");
    }

    fn what(&self, what: &str) -> String {
        format!("{what}, {} accounts, {}", self.accounts, self.database.engine.name())
    }

    /// The statements of a call that read the book; the first of all is the longest.
    async fn statements<F: Future>(&self, call: F) -> Vec<Ran> {
        self.server.recorder.start();
        call.await;
        let ran = self.server.recorder.stop().into_iter();
        // The job that watches credit goes through the book beside the calls.
        let is_job = |ran: &Ran| CREDIT.iter().any(|part| ran.text().contains(part));
        let asks =
            |ran: &Ran| !is_background(ran) && !is_job(ran) && ran.text().starts_with("SELECT");
        let mut seen = std::collections::BTreeSet::new();
        ran.filter(asks).filter(|ran| seen.insert(ran.text())).collect()
    }

    async fn preview(&self, effort: Effort, table: &mut Table, of: &str) {
        let mut client = tiers(self.server.address).await;
        let statements = self.statements(client.evaluate_tiers(evaluate(0, false))).await;
        let its: Vec<&Ran> =
            statements.iter().filter(|ran| ran.text().contains("GROUP BY u.account_id")).collect();
        assert_eq!(its.len(), 1, "one statement sums the book: {statements:#?}");
        let [mut ours, mut peer, mut all] = Samples::several();
        for _ in 0..effort.rounds() {
            let start = Instant::now();
            let seen = client.evaluate_tiers(evaluate(0, false)).await.expect("a preview");
            ours.push_time(start.elapsed());
            let run = seen.into_inner().run.expect("a run");
            assert_eq!(run.ranked, self.accounts as i64, "everybody trades");
            let start = Instant::now();
            assert_eq!(self.bare.stream(its[0]).await, self.accounts);
            sort(self.accounts);
            peer.push_time(start.elapsed());
            let start = Instant::now();
            for statement in &statements {
                self.bare.stream(statement).await;
            }
            sort(self.accounts);
            all.push_time(start.elapsed());
        }
        let what = self.what(&format!("EvaluateTiers, a preview {of}"));
        let one = "the statement that sums the book by bare sqlx, and one sort";
        // Of a book that was classified how accounts stood is read too.
        let goal = |is_it: bool| if is_it { Goal::AtMost(1.5) } else { Goal::Reported };
        assert!(statements.len() <= 12, "{statements:#?}");
        table.row(&what, one, (peer.median(), ours.median()), "ms", goal(of == UNCLASSIFIED));
        let every = format!("its {} statements by bare sqlx, and one sort", statements.len());
        table.row(&what, every, (all.median(), ours.median()), "ms", goal(of != UNCLASSIFIED));
    }

    /// First everybody gets a class, then some change theirs, then nobody does.
    async fn apply(&self, table: &mut Table) {
        let mut client = tiers(self.server.address).await;
        let mut took = Vec::new();
        for (days_before, changes) in [(2, true), (1, false), (0, true)] {
            if days_before == 0 {
                let better = format!(
                    "UPDATE document SET gross = gross + 2000000 WHERE posting_date > {} \
                     AND CAST(SUBSTR(account_id, 2) AS INTEGER) % {ONE_OF} = 0",
                    match self.database.engine {
                        Engine::Sqlite => "'2025-01-01'",
                        Engine::Postgres => "DATE '2025-01-01'",
                    }
                );
                self.bare.transaction(&[Ran::new(&better, Vec::new())]).await;
            }
            let start = Instant::now();
            let done = client.evaluate_tiers(evaluate(days_before, true)).await.expect("applied");
            took.push(start.elapsed().as_secs_f64() * 1e3);
            let run = done.into_inner().run.expect("a run");
            assert_eq!(run.changes > 0, changes, "{run:?}");
            let rows = Ran::new(
                "SELECT id FROM tier_assignment WHERE recorded_us = \
                   (SELECT MAX(recorded_us) FROM tier_run)",
                Vec::new(),
            );
            let rows = self.bare.run(&rows).await as i64;
            println!(
                "{} of {} change, {rows} rows, {:.0} ms",
                run.changes,
                self.accounts,
                took[took.len() - 1]
            );
            assert_eq!(rows > 0, changes, "only changes are written");
        }
        let peer = "the same where nobody changes";
        let what = self.what("EvaluateTiers, applied, everybody gets a class");
        table.row(what, peer, (took[1], took[0]), "ms", Goal::Reported);
        let what = self.what(&format!("EvaluateTiers, applied, one of {ONE_OF} rises"));
        table.row(what, peer, (took[1], took[2]), "ms", Goal::Reported);
    }

    /// The most that a server takes that was just started, for a preview and for a run that is
    /// applied.
    async fn memory(self, table: &mut Table) {
        let what = [self.what("peak memory of a preview"), self.what("peak memory of a run")];
        let Self { database, server, bare, .. } = self;
        server.stop().await;
        bare.close().await;
        for (apply, what) in [false, true].into_iter().zip(what) {
            let process = Process::serve(&database.url).await;
            let mut client = tiers(process.address).await;
            let peak = Peak::watch(process.id());
            // As of a day of its own, so that it is computed and written as any other.
            let mut asked = evaluate(0, apply);
            asked.get_mut().as_of = Some(date(as_of() + chrono::Days::new(1)));
            client.evaluate_tiers(asked).await.expect("a run");
            let peer = "what it may take";
            table.row(what, peer, (MEMORY_MAX, peak.finish()), "MiB", Goal::AtMost(1.0));
            process.end().await;
        }
        database.remove().await;
    }

    async fn findings(&self, effort: Effort, table: &mut Table) {
        let mut client = tiers(self.server.address).await;
        client.evaluate_tiers(evaluate(0, true)).await.expect("applied");
        let mut client = AccountServiceClient::new(channel(self.server.address).await);
        use pb::FindingCode::{Concentration, OwnerMissing, SponsorMissing};
        let asked = |codes: &[pb::FindingCode]| {
            request(pb::ListFindingsRequest {
                parent: "accounts/-".into(),
                page_size: 1_000,
                codes: codes.iter().map(|code| (*code).into()).collect(),
                ..Default::default()
            })
        };
        for (what, codes) in [
            ("owners that are missing", vec![OwnerMissing]),
            ("sponsors that are missing", vec![SponsorMissing]),
            ("concentration", vec![Concentration]),
            ("everything", vec![]),
        ] {
            let statements = self.statements(client.list_findings(asked(&codes))).await;
            let [mut ours, mut bare] = Samples::several();
            for _ in 0..effort.rounds() {
                let start = Instant::now();
                client.list_findings(asked(&codes)).await.expect("a page");
                ours.push_time(start.elapsed());
                let start = Instant::now();
                for statement in &statements {
                    self.bare.stream(statement).await;
                }
                bare.push_time(start.elapsed());
            }
            let what = self.what(&format!("ListFindings, first page: {what}"));
            let peer = format!("its {} statements by bare sqlx", statements.len());
            table.row(what, peer, (bare.median(), ours.median()), "ms", Goal::AtMost(2.0));
        }
    }

    async fn end(self) {
        let Self { database, server, bare, .. } = self;
        server.stop().await;
        bare.close().await;
        database.remove().await;
    }
}

/// Sorts as many values with their ids as there are accounts, as a ranking has to.
fn sort(accounts: usize) {
    let value = |n: u64| (100 + n * 7_919 % 1_000_003, format!("x{n:07}"));
    let mut values: Vec<(u64, String)> = (1..=accounts as u64).map(value).collect();
    values.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    std::hint::black_box(values);
}
