//! Everybody asks for credit at once: whatever the order, no two get the same, and every answer
//! is the one that somebody alone would have got at its place in some order of all calls.

mod calls;
mod groups;
mod linearizable;
mod mixed;
mod model;
mod reads;
mod refused;
mod retries;
mod uniform;

use ballast::ctx::Ctx;
use ballast::pb;
use ballast::pb::credit_service_client::CreditServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::support::ledger::fresh;
use crate::support::{TestServer, details};

pub type Credit = CreditServiceClient<Channel>;

/// An amount in cents.
pub fn usd(cents: i64) -> pb::Money {
    let nanos = i32::try_from(cents % 100).expect("below a hundred") * 10_000_000;
    pb::Money { currency_code: "USD".into(), units: cents / 100, nanos }
}

pub fn cents(money: &Option<pb::Money>) -> i64 {
    money.as_ref().map_or(0, |m| m.units * 100 + i64::from(m.nanos / 10_000_000))
}

pub fn micros(time: &Option<prost_types::Timestamp>) -> i64 {
    time.as_ref().map_or(0, |t| t.seconds * 1_000_000 + i64::from(t.nanos / 1_000))
}

pub fn timestamp(us: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(us % 1_000_000).expect("below a million") * 1_000;
    prost_types::Timestamp { seconds: us / 1_000_000, nanos }
}

fn account(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!("accounts/{id}") }
}

/// An account under another one; under nobody if that is empty.
pub async fn open_account(server: &TestServer, id: &str, parent: &str) -> pb::Account {
    let of =
        pb::Account { display_name: id.into(), parent: account(parent), ..pb::Account::default() };
    let request = pb::CreateAccountRequest {
        account: Some(of),
        account_id: id.into(),
        request_id: fresh(),
        ..pb::CreateAccountRequest::default()
    };
    server.accounts().create_account(request).await.expect("an account").into_inner()
}

/// A limit of so many cents.
pub fn limit_of(id: &str, cents: i64, etag: &str) -> pb::SetCreditLimitRequest {
    limit(id, pb::CreditLimitKind::Amount, Some(usd(cents)), etag)
}

fn limit(
    id: &str,
    kind: pb::CreditLimitKind,
    amount: Option<pb::Money>,
    etag: &str,
) -> pb::SetCreditLimitRequest {
    let limit = pb::CreditLimit {
        kind: kind.into(),
        amount,
        approver: "Ms Wang".into(),
        reason: "as agreed".into(),
        etag: etag.into(),
        ..pb::CreditLimit::default()
    };
    pb::SetCreditLimitRequest { account: account(id), limit: Some(limit), request_id: fresh() }
}

/// Gives an account without a limit one of so many cents; answers its etag.
pub async fn set_limit(server: &TestServer, id: &str, cents: i64) -> String {
    let set = server.credit().set_credit_limit(limit_of(id, cents, "")).await;
    set.expect("a limit").into_inner().etag
}

pub async fn set_unlimited(server: &TestServer, id: &str) {
    let request = limit(id, pb::CreditLimitKind::Unlimited, None, "");
    server.credit().set_credit_limit(request).await.expect("a limit");
}

pub fn order_key(order: &str) -> pb::OrderKey {
    pb::OrderKey { source_system: "ERP".into(), order_ref: order.into() }
}

/// A reservation of an account by the order of the ERP.
pub fn reservation(id: &str, order: &str) -> String {
    format!("accounts/{id}/creditReservations/ERP~{order}")
}

pub fn reserve(id: &str, order: &str, cents: i64) -> pb::ReserveCreditRequest {
    pb::ReserveCreditRequest {
        account: account(id),
        amount: Some(usd(cents)),
        order: Some(order_key(order)),
        request_id: fresh(),
        ..pb::ReserveCreditRequest::default()
    }
}

/// What counts against the limit of an account now, in cents.
pub async fn exposure(server: &TestServer, id: &str) -> i64 {
    let request = pb::GetCreditProfileRequest { account: account(id), company_code: String::new() };
    let profile = server.credit().get_credit_profile(request).await.expect("a profile");
    let limits = profile.into_inner().limits;
    let own = limits.iter().find(|of| of.account == account(id));
    cents(&own.expect("its own").exposure)
}

pub fn reason(status: &Status) -> String {
    details(status).error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Every projection rebuilt from the entries and the orders, and what must hold of them.
#[track_caller]
pub fn verify(server: &TestServer) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let (store, ctx) = (server.store().clone(), Ctx::system(server.clock().clone()));
    async move {
        let checks = store.verify(&ctx).await.expect("a verification");
        let broken: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
        assert!(broken.is_empty(), "at {caller}: {broken:#?}");
    }
}
