//! Imports: the books don't depend on how the documents came.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::import_documents_request::Step;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::hold;
use crate::support::ledger::*;

/// A document of the pile; it is put into the world for one account by [`Pile::document`].
#[derive(Debug, Clone)]
struct Paper {
    no: usize,
    /// Several papers may share a number, told apart by their lines.
    line: u8,
    version: i64,
    on: i64,
    amount: u8,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Invoice { parts: u8, due: i64 },
    Receipt { targets: Vec<(usize, Option<u8>)>, oldest_first: bool },
}

const INVOICES: usize = 5;
const RECEIPTS: usize = 5;

fn invoice_body() -> impl Strategy<Value = Body> {
    // Few days, so that many fall due together.
    (1..3_u8, 0..3_i64).prop_map(|(parts, due)| Body::Invoice { parts, due: 10 * due })
}

fn receipt_body() -> impl Strategy<Value = Body> {
    // One target more than there are invoices: it never comes.
    let target = (0..=INVOICES, prop::option::weighted(0.4, 1..60_u8));
    (vec(target, 0..3), prop::bool::weighted(0.3))
        .prop_map(|(targets, oldest_first)| Body::Receipt { targets, oldest_first })
}

/// Papers with each number once or, corrected, in two versions.
fn papers(
    count: usize,
    body: impl Strategy<Value = Body> + Clone,
) -> impl Strategy<Value = Vec<Paper>> {
    let paper = move || (0..3_i64, 10..99_u8, body.clone());
    let twice = vec((paper(), prop::option::weighted(0.3, paper())), count);
    twice.prop_map(|papers| {
        let paper = |no: usize, version, (on, amount, body): (i64, u8, Body)| Paper {
            no: no / 2,
            line: u8::try_from(no % 2).unwrap_or(0),
            version,
            on: 10 * on,
            amount,
            body,
        };
        let mut all = Vec::new();
        for (no, (first, second)) in papers.into_iter().enumerate() {
            all.push(paper(no, 0, first));
            all.extend(second.map(|second| paper(no, 1, second)));
        }
        all
    })
}

fn key_of(no: usize, line: u8, letter: char) -> pb::DocumentKey {
    pb::DocumentKey { line_no: line.to_string(), ..key(&format!("{letter}{no}")) }
}

impl Paper {
    fn letter(&self) -> char {
        match self.body {
            Body::Invoice { .. } => 'I',
            Body::Receipt { .. } => 'R',
        }
    }

    fn document(&self, world: &str) -> pb::Document {
        let system = |mut key: pb::DocumentKey| {
            key.source_system = world.into();
            key
        };
        let kind = match self.body {
            Body::Invoice { .. } => Kind::Invoice,
            Body::Receipt { .. } => Kind::Receipt,
        };
        let mut document = document(kind, "", day(self.on), &self.amount.to_string());
        document.key = Some(system(key_of(self.no, self.line, self.letter())));
        document.payer = format!("accounts/{world}~ACME");
        document.source_version = self.version;
        match &self.body {
            Body::Invoice { parts, due } => {
                let first = if *parts == 1 { self.amount } else { self.amount / 2 };
                let amounts = [first, self.amount - first];
                document.instalments = (0_i64..)
                    .zip(amounts.into_iter().filter(|amount| *amount > 0))
                    .map(|(i, amount)| pb::Instalment {
                        due_date: Some(day(self.on + due + 10 * i)),
                        amount: Some(usd(&amount.to_string())),
                        ..pb::Instalment::default()
                    })
                    .collect();
            }
            Body::Receipt { targets, oldest_first } => {
                let target = |(no, amount): &(usize, Option<u8>)| pb::ClearingTarget {
                    key: Some(system(key_of(no / 2, (no % 2) as u8, 'I'))),
                    amount: amount.map(|amount| usd(&amount.to_string())),
                };
                document.clears = Some(pb::ClearingInstruction {
                    targets: targets.iter().map(target).collect(),
                    oldest_first: *oldest_first,
                });
            }
        }
        document
    }
}

/// A name that no other case has; of one length, so that keys keep their order.
pub fn world() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("W{:05}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An open item: number, line, due date, open amount.
type OpenRow = (String, String, String, String);

/// What the books say, without the names that every world has its own of.
#[derive(Debug, PartialEq)]
struct Books {
    /// By day: number, line, due date, open amount.
    open: Vec<(i64, Vec<OpenRow>)>,
    /// Credit, debit, due date of the debit, day: amount.
    clearings: BTreeMap<(String, String, String, String), i64>,
}

fn label(key: &Option<pb::DocumentKey>) -> String {
    key.as_ref().map_or(String::new(), |k| format!("{}/{}", k.document_no, k.line_no))
}

fn shown(date: Option<pb::Date>) -> String {
    date.map_or("-".into(), |d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day))
}

