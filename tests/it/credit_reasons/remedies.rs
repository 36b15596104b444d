//! Doing exactly what a remedy says removes its reason; one minor unit less does not.

use super::*;
use crate::support::Engine;

/// A minor unit less than an amount, or more.
fn shifted(money: &pb::Money, minor: i64) -> pb::Money {
    let nanos = money.units * 1_000_000_000 + i64::from(money.nanos) + minor * 10_000_000;
    pb::Money {
        currency_code: money.currency_code.clone(),
        units: nanos / 1_000_000_000,
        nanos: i32::try_from(nanos % 1_000_000_000).expect("below one unit"),
    }
}

fn is(money: &pb::Money, no: &str) -> pb::Document {
    let paid = pb::Document { gross: Some(money.clone()), ..receipt(no, day(0), "0") };
    pb::Document { payer: ACME.into(), ..paid }
}

/// Does what the remedy says, or a minor unit less; answers what the order then comes to.
async fn apply(
    server: &TestServer,
    counter: &mut Counter,
    of: Situation,
    reason: &pb::CreditReason,
    n: usize,
    less: bool,
) -> pb::Money {
    use pb::CreditRemedyAction as Action;
    let remedy = &reason.remedies[n];
    let less = -i64::from(less);
    let amount = remedy.amount.clone();
    match remedy.action() {
        Action::ReduceOrder => return shifted(&amount.expect("an amount"), -less),
        Action::Prepay => {
            let paid = is(&shifted(&amount.expect("an amount"), less), "PAID");
            counter.desk.post([paid.names(ORDER)]).await;
        }
        Action::PayOverdue => {
            counter.desk.post([is(&shifted(&amount.expect("an amount"), less), "PAID")]).await;
            let request = pb::ClearItemsRequest {
                account: ACME.into(),
                oldest_first_credits: vec![counter.desk.item("PAID").await],
                request_id: fresh(),
                ..pb::ClearItemsRequest::default()
            };
            counter.desk.client.clear_items(request).await.expect("cleared");
        }
        Action::RaiseLimit => {
            let amount = Some(shifted(&amount.expect("an amount"), less));
            let raised =
                pb::CreditLimit { amount, segment: reason.segment.clone(), ..limit_of("0") };
            counter.set(&remedy.subject, raised).await;
        }
        Action::SetLimit => drop(counter.limit(&remedy.subject, "80.00").await),
        Action::ReleaseHold => counter.release(&remedy.subject).await,
        Action::UnblockAccount => {
            let request =
                pb::UnblockAccountRequest { name: remedy.subject.clone(), ..Default::default() };
            counter.accounts.unblock_account(request).await.expect("unblocked");
        }
        Action::RecordRate => {
            let pair = remedy.subject.strip_prefix("rates/").expect("a pair of currencies");
            let (from, to) = pair.split_once('-').expect("a pair of currencies");
            counter.desk.rates(&[(from, to, day(0), "1.00")]).await;
        }
        Action::ConnectContact => {
            use crate::interaction::{held, record};
            let channel = pb::InteractionChannel::Call;
            let call = held(channel, 0, &["members/wang"], &[&remedy.subject]);
            record(server, "acme", call).await.expect("recorded");
        }
        Action::Unspecified => panic!("no remedy: {remedy:?}"),
    }
    of.order()
}

/// Each remedy on a fresh copy of the situation, whole and a little short.
async fn prove(engine: Engine, of: Situation) {
    let mut n = 0;
    loop {
        let mut short_of = vec![false];
        while let Some(less) = short_of.pop() {
            let server = TestServer::start(engine).await;
            let mut counter = of.arise(&server).await;
            let before = of.ask(&mut counter).await;
            assert_eq!(before.reasons.len(), 1, "{of:?} arises alone: {before:#?}");
            let reason = before.reasons[0].clone();
            let Some(remedy) = reason.remedies.get(n) else { return };
            let code = codes(std::slice::from_ref(&reason));
            let what = remedies(&reason)[n].clone();
            if !less && remedy.amount.is_some() {
                short_of.push(true);
            }
            let amount = Some(apply(&server, &mut counter, of, &reason, n, less).await);
            let request = pb::ReserveCreditRequest { amount, ..reserving(ORDER, "0") };
            let after = counter.try_reserve(request).await.expect("a decision");
            let still = codes(&after.reasons).contains(&code[0]);
            assert_eq!(still, less, "{of:?}, {what}, less: {less}: {after:#?}");
            counter.desk.verify(&server).await;
        }
        n += 1;
    }
}

async fn prove_some(server: &TestServer, part: usize) {
    for of in Situation::ALL.iter().skip(part).step_by(4) {
        prove(server.engine(), *of).await;
    }
}

on_both_engines! {
    async fn each_remedy_removes_its_reason_1(server: TestServer) {
        prove_some(&server, 0).await;
    }

    async fn each_remedy_removes_its_reason_2(server: TestServer) {
        prove_some(&server, 1).await;
    }

    async fn each_remedy_removes_its_reason_3(server: TestServer) {
        prove_some(&server, 2).await;
    }

    async fn each_remedy_removes_its_reason_4(server: TestServer) {
        prove_some(&server, 3).await;
    }
}
