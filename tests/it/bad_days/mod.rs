//! Bad days: killed servers, clients that hang up, databases that go away, full disks, everybody
//! at once. What was acknowledged must be there, once, and the books must add up.
//!
//! Tests whose names begin with `kill_`, `outage_` or `full_disk_`, if need be behind the name of the
//! fault that they are about, run one at a time.

mod at_least;
mod book;
mod child;
pub mod cluster;
mod concurrency;
mod credit_kills;
mod deadlines;
mod disconnects;
mod file;
mod first_start;
mod full_disk;
mod importer;
mod kills;
mod memory;
mod outage;
mod relay;
mod second_process;
mod settled;
mod waiting_clearings;

use std::collections::BTreeMap;
use std::time::Duration;

use ballast::config;
use ballast::ctx::{Clock, Ctx};
use ballast::pb;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use ballast::store::Store;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::support::ledger::{date, fresh, text};
use crate::support::{Database, details};

type Receivables = ReceivableServiceClient<Channel>;

/// The first account of the tests here, by its key in the ERP.
const ACCOUNT: &str = "accounts/ERP~C000";

fn receivables(address: &str) -> Receivables {
    let channel = Endpoint::from_shared(address.to_owned()).expect("an address").connect_lazy();
    ReceivableServiceClient::new(channel).max_decoding_message_size(64 << 20)
}

/// An invoice in USD over an amount in cents.
fn invoice(no: &str, account: &str, cents: i64) -> pb::Document {
    pb::Document {
        key: Some(crate::support::ledger::key(no)),
        kind: pb::DocumentKind::Invoice.into(),
        payer: account.into(),
        document_date: Some(date("2019-03-01")),
        gross: Some(cents_of(cents)),
        ..pb::Document::default()
    }
}

fn cents_of(cents: i64) -> pb::Money {
    let nanos = i32::try_from(cents % 100).expect("below a hundred") * 10_000_000;
    pb::Money { currency_code: "USD".into(), units: cents / 100, nanos }
}

fn request(documents: Vec<pb::Document>) -> pb::PostDocumentsRequest {
    pb::PostDocumentsRequest { documents, create_missing_accounts: true, request_id: fresh() }
}

/// What is open of the whole book, in cents by document number.
async fn open_by_number(client: &mut Receivables) -> BTreeMap<String, i64> {
    let request = pb::ExportOpenItemsRequest {
        account: "accounts/-".into(),
        as_of: Some(date("2019-06-30")),
        ..pb::ExportOpenItemsRequest::default()
    };
    let mut pages = client.export_open_items(request).await.expect("an export").into_inner();
    let mut open = BTreeMap::new();
    while let Some(page) = pages.message().await.expect("a page") {
        for item in page.items {
            let no = item.key.expect("a key").document_no;
            let cents = text(&item.open).replace('.', "").parse::<i64>().expect("an amount");
            assert_eq!(open.insert(no.clone(), cents), None, "{no} is there twice");
        }
    }
    open
}

/// The balance of the book, in cents.
async fn balance(client: &mut Receivables) -> i64 {
    let answer = client.get_aging(aging("accounts/-")).await.expect("an aging").into_inner();
    let usd = answer.currencies.into_iter().find(|c| c.currency_code == "USD");
    usd.map_or(0, |c| text(&c.balance).replace('.', "").parse().expect("an amount"))
}

fn aging(account: &str) -> pb::GetAgingRequest {
    pb::GetAgingRequest {
        account: account.into(),
        as_of: Some(date("2019-06-30")),
        ..pb::GetAgingRequest::default()
    }
}

/// How many documents an account has, whatever became of them.
async fn count_documents(client: &mut Receivables, account: &str) -> usize {
    let mut request = pb::ListDocumentsRequest {
        parent: account.into(),
        page_size: 1000,
        ..pb::ListDocumentsRequest::default()
    };
    let mut count = 0;
    loop {
        let answer = client.list_documents(request.clone()).await.expect("a list").into_inner();
        count += answer.documents.len();
        if answer.next_page_token.is_empty() {
            return count;
        }
        request.page_token = answer.next_page_token;
    }
}

/// Opens the database of a server that is gone.
async fn open(database: &Database) -> Store {
    let options = config::Database { url: database.url().clone(), ..config::Database::default() };
    let clock = Clock::system(chrono_tz::UTC);
    Store::connect(&options, clock).await.expect("the database opens")
}

/// Everything that `verify` knows of must hold.
async fn assert_clean(store: &Store) {
    let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
    let checks = store.verify(&ctx).await.expect("verified");
    assert!(checks.len() > 5, "{checks:?}");
    let wrong: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn reason(status: &Status) -> String {
    details(status).error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// A refusal that tells the caller to come again, and when.
#[track_caller]
fn assert_come_again(status: &Status, code: Code, expected: &str) {
    assert_eq!((status.code(), &*reason(status)), (code, expected), "{status:?}");
    let wait = details(status).retry_info().and_then(|info| info.retry_delay);
    assert!(wait.is_some_and(|wait| !wait.is_zero()), "no RetryInfo: {status:?}");
}

/// Whether the server says that it serves; `None` if it says nothing.
async fn serving(channel: Channel) -> Option<bool> {
    let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await.ok()?;
    Some(answer.into_inner().status == tonic_health::ServingStatus::Serving as i32)
}

/// Waits for something, and gives up after half a minute.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..1_500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}
