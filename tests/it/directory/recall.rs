//! Whether the right record is among the first of what is found, however its name is remembered.

use std::collections::BTreeMap;

use ballast::pb::import_documents_request::Step;

use super::book::{Chance, Company, WAYS, Way, companies};
use super::*;
use crate::support::ledger::{Desk, day, receipt};

/// Documents in a chunk: as many as it may have.
const CHUNK: usize = 500;
/// The right record is among so many.
const FIRST: usize = 5;

/// Accounts with the names of a book, each made by a document.
pub(super) async fn fill(server: &TestServer, book: &[Company]) {
    let payer = |number: usize| format!("accounts/ERP~C{number:06}");
    let header = pb::ImportHeader {
        import_id: "book".into(),
        create_missing_accounts: true,
        ..Default::default()
    };
    let chunk = |(at, part): (usize, &[Company])| {
        let numbers = || at * CHUNK..at * CHUNK + part.len();
        let documents = numbers().map(|number| pb::Document {
            payer: payer(number),
            ..receipt(&format!("R{number}"), day(0), "1.00")
        });
        let names = numbers().zip(part).map(|(number, of)| (payer(number), of.name.clone()));
        Step::Chunk(pb::ImportChunk {
            sequence: at as i64 + 1,
            documents: documents.collect(),
            account_display_names: names.collect(),
            ..pb::ImportChunk::default()
        })
    };
    let chunks = book.chunks(CHUNK).enumerate().map(chunk);
    let finish = Step::Finish(pb::ImportFinish::default());
    let steps = [Step::Header(header)].into_iter().chain(chunks).chain([finish]);
    let (_, summary) = Desk::new(server).send_import(steps.collect()).await;
    assert_eq!(summary.accounts_created, book.len() as i64);
}

/// Of the ways of writing, how many were asked and how many answered with the right record.
pub(super) async fn recall(
    server: &TestServer,
    book: &[Company],
    asked_each: usize,
) -> BTreeMap<(bool, Way), (usize, usize)> {
    let mut chance = Chance::new(7);
    let mut told: BTreeMap<(bool, Way), (usize, usize)> = BTreeMap::new();
    for way in WAYS {
        for number in 0..2 * asked_each {
            let at = (number * 7_919 + 2 * chance.below(book.len() / 2)) % book.len();
            let company = &book[at];
            let text = company.written(way, &mut chance);
            let request = SearchDirectoryRequest { max_hits: FIRST as i32, ..by_text(&text) };
            let hits = hits(server, request).await;
            let right = hits.iter().any(|hit| hit.display_name == company.name);
            let (asked, found) = told.entry((at.is_multiple_of(2), way)).or_default();
            *asked += 1;
            *found += usize::from(right);
        }
    }
    told
}

pub(super) fn tell(told: &BTreeMap<(bool, Way), (usize, usize)>) -> f64 {
    for ((chinese, way), (asked, found)) in told {
        let book = if *chinese { "Chinese" } else { "German" };
        println!("{book} {way:?}: {found} of {asked}");
    }
    let total = |of: fn(&(usize, usize)) -> usize| told.values().map(of).sum::<usize>() as f64;
    total(|(_, found)| *found) / total(|(asked, _)| *asked)
}

on_both_engines! {
    async fn the_right_record_is_among_the_first_five(server: TestServer) {
        let book = companies(1_500, 1);
        fill(&server, &book).await;
        let told = recall(&server, &book, 10).await;
        let recall = tell(&told);
        assert!(recall >= 0.95, "{recall}: {told:?}");
    }
}
