//! Accounts are merged and undone while documents are posted and imported, and visits recorded, at both.

use std::sync::atomic::{AtomicBool, Ordering};

use ballast::pb::{self, InteractionChannel, PositionFunction as Function, PositionLevel as Level};

use super::accounts::{NORTH, OLD, Shop, by};
use super::*;
use crate::contact::{move_from_to, position};
use crate::interaction::{held, record};

/// Of each writer.
const DOCUMENTS: usize = 24;
const VISITS: usize = 16;

fn bill(no: &str, id: &str) -> pb::Document {
    by(id, invoice(no, day(-5), "1.00", &[(day(25), "1.00")]))
}

/// Posts documents one by one; answers what each is called.
async fn post(server: &TestServer, id: &str) -> Vec<(pb::Document, String)> {
    let mut desk = Desk::new(server);
    let mut posted = Vec::new();
    for n in 0..DOCUMENTS {
        let document = bill(&format!("{id}-{n}"), id);
        let results = desk.try_post(vec![document.clone()]).await.expect("posted");
        posted.push((document, results[0].document.clone()));
    }
    posted
}

/// Imports documents in chunks of three.
async fn import(server: &TestServer, id: &str) -> Vec<(pb::Document, String)> {
    let mut desk = Desk::new(server);
    let documents: Vec<_> = (0..DOCUMENTS).map(|n| bill(&format!("{id}-file-{n}"), id)).collect();
    let chunks = documents.chunks(3).map(<[_]>::to_vec).collect();
    let (results, summary) = desk.import(&fresh(), false, chunks).await;
    assert_eq!(summary.posted as usize, DOCUMENTS, "{summary:?}");
    documents.into_iter().zip(results.into_iter().map(|one| one.document)).collect()
}

async fn visit(server: &TestServer, id: &str, contact: &str) {
    for _ in 0..VISITS {
        let visit = held(InteractionChannel::Visit, -1, &["members/wang"], &[contact]);
        record(server, id, visit).await.expect("recorded");
    }
}

on_both_engines! {
    async fn a24_a_merge_that_races_whatever_is_recorded_loses_and_doubles_nothing(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        member(&server, "wang").await;
        let li = person(&server, "李").await;
        let treasury = position(&server, "old", Function::Finance, Level::Manager).await;
        move_from_to(&server, &li, "", &treasury, -60).await.expect("sits there");

        let is_over = AtomicBool::new(false);
        let merges = async {
            let mut merged = 0;
            while !is_over.load(Ordering::Acquire) {
                shop.world.merge(NORTH, &[OLD]).await;
                shop.world.undo(OLD).await.expect("undone");
                merged += 1;
            }
            merged
        };
        let writers = async {
            let all = tokio::join!(
                post(&server, "old"), post(&server, "north"), import(&server, "old"), import(&server, "north"),
                visit(&server, "old", &li), visit(&server, "north", &li),
            );
            is_over.store(true, Ordering::Release);
            [all.0, all.1, all.2, all.3].concat()
        };
        let (merged, posted) = tokio::join!(merges, writers);
        assert!(merged > 1, "merged {merged} times meanwhile");
        shop.verify().await;

        // Each is there once, at an account of the customer, and comes again as what it is.
        let (old, north) = (shop.now(OLD, false).await, shop.now(NORTH, false).await);
        let cents = |text: &str| text.replace('.', "").parse::<usize>().expect("an amount");
        assert_eq!(cents(&old) + cents(&north), posted.len() * 100);
        assert!(posted.iter().all(|(_, name)| name.starts_with(OLD) || name.starts_with(NORTH)));
        for documents in posted.chunks(20) {
            let again = shop.desk.try_post(documents.iter().map(|(one, _)| one.clone()).collect()).await;
            for (result, (_, name)) in again.expect("told").iter().zip(documents) {
                assert_eq!(result.outcome(), pb::PostOutcome::AlreadyPosted, "{name}");
                assert_eq!(&result.document, name);
            }
        }
        shop.verify().await;
    }
}
