//! The same call again: after its answer was lost, by two at once, on two servers. It takes
//! effect once, and every answer is the same.

use std::sync::Arc;
use std::time::Duration;

use ballast::pb;
use fastrand::Rng;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Code, Status};

use super::{Credit, cents, exposure, open_account, reservation, reserve, set_limit, usd, verify};
use crate::support::ledger::fresh;
use crate::support::{Engine, TestServer, assert_refused};

const LIMIT: i64 = 10_000_000;
const AMOUNT: i64 = 100;

/// What is done again.
#[derive(Debug, Clone)]
enum Deed {
    Reserve(pb::ReserveCreditRequest),
    Deliver(pb::DeliverReservationRequest),
    Cancel(pb::CancelReservationRequest),
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Decision(Box<pb::CreditDecision>),
    Reservation(Box<pb::CreditReservation>),
}

async fn act(client: &mut Credit, deed: Deed) -> Result<Answer, Status> {
    Ok(match deed {
        Deed::Reserve(request) => {
            Answer::Decision(Box::new(client.reserve_credit(request).await?.into_inner()))
        }
        Deed::Deliver(request) => {
            Answer::Reservation(Box::new(client.deliver_reservation(request).await?.into_inner()))
        }
        Deed::Cancel(request) => {
            Answer::Reservation(Box::new(client.cancel_reservation(request).await?.into_inner()))
        }
    })
}

fn deliver(order: &str, cents: i64) -> Deed {
    Deed::Deliver(pb::DeliverReservationRequest {
        name: reservation("acme", order),
        amount: Some(usd(cents)),
        request_id: fresh(),
    })
}

fn cancel(order: &str) -> Deed {
    Deed::Cancel(pb::CancelReservationRequest {
        name: reservation("acme", order),
        reason: "not needed".into(),
        request_id: fresh(),
        ..pb::CancelReservationRequest::default()
    })
}

async fn open(server: &TestServer) {
    open_account(server, "acme", "").await;
    set_limit(server, "acme", LIMIT).await;
}

/// Somebody who hangs up in the middle of calls, and asks again with the same ids.
async fn hang_up_and_ask_again(server: &TestServer) {
    const CALLERS: usize = 8;
    const CALLS: usize = 25;
    open(server).await;
    let mut rng = Rng::with_seed(200);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (mut client, mut rng) = (server.credit(), rng.fork());
        callers.spawn(async move {
            let mut lost = 0;
            for n in 0..CALLS {
                let request = reserve("acme", &format!("SO-{caller}-{n}"), AMOUNT);
                let mut hasty = client.clone();
                let first = hasty.reserve_credit(request.clone());
                let patience = Duration::from_micros(rng.u64(200..12_000));
                let first = timeout(patience, first).await;
                lost += usize::from(first.is_err());
                let second = client.reserve_credit(request.clone()).await.expect("reserved");
                if let Ok(first) = first {
                    assert_eq!(first.expect("reserved").into_inner(), *second.get_ref());
                }
                let third = client.reserve_credit(request).await.expect("reserved");
                assert_eq!(third.into_inner(), second.into_inner());
            }
            lost
        });
    }
    let lost: usize = callers.join_all().await.into_iter().sum();
    assert!(lost > CALLERS, "{lost} answers were lost");
    println!("{lost} of {} answers were lost", CALLERS * CALLS);
    assert_eq!(exposure(server, "acme").await, AMOUNT * (CALLERS * CALLS) as i64);
    verify(server).await;
}

/// Every deed by six at once.
async fn twins(servers: &[&TestServer]) {
    const TWINS: usize = 6;
    open(servers[0]).await;
    let clients: Vec<Credit> = servers.iter().map(|server| server.credit()).collect();
    let mut all_at_once = Vec::new();
    for n in 0..12 {
        let order = format!("SO-{n}");
        all_at_once.push(Deed::Reserve(reserve("acme", &order, AMOUNT)));
    }
    at_once(&clients, &all_at_once, TWINS).await;
    assert_eq!(exposure(servers[0], "acme").await, 12 * AMOUNT);
    // Two that are delivered in parts, which another effect would show; others canceled.
    let deeds: Vec<_> = (0..6)
        .map(|n| match n % 2 {
            0 => deliver(&format!("SO-{n}"), AMOUNT / 5),
            _ => cancel(&format!("SO-{n}")),
        })
        .collect();
    for answer in at_once(&clients, &deeds, TWINS).await {
        let Answer::Reservation(made) = answer else { panic!("{answer:?}") };
        let expected = match made.stage() {
            pb::CreditReservationStage::Canceled => 0,
            _ => AMOUNT / 5,
        };
        assert_eq!(cents(&made.delivered), expected);
    }
    assert_eq!(exposure(servers[0], "acme").await, 9 * AMOUNT);
    verify(servers[0]).await;
}

