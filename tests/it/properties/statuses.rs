//! What a source says of clearings: the books don't depend on how it came.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::import_documents_request::Step;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::hold;
use super::imports::world;
use crate::support::ledger::*;

const INVOICES: usize = 4;
const DAYS: i64 = 60;

/// A row of a list: a document, and of an invoice whether it is cleared.
#[derive(Debug, Clone)]
enum Row {
    Invoice { no: usize, version: i64, on: i64, amount: u8, cleared: Option<i64> },
    Payment { no: usize, on: i64, target: usize, amount: u8 },
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let invoice = (0..3_i64, 20..99_u8, prop::option::weighted(0.7, 0..5_i64));
    let corrected = prop::option::weighted(0.3, (0..3_i64, 20..99_u8));
    // Some pay more than there is, some before and some after it is cleared.
    let payment = (0..6_i64, 0..INVOICES, 5..60_u8);
    (vec((invoice, corrected), INVOICES), vec(payment, 5)).prop_map(|(invoices, payments)| {
        let mut rows = Vec::new();
        for (no, ((on, amount, cleared), corrected)) in invoices.into_iter().enumerate() {
            let cleared = cleared.map(|day| 10 * day);
            rows.push(Row::Invoice { no, version: 0, on: 10 * on, amount, cleared });
            rows.extend(corrected.map(|(on, amount)| Row::Invoice {
                no,
                version: 1,
                on: 10 * on,
                amount,
                cleared,
            }));
        }
        let payments = payments.into_iter().enumerate();
        rows.extend(payments.map(|(no, (on, target, amount))| Row::Payment {
            no,
            on: 10 * on,
            target,
            amount,
        }));
        rows
    })
}

fn named(world: &str, letter: char, no: usize) -> pb::DocumentKey {
    pb::DocumentKey { source_system: world.into(), ..key(&format!("{letter}{no}")) }
}

impl Row {
    /// The same, with the opposite said of whether it is cleared.
    fn opposite(&self) -> Self {
        match self.clone() {
            Self::Invoice { no, version, on, amount, cleared } => {
                let cleared = if cleared.is_some() { None } else { Some(40) };
                Self::Invoice { no, version, on, amount, cleared }
            }
            payment @ Self::Payment { .. } => payment,
        }
    }

    fn put(&self, world: &str, chunk: &mut pb::ImportChunk) {
        let (kind, key, on, amount) = match self {
            Self::Invoice { no, on, amount, .. } => {
                (Kind::Invoice, named(world, 'I', *no), *on, *amount)
            }
            Self::Payment { no, on, amount, .. } => {
                (Kind::Receipt, named(world, 'R', *no), *on, *amount)
            }
        };
        let mut document = document(kind, "", past(on), &amount.to_string());
        document.payer = format!("accounts/{world}~ACME");
        document.key = Some(key.clone());
        match self {
            Self::Invoice { version, cleared, .. } => {
                document.source_version = *version;
                chunk.clearing_statuses.push(pb::ClearingStatus {
                    document: Some(key),
                    clearing_date: cleared.map(past),
                });
            }
            Self::Payment { target, .. } => {
                let target =
                    pb::ClearingTarget { key: Some(named(world, 'I', *target)), amount: None };
                document.clears.get_or_insert_default().targets.push(target);
            }
        }
        chunk.documents.push(document);
    }
}

/// All of it lies before the business date.
fn past(on: i64) -> pb::Date {
    day(on - DAYS)
}

fn steps(id: &str, world: &str, rows: &[Row], size: usize, finish: bool) -> Vec<Step> {
    let mut steps = vec![Step::Header(pb::ImportHeader {
        import_id: id.into(),
        create_missing_accounts: true,
        ..pb::ImportHeader::default()
    })];
    for (sequence, rows) in (1..).zip(rows.chunks(size)) {
        let mut chunk = pb::ImportChunk { sequence, ..pb::ImportChunk::default() };
        rows.iter().for_each(|row| row.put(world, &mut chunk));
        steps.push(Step::Chunk(chunk));
    }
    if finish {
        steps.push(Step::Finish(pb::ImportFinish::default()));
    }
    steps
}

