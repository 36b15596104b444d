//! A desk at which a test posts documents and asks about them, in a few words each.

use ballast::ctx::Ctx;
use ballast::pb;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use super::TestServer;

/// `2019-06-30`
pub fn date(text: &str) -> pb::Date {
    let parts: Vec<i32> = text.split('-').map(|p| p.parse().expect("a number")).collect();
    pb::Date { year: parts[0], month: parts[1], day: parts[2] }
}

/// The day `days` after 2019-06-30, on which every test begins.
pub fn day(days: i64) -> pb::Date {
    use chrono::Datelike as _;
    let start = chrono::NaiveDate::from_ymd_opt(2019, 6, 30).expect("a date");
    let day = start + chrono::Duration::days(days);
    pb::Date { year: day.year(), month: day.month() as i32, day: day.day() as i32 }
}

/// `-12.34` in a currency.
pub fn money(text: &str, currency: &str) -> pb::Money {
    let negative = text.starts_with('-');
    let (units, fraction) = text.trim_start_matches('-').split_once('.').unwrap_or((text, ""));
    let units: i64 = units.trim_start_matches('-').parse().expect("units");
    let nanos: i32 = format!("{fraction:0<9}").parse().expect("nanos");
    let sign = if negative { -1 } else { 1 };
    pb::Money {
        currency_code: currency.into(),
        units: i64::from(sign) * units,
        nanos: sign * nanos,
    }
}

pub fn usd(text: &str) -> pb::Money {
    money(text, "USD")
}

