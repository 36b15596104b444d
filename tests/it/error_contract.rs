//! Every refusal carries its reason, whoever refuses: our rules, our layers or the library.

use std::collections::BTreeSet;
use std::time::Duration;

use ballast::domain::error::Reason;
use ballast::pb::{ErrorReason, GetAccountRequest};
use http::StatusCode;
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Status};

use crate::contract::logs;
use crate::support::{Engine, Raw, TestServer, assert_refused};

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

#[tokio::test]
async fn fault_w11_another_compression_is_told_which_there_are() {
    let server = TestServer::start(Engine::Sqlite).await;
    for encoding in ["snappy", "deflate", "GZIP"] {
        let mut message = vec![1, 0, 0, 0, 1, 0];
        message[0] = 1;
        let headers = [("grpc-encoding", encoding)];
        let answer = server.raw().answer(GET, &headers, message).await;
        let status = Status::from_header_map(answer.headers()).expect("nothing but a status");
        assert_refused(&status, Code::Unimplemented, "ENCODING_UNSUPPORTED", None);
        let accepted = answer.headers()["grpc-accept-encoding"].to_str().expect("ASCII");
        assert!(accepted.split(',').any(|one| one == "gzip"), "{accepted}");
    }
}

#[tokio::test]
async fn fault_w11_what_is_no_grpc_is_refused_as_http_does_it() {
    let server = TestServer::start(Engine::Sqlite).await;
    for path in [GET, "/grpc.health.v1.Health/Check"] {
        for kind in
            ["text/plain", "application/json", "application/grpc-web", "application/grpc+json"]
        {
            let headers = [("content-type", kind)];
            let answer = server.raw().answer(path, &headers, vec![0; 5]).await;
            assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind} {path}");
        }
        for kind in ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"]
        {
            let headers = [("content-type", kind)];
            let answer = server.raw().answer(path, &headers, vec![0; 5]).await;
            assert_eq!(answer.status(), StatusCode::OK, "{kind} {path}");
        }
    }
}

/// Lets one connection through to a server, until it is told to cut it.
async fn relay(server: &TestServer) -> (Raw, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, to) = (listener.local_addr().expect("an address"), server.address());
    let relayed = tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.expect("a connection");
        let mut far = TcpStream::connect(to).await.expect("accepted");
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    });
    (Raw::new(address), relayed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_x9_a_client_that_goes_away_is_no_fault_of_ours() {
    logs::keep();
    let server = TestServer::start(Engine::Sqlite).await;
    // The frame says more than comes.
    let begun = vec![0, 0, 0, 0, 9, 10];
    let moment = Duration::from_millis(300);
    // The call is given up: its stream is reset.
    let client = server.raw();
    for _ in 0..4 {
        let call = client.begin(GET, begun.clone());
        tokio::time::timeout(moment, call).await.expect_err("nothing comes of it");
    }
    // The whole connection goes.
    for _ in 0..4 {
        let (client, relayed) = relay(&server).await;
        let call = client.begin(GET, begun.clone());
        tokio::time::timeout(moment, call).await.expect_err("nothing comes of it");
        relayed.abort();
        drop(client);
    }
    tokio::time::sleep(moment).await;
    let calls = logs::with("code=Cancelled");
    assert_eq!(calls.len(), 8, "{calls:?}");
    assert!(calls.iter().all(|line| line.contains("DEBUG")), "{calls:?}");
    let errors: Vec<_> = ["ERROR", "code=Internal"].into_iter().flat_map(logs::with).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
