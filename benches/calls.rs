//! Calls about one account, under load: against a handler that runs the same statements through
//! bare sqlx, and against one that runs a single indexed SELECT through SeaORM.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::sync::Arc;

use ballast::pb;
use bytes::Bytes;
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, Statement, Value};

use support::bare::Bare;
use support::data::{self, account, as_of, date};
use support::engine::{Database, Engine, Server};
use support::limit::{self, Handler};
use support::load::Target;
use support::recorder::{Ran, is_background};
use support::samples::Samples;
use support::table::{Goal, Table};
use support::{Effort, is_wanted, run};

const ACCOUNTS: usize = 1_000;
const SERVICE: &str = "/ballast.v1.ReceivableService/GetReceivablesRisk";
const CHECK: &str = "/ballast.v1.CreditService/CheckCredit";
const STATUS: &str = "/ballast.v1.AccountService/GetAccountStatus";

fn main() {
    run(async {
        let effort = Effort::from_args();
        let mut table = Table::new("calls");
        for engine in Engine::all() {
            measure(engine, effort, &mut table).await;
        }
        table.finish();
    });
}

/// One of our methods and what it is held against.
struct Candidate {
    name: &'static str,
    statements: usize,
    ours: Target,
    bare: Target,
    rates: (Samples, Samples),
}

async fn measure(engine: Engine, effort: Effort, table: &mut Table) {
    let database = Database::create(engine).await;
    let server = Server::start(&database).await;
    let documents = (0..ACCOUNTS).flat_map(|number| {
        data::open_invoices(number, 10).chain(data::settled_invoices(number, 10))
    });
    data::import(server.channel().await, "calls", documents).await;
    let ids = ids(&server).await;
    data::set_limits(server.channel().await, &(0..ACCOUNTS).map(account).collect::<Vec<_>>()).await;
    let bare = Bare::connect(&database.url).await;

    let select = limit::serve(one_select(&bare)).await;
    let select = Target::new(select, limit::PATH, id_requests(&ids)).await;

    let methods = [
        ("GetReceivablesRisk BASIC", SERVICE, risk_requests(&ids, pb::RiskView::Basic)),
        ("GetReceivablesRisk FULL", SERVICE, risk_requests(&ids, pb::RiskView::Full)),
        ("GetAccountStatus", STATUS, status_requests(&ids)),
        ("CheckCredit", CHECK, check_requests(&ids)),
    ];
    let mut candidates = Vec::new();
    for (name, path, requests) in methods.into_iter().filter(|(name, ..)| is_wanted(name)) {
        candidates.push(Candidate::new(name, &server, &bare, path, requests, &ids).await);
    }

    let mut select_rate = Samples::default();
    for _ in 0..effort.rounds() {
        select_rate.push(select.rate(effort.window()).await / 1e3);
        for candidate in &mut candidates {
            candidate.rates.0.push(candidate.bare.rate(effort.window()).await / 1e3);
            candidate.rates.1.push(candidate.ours.rate(effort.window()).await / 1e3);
        }
    }

    let of = |what: &str| format!("{what}, {}", engine.name());
    for candidate in candidates {
        let (bare, ours) = (candidate.rates.0.median(), candidate.rates.1.median());
        let what = of(&format!("{}: {} statements", candidate.name, candidate.statements));
        let peer = "the same statements through bare sqlx, in a handler";
        table.row(&what, peer, (bare, ours), "k/s", Goal::AtLeast(0.9));
        let peer = "one indexed SELECT through SeaORM, in a handler";
        table.row(&what, peer, (select_rate.median(), ours), "k/s", Goal::Reported);
    }
    server.stop().await;
    bare.close().await;
    database.remove().await;
}

impl Candidate {
    async fn new(
        name: &'static str,
        server: &Server,
        bare: &Bare,
        path: &'static str,
        requests: Vec<Bytes>,
        ids: &[String],
    ) -> Self {
        let ours = Target::new(server.address, path, requests.clone()).await;
        // The first calls find out what is remembered from then on, of each account too.
        for number in 0..ACCOUNTS {
            ours.call(number).await;
        }
        server.recorder.start();
        let answer = ours.call(ACCOUNTS / 2).await;
        let ran: Vec<Ran> =
            server.recorder.stop().into_iter().filter(|ran| !is_background(ran)).collect();
        println!("{name}, {} statements:", ran.len());
        for statement in &ran {
            println!("    {:.150}", statement.sql);
        }
        let statements = ran.len();
        let handler = same_statements(bare, ran, &ids[ACCOUNTS / 2], answer);
        let address = limit::serve(handler).await;
        let bare = Target::new(address, limit::PATH, id_requests(ids)).await;
        Self { name, statements, ours, bare, rates: Default::default() }
    }
}

