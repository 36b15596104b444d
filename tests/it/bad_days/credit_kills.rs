//! `kill -9`, and connections of the database that are cut, while hundreds of orders are
//! reserved: what was acknowledged is there, and what was not may be asked for again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::credit_service_client::CreditServiceClient;
use fastrand::Rng;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use super::child::Served;
use super::{assert_clean, cents_of, open, reason};
use crate::support::ledger::{fresh, text};
use crate::support::{Database, Engine, TestServer};

type Credit = CreditServiceClient<Channel>;
/// What was answered, by the number of the order.
type Answers = BTreeMap<usize, pb::CreditDecision>;

const ORDERS: usize = 400;
/// In cents, as is the limit: the last orders find it used up.
const AMOUNT: i64 = 1_000;
const LIMIT: i64 = 350_500;
const FIT: usize = 350;
/// Callers at a time.
const CALLERS: usize = 32;

fn channel(address: &str) -> Channel {
    Endpoint::from_shared(address.to_owned()).expect("an address").connect_lazy()
}

async fn set_up(channel: Channel) {
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: "Acme".into(), ..pb::Account::default() }),
        account_id: "acme".into(),
        request_id: fresh(),
        ..pb::CreateAccountRequest::default()
    };
    let mut accounts = AccountServiceClient::new(channel.clone());
    accounts.create_account(request).await.expect("an account");
    let limit = pb::CreditLimit {
        kind: pb::CreditLimitKind::Amount.into(),
        amount: Some(cents_of(LIMIT)),
        approver: "Ms Wang".into(),
        reason: "as agreed".into(),
        ..pb::CreditLimit::default()
    };
    let request = pb::SetCreditLimitRequest {
        account: "accounts/acme".into(),
        limit: Some(limit),
        request_id: fresh(),
    };
    Credit::new(channel).set_credit_limit(request).await.expect("a limit");
}

fn requests() -> Arc<Vec<pb::ReserveCreditRequest>> {
    let request = |n| pb::ReserveCreditRequest {
        account: "accounts/acme".into(),
        amount: Some(cents_of(AMOUNT)),
        order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: format!("SO-{n}") }),
        request_id: fresh(),
        ..pb::ReserveCreditRequest::default()
    };
    Arc::new((0..ORDERS).map(request).collect())
}

/// Asks for orders one after the other, until all are asked for or the server is gone.
async fn reserve(
    mut client: Credit,
    requests: Arc<Vec<pb::ReserveCreditRequest>>,
    next: Arc<AtomicUsize>,
    mut gone: impl FnMut(&Status) -> bool,
) -> Answers {
    let mut answers = Answers::new();
    loop {
        let n = next.fetch_add(1, Ordering::AcqRel);
        let Some(request) = requests.get(n) else { return answers };
        match client.reserve_credit(request.clone()).await {
            Ok(decision) => _ = answers.insert(n, decision.into_inner()),
            Err(status) if gone(&status) => {}
            Err(status) => panic!("{n}: {status:?}"),
        }
    }
}

/// All of them by many callers at once; answers what was answered.
async fn everybody(
    channels: &[Channel],
    requests: &Arc<Vec<pb::ReserveCreditRequest>>,
    next: &Arc<AtomicUsize>,
    gone: impl Fn(&Status) -> bool + Clone + Send + 'static,
) -> Answers {
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let client = Credit::new(channels[n % channels.len()].clone());
        callers.spawn(reserve(client, requests.clone(), next.clone(), gone.clone()));
    }
    callers.join_all().await.into_iter().flatten().collect()
}

/// Asks for all of them again with the same ids: those that were answered are answered alike,
/// exactly as many as fit are approved, and each of them reserves once.
async fn check(
    channels: &[Channel],
    requests: &Arc<Vec<pb::ReserveCreditRequest>>,
    before: &Answers,
) {
    let after = everybody(channels, requests, &Arc::default(), |_| false).await;
    assert_eq!(after.len(), ORDERS);
    for (n, decision) in before {
        assert_eq!(&after[n], decision);
    }
    let approved =
        after.values().filter(|made| made.verdict() == pb::CreditVerdict::Approved).count();
    assert_eq!(approved, FIT);
    let mut client = Credit::new(channels[0].clone());
    let request = pb::GetCreditProfileRequest {
        account: "accounts/acme".into(),
        ..pb::GetCreditProfileRequest::default()
    };
    let profile = client.get_credit_profile(request).await.expect("a profile").into_inner();
    let exposure = text(&profile.limits[0].exposure).replace('.', "").parse::<i64>();
    assert_eq!(exposure, Ok(FIT as i64 * AMOUNT));
    let request = pb::ListReservationsRequest {
        parent: "accounts/acme".into(),
        page_size: 1_000,
        ..pb::ListReservationsRequest::default()
    };
    let listed = client.list_reservations(request).await.expect("a list").into_inner();
    let mut orders: Vec<_> =
        listed.reservations.into_iter().map(|r| r.order.expect("an order").order_ref).collect();
    assert_eq!(orders.len(), FIT);
    orders.sort_unstable();
    orders.dedup();
    assert_eq!(orders.len(), FIT, "an order is reserved twice");
}

