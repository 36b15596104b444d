//! People at customers: how well a large account is covered and who reaches whom there, the same over a book,
//! and what credit and orders pay for it. People are written by SQL: it is not their recording that is
//! measured, but for the visits beside orders.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::contact_service_client::ContactServiceClient;
use ballast::pb::credit_service_client::CreditServiceClient;
use ballast::pb::interaction_service_client::InteractionServiceClient;
use bytes::Bytes;
use prost::Message as _;

use support::bare::Bare;
use support::beside;
use support::data;
use support::engine::{Database, Engine, Server};
use support::load::Target;
use support::made;
use support::samples::Samples;
use support::table::{Goal, Table};
use support::{Effort, run};

const CHECK: &str = "/ballast.v1.CreditService/CheckCredit";
const RESERVE: &str = "/ballast.v1.CreditService/ReserveCredit";
/// The account with many people: the first of the book.
const LARGE: &str = "accounts/x0000001";
const CONTACTS: usize = 1_000;
const MEMBERS: usize = 10;
/// Accounts with five people each.
const BOOK: usize = 10_000;

/// What they do at each account.
const FUNCTIONS: &str = "(SELECT 1 AS k, 'PROCUREMENT' AS name, 'STAFF' AS level \
     UNION ALL SELECT 2, 'PRODUCTION', 'STAFF' UNION ALL SELECT 3, 'TECHNOLOGY', 'MANAGER' \
     UNION ALL SELECT 4, 'FINANCE', 'STAFF' UNION ALL SELECT 5, 'MANAGEMENT', 'EXECUTIVE')";

/// One of theirs in a seat: `{seat}` its number, `{who}` his id, `{account}`, `{function}`, `{level}`.
const SOMEBODY: [&str; 3] = [
    "INSERT INTO contact (id, display_name, latin_name, card, labels, state, create_us, update_us, \
       version) \
     SELECT {who}, {who}, '', '{\"former_names\":[],\"phones\":[],\"emails\":[],\"handles\":[],\
       \"preferences\":[]}', '{}', 'ACTIVE', 0, 0, 1 FROM {from}",
    "INSERT INTO position (id, account_id, function, function_text, level, title, buying_roles, \
       first_day, create_us, update_us, version) \
     SELECT {uuid:{seat}}, {account}, {function}, '', {level}, '', '[]', '2020-01-01', 0, 0, 1 \
     FROM {from}",
    "INSERT INTO incumbency (id, account_id, position_id, from_date, recorded_us, contact_id, \
       recorded_by, reason) \
     SELECT {uuid}, {account}, {uuid:{seat}}, '2020-01-01', 0, {who}, 'bench', '' FROM {from}",
];

const MEMBER: &str = "INSERT INTO member (id, display_name, business_unit, executive, state, create_us, update_us, \
       version) SELECT 'm' || m.n, 'm' || m.n, '', FALSE, 'ACTIVE', 0, 0, 1 FROM made m";

/// Somebody of ours met `{who}` of `{account}` a week ago.
const EDGE: &str = "INSERT INTO edge (account_id, member_id, contact_id, sum, last_touch, last_day, touches, \
       touch_days, others) \
     SELECT {account}, {member}, {who}, 1000000000, '{met}', '{met}', 1, 1, 0 FROM {from}";

/// What credit looks at: one in finance, whom nobody knows.
const SIGNAL: &str = "INSERT INTO account_signal (account_id, people_from, finance) \
     SELECT m.id, '2020-01-01', '[{\"contact_id\":\"c' || m.id || '-4\",\"first_day\":\"2020-01-01\",\
       \"last_day\":null,\"live\":[],\"position_id\":\"00000000-0000-0000-0000-000000000014\"}]' \
     FROM made m";

fn main() {
    run(async {
        let effort = Effort::from_args();
        let mut table = Table::new("people");
        for engine in Engine::all() {
            let book = Book::fill(engine).await;
            book.coverage(effort, &mut table).await;
            book.map(effort, &mut table).await;
            book.findings(effort, &mut table).await;
            book.check(effort, &mut table).await;
            book.visits(effort, &mut table).await;
            book.end().await;
        }
        table.finish();
    });
}

struct Book {
    database: Database,
    server: Server,
    bare: Bare,
}

fn filled(text: &str, with: &[(&str, &str)]) -> String {
    let fill =
        |text: String, (key, value): &(&str, &str)| text.replace(&format!("{{{key}}}"), value);
    with.iter().fold(text.to_owned(), fill)
}

fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}

fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("p{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Book {
    async fn fill(engine: Engine) -> Self {
        let database = Database::create(engine).await;
        let server = Server::start(&database).await;
        let bare = Bare::connect(&database.url).await;
        made::accounts(&bare, engine, BOOK).await;
        made::rows(&bare, engine, MEMBERS, &[MEMBER]).await;
        let met = (today() - chrono::Days::new(7)).to_string();
        let from = format!("made m, {FUNCTIONS} f");
        let small = [
            ("seat", "m.n * 10 + f.k"),
            ("who", "'c' || m.id || '-' || f.k"),
            ("account", "m.id"),
            ("function", "f.name"),
            ("level", "f.level"),
            ("from", from.as_str()),
        ];
        for text in SOMEBODY {
            made::rows(&bare, engine, BOOK, &[&filled(text, &small)]).await;
        }
        let known = format!("{from} WHERE f.k < 3");
        let tie =
            [("met", &*met), ("member", "'m1'"), ("account", "m.id"), small[1], ("from", &known)];
        made::rows(&bare, engine, BOOK, &[&filled(EDGE, &tie)]).await;
        let many = [
            ("seat", "m.n + 10000000"),
            ("who", "'many' || m.n"),
            ("account", "'x0000001'"),
            ("function", "'QUALITY'"),
            ("level", "'STAFF'"),
            ("from", "made m"),
        ];
        for text in SOMEBODY {
            made::rows(&bare, engine, CONTACTS, &[&filled(text, &many)]).await;
        }
        for member in 1..=MEMBERS {
            let member = format!("'m{member}'");
            let tie = [("met", &*met), ("member", &*member), many[2], many[1], ("from", "made m")];
            made::rows(&bare, engine, CONTACTS, &[&filled(EDGE, &tie)]).await;
        }
        made::rows(&bare, engine, BOOK, &[SIGNAL]).await;
        made::settle(&bare, engine).await;
        Self { database, server, bare }
    }

    fn what(&self, what: &str) -> String {
        format!("{what}, {}", self.database.engine.name())
    }

    async fn beside(
        &self,
        effort: Effort,
        table: &mut Table,
        (what, statements_max): (&str, usize),
        ask: impl AsyncFn(),
    ) {
        let what = (self.what(what), statements_max);
        beside::question(effort, table, (&self.server, &self.bare), what, ask).await;
    }

    async fn coverage(&self, effort: Effort, table: &mut Table) {
        let client = ContactServiceClient::new(self.server.channel().await);
        let what = ("GetCoverage, 1,000 contacts and 10,000 ties", 20);
        let ask = async || {
            let request = pb::GetCoverageRequest { account: LARGE.into() };
            let answer = client.clone().get_coverage(request).await.expect("coverage").into_inner();
            assert_eq!(answer.ties.len(), CONTACTS * MEMBERS + 2);
        };
        self.beside(effort, table, what, ask).await;
    }

    async fn map(&self, effort: Effort, table: &mut Table) {
        let client = ContactServiceClient::new(self.server.channel().await);
        let ask = async || {
            let request = pb::GetPowerMapRequest { account: LARGE.into(), ..Default::default() };
            let answer = client.clone().get_power_map(request).await.expect("a map").into_inner();
            assert!(answer.nodes.len() >= CONTACTS, "{}", answer.nodes.len());
        };
        self.beside(effort, table, ("GetPowerMap, of the same account", 20), ask).await;
    }

    async fn findings(&self, effort: Effort, table: &mut Table) {
        let client = AccountServiceClient::new(self.server.channel().await);
        let ask = async || {
            let (mut client, mut page_token, mut found) = (client.clone(), String::new(), 0);
            loop {
                let request = pb::ListFindingsRequest {
                    parent: "accounts/-".into(),
                    codes: vec![pb::FindingCode::CoverageGap.into()],
                    page_size: 1_000,
                    page_token,
                    ..Default::default()
                };
                let page = client.list_findings(request).await.expect("a page").into_inner();
                found += page.findings.len();
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(found, BOOK, "three of five nobody knows");
        };
        let what = ("ListFindings COVERAGE_GAP, all pages of 10,000 accounts", 600);
        self.beside(effort, table, what, ask).await;
    }

    /// CheckCredit where the policy looks at whom we know, and where it does not.
    async fn check(&self, effort: Effort, table: &mut Table) {
        let mut client = CreditServiceClient::new(self.server.channel().await);
        data::set_limits(self.server.channel().await, &[LARGE.to_owned()]).await;
        let [mut before, mut after] = Samples::several();
        let request = pb::CheckCreditRequest {
            account: LARGE.into(),
            amount: Some(pb::Money { currency_code: "USD".into(), units: 5, nanos: 0 }),
            ..Default::default()
        };
        let requests = vec![Bytes::from(request.encode_to_vec())];
        let target = Target::new(self.server.address, CHECK, requests).await;
        for round in 0..effort.rounds() {
            for (disposition, rate) in [
                (pb::CreditDisposition::Ignore, &mut before),
                (pb::CreditDisposition::Refer, &mut after),
            ] {
                follow(&mut client, disposition, &format!("bench-{round}-{}", disposition as i32))
                    .await;
                rate.push(target.rate(effort.window()).await / 1e3);
            }
        }
        let what = self.what("CheckCredit that looks at whom we know");
        let numbers = (before.median(), after.median());
        table.row(what, "where the policy ignores it", numbers, "k/s", Goal::AtLeast(0.9));
    }

    /// Orders reserved at an account while visits are recorded there.
    async fn visits(&self, effort: Effort, table: &mut Table) {
        let [mut alone, mut beside] = Samples::several();
        let mut visits = 0;
        for round in 0..effort.rounds() {
            let mut both = [(false, &mut alone), (true, &mut beside)];
            // The account grows meanwhile.
            if round % 2 == 1 {
                both.reverse();
            }
            for (recording, rate) in both {
                let target = Target::new(self.server.address, RESERVE, orders()).await;
                let ends = Arc::new(AtomicBool::new(!recording));
                let client = InteractionServiceClient::new(self.server.channel().await);
                let recorder = tokio::spawn(record(client, ends.clone()));
                rate.push(target.rate(effort.window()).await / 1e3);
                ends.store(true, Ordering::Relaxed);
                visits += recorder.await.expect("recorded");
            }
        }
        println!("{visits} visits beside orders, {}", self.database.engine.name());
        let what = self.what("ReserveCredit while visits are recorded at the account");
        let numbers = (alone.median(), beside.median());
        table.row(what, "without them", numbers, "k/s", Goal::Reported);
    }

    async fn end(self) {
        let Self { database, server, bare } = self;
        server.stop().await;
        bare.close().await;
        database.remove().await;
    }
}

/// Puts a policy in force that does this where nobody in finance is known.
async fn follow(
    client: &mut CreditServiceClient<tonic::transport::Channel>,
    disposition: pb::CreditDisposition,
    id: &str,
) {
    let read = pb::GetCreditPolicyRequest { name: "creditPolicies/-".into() };
    let current = client.get_credit_policy(read).await.expect("a policy").into_inner();
    let mut policy = current.clone();
    let code = pb::CreditReasonCode::NoLiveFinanceContact;
    policy.rules.retain(|of| of.code() != code);
    policy.rules.push(pb::CreditReasonRule { code: code.into(), disposition: disposition.into() });
    let create = pb::CreateCreditPolicyRequest {
        policy: Some(policy),
        policy_id: id.into(),
        request_id: request_id(),
    };
    let created = client.create_credit_policy(create).await.expect("created").into_inner();
    let activate = pb::ActivateCreditPolicyRequest {
        name: created.name,
        etag: current.etag,
        request_id: request_id(),
    };
    client.activate_credit_policy(activate).await.expect("in force");
}

fn orders() -> Vec<Bytes> {
    let order = |_| {
        let id = request_id();
        let request = pb::ReserveCreditRequest {
            account: LARGE.into(),
            company_code: "1000".into(),
            amount: Some(pb::Money { currency_code: "USD".into(), units: 1, nanos: 0 }),
            order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: id.clone() }),
            request_id: id,
            ..Default::default()
        };
        Bytes::from(request.encode_to_vec())
    };
    (0..50_000).map(order).collect()
}

/// Records one visit after the other until it is told to end; answers how many.
async fn record(
    mut client: InteractionServiceClient<tonic::transport::Channel>,
    ends: Arc<AtomicBool>,
) -> usize {
    let mut recorded = 0;
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3_600);
    while !ends.load(Ordering::Relaxed) {
        let theirs = pb::InteractionContact {
            contact: format!("contacts/many{}", recorded % CONTACTS + 1),
            ..Default::default()
        };
        let interaction = pb::Interaction {
            channel: pb::InteractionChannel::Visit.into(),
            direction: pb::InteractionDirection::Ours.into(),
            two_way: Some(true),
            start_time: Some(hour_ago.into()),
            ours: vec!["members/m1".into()],
            theirs: vec![theirs],
            ..Default::default()
        };
        let request = pb::RecordInteractionRequest {
            account: LARGE.into(),
            interaction: Some(interaction),
            request_id: request_id(),
            ..Default::default()
        };
        client.record_interaction(request).await.expect("recorded");
        recorded += 1;
    }
    recorded
}
