//! Made-up receivables, and the way they get in: the service's own import.

use std::time::{Duration, Instant};

use ballast::pb;
use ballast::pb::credit_service_client::CreditServiceClient;
use ballast::pb::import_documents_request::Step;
use ballast::pb::import_documents_response::Step as Answer;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use chrono::{Datelike as _, Days, NaiveDate};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// Documents in a chunk of an import: as many as it may have.
pub const CHUNK: usize = 500;
/// Chunks on their way before the first is acknowledged.
const AHEAD: usize = 2;

/// The day every question is about. Nothing takes effect after it.
pub fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 6, 30).expect("a date")
}

pub fn date(day: NaiveDate) -> pb::Date {
    pb::Date { year: day.year(), month: day.month() as i32, day: day.day() as i32 }
}

pub fn before(days: u64) -> NaiveDate {
    as_of() - Days::new(days)
}

fn usd(cents: u64) -> pb::Money {
    let (units, rest) = ((cents / 100) as i64, (cents % 100) as i32);
    pb::Money { currency_code: "USD".into(), units, nanos: rest * 10_000_000 }
}

pub fn account(number: usize) -> String {
    format!("accounts/ERP~C{number:06}")
}

fn key(no: String) -> pb::DocumentKey {
    pb::DocumentKey {
        source_system: "ERP".into(),
        company_code: "1000".into(),
        fiscal_year: 2025,
        document_no: no,
        line_no: String::new(),
    }
}

/// An invoice, posted on the day it is issued.
pub fn invoice(payer: &str, no: String, issued: NaiveDate, due: NaiveDate) -> pb::Document {
    let gross = Some(usd(10_000 + no.bytes().map(u64::from).sum::<u64>() * 37));
    pb::Document {
        key: Some(key(no)),
        kind: pb::DocumentKind::Invoice.into(),
        payer: payer.into(),
        document_date: Some(date(issued)),
        gross: gross.clone(),
        instalments: vec![pb::Instalment {
            due_date: Some(date(due)),
            amount: gross.clone(),
            ..pb::Instalment::default()
        }],
        ..pb::Document::default()
    }
}

/// A receipt that pays an invoice in full.
pub fn receipt(no: String, on: NaiveDate, invoice: &pb::Document) -> pb::Document {
    let target = pb::ClearingTarget { key: invoice.key.clone(), amount: None };
    pb::Document {
        key: Some(key(no)),
        kind: pb::DocumentKind::Receipt.into(),
        payer: invoice.payer.clone(),
        document_date: Some(date(on)),
        gross: invoice.gross.clone(),
        clears: Some(pb::ClearingInstruction { targets: vec![target], ..Default::default() }),
        ..pb::Document::default()
    }
}

/// The open invoices of an account: issued over the last four months, due 30 days later.
pub fn open_invoices(number: usize, items: usize) -> impl Iterator<Item = pb::Document> {
    let payer = account(number);
    (0..items).map(move |item| {
        let issued = before((item * 13 % 120) as u64);
        invoice(&payer, format!("{number}-{item}"), issued, issued + Days::new(30))
    })
}

/// The settled invoices of an account over the last year, each with its receipt.
pub fn settled_invoices(number: usize, invoices: usize) -> impl Iterator<Item = pb::Document> {
    let payer = account(number);
    (0..invoices).flat_map(move |item| {
        let issued = before(60 + (item * 29 % 300) as u64);
        let no = format!("{number}-{item}-paid");
        let invoice = invoice(&payer, no, issued, issued + Days::new(30));
        let paid = issued + Days::new(20 + (item * 7 % 40) as u64);
        let receipt = receipt(format!("{number}-{item}-receipt"), paid.min(as_of()), &invoice);
        [invoice, receipt]
    })
}

