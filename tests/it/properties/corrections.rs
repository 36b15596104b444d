//! Corrections and reversals: what they leave, and what they leave alone.

use std::collections::{BTreeMap, BTreeSet};

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::hold;
use super::imports::world;
use crate::support::ledger::*;

const INVOICES: usize = 4;
const DAYS: [i64; 6] = [-1, 0, 5, 10, 20, 60];

/// A version of a document: an invoice, or a credit that names one.
#[derive(Debug, Clone)]
struct Paper {
    no: usize,
    on: i64,
    amount: u8,
    /// Of a credit.
    target: Option<usize>,
}

impl Paper {
    fn name(&self) -> String {
        format!("{}{}", if self.target.is_some() { "C" } else { "I" }, self.no)
    }

    fn document(&self, world: &str, version: i64) -> pb::Document {
        let kind = if self.target.is_some() { Kind::CreditNote } else { Kind::Invoice };
        let mut document = document(kind, "", day(self.on), &self.amount.to_string());
        let of = |no: &str| pb::DocumentKey { source_system: world.into(), ..key(no) };
        document.key = Some(of(&self.name()));
        document.payer = format!("accounts/{world}~ACME");
        document.source_version = version;
        document.clears = self.target.map(|target| pb::ClearingInstruction {
            targets: vec![pb::ClearingTarget {
                key: Some(of(&format!("I{target}"))),
                amount: None,
            }],
            ..pb::ClearingInstruction::default()
        });
        document
    }
}

/// What is open of each document on some days.
async fn open(desk: &mut Desk, world: &str) -> BTreeMap<(i64, String), i64> {
    let mut open = BTreeMap::new();
    for on in DAYS {
        let request = pb::ListOpenItemsRequest {
            parent: format!("accounts/{world}~ACME"),
            as_of: Some(day(on)),
            page_size: 1000,
            ..pb::ListOpenItemsRequest::default()
        };
        let answer = desk.client.list_open_items(request).await.expect("items").into_inner();
        for item in answer.items {
            let no = item.key.map(|key| key.document_no).unwrap_or_default();
            *open.entry((on, no)).or_default() += item.open.map_or(0, |money| money.units);
        }
    }
    open
}

/// Documents in their order, each with the versions that follow somewhere behind it. Credits are
/// small: together they never ask for more than an invoice has.
fn history() -> impl Strategy<Value = Vec<Paper>> {
    let invoice = || (0..20_i64, 60..99_u8);
    let credit = || (0..20_i64, 1..15_u8, 0..INVOICES);
    let invoices = vec((invoice(), prop::option::weighted(0.6, invoice())), INVOICES);
    let credits = vec((credit(), prop::option::weighted(0.6, credit())), 3);
    (invoices, credits, vec(any::<u32>(), 20)).prop_map(|(invoices, credits, order)| {
        let mut papers = Vec::new();
        for (no, (first, second)) in invoices.into_iter().enumerate() {
            let paper = |(on, amount)| Paper { no, on, amount, target: None };
            papers.push(vec![paper(first)]);
            papers[no].extend(second.map(paper));
        }
        for (no, (first, second)) in credits.into_iter().enumerate() {
            let paper = |(on, amount, target)| Paper { no, on, amount, target: Some(target) };
            let mut versions = vec![paper(first)];
            versions.extend(second.map(paper));
            papers.push(versions);
        }
        let mut placed: Vec<(u32, Paper)> = Vec::new();
        let mut order = order.into_iter();
        for versions in papers {
            let mut places: Vec<u32> = versions.iter().filter_map(|_| order.next()).collect();
            places.sort_unstable();
            placed.extend(places.into_iter().zip(versions));
        }
        placed.sort_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, paper)| paper).collect()
    })
}

/// Each document once, in its last version, at the place of its first.
fn straight(history: &[Paper]) -> Vec<Paper> {
    let last: BTreeMap<String, &Paper> =
        history.iter().map(|paper| (paper.name(), paper)).collect();
    let mut seen = BTreeSet::new();
    let first = history.iter().filter(|paper| seen.insert(paper.name()));
    first.map(|paper| last[&paper.name()].clone()).collect()
}