async fn books(desk: &mut Desk, world: &str) -> Books {
    let account = format!("accounts/{world}~ACME");
    let mut open = Vec::new();
    for on in [-1, 0, 10, 15, 20, 50] {
        let request = pb::ListOpenItemsRequest {
            parent: account.clone(),
            as_of: Some(day(on)),
            page_size: 1000,
            ..pb::ListOpenItemsRequest::default()
        };
        let answer = desk.client.list_open_items(request).await.expect("items").into_inner();
        let mut rows: Vec<_> = answer
            .items
            .iter()
            .map(|i| (label(&i.key), shown(i.due_date), text(&i.amount), text(&i.open)))
            .collect();
        rows.sort();
        open.push((on, rows));
    }
    let request = pb::ListDocumentsRequest {
        parent: account,
        page_size: 1000,
        ..pb::ListDocumentsRequest::default()
    };
    let list = desk.client.list_documents(request).await.expect("documents").into_inner();
    let mut documents = Vec::new();
    for document in list.documents {
        let request = pb::GetDocumentRequest {
            name: document.name,
            as_of: Some(day(20_000)),
            ..pb::GetDocumentRequest::default()
        };
        documents.push(desk.client.get_document(request).await.expect("a document").into_inner());
    }
    let items: BTreeMap<&str, (String, String)> = documents
        .iter()
        .flat_map(|d| &d.items)
        .map(|i| (i.name.as_str(), (label(&i.key), shown(i.due_date))))
        .collect();
    let mut clearings = BTreeMap::new();
    let credits = documents.iter().filter(|d| d.kind() == Kind::Receipt);
    for clearing in credits.flat_map(|d| &d.clearings) {
        for row in &clearing.allocations {
            let (credit, _) = items[row.credit_item.as_str()].clone();
            let (debit, due) = items[row.debit_item.as_str()].clone();
            let pair = (credit, debit, due, shown(clearing.apply_date));
            *clearings.entry(pair).or_default() += row.amount.as_ref().map_or(0, |m| m.units);
        }
    }
    Books { open, clearings }
}

/// Only the last version of each paper, in order: as if nobody had ever been wrong.
fn clean(papers: &[Paper]) -> Vec<Paper> {
    let mut last: BTreeMap<(char, usize, u8), Paper> = BTreeMap::new();
    for paper in papers {
        let at = (paper.letter(), paper.no, paper.line);
        if last.get(&at).is_none_or(|known| known.version < paper.version) {
            last.insert(at, paper.clone());
        }
    }
    last.into_values().collect()
}

fn chunks(papers: &[Paper], world: &str, size: usize) -> Vec<Vec<pb::Document>> {
    papers.chunks(size).map(|c| c.iter().map(|p| p.document(world)).collect()).collect()
}

fn header(id: &str, oldest_first: bool) -> Step {
    Step::Header(pb::ImportHeader {
        import_id: id.into(),
        create_missing_accounts: true,
        clear_oldest_first: oldest_first,
        ..pb::ImportHeader::default()
    })
}

fn chunk(sequence: i64, documents: Vec<pb::Document>) -> Step {
    Step::Chunk(pb::ImportChunk { sequence, documents, ..pb::ImportChunk::default() })
}

/// A pile, another order of it with repetitions, and how it is cut.
#[derive(Debug, Clone)]
struct Delivery {
    papers: Vec<Paper>,
    shuffled: Vec<Paper>,
    size: usize,
    oldest_first: bool,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let pile = (papers(INVOICES, invoice_body().boxed()), papers(RECEIPTS, receipt_body().boxed()))
        .prop_map(|(invoices, receipts)| [invoices, receipts].concat());
    let pile = (pile, vec(any::<prop::sample::Index>(), 0..5), 1..8_usize, any::<bool>());
    pile.prop_flat_map(|(papers, again, size, oldest_first)| {
        let mut all = papers.clone();
        all.extend(again.iter().map(|index| index.get(&papers).clone()));
        (Just(all).prop_shuffle()).prop_map(move |shuffled| Delivery {
            papers: papers.clone(),
            shuffled,
            size,
            oldest_first,
        })
    })
}

/// How a part of a pile comes.
#[derive(Debug, Clone, Copy)]
enum Way {
    File,
    /// The run breaks off before its finish.
    BrokenOff,
    /// Invoices by calls; what is left in a file.
    Calls,
    /// A run that breaks off, and then all of it in another.
    Again,
}

fn deliveries() -> impl Strategy<Value = (Delivery, Vec<(usize, Way)>)> {
    let way = prop_oneof![
        2 => Just(Way::File),
        1 => Just(Way::BrokenOff),
        1 => Just(Way::Calls),
        1 => Just(Way::Again),
    ];
    (delivery(), vec((1..9_usize, way), 1..8))
}

