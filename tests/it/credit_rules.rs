//! What credit is ruled by: limits, holds, securities and policies, as their callers see them.

mod holds;
mod limits;
mod orders;
mod policies;
mod securities;

use ballast::pb;
use tonic::{Code, Status};

use crate::support::ledger::{date, day, fresh, money, usd};
use crate::support::{PRINCIPAL, TestServer, assert_refused, details, fields};

const ACME: &str = "accounts/acme";

async fn account(server: &TestServer, id: &str) {
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: id.into(), ..Default::default() }),
        account_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

async fn delete(server: &TestServer, name: &str) {
    let request = pb::DeleteAccountRequest { name: name.into(), ..Default::default() };
    server.accounts().delete_account(request).await.expect("deleted");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.expect_err(reason);
    assert_refused(&status, code, reason, None);
    status
}

/// The fields of an invalid request, in order.
#[track_caller]
fn faults<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<(String, String)> {
    let status = answer.expect_err("invalid");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let mut found = fields(&status);
    found.sort();
    found
}

#[track_caller]
fn assert_faults<T: std::fmt::Debug>(answer: Result<T, Status>, expected: &[(&str, &str)]) {
    let found = faults(answer);
    let found: Vec<_> = found.iter().map(|(f, r)| (f.as_str(), r.as_str())).collect();
    assert_eq!(found, expected);
}

/// An amount, valid from the business date on.
fn limit(amount: pb::Money) -> pb::CreditLimit {
    pb::CreditLimit {
        kind: pb::CreditLimitKind::Amount.into(),
        amount: Some(amount),
        approver: "王芳（财务总监）".into(),
        reason: "年度评审".into(),
        ..Default::default()
    }
}

async fn set(server: &TestServer, limit: pb::CreditLimit) -> Result<pb::CreditLimit, Status> {
    let request =
        pb::SetCreditLimitRequest { account: ACME.into(), limit: Some(limit), request_id: fresh() };
    server.credit().set_credit_limit(request).await.map(|r| r.into_inner())
}

async fn limits(server: &TestServer) -> Vec<pb::CreditLimit> {
    let request = pb::ListCreditLimitsRequest { parent: ACME.into(), ..Default::default() };
    server.credit().list_credit_limits(request).await.expect("a page").into_inner().limits
}

async fn policy(server: &TestServer, id: &str) -> Result<pb::CreditPolicy, Status> {
    let request = pb::GetCreditPolicyRequest { name: format!("creditPolicies/{id}") };
    server.credit().get_credit_policy(request).await.map(|r| r.into_inner())
}

async fn create_policy(
    server: &TestServer,
    id: &str,
    policy: pb::CreditPolicy,
) -> Result<pb::CreditPolicy, Status> {
    let request = pb::CreateCreditPolicyRequest {
        policy: Some(policy),
        policy_id: id.into(),
        request_id: String::new(),
    };
    server.credit().create_credit_policy(request).await.map(|r| r.into_inner())
}

async fn activate(server: &TestServer, id: &str, etag: &str) -> Result<pb::CreditPolicy, Status> {
    let request = pb::ActivateCreditPolicyRequest {
        name: format!("creditPolicies/{id}"),
        etag: etag.into(),
        request_id: fresh(),
    };
    server.credit().activate_credit_policy(request).await.map(|r| r.into_inner())
}

fn segment(id: &str, companies: &[&str]) -> pb::CreditSegment {
    let company_codes = companies.iter().map(|code| (*code).to_owned()).collect();
    pb::CreditSegment { segment: id.into(), company_codes }
}
