//! Who may call what: every method of the contract, walked over from its descriptors.

use ballast::api::methods::{Method, Methods};
use ballast::config::{Token, TokenHash};
use tonic::Code;

use crate::support::{Engine, TestServer, assert_refused, details};

fn methods() -> Vec<Method> {
    Methods::ours().expect("descriptors").iter().cloned().collect()
}

/// One token may read accounts; another holds a scope that is no method's.
async fn guarded() -> TestServer {
    TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        let token = |principal: &str, token: &str, scope: &str| Token {
            principal: principal.into(),
            sha256: TokenHash::of(token),
            scopes: vec![scope.into()],
            accounts: ballast::ctx::RowScope::All,
        };
        config.auth.tokens = vec![
            token("reader", "reader-token", "accounts.read"),
            token("nobody", "nobody-token", "interactions.private"),
        ];
    })
    .await
}

#[tokio::test]
async fn no_method_answers_without_credentials() {
    let server = guarded().await;
    for method in methods() {
        for (header, reason) in [
            (None, "CREDENTIALS_MISSING"),
            (Some("Basic dXNlcjpwYXNz"), "CREDENTIALS_MISSING"),
            (Some("Bearer "), "CREDENTIALS_MISSING"),
            (Some("Bearer reader-toke"), "CREDENTIALS_INVALID"),
        ] {
            let headers: Vec<_> = header.map(|h| ("authorization", h)).into_iter().collect();
            let status = server.raw().call(&method.path, &headers, &()).await;
            assert_refused(&status, Code::Unauthenticated, reason, None);
        }
    }
}

#[tokio::test]
async fn every_method_refuses_a_caller_with_another_scope() {
    let server = guarded().await;
    let headers = [("authorization", "Bearer nobody-token")];
    for method in methods() {
        let status = server.raw().call(&method.path, &headers, &()).await;
        assert_refused(&status, Code::PermissionDenied, "SCOPE_MISSING", None);
        let told = details(&status).error_info().expect("info").metadata["scope"].clone();
        assert_eq!(Some(told), method.scope);
    }
}

#[tokio::test]
async fn a_scope_opens_its_methods_and_no_others() {
    let server = guarded().await;
    let headers = [("authorization", "bearer reader-token")];
    for method in methods() {
        let status = server.raw().call(&method.path, &headers, &()).await;
        let refused = status.code() == Code::PermissionDenied;
        assert_eq!(refused, method.scope.as_deref() != Some("accounts.read"), "{method:?}");
    }
}

#[tokio::test]
async fn health_and_reflection_need_no_credentials() {
    let server = guarded().await;
    let asked = tonic_health::pb::HealthCheckRequest::default();
    server.health().check(asked).await.expect("anybody may ask");
}