on_both_engines! {
    async fn whatever_the_files_the_books_are_those_of_one_clean_import(server: TestServer) {
        hold(40, &deliveries(), async |(delivery, parts)| {
            let Delivery { papers, shuffled, size, oldest_first } = delivery;
            let mut desk = Desk::new(&server);
            let (tidy, wild) = (world(), world());
            desk.import(&tidy, oldest_first, chunks(&clean(&papers), &tidy, 500)).await;
            let expected = books(&mut desk, &tidy).await;

            let mut rest = shuffled.as_slice();
            let mut parts = parts.into_iter().cycle();
            let mut runs = 0;
            while !rest.is_empty() {
                let (count, way) = parts.next().expect("a cycle");
                let (part, later) = rest.split_at(count.min(rest.len()));
                rest = later;
                let (calls, file): (Vec<Paper>, Vec<Paper>) = part
                    .iter()
                    .cloned()
                    .partition(|paper| matches!(way, Way::Calls) && paper.letter() == 'I');
                for paper in calls {
                    desk.post([paper.document(&wild)]).await;
                }
                let pieces = chunks(&file, &wild, size);
                runs += 1;
                let id = format!("{wild}-{runs}");
                if matches!(way, Way::BrokenOff | Way::Again) {
                    let mut steps = vec![header(&id, oldest_first)];
                    steps.extend((1..).zip(pieces.clone()).map(|(n, part)| chunk(n, part)));
                    desk.send_import(steps).await;
                }
                match way {
                    Way::BrokenOff => {}
                    Way::Again => {
                        desk.import(&format!("{id}-again"), oldest_first, pieces).await;
                    }
                    Way::File | Way::Calls => {
                        desk.import(&id, oldest_first, pieces).await;
                    }
                }
            }
            // Any finish: of an import that brings nothing new.
            let one = chunks(&shuffled[..1], &wild, 1);
            desk.import(&format!("{wild}-last"), oldest_first, one).await;
            prop_assert_eq!(books(&mut desk, &wild).await, expected);
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }

    async fn the_books_do_not_depend_on_how_the_documents_came(server: TestServer) {
        hold(12, &delivery(), async |Delivery { papers, shuffled, size, oldest_first }| {
            let mut desk = Desk::new(&server);
            let (tidy, wild) = (world(), world());
            desk.import(&tidy, oldest_first, chunks(&clean(&papers), &tidy, 500)).await;
            let expected = books(&mut desk, &tidy).await;

            // In pieces, over two sessions, the last chunk of the first sent again.
            let pieces = chunks(&shuffled, &wild, size);
            let numbered: Vec<_> = (1..).zip(pieces).collect();
            let half = numbered.len().div_ceil(2);
            let (first, second) = numbered.split_at(half);
            let send = |part: &[(i64, Vec<pb::Document>)]| {
                let mut steps = vec![header(&wild, oldest_first)];
                steps.extend(part.iter().map(|(n, documents)| chunk(*n, documents.clone())));
                steps
            };
            desk.send_import(send(first)).await;
            let mut steps = send(second);
            steps.insert(1, chunk(first[half - 1].0, first[half - 1].1.clone()));
            steps.push(Step::Finish(pb::ImportFinish::default()));
            desk.send_import(steps).await;
            let found = books(&mut desk, &wild).await;
            prop_assert_eq!(&found, &expected);

            // Everything again under another id changes nothing.
            let again = format!("{wild}-again");
            desk.import(&again, oldest_first, chunks(&shuffled, &wild, 3)).await;
            prop_assert_eq!(&books(&mut desk, &wild).await, &expected);
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }

    async fn an_import_may_be_split_where_payments_do_not_compete(server: TestServer) {
        // Each receipt pays a part of one invoice, and all of them together less than its amount.
        let pile = (
            vec((0..3_i64, 60..99_u8, 0..3_i64, any::<bool>()), INVOICES),
            vec((0..3_i64, 0..INVOICES, 1..10_u8), RECEIPTS),
        );
        let pile = pile.prop_map(|(invoices, receipts)| {
            let mut all = Vec::new();
            for (no, (on, amount, due, corrected)) in invoices.into_iter().enumerate() {
                let paper = |version, due| Paper {
                    no: no / 2,
                    line: (no % 2) as u8,
                    version,
                    on: 10 * on,
                    amount,
                    body: Body::Invoice { parts: 1, due: 10 * due },
                };
                all.push(paper(0, due));
                if corrected {
                    all.push(paper(1, due + 1));
                }
            }
            for (no, (on, target, amount)) in receipts.into_iter().enumerate() {
                let targets = vec![(target, Some(amount))];
                let body = Body::Receipt { targets, oldest_first: false };
                all.push(Paper { no, line: 0, version: 0, on: 10 * on, amount: amount + 3, body });
            }
            all
        });
        let split = pile.prop_flat_map(|papers| {
            let count = papers.len();
            (Just(papers.clone()), Just(papers).prop_shuffle(), 1..count, 1..count)
        });
        hold(10, &split, async |(papers, shuffled, a, b)| {
            let mut desk = Desk::new(&server);
            let (tidy, wild) = (world(), world());
            desk.import(&tidy, false, chunks(&clean(&papers), &tidy, 500)).await;
            let (first, last) = (a.min(b), a.max(b));
            for (i, part) in
                [&shuffled[..first], &shuffled[first..last], &shuffled[last..]].into_iter().enumerate()
            {
                if i == 1 {
                    // One part by the other door.
                    for paper in part {
                        desk.post([paper.document(&wild)]).await;
                    }
                } else {
                    desk.import(&format!("{wild}-{i}"), false, chunks(part, &wild, 4)).await;
                }
            }
            prop_assert_eq!(books(&mut desk, &wild).await, books(&mut desk, &tidy).await);
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }
}