/// Each deed by several at once, on all servers; answers what they were answered.
async fn at_once(clients: &[Credit], deeds: &[Deed], twins: usize) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(deeds.len() * twins));
    let mut calls = JoinSet::new();
    for (n, deed) in deeds.iter().enumerate() {
        for twin in 0..twins {
            let mut client = clients[twin % clients.len()].clone();
            let (deed, start) = (deed.clone(), start.clone());
            calls.spawn(async move {
                start.wait().await;
                (n, act(&mut client, deed).await)
            });
        }
    }
    let mut answers: Vec<Option<Answer>> = vec![None; deeds.len()];
    for (n, answer) in calls.join_all().await {
        let answer = answer.unwrap_or_else(|status| panic!("{:?}: {status:?}", deeds[n]));
        let first = answers[n].get_or_insert_with(|| answer.clone());
        assert_eq!(*first, answer, "twins were answered differently");
    }
    answers.into_iter().flatten().collect()
}

/// Twins of a call that is refused are refused for the same reason: nobody came in between.
async fn refused_twins(servers: &[&TestServer]) {
    const TWINS: usize = 8;
    open(servers[0]).await;
    let clients: Vec<Credit> = servers.iter().map(|server| server.credit()).collect();
    let reserved = reserve("acme", "SO-1", AMOUNT);
    clients[0].clone().reserve_credit(reserved).await.expect("reserved");
    for _ in 0..10 {
        let too_much = deliver("SO-1", AMOUNT + 1);
        let start = Arc::new(Barrier::new(TWINS));
        let mut calls = JoinSet::new();
        for twin in 0..TWINS {
            let mut client = clients[twin % clients.len()].clone();
            let (deed, start) = (too_much.clone(), start.clone());
            calls.spawn(async move {
                start.wait().await;
                act(&mut client, deed).await
            });
        }
        for answer in calls.join_all().await {
            let status = answer.expect_err("too much");
            assert_refused(&status, Code::FailedPrecondition, "RESERVATION_EXCEEDED", None);
        }
    }
    verify(servers[0]).await;
}

/// One id for two requests: one of them is served, and the other one is told why not.
async fn one_id_for_two_requests(servers: &[&TestServer]) {
    open(servers[0]).await;
    for round in 0..10 {
        let one = reserve("acme", &format!("SO-{round}"), AMOUNT);
        let two = pb::ReserveCreditRequest { amount: Some(usd(2 * AMOUNT)), ..one.clone() };
        let mut calls = JoinSet::new();
        for (n, request) in [one, two].into_iter().enumerate() {
            let mut client = servers[n % servers.len()].credit();
            calls.spawn(async move { client.reserve_credit(request).await });
        }
        let (served, refused): (Vec<_>, Vec<_>) =
            calls.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!((served.len(), refused.len()), (1, 1));
        let status = refused.into_iter().find_map(Result::err).expect("refused");
        let (code, reason) = (Code::InvalidArgument, "REQUEST_ID_REUSED");
        assert_refused(&status, code, reason, Some("request_id"));
    }
    verify(servers[0]).await;
}

on_both_engines! {
    async fn a_lost_answer_is_told_again(server: TestServer) {
        hang_up_and_ask_again(&server).await;
    }

    async fn twins_take_effect_once(server: TestServer) {
        twins(&[&server]).await;
    }

    async fn twins_of_a_refused_call_are_refused_like_it(server: TestServer) {
        refused_twins(&[&server]).await;
    }

    async fn an_id_serves_one_request(server: TestServer) {
        one_id_for_two_requests(&[&server]).await;
    }
}

async fn two_servers() -> [TestServer; 2] {
    let server = TestServer::start(Engine::Postgres).await;
    [server.beside().await, server]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_on_two_servers_take_effect_once_postgres() {
    let [one, two] = &two_servers().await;
    twins(&[one, two]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_on_two_servers_of_a_refused_call_are_refused_like_it_postgres() {
    let [one, two] = &two_servers().await;
    refused_twins(&[one, two]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_on_two_servers_serves_one_request_postgres() {
    let [one, two] = &two_servers().await;
    one_id_for_two_requests(&[one, two]).await;
}