/// The connection is gone; a refusal of the server would carry details.
fn is_broken(status: &Status) -> bool {
    status.details().is_empty()
        && matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled)
}

async fn kill_nine(engine: Engine) {
    const KILLS: usize = 6;
    let database = Database::create(engine).await;
    let url = database.url().expose();
    let server = Served::start(url).await;
    set_up(channel(&server.address)).await;
    server.kill();

    let (requests, mut answers) = (requests(), Answers::new());
    let mut rng = Rng::with_seed(9);
    for kill in 0..KILLS {
        let server = Served::start(url).await;
        let next = Arc::new(AtomicUsize::new(0));
        // Each life gets a little further; what was answered before is asked again.
        let until = (kill + 1) * ORDERS / (KILLS + 1) + rng.usize(0..20);
        let asked = {
            let (channels, requests, next) =
                (vec![channel(&server.address)], requests.clone(), next.clone());
            tokio::spawn(async move { everybody(&channels, &requests, &next, is_broken).await })
        };
        while next.load(Ordering::Acquire) < until.min(ORDERS - CALLERS) && !asked.is_finished() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        tokio::time::sleep(Duration::from_micros(rng.u64(0..10_000))).await;
        server.kill();
        for (n, decision) in asked.await.expect("asked") {
            let first = answers.entry(n).or_insert_with(|| decision.clone());
            assert_eq!(*first, decision, "answered otherwise after a kill");
        }
    }
    println!("{} orders were answered before the last kill", answers.len());
    assert!(!answers.is_empty() && answers.len() < ORDERS, "{} answers", answers.len());
    let server = Served::start(url).await;
    check(&[channel(&server.address)], &requests, &answers).await;
    server.kill();
    let store = open(&database).await;
    assert_clean(&store).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_while_orders_are_reserved_sqlite() {
    kill_nine(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_while_orders_are_reserved_postgres() {
    kill_nine(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nothing_and_two_processes_give_one_limit_away_once_postgres() {
    let database = Database::create(Engine::Postgres).await;
    let one = Served::start(database.url().expose()).await;
    let two = Served::start(database.url().expose()).await;
    let channels = [channel(&one.address), channel(&two.address)];
    set_up(channels[0].clone()).await;
    let requests = requests();
    let answers = everybody(&channels, &requests, &Arc::default(), |_| false).await;
    check(&channels, &requests, &answers).await;
    one.kill();
    two.kill();
    let store = open(&database).await;
    assert_clean(&store).await;
    store.close().await;
}

/// Cuts what the server holds to its database, again and again, wherever it is.
async fn cut(mut admin: PgConnection, cuts: Arc<AtomicUsize>) {
    loop {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(2..25))).await;
        let cut: i64 = sqlx::query_scalar(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut admin)
        .await
        .expect("cut");
        cuts.fetch_add(usize::try_from(cut).expect("few"), Ordering::AcqRel);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_of_connections_while_orders_are_reserved_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    set_up(server.channel()).await;
    let (requests, channels) = (requests(), [server.channel(), server.channel()]);
    let admin = PgConnection::connect(server.database_url()).await.expect("a connection");
    let cuts = Arc::<AtomicUsize>::default();
    let cutting = tokio::spawn(cut(admin, cuts.clone()));
    let mut answers = Answers::new();
    let mut lost = 0;
    for _ in 0..3 {
        let unavailable = |status: &Status| {
            assert_eq!(
                (status.code(), &*reason(status)),
                (Code::Unavailable, "DATABASE_UNAVAILABLE"),
                "{status:?}"
            );
            true
        };
        let round = everybody(&channels, &requests, &Arc::default(), unavailable).await;
        lost += ORDERS - round.len();
        for (n, decision) in round {
            let first = answers.entry(n).or_insert_with(|| decision.clone());
            assert_eq!(*first, decision, "answered otherwise after a cut");
        }
    }
    cutting.abort();
    let _ = cutting.await;
    println!("{cuts:?} connections were cut, {lost} answers unavailable");
    assert!(lost > 0, "nothing was cut");
    // The pool finds its dead connections first.
    super::until("it serves again", || async {
        let request = pb::GetCreditProfileRequest {
            account: "accounts/acme".into(),
            ..pb::GetCreditProfileRequest::default()
        };
        Credit::new(channels[0].clone()).get_credit_profile(request).await.is_ok()
    })
    .await;
    check(&channels, &requests, &answers).await;
    assert_clean(server.store()).await;
}
