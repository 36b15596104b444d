//! The same amount, asked for by hundreds at once: exactly as many orders are approved as fit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ballast::pb;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{cents, exposure, open_account, reserve, set_limit, set_unlimited, verify};
use crate::support::{Engine, TestServer};

const CALLS: usize = 320;
/// In cents.
const LIMIT: i64 = 100_000;
const AMOUNT: i64 = 750;
const FIT: usize = 133;

/// All at once, each by the next account and server.
async fn everybody(servers: &[&TestServer], accounts: &[&str]) -> Vec<pb::CreditDecision> {
    // A connection carries as many calls at a time as a server lets it.
    let clients: Vec<_> = (0..16).map(|n| servers[n % servers.len()].credit()).collect();
    let start = Arc::new(Barrier::new(CALLS));
    let mut calls = JoinSet::new();
    for n in 0..CALLS {
        let (mut client, start) = (clients[n % clients.len()].clone(), start.clone());
        let request = reserve(accounts[n % accounts.len()], &format!("SO-{n}"), AMOUNT);
        calls.spawn(async move {
            start.wait().await;
            loop {
                match client.reserve_credit(request.clone()).await {
                    Ok(answer) => return answer.into_inner(),
                    // They are more than one principal may have under way.
                    Err(status) if status.code() == tonic::Code::ResourceExhausted => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    Err(status) => panic!("refused: {status:?}"),
                }
            }
        });
    }
    calls.join_all().await
}

/// What the decisions say of themselves: approved one on top of the other, and the rest refused
/// for the one reason that there is.
fn check(decisions: &[pb::CreditDecision], limited: &str, code: pb::CreditReasonCode) {
    let mut before = BTreeSet::new();
    for decision in decisions {
        let limit = decision.limits.iter().find(|of| of.account == limited).expect("its limit");
        let exposure = cents(&limit.exposure);
        match decision.verdict() {
            pb::CreditVerdict::Approved => {
                assert_eq!(decision.reasons, []);
                assert!(before.insert(exposure), "{exposure} was given away twice");
            }
            pb::CreditVerdict::Declined => {
                let codes: Vec<_> = decision.reasons.iter().map(|reason| reason.code()).collect();
                assert_eq!(codes, [code]);
                assert_eq!(exposure, FIT as i64 * AMOUNT, "refused while there was credit left");
            }
            verdict => panic!("{verdict:?}"),
        }
    }
    let expected: BTreeSet<i64> = (0..FIT as i64).map(|n| n * AMOUNT).collect();
    assert_eq!(before, expected);
}

async fn on_one_account(servers: &[&TestServer]) {
    open_account(servers[0], "acme", "").await;
    set_limit(servers[0], "acme", LIMIT).await;
    let decisions = everybody(servers, &["acme"]).await;
    check(&decisions, "accounts/acme", pb::CreditReasonCode::LimitExceeded);
    for server in servers {
        assert_eq!(exposure(server, "acme").await, FIT as i64 * AMOUNT);
    }
    verify(servers[0]).await;
}

async fn on_siblings(servers: &[&TestServer]) {
    let siblings = ["north", "east", "south", "west"];
    open_account(servers[0], "group", "").await;
    set_limit(servers[0], "group", LIMIT).await;
    for id in siblings {
        open_account(servers[0], id, "group").await;
        set_unlimited(servers[0], id).await;
    }
    let decisions = everybody(servers, &siblings).await;
    check(&decisions, "accounts/group", pb::CreditReasonCode::GroupLimitExceeded);
    for server in servers {
        let mut sum = 0;
        for id in siblings {
            sum += exposure(server, id).await;
        }
        assert_eq!(sum, FIT as i64 * AMOUNT);
        assert_eq!(exposure(server, "group").await, sum);
    }
    verify(servers[0]).await;
}

on_both_engines! {
    async fn as_many_orders_as_fit_into_a_limit_are_approved(mut server: TestServer) {
        on_one_account(&[&server]).await;
        server.restart().await;
        assert_eq!(exposure(&server, "acme").await, FIT as i64 * AMOUNT);
        verify(&server).await;
    }

    async fn siblings_share_the_limit_above_them(mut server: TestServer) {
        on_siblings(&[&server]).await;
        server.restart().await;
        assert_eq!(exposure(&server, "group").await, FIT as i64 * AMOUNT);
        verify(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_give_one_limit_away_once_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    on_one_account(&[&server, &other]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_give_the_limit_of_a_group_away_once_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    on_siblings(&[&server, &other]).await;
}