/// What an import took.
#[derive(Debug, Clone, Copy)]
pub struct Imported {
    pub documents: usize,
    /// From the first chunk to the last acknowledgement.
    pub posting: Duration,
    pub clearings: i64,
    /// From the finish step to the summary.
    pub finish: Duration,
}

impl Imported {
    pub fn documents_per_second(self) -> f64 {
        self.documents as f64 / self.posting.as_secs_f64()
    }

    pub fn clearings_per_second(self) -> f64 {
        self.clearings as f64 / self.finish.as_secs_f64()
    }
}

/// Imports documents; every one of them must be taken.
pub async fn import(
    channel: Channel,
    id: &str,
    documents: impl Iterator<Item = pb::Document>,
) -> Imported {
    let mut client = ReceivableServiceClient::new(channel);
    let (requests, queue) = tokio::sync::mpsc::channel(AHEAD);
    let header = pb::ImportHeader {
        import_id: id.into(),
        create_missing_accounts: true,
        ..pb::ImportHeader::default()
    };
    send(&requests, Step::Header(header)).await;
    let answers = client.import_documents(ReceiverStream::new(queue)).await.expect("opened");
    let mut answers = answers.into_inner().filter_map(|answer| answer.expect("an answer").step);
    assert!(matches!(answers.next().await, Some(Answer::Started(_))), "started");

    let start = Instant::now();
    let mut documents = documents.peekable();
    let (mut sequence, mut acknowledged, mut count) = (0, 0, 0);
    loop {
        if documents.peek().is_some() && sequence - acknowledged < AHEAD as i64 {
            let chunk: Vec<_> = documents.by_ref().take(CHUNK).collect();
            count += chunk.len();
            sequence += 1;
            let chunk = pb::ImportChunk { sequence, documents: chunk, ..Default::default() };
            send(&requests, Step::Chunk(chunk)).await;
        } else if acknowledged < sequence {
            let Some(Answer::Acknowledgement(answer)) = answers.next().await else {
                panic!("an acknowledgement was expected");
            };
            taken(&answer);
            acknowledged = answer.sequence;
        } else {
            break;
        }
    }
    let posting = start.elapsed();

    let start = Instant::now();
    send(&requests, Step::Finish(pb::ImportFinish::default())).await;
    let summary = loop {
        match answers.next().await {
            Some(Answer::Progress(_)) => {}
            Some(Answer::Summary(summary)) => break summary,
            other => panic!("a summary was expected, not {other:?}"),
        }
    };
    assert!(summary.clearing_faults.is_empty() && summary.waiting_for.is_empty(), "{summary:?}");
    let (finish, clearings) = (start.elapsed(), summary.clearings_applied);
    Imported { documents: count, posting, clearings, finish }
}

async fn send(requests: &tokio::sync::mpsc::Sender<pb::ImportDocumentsRequest>, step: Step) {
    let request = pb::ImportDocumentsRequest { step: Some(step) };
    requests.send(request).await.expect("the import is open");
}

fn taken(answer: &pb::ImportAcknowledgement) {
    for result in &answer.results {
        assert_eq!(result.outcome(), pb::PostOutcome::Posted, "{:?}", result.faults);
    }
}

/// Limits that are never reached.
pub async fn set_limits(channel: Channel, accounts: &[String]) {
    let client = CreditServiceClient::new(channel);
    for chunk in accounts.chunks(64) {
        let calls = chunk.iter().map(|account| {
            let mut client = client.clone();
            let limit = pb::CreditLimit {
                kind: pb::CreditLimitKind::Amount.into(),
                amount: Some(usd(1_000_000_000_000)),
                approver: "bench".into(),
                reason: "bench".into(),
                ..Default::default()
            };
            let request = pb::SetCreditLimitRequest {
                account: account.clone(),
                limit: Some(limit),
                request_id: uuid::Uuid::now_v7().to_string(),
            };
            async move { client.set_credit_limit(request).await.expect("a limit") }
        });
        futures_util::future::join_all(calls).await;
    }
}