/// Runs what one call ran, for the account that the request names, and answers as many bytes.
fn same_statements(bare: &Bare, ran: Vec<Ran>, asked: &str, answer: Bytes) -> Handler {
    let (bare, ran, asked) = (bare.clone(), Arc::new(ran), asked.to_owned());
    Arc::new(move |request| {
        let (bare, ran, asked) = (bare.clone(), ran.clone(), asked.clone());
        let answer = answer.clone();
        Box::pin(async move {
            let id = std::str::from_utf8(&request).expect("an id");
            for statement in ran.iter() {
                let values = statement.values.iter().map(|value| instead(value, &asked, id));
                let statement = Ran { values: values.collect(), ..statement.clone() };
                bare.run(&statement).await;
            }
            answer
        })
    })
}

/// The value with one account's id in place of another's.
fn instead(value: &Value, asked: &str, id: &str) -> Value {
    match value {
        Value::String(Some(text)) => Value::String(Some(text.replace(asked, id))),
        Value::Array(kind, Some(cells)) => {
            let cells = cells.iter().map(|cell| instead(cell, asked, id)).collect();
            Value::Array(kind.clone(), Some(Box::new(cells)))
        }
        other => other.clone(),
    }
}

fn one_select(bare: &Bare) -> Handler {
    let connection = bare.sea_orm();
    Arc::new(move |request| {
        let connection = connection.clone();
        Box::pin(async move {
            let id = std::str::from_utf8(&request).expect("an id");
            let sql = "SELECT id, display_name, state, version FROM account WHERE id = $1";
            let backend = connection.get_database_backend();
            let statement = Statement::from_sql_and_values(backend, sql, [id.into()]);
            let row = connection.query_one_raw(statement).await.expect("answered");
            let name: String = row.expect("found").try_get("", "display_name").expect("a name");
            Bytes::from(name)
        })
    })
}

/// The ids of all accounts, as every caller that asked once knows them.
async fn ids(server: &Server) -> Vec<String> {
    let channel = server.channel().await;
    let mut client = pb::account_service_client::AccountServiceClient::new(channel);
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            pb::ListAccountsRequest { page_size: 1_000, page_token, ..Default::default() };
        let page = client.list_accounts(request).await.expect("listed").into_inner();
        ids.extend(
            page.accounts
                .into_iter()
                .map(|account| account.name.strip_prefix("accounts/").expect("a name").to_owned()),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(ids.len(), ACCOUNTS, "such as {}", account(0));
    ids
}

fn id_requests(ids: &[String]) -> Vec<Bytes> {
    ids.iter().map(|id| Bytes::from(id.clone())).collect()
}

fn risk_requests(ids: &[String], view: pb::RiskView) -> Vec<Bytes> {
    let request = |id: &String| pb::GetReceivablesRiskRequest {
        account: format!("accounts/{id}"),
        as_of: Some(date(as_of())),
        view: view.into(),
        ..Default::default()
    };
    ids.iter().map(|id| Bytes::from(request(id).encode_to_vec())).collect()
}

fn status_requests(ids: &[String]) -> Vec<Bytes> {
    let request = |id: &String| pb::GetAccountStatusRequest {
        name: format!("accounts/{id}"),
        as_of: Some(date(as_of())),
        ..Default::default()
    };
    ids.iter().map(|id| Bytes::from(request(id).encode_to_vec())).collect()
}

fn check_requests(ids: &[String]) -> Vec<Bytes> {
    let request = |id: &String| pb::CheckCreditRequest {
        account: format!("accounts/{id}"),
        amount: Some(pb::Money { currency_code: "USD".into(), units: 1, nanos: 0 }),
        ..Default::default()
    };
    ids.iter().map(|id| Bytes::from(request(id).encode_to_vec())).collect()
}
