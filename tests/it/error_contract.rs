//! Every refusal carries its reason, whoever refuses: our rules, our layers or the library.

use std::collections::BTreeSet;

use ballast::domain::error::Reason;
use ballast::pb::{ErrorReason, GetAccountRequest};
use tonic::Code;

use crate::support::{Engine, TestServer, assert_refused};

const GET: &str = "/ballast.v1.AccountService/GetAccount";

#[test]
fn the_reasons_of_the_code_are_those_of_the_contract() {
    // Numbers of reasons that went stay free.
    let contract: BTreeSet<_> = (1..1_000)
        .filter_map(|n| ErrorReason::try_from(n).ok())
        .map(|r| r.as_str_name().trim_start_matches("ERROR_REASON_").to_owned())
        .collect();
    let code: BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str().to_owned()).collect();
    assert_eq!(contract, code);
    assert_eq!(code.len(), Reason::ALL.len(), "a name twice");
}

#[tokio::test]
async fn an_unknown_method_is_named() {
    let server = TestServer::start(Engine::Sqlite).await;
    for path in ["/ballast.v1.AccountService/Nope", "/nope.Nope/Nope", "/"] {
        let status = server.raw().call(path, &[], &()).await;
        assert_refused(&status, Code::Unimplemented, "METHOD_UNKNOWN", None);
        assert!(status.message().contains(path), "{}", status.message());
    }
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_not_worth_any_work() {
    let server = TestServer::start(Engine::Sqlite).await;
    let request = GetAccountRequest::default();
    let status = server.raw().call(GET, &[("grpc-timeout", "0n")], &request).await;
    assert_refused(&status, Code::DeadlineExceeded, "DEADLINE_EXPIRED", None);
}

#[tokio::test]
async fn a_timeout_or_revision_that_cannot_be_read_is_refused() {
    let server = TestServer::start(Engine::Sqlite).await;
    let request = GetAccountRequest::default();
    let headers = [("grpc-timeout", "soon")];
    let status = server.raw().call(GET, &headers, &request).await;
    let field = Some("grpc-timeout");
    assert_refused(&status, Code::InvalidArgument, "REQUEST_MALFORMED", field);

    let headers = [("ballast-at-least", "yesterday")];
    let status = server.raw().call(GET, &headers, &request).await;
    let field = Some("ballast-at-least");
    assert_refused(&status, Code::InvalidArgument, "REVISION_INVALID", field);
}