/// What is open of each document on each day.
async fn open(desk: &mut Desk, world: &str) -> Vec<Vec<(String, String)>> {
    let mut days = Vec::new();
    for on in (0..=DAYS).step_by(10) {
        let request = pb::ExportOpenItemsRequest {
            account: format!("accounts/{world}~ACME"),
            as_of: Some(past(on)),
            ..pb::ExportOpenItemsRequest::default()
        };
        let mut export = desk.client.export_open_items(request).await.expect("served").into_inner();
        let mut items = Vec::new();
        while let Some(part) = export.message().await.expect("a part") {
            let item =
                |item: pb::OpenItem| (item.key.expect("a key").document_no, text(&item.open));
            items.extend(part.items.into_iter().map(item));
        }
        items.sort();
        days.push(items);
    }
    days
}

/// Rows, another order of them, how many come in each file and whether it is finished, and the
/// rows of a chunk.
type Delivery = (Vec<Row>, Vec<Row>, Vec<(usize, bool)>, usize);

fn deliveries() -> impl Strategy<Value = Delivery> {
    (rows(), vec((1..6_usize, any::<bool>()), 1..6), 1..5_usize).prop_flat_map(
        |(rows, parts, size)| {
            let shuffled = Just(rows.clone()).prop_shuffle();
            (Just(rows), shuffled, Just(parts), Just(size))
        },
    )
}

/// The last version of each invoice, and the payments.
fn last(rows: &[Row]) -> Vec<Row> {
    let corrected = |row: &Row| match row {
        Row::Invoice { no, version: 0, .. } => rows
            .iter()
            .any(|of| matches!(of, Row::Invoice { no: other, version: 1, .. } if other == no)),
        _ => false,
    };
    rows.iter().filter(|row| !corrected(row)).cloned().collect()
}

on_both_engines! {
    async fn whatever_the_files_what_is_cleared_is_that_of_one_clean_import(server: TestServer) {
        hold(40, &deliveries(), async |(rows, shuffled, parts, size)| {
            let mut desk = Desk::new(&server);
            let (tidy, wild) = (world(), world());
            desk.send_import(steps(&tidy, &tidy, &last(&rows), 500, true)).await;
            let mut rest = shuffled.as_slice();
            let mut parts = parts.into_iter().cycle();
            let mut runs = 0;
            while !rest.is_empty() {
                let (count, finish) = parts.next().expect("a cycle");
                let (part, later) = rest.split_at(count.min(rest.len()));
                rest = later;
                runs += 1;
                desk.send_import(steps(&format!("{wild}-{runs}"), &wild, part, size, finish)).await;
            }
            // Any finish, and once more all of it.
            desk.send_import(steps(&format!("{wild}-last"), &wild, &shuffled[..1], size, true)).await;
            let expected = open(&mut desk, &tidy).await;
            prop_assert_eq!(&open(&mut desk, &wild).await, &expected);
            desk.send_import(steps(&format!("{wild}-again"), &wild, &shuffled, size, true)).await;
            prop_assert_eq!(&open(&mut desk, &wild).await, &expected);
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }

    async fn whatever_the_order_of_files_the_statement_of_the_latest_day_counts(server: TestServer) {
        hold(25, &deliveries(), async |(rows, shuffled, parts, size)| {
            let mut desk = Desk::new(&server);
            let (tidy, wild) = (world(), world());
            desk.send_import(steps(&tidy, &tidy, &last(&rows), 500, true)).await;
            // Each row comes twice: as of an earlier day, on which the opposite was said, and now.
            let all: Vec<(Row, bool)> = shuffled
                .iter()
                .flat_map(|row| [(row.clone(), true), (row.clone(), false)])
                .collect();
            let mut rng = fastrand::Rng::with_seed(parts.len() as u64 * 31 + size as u64);
            let mut all = all;
            rng.shuffle(&mut all);
            for (run, (row, is_old)) in all.into_iter().enumerate() {
                let said = if is_old { row.opposite() } else { row };
                let mut steps = steps(&format!("{wild}-{run}"), &wild, &[said], size, run % 3 > 0);
                if let (true, Some(Step::Header(header))) = (is_old, steps.first_mut()) {
                    header.as_of = Some(past(DAYS - 1));
                }
                desk.send_import(steps).await;
            }
            desk.send_import(steps(&format!("{wild}-last"), &wild, &shuffled[..1], size, true)).await;
            let (found, expected) = (open(&mut desk, &wild).await, open(&mut desk, &tidy).await);
            prop_assert_eq!(found.last(), expected.last());
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }
}
