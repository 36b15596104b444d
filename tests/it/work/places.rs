//! Pages of what is to be done in a book that has more of a kind on one day than are looked at first.

use std::collections::BTreeSet;

use super::*;
use crate::support::ledger::{Settles, receipt};

/// More than are looked at first of each kind.
const ACCOUNTS: usize = 110;

/// Of a document; each account has one of a letter at most.
fn number(letter: char, n: usize) -> String {
    format!("{letter}{n}")
}

fn by(n: usize, document: pb::Document) -> pb::Document {
    pb::Document { payer: format!("accounts/ERP~C{n}"), ..document }
}

/// Owes since a day.
fn owes(letter: char, n: usize, due: i64) -> pb::Document {
    let parts = [(day(due), "100.00")];
    by(n, invoice(&number(letter, n), day(-60), "100.00", &parts))
}

fn pays(letter: char, n: usize, on: i64, settled: char) -> pb::Document {
    let receipt = receipt(&number(letter, n), day(on), "100.00");
    by(n, receipt.settles(&number(settled, n)))
}

/// Where something else was overdue first, which only a later day settles.
fn is_settled_later(n: usize) -> bool {
    n.is_multiple_of(9)
}

/// Where something else was overdue first, which only a later day opens again.
fn is_opened_later(n: usize) -> bool {
    n % 27 == 1
}

/// The ids of the accounts of a book in which each has an invoice that is overdue.
async fn posted(desk: &mut Desk) -> Vec<String> {
    let all = || 0..ACCOUNTS;
    let settled = || all().filter(|n| is_settled_later(*n));
    let opened = || all().filter(|n| is_opened_later(*n));
    let mut documents: Vec<pb::Document> = all().map(|n| owes('I', n, -10)).collect();
    documents.extend(settled().map(|n| owes('J', n, -20)));
    documents.extend(settled().map(|n| pays('R', n, 5, 'J')));
    documents.extend(opened().map(|n| owes('K', n, -30)));
    documents.extend(opened().map(|n| pays('S', n, -25, 'K')));
    let results = desk.post(documents).await;
    for n in opened() {
        desk.try_reverse(&number('S', n), Some(day(5))).await.expect("reversed");
    }
    let account = |result: &pb::PostResult| {
        let (account, _) = result.document.split_once("/documents/").expect("it was posted");
        account.replace("accounts/", "")
    };
    results.iter().take(ACCOUNTS).map(account).collect()
}

/// Disputes of two days with one deadline, and what Wang promised for two days.
async fn book(server: &TestServer) {
    let mut desk = Desk::new(server);
    let accounts = posted(&mut desk).await;
    let (wang, li) = (member(server, "wang").await, person(server, "Li").await);
    for (n, account) in accounts.iter().enumerate() {
        // A Saturday and a Sunday.
        let opened = if n.is_multiple_of(2) { day(0) } else { day(-1) };
        let disputed = desk.try_dispute(&number('I', n), Some(usd("20.00")), Some(opened)).await;
        disputed.expect("disputed");
        promise(server, account, [&wang, &li], [-5, 3]).await;
        // Two on one day here, and one on the next there.
        if n.is_multiple_of(5) {
            let due = if n.is_multiple_of(10) { 3 } else { 4 };
            promise(server, account, [&wang, &li], [-5, due]).await;
        }
    }
}

/// A day in its order.
fn calendar(day: Option<pb::Date>) -> (i32, i32, i32) {
    let pb::Date { year, month, day } = day.expect("a day");
    (year, month, day)
}

/// A list in pages of seven: what it tells on one page, nothing twice, by day and account.
#[track_caller]
fn walked(
    server: &TestServer,
    request: pb::ListWorkItemsRequest,
) -> impl Future<Output = Vec<pb::WorkItem>> {
    let caller = std::panic::Location::caller();
    async move {
        let whole = pb::ListWorkItemsRequest { page_size: 1_000, ..request.clone() };
        let whole = page(server, whole).await.expect("a page");
        assert_eq!(whole.next_page_token, "", "at {caller}: all of it");
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let seven = pb::ListWorkItemsRequest { page_size: 7, page_token, ..request.clone() };
            let seven = page(server, seven).await.expect("a page");
            all.extend(seven.work_items);
            page_token = seven.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(told(&all), told(&whole.work_items), "at {caller}");
        let once: BTreeSet<(Kind, String)> = told(&all).into_iter().collect();
        assert_eq!(once.len(), all.len(), "at {caller}: nothing twice");
        let place = |item: &pb::WorkItem| (calendar(item.due_date), item.account.clone());
        let places: Vec<_> = all.iter().map(place).collect();
        assert!(places.is_sorted(), "at {caller}: {places:?}");
        all
    }
}

/// How many are due on each of these days.
fn due_on<const N: usize>(items: &[pb::WorkItem], days: [i64; N]) -> [usize; N] {
    days.map(|on| items.iter().filter(|item| item.due_date == Some(day(on))).count())
}

on_both_engines! {
    async fn pages_of_a_day_with_much_to_do_are_the_one_page_of_it(server: TestServer) {
        book(&server).await;
        let all = walked(&server, of("-")).await;
        for (kind, days, counts) in [
            (Kind::OverdueReceivable, [-20, -10], [13, 97]),
            (Kind::Commitment, [3, 4], [121, 11]),
            (Kind::Dispute, [11, 12], [0, ACCOUNTS]),
        ] {
            let request = pb::ListWorkItemsRequest { kinds: vec![kind.into()], ..of("-") };
            let items = walked(&server, request).await;
            assert_eq!(due_on(&items, days), counts, "{kind:?}");
            assert_eq!(items.len(), counts.iter().sum::<usize>(), "{kind:?}");
            let among = all.iter().filter(|item| item.kind() == kind).cloned();
            assert_eq!(told(&among.collect::<Vec<_>>()), told(&items), "{kind:?}");
        }
        // Behind the place up to which a kind is seen at first, which is on the day before.
        let soon = pb::ListWorkItemsRequest { due_before: Some(day(4)), ..of("-") };
        let before = all.iter().filter(|item| calendar(item.due_date) < calendar(Some(day(4))));
        let before: Vec<_> = before.cloned().collect();
        assert_eq!(told(&walked(&server, soon).await), told(&before));
    }
}