async fn post(desk: &mut Desk, world: &str, papers: &[Paper]) {
    let mut versions: BTreeMap<String, i64> = BTreeMap::new();
    for paper in papers {
        let version = versions.entry(paper.name()).or_default();
        desk.post([paper.document(world, *version)]).await;
        *version += 1;
    }
}

on_both_engines! {
    async fn a_history_with_corrections_is_that_of_the_last_versions(server: TestServer) {
        hold(25, &history(), async |history| {
            let mut desk = Desk::new(&server);
            let (corrected, once) = (world(), world());
            post(&mut desk, &corrected, &history).await;
            post(&mut desk, &once, &straight(&history)).await;
            prop_assert_eq!(open(&mut desk, &corrected).await, open(&mut desk, &once).await);
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }

    async fn a_reversal_changes_nothing_of_what_it_shared_no_allocation_with(server: TestServer) {
        // Here credits compete: few invoices, large credits.
        let case = (history(), 20..90_u8, any::<prop::sample::Index>(), 0..30_i64);
        hold(25, &case, async |(mut history, large, which, on)| {
            for paper in history.iter_mut().filter(|paper| paper.target.is_some()) {
                paper.amount = paper.amount.saturating_add(large);
                paper.target = paper.target.map(|target| target % 2);
            }
            let mut desk = Desk::new(&server);
            let world = world();
            post(&mut desk, &world, &history).await;
            let names: BTreeSet<String> = history.iter().map(Paper::name).collect();
            let name = which.get(&names.into_iter().collect::<Vec<_>>()).clone();
            let request = pb::GetDocumentRequest {
                key: Some(pb::DocumentKey { source_system: world.clone(), ..key(&name) }),
                as_of: Some(day(20_000)),
                ..pb::GetDocumentRequest::default()
            };
            let document = desk.client.get_document(request).await.expect("it").into_inner();
            let own: BTreeSet<&str> = document.items.iter().map(|i| i.name.as_str()).collect();
            let shared: BTreeSet<&str> = document
                .clearings
                .iter()
                .flat_map(|clearing| &clearing.allocations)
                .filter(|a| own.contains(&*a.credit_item) || own.contains(&*a.debit_item))
                .flat_map(|a| [&*a.credit_item, &*a.debit_item])
                .collect();
            let request = pb::ListDocumentsRequest {
                parent: format!("accounts/{world}~ACME"),
                page_size: 1000,
                ..pb::ListDocumentsRequest::default()
            };
            let all = desk.client.list_documents(request).await.expect("documents").into_inner();
            let (mut apart, mut together) = (BTreeSet::new(), BTreeSet::from([name.clone()]));
            for other in all.documents {
                let request = pb::GetDocumentRequest {
                    name: other.name,
                    as_of: Some(day(20_000)),
                    ..pb::GetDocumentRequest::default()
                };
                let other = desk.client.get_document(request).await.expect("it").into_inner();
                let no = other.key.map(|key| key.document_no).unwrap_or_default();
                match other.items.iter().any(|i| shared.contains(&*i.name)) {
                    true => together.insert(no),
                    false => apart.insert(no),
                };
            }
            apart.retain(|no| !together.contains(no));
            let before = open(&mut desk, &world).await;
            let reverse = pb::ReverseDocumentRequest {
                name: document.name.clone(),
                effective_date: Some(day(20 + on)),
                reason: "posted in error".into(),
                request_id: fresh(),
            };
            desk.client.reverse_document(reverse).await.expect("reversed");
            let after = open(&mut desk, &world).await;
            let of = |open: &BTreeMap<(i64, String), i64>| -> Vec<_> {
                open.iter()
                    .filter(|((_, no), _)| apart.contains(no))
                    .map(|(at, amount)| (at.clone(), *amount))
                    .collect()
            };
            prop_assert_eq!(of(&before), of(&after));
            desk.verify(&server).await;
            Ok::<(), TestCaseError>(())
        });
    }
}
