//! Clients that hang up in the middle of a call.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ballast::pb;
use fastrand::Rng;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Status;

use super::importer::Importer;
use super::{
    ACCOUNT, Receivables, aging, assert_clean, balance, count_documents, invoice, open_by_number,
    request,
};
use crate::support::ledger::{date, fresh};
use crate::support::{Engine, TestServer};

const CALLS: usize = 200;
const CONCURRENT: usize = 10;
/// Calls that are dropped around the beginning of their transactions, where a driver is at its
/// weakest.
const FLURRY: usize = 800;

/// What somebody does who may hang up.
enum Deed {
    Post(pb::PostDocumentsRequest),
    Clear(pb::ClearItemsRequest),
    Look,
    LookAtTheBook,
    Import(Vec<pb::Document>),
}

/// An invoice and a receipt of 100 each, to be cleared.
async fn pair(client: &mut Receivables, number: usize) -> pb::ClearItemsRequest {
    let mut receipt = invoice(&format!("R-{number}"), ACCOUNT, 100);
    receipt.kind = pb::DocumentKind::Receipt.into();
    let both = vec![invoice(&format!("I-{number}"), ACCOUNT, 100), receipt];
    client.post_documents(request(both)).await.expect("posted");
    pb::ClearItemsRequest { account: ACCOUNT.into(), request_id: fresh(), ..Default::default() }
}

async fn pairs(client: &mut Receivables, count: usize) -> Vec<pb::ClearItemsRequest> {
    let mut pairs = Vec::new();
    for number in 0..count {
        pairs.push(pair(client, number).await);
    }
    let request = pb::ListOpenItemsRequest {
        parent: ACCOUNT.into(),
        as_of: Some(date("2019-06-30")),
        page_size: 1000,
        ..pb::ListOpenItemsRequest::default()
    };
    let items = client.list_open_items(request).await.expect("items").into_inner().items;
    let name = |no: String| {
        let of = |i: &&pb::OpenItem| i.key.as_ref().is_some_and(|k| k.document_no == no);
        items.iter().find(of).map(|i| i.name.clone()).expect("open")
    };
    for (number, clear) in pairs.iter_mut().enumerate() {
        clear.allocations = vec![pb::Allocation {
            credit_item: name(format!("R-{number}")),
            debit_item: name(format!("I-{number}")),
            ..pb::Allocation::default()
        }];
    }
    pairs
}

async fn act(mut client: Receivables, number: usize, deed: &Deed) -> Result<(), Status> {
    match deed {
        Deed::Post(request) => _ = client.post_documents(request.clone()).await?,
        Deed::Clear(request) => _ = client.clear_items(request.clone()).await?,
        Deed::Look => _ = client.get_aging(aging(ACCOUNT)).await?,
        Deed::LookAtTheBook => {
            let group = pb::GetAgingRequest { include_group: true, ..aging(ACCOUNT) };
            client.get_aging(group).await?;
            client.get_aging(aging("accounts/-")).await?;
        }
        Deed::Import(documents) => {
            let mut importer = Importer::new(&format!("import-{number}"), documents, 2);
            importer.session(&mut client).await?;
        }
    }
    Ok(())
}

/// One caller with a connection of its own: HTTP/2 closes one whose calls are dropped again and
/// again before they began, and with it those of others.
async fn hang_up_again_and_again(mut client: Receivables, mut rng: Rng) {
    for _ in 0..FLURRY / CONCURRENT {
        let group = pb::GetAgingRequest { include_group: true, ..aging(ACCOUNT) };
        client.get_aging(group.clone()).await.unwrap_or_else(|status| panic!("{status:?}"));
        let (mut hasty, again) = (client.clone(), invoice("I-0", ACCOUNT, 100));
        let posts = rng.bool();
        let call = async move {
            match posts {
                false => _ = hasty.get_aging(group).await,
                true => _ = hasty.post_documents(request(vec![again])).await,
            }
            hasty.get_aging(aging("accounts/-")).await
        };
        let patience = Duration::from_micros(rng.u64(300..6_000));
        // Whether it was in time is not the question.
        let _ = timeout(patience, call).await;
    }
}