/// An amount as a text with two decimals; an absent one is `-`.
pub fn text(money: &Option<pb::Money>) -> String {
    let Some(money) = money else { return "-".into() };
    let cents = money.units * 100 + i64::from(money.nanos / 10_000_000);
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// A request id that was never used.
pub fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub fn key(no: &str) -> pb::DocumentKey {
    pb::DocumentKey {
        source_system: "ERP".into(),
        document_no: no.into(),
        ..pb::DocumentKey::default()
    }
}

/// A document of the kind, in USD, for the account of [`Desk`].
pub fn document(kind: pb::DocumentKind, no: &str, at: pb::Date, gross: &str) -> pb::Document {
    pb::Document {
        key: Some(key(no)),
        kind: kind.into(),
        payer: ACCOUNT.into(),
        document_date: Some(at),
        gross: Some(usd(gross)),
        ..pb::Document::default()
    }
}

/// An invoice with instalments: day due, amount.
pub fn invoice(no: &str, at: pb::Date, gross: &str, parts: &[(pb::Date, &str)]) -> pb::Document {
    let mut invoice = document(pb::DocumentKind::Invoice, no, at, gross);
    invoice.instalments = parts
        .iter()
        .map(|(due, amount)| pb::Instalment {
            due_date: Some(*due),
            amount: Some(usd(amount)),
            ..pb::Instalment::default()
        })
        .collect();
    invoice
}

pub fn receipt(no: &str, at: pb::Date, gross: &str) -> pb::Document {
    document(pb::DocumentKind::Receipt, no, at, gross)
}

/// Lets a document name what it settles.
pub trait Settles {
    fn settles(self, no: &str) -> Self;
    fn settles_amount(self, no: &str, amount: &str) -> Self;
}

impl Settles for pb::Document {
    fn settles(mut self, no: &str) -> Self {
        let target = pb::ClearingTarget { key: Some(key(no)), amount: None };
        self.clears.get_or_insert_default().targets.push(target);
        self
    }

    fn settles_amount(mut self, no: &str, amount: &str) -> Self {
        let target = pb::ClearingTarget { key: Some(key(no)), amount: Some(usd(amount)) };
        self.clears.get_or_insert_default().targets.push(target);
        self
    }
}

/// The account that [`document`] posts to.
pub const ACCOUNT: &str = "accounts/ERP~ACME";

/// Someone who posts and asks, and expects to be served.
pub struct Desk {
    pub client: ReceivableServiceClient<Channel>,
}

impl Desk {
    pub fn new(server: &TestServer) -> Self {
        Self { client: server.receivables() }
    }

    pub async fn try_post(
        &mut self,
        documents: Vec<pb::Document>,
    ) -> Result<Vec<pb::PostResult>, Status> {
        let request = pb::PostDocumentsRequest {
            documents,
            create_missing_accounts: true,
            request_id: fresh(),
        };
        Ok(self.client.post_documents(request).await?.into_inner().results)
    }

    /// Every projection rebuilt from the entries, and what must hold of them.
    #[track_caller]
    pub fn verify(&mut self, server: &TestServer) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let (store, ctx) = (server.store().clone(), Ctx::system(server.clock().clone()));
        async move {
            let checks = store.verify(&ctx).await.expect("a verification");
            let broken: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
            assert!(broken.is_empty(), "at {caller}: {broken:#?}");
        }
    }

    #[track_caller]
    pub fn post(
        &mut self,
        documents: impl IntoIterator<Item = pb::Document>,
    ) -> impl Future<Output = Vec<pb::PostResult>> {
        let caller = std::panic::Location::caller();
        let documents = documents.into_iter().collect();
        async move { self.try_post(documents).await.unwrap_or_else(|e| panic!("at {caller}: {e:?}")) }
    }

    pub async fn open_items(&mut self, as_of: pb::Date) -> Vec<pb::OpenItem> {
        let request = pb::ListOpenItemsRequest {
            parent: ACCOUNT.into(),
            as_of: Some(as_of),
            page_size: 1000,
            ..pb::ListOpenItemsRequest::default()
        };
        self.client.list_open_items(request).await.expect("open items").into_inner().items
    }

    /// Open items as (document number, day due, open), in the order of the answer.
    pub async fn open(&mut self, as_of: pb::Date) -> Vec<(String, String, String)> {
        let items = self.open_items(as_of).await;
        items
            .iter()
            .map(|i| {
                let due = i.due_date.unwrap_or_default();
                let due = format!("{:04}-{:02}-{:02}", due.year, due.month, due.day);
                let no = i.key.as_ref().map_or("", |k| k.document_no.as_str());
                (no.to_owned(), due, text(&i.open))
            })
            .collect()
    }

    /// The open amount of every item of a document, by number.
    pub async fn open_of(&mut self, no: &str, as_of: pb::Date) -> Vec<String> {
        let open = self.open(as_of).await;
        open.into_iter().filter(|(n, ..)| n == no).map(|(.., open)| open).collect()
    }

    pub async fn aging(&mut self, request: pb::GetAgingRequest) -> pb::GetAgingResponse {
        self.client.get_aging(request).await.expect("an aging").into_inner()
    }

    /// The account's aging in USD; empty if it owes nothing and never did.
    pub async fn aging_usd(&mut self, as_of: pb::Date) -> pb::CurrencyAging {
        let request = pb::GetAgingRequest {
            account: ACCOUNT.into(),
            as_of: Some(as_of),
            ..pb::GetAgingRequest::default()
        };
        let answer = self.aging(request).await;
        answer.currencies.into_iter().find(|c| c.currency_code == "USD").unwrap_or_default()
    }

    pub async fn balance(&mut self, as_of: pb::Date) -> String {
        let aging = self.aging_usd(as_of).await;
        aging.balance.map_or("0.00".into(), |b| text(&Some(b)))
    }

    pub async fn risk(&mut self, as_of: pb::Date) -> pb::ReceivablesRisk {
        let request = pb::GetReceivablesRiskRequest {
            account: ACCOUNT.into(),
            as_of: Some(as_of),
            ..pb::GetReceivablesRiskRequest::default()
        };
        self.client.get_receivables_risk(request).await.expect("a risk").into_inner()
    }

    /// The risk in USD.
    pub async fn risk_usd(&mut self, as_of: pb::Date) -> pb::CurrencyRisk {
        let risk = self.risk(as_of).await;
        risk.currencies.into_iter().find(|c| c.currency_code == "USD").unwrap_or_default()
    }

    /// The one open item of a document.
    pub async fn item_of(&mut self, no: &str, as_of: pb::Date) -> pb::OpenItem {
        let items = self.open_items(as_of).await;
        let of = |i: &pb::OpenItem| i.key.as_ref().is_some_and(|k| k.document_no == no);
        items.into_iter().find(of).unwrap_or_else(|| panic!("{no} is not open"))
    }
}

/// The amounts of the buckets of an aging, youngest first.
pub fn buckets(aging: &pb::CurrencyAging) -> Vec<String> {
    let columns = aging.columns.clone().unwrap_or_default();
    columns.buckets.iter().map(|b| text(&b.amount)).collect()
}
