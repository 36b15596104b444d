//! TLS: who is talked to, who may talk, and what is exchanged while it goes on.

mod commands;
mod exchange;

use ballast::app::check;
use ballast::config::{Certificate, Config, Token, TokenHash};
use ballast::pb::GetAccountRequest;
use ballast::pb::account_service_client::AccountServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::support::certificates::{Authority, Files, Pair};
use crate::support::{Engine, TestServer, assert_refused};

const CALLER: &str = "spiffe://example.com/erp";

/// Files of a server with a certificate, and its authority.
struct Site {
    authority: Authority,
    files: Files,
}

impl Site {
    fn new() -> Self {
        let site = Self { authority: Authority::new("one"), files: Files::new() };
        site.files.write_server(&site.authority.server());
        site
    }

    fn configure(&self, config: &mut Config) {
        config.tls.cert = Some(self.files.path("server.pem"));
        config.tls.key = Some(self.files.path("server.key"));
        config.server.reload_interval_seconds = 1;
    }

    async fn start(&self, change: impl FnOnce(&mut Config)) -> TestServer {
        TestServer::start_with(Engine::Sqlite, |config| {
            self.configure(config);
            change(config);
        })
        .await
    }

    /// A server that asks its callers for certificates of another authority, and knows one of them.
    async fn mutual(&self, callers: &Authority, change: impl FnOnce(&mut Config)) -> TestServer {
        let file = self.files.write("callers.pem", callers.pem());
        self.start(|config| {
            config.auth.insecure = false;
            config.tls.client_ca = Some(file);
            config.auth.certificates = vec![Certificate {
                name: CALLER.into(),
                principal: "erp".into(),
                scopes: vec!["accounts.read".into()],
                accounts: ballast::ctx::RowScope::All,
            }];
            change(config);
        })
        .await
    }
}

fn token(principal: &str, token: &str, scope: &str) -> Token {
    Token {
        principal: principal.into(),
        sha256: TokenHash::of(token),
        scopes: vec![scope.to_owned()],
        accounts: ballast::ctx::RowScope::All,
    }
}

/// Whether the call came through to its handler, which knows no such account.
#[track_caller]
fn assert_let_in(status: &Status) {
    assert_eq!(status.code(), Code::NotFound, "{status:?}");
}

async fn ask(channel: Channel, token: Option<&str>) -> Status {
    let mut call = Request::new(GetAccountRequest { name: "accounts/nobody".into() });
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().expect("a header");
        call.metadata_mut().insert("authorization", value);
    }
    AccountServiceClient::new(channel).get_account(call).await.expect_err("nobody")
}

/// A connection on which the first call is refused before it is read: with TLS 1.3 a client learns
/// only then that its certificate was not taken.
async fn is_shut_out(site: &Site, server: &TestServer, caller: Option<&Pair>) -> bool {
    match site.authority.connect(server, caller).await {
        Err(_) => true,
        Ok(channel) => {
            // Whatever answers here says why, handlers and layers alike.
            ask(channel, None).await.details().is_empty()
        }
    }
}

#[tokio::test]
async fn a_call_over_tls_is_answered_and_plain_text_is_refused() {
    let site = Site::new();
    let server = site.start(|_| {}).await;
    let channel = site.authority.connect(&server, None).await.expect("trusted");
    assert_let_in(&ask(channel, None).await);

    let plain = ask(server.channel(), None).await;
    assert!(plain.details().is_empty(), "{plain:?}");
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_authority_does_not_call() {
    let site = Site::new();
    let server = site.start(|_| {}).await;
    let other = Authority::new("other");
    other.connect(&server, None).await.expect_err("of another authority");
}

#[tokio::test]
async fn who_shows_no_certificate_of_the_authority_is_shut_out() {
    let (site, callers) = (Site::new(), Authority::new("callers"));
    let server = site.mutual(&callers, |_| {}).await;
    assert!(is_shut_out(&site, &server, None).await);
    let forged = Authority::new("callers").caller(CALLER);
    assert!(is_shut_out(&site, &server, Some(&forged)).await);
    assert!(!is_shut_out(&site, &server, Some(&callers.caller(CALLER))).await);
}

#[tokio::test]
async fn a_caller_is_known_by_a_name_in_his_certificate() {
    let (site, callers) = (Site::new(), Authority::new("callers"));
    let server = site
        .mutual(&callers, |config| {
            config.auth.tokens = vec![token("other", "t", "credit.read")];
        })
        .await;
    let connect = async |name: &str| {
        let caller = callers.caller(name);
        site.authority.connect(&server, Some(&caller)).await.expect("let in")
    };
    let known = connect(CALLER).await;
    assert_let_in(&ask(known.clone(), None).await);
    let status = ask(connect("spiffe://example.com/erp2").await, None).await;
    assert_refused(&status, Code::Unauthenticated, "CREDENTIALS_INVALID", None);
    // A token counts for the call it comes with, right or wrong.
    let status = ask(known.clone(), Some("t")).await;
    assert_refused(&status, Code::PermissionDenied, "SCOPE_MISSING", None);
    let status = ask(known.clone(), Some("wrong")).await;
    assert_refused(&status, Code::Unauthenticated, "CREDENTIALS_INVALID", None);
    assert_let_in(&ask(known, None).await);
}

#[tokio::test]
async fn where_certificates_are_optional_a_token_is_asked_for() {
    let (site, callers) = (Site::new(), Authority::new("callers"));
    let server = site
        .mutual(&callers, |config| {
            config.tls.client_cert_required = false;
            config.auth.tokens = vec![token("reader", "t", "accounts.read")];
        })
        .await;
    let without = site.authority.connect(&server, None).await.expect("let in");
    assert_refused(
        &ask(without.clone(), None).await,
        Code::Unauthenticated,
        "CREDENTIALS_MISSING",
        None,
    );
    assert_let_in(&ask(without, Some("t")).await);
    let forged = Authority::new("callers").caller(CALLER);
    assert!(is_shut_out(&site, &server, Some(&forged)).await);
}

#[test]
fn other_machines_are_listened_to_by_tls_only() {
    let mut config = Config::default();
    config.auth.tokens = vec![token("reader", "t", "accounts.read")];
    for address in ["0.0.0.0:50051", "[::]:50051", "192.0.2.1:50051"] {
        config.server.listen = address.parse().expect("an address");
        let advice = check(&config).expect_err(address).to_string();
        assert!(advice.contains("tls.cert") && advice.contains("behind_tls_proxy"), "{advice}");
    }
    config.server.behind_tls_proxy = true;
    check(&config).expect("a proxy ends TLS");
    let site = Site::new();
    config.server.behind_tls_proxy = false;
    site.configure(&mut config);
    check(&config).expect("TLS");
    for file in ["server.pem", "server.key"] {
        let kept = std::fs::read_to_string(site.files.path(file)).expect("there");
        site.files.write(file, "-----BEGIN CERTIFICATE-----\ns3cret\n");
        let told = check(&config).expect_err(file).to_string();
        assert!(told.contains(file) && !told.contains("s3cret"), "{told}");
        site.files.write(file, &kept);
    }
}