/// No connection may have kept a transaction, nor the lock that announces one.
async fn assert_nothing_is_left_open(server: &TestServer) {
    if server.engine() == Engine::Sqlite {
        return;
    }
    let mut connection = PgConnection::connect(server.database_url()).await.expect("connected");
    let own = "datname = current_database() AND pid <> pg_backend_pid()";
    let open =
        format!("SELECT COUNT(*) FROM pg_stat_activity WHERE {own} AND xact_start IS NOT NULL");
    let mut left = 0;
    for _ in 0..50 {
        let count = sqlx::query_scalar(AssertSqlSafe(open.clone()));
        left = count.fetch_one(&mut connection).await.expect("counted");
        if left == 0_i64 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    panic!("{left} connections are in transactions that nobody works on");
}

fn deeds(rng: &mut Rng, clears: Vec<pb::ClearItemsRequest>) -> Vec<Deed> {
    let mut clears = clears.into_iter();
    let mut deeds: Vec<Deed> = (0..CALLS)
        .map(|number| {
            let document = |what: &str| invoice(&format!("{what}-{number}"), ACCOUNT, 700);
            match number % 5 {
                0 => Deed::Post(request(vec![document("POST")])),
                1 => clears.next().map_or(Deed::Look, Deed::Clear),
                2 => Deed::Look,
                3 => Deed::LookAtTheBook,
                _ => Deed::Import((0..6).map(|part| document(&format!("IMPORT{part}"))).collect()),
            }
        })
        .collect();
    rng.shuffle(&mut deeds);
    deeds
}

on_both_engines! {
    async fn a_client_that_hangs_up_leaves_nothing_half_done(server: TestServer) {
        let mut rng = Rng::with_seed(4_385);
        let mut client = server.receivables();
        let clears = pairs(&mut client, CALLS / 5).await;
        let deeds = deeds(&mut rng, clears);

        let (mut hung_up, mut running) = (0, JoinSet::new());
        let mut left = Vec::new();
        let mut waiting = deeds.into_iter().enumerate();
        loop {
            for (number, deed) in waiting.by_ref().take(CONCURRENT - running.len()) {
                // A connection of its own: HTTP/2 closes one whose calls are dropped again and
                // again before they began, and with it those of others.
                let client = server.receivables();
                let patience = Duration::from_micros(rng.u64(0..20_000));
                running.spawn(async move {
                    let done = timeout(patience, act(client, number, &deed)).await;
                    (number, deed, done)
                });
            }
            let Some(ended) = running.join_next().await else { break };
            let (number, deed, done) = ended.expect("no panic");
            match done {
                Ok(done) => done.unwrap_or_else(|status| panic!("refused: {status:?}")),
                Err(_) => hung_up += 1,
            }
            left.push((number, deed));
        }
        assert!(hung_up > CALLS / 4, "only {hung_up} hung up");

        let mut flurry = JoinSet::new();
        for _ in 0..CONCURRENT {
            flurry.spawn(hang_up_again_and_again(server.receivables(), rng.fork()));
        }
        flurry.join_all().await;
        assert_nothing_is_left_open(&server).await;

        // One more call than there are connections, at once and promptly.
        let asked = Instant::now();
        let mut healthy = JoinSet::new();
        for number in 0..5 {
            let mut client = client.clone();
            healthy.spawn(async move {
                let group = pb::GetAgingRequest { include_group: true, ..aging(ACCOUNT) };
                client.get_aging(group).await.expect("a read");
                let document = invoice(&format!("AFTER-{number}"), ACCOUNT, 1);
                client.post_documents(request(vec![document])).await.expect("a write");
            });
        }
        healthy.join_all().await;
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());

        // Asked again with the same ids, everything is there, once.
        let mut expected: BTreeMap<String, i64> =
            (0..5).map(|number| (format!("AFTER-{number}"), 1)).collect();
        for (number, deed) in &left {
            let done = act(client.clone(), *number, deed).await;
            match deed {
                Deed::Import(documents) => {
                    let numbers = documents.iter().filter_map(|d| d.key.clone());
                    expected.extend(numbers.map(|key| (key.document_no, 700)));
                }
                Deed::Post(request) => {
                    done.expect("posted");
                    let key = request.documents[0].key.clone().expect("a key");
                    expected.insert(key.document_no, 700);
                }
                _ => done.expect("done"),
            }
        }
        assert_eq!(open_by_number(&mut client).await, expected);
        assert_eq!(balance(&mut client).await, expected.values().sum::<i64>());
        let documents = count_documents(&mut client, ACCOUNT).await;
        assert_eq!(documents, expected.len() + 2 * CALLS / 5);
        assert_clean(server.store()).await;
    }
}
