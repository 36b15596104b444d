//! Callers by a JSON Web Token of another system, whose keys change and whose server goes away.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ballast::config::{Config, Jwt, KeySource};
use ballast::pb;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring as provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tonic::{Code, Status};

use crate::support::certificates::{Authority, Files, Pair};
use crate::support::{Engine, TestServer, assert_refused, details};

const NAME: &str = "https://id.example.com/realm";
const GET: &str = "/ballast.v1.AccountService/GetAccount";

/// When the tests begin.
const NOW: i64 = 1_561_885_200;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

enum Signing {
    P256(Box<EcdsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A key of the issuer.
struct Key {
    id: &'static str,
    signing: Signing,
}

impl Key {
    fn p256(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(way, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(way, made.as_ref(), &random).expect("a key");
        Self { id, signing: Signing::P256(Box::new(key)) }
    }

    fn ed25519(id: &'static str) -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self {
            id,
            signing: Signing::Ed25519(Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("a key")),
        }
    }

    /// Its public half.
    fn jwk(&self) -> Value {
        match &self.signing {
            Signing::P256(key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = (encode(&point[..32]), encode(&point[32..]));
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": x, "y": y})
            }
            Signing::Ed25519(key) => {
                let x = encode(key.public_key());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": x})
            }
        }
    }

    fn token(&self, claims: &Value) -> String {
        let algorithm = match self.signing {
            Signing::P256(_) => "ES256",
            Signing::Ed25519(_) => "EdDSA",
        };
        self.token_of(&json!({"alg": algorithm, "kid": self.id, "typ": "JWT"}), claims)
    }

    fn token_of(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match &self.signing {
            Signing::P256(key) => {
                encode(key.sign(&SystemRandom::new(), message.as_bytes()).expect("signed"))
            }
            Signing::Ed25519(key) => encode(key.sign(message.as_bytes())),
        };
        format!("{message}.{signature}")
    }
}

fn set(keys: &[&Key]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

/// Of somebody who may read accounts.
fn claims() -> Value {
    json!({
        "iss": NAME, "aud": ["ballast", "other"], "sub": "ann",
        "exp": NOW + 600, "nbf": NOW - 600, "scope": "openid accounts.read",
    })
}

fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    claims
}

fn without(claim: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("claims").remove(claim);
    claims
}

/// Whoever publishes the keys, on a port of this machine.
struct Publisher {
    address: String,
    /// `None`: there is no answer.
    says: Arc<Mutex<Option<Value>>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start(says: Value, tls: Option<&Pair>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let publisher = Self {
            address: format!("{scheme}://localhost:{port}/keys"),
            says: Arc::new(Mutex::new(Some(says))),
            asked: Arc::default(),
        };
        let (says, asked) = (publisher.says.clone(), publisher.asked.clone());
        let tls = tls.map(acceptor);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                asked.fetch_add(1, Ordering::AcqRel);
                let said = says.lock().expect("held").clone();
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, said).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, said).await;
                            }
                        }
                    }
                });
            }
        });
        publisher
    }

    fn say(&self, says: Option<Value>) {
        *self.says.lock().expect("held") = says;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }
}

fn acceptor(pair: &Pair) -> TlsAcceptor {
    let cert = CertificateDer::from_pem_slice(pair.cert.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert], key);
    TlsAcceptor::from(Arc::new(config.expect("a pair")))
}

/// Reads a question, whatever it is.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, said: Option<Value>) {
    let mut question = Vec::new();
    while !question.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => question.push(byte),
            Err(_) => return,
        }
    }
    let answer = match said {
        Some(said) => {
            let said = said.to_string();
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{said}", said.len())
        }
        None => "HTTP/1.1 503 Away\r\ncontent-length: 0\r\n\r\n".to_owned(),
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn jwt(keys: &str) -> Jwt {
    Jwt {
        issuer: Some(NAME.into()),
        audience: Some("ballast".into()),
        keys: Some(KeySource::try_from(keys.to_owned()).expect("a source")),
        ..Jwt::default()
    }
}

async fn server_of(engine: Engine, change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::start_with(engine, |config| {
        config.auth.insecure = false;
        change(config);
    })
    .await
}

async fn ask(server: &TestServer, token: &str) -> Status {
    let bearer = format!("Bearer {token}");
    let asked = pb::GetAccountRequest { name: "accounts/nobody".into() };
    server.raw().call(GET, &[("authorization", &bearer)], &asked).await
}

#[track_caller]
fn assert_let_in(status: &Status) {
    assert_eq!(status.code(), Code::NotFound, "{status:?}");
}

#[track_caller]
fn assert_shut_out(status: &Status, words: &str) {
    assert_refused(status, Code::Unauthenticated, "CREDENTIALS_INVALID", None);
    assert!(status.message().contains(words), "{status:?}");
}

/// A server that reads its keys from a file.
async fn with_file(
    engine: Engine,
    keys: &[&Key],
    change: impl FnOnce(&mut Jwt),
) -> (TestServer, Files) {
    let files = Files::new();
    let file = files.write("keys.json", &set(keys).to_string());
    let server = server_of(engine, |config| {
        config.jwt = jwt(&file.display().to_string());
        change(&mut config.jwt);
    })
    .await;
    (server, files)
}

async fn a_token_is_taken_for_what_it_says(engine: Engine) {
    let (curve, edwards) = (Key::p256("c"), Key::ed25519("e"));
    let (server, _files) = with_file(engine, &[&curve, &edwards], |_| {}).await;
    for key in [&curve, &edwards] {
        assert_let_in(&ask(&server, &key.token(&claims())).await);
        assert_let_in(&ask(&server, &key.token(&with(json!({"aud": "ballast"})))).await);
        // Roles are scopes too; what is none of ours opens nothing.
        let by_role = with(json!({"scope": "", "roles": ["risk_reader", "boss"]}));
        assert_let_in(&ask(&server, &key.token(&by_role)).await);
        for scopes in
            [json!({"scope": "*"}), json!({"scope": ["credit.read"]}), json!({"scope": 1})]
        {
            let status = ask(&server, &key.token(&with(scopes))).await;
            assert_refused(&status, Code::PermissionDenied, "SCOPE_MISSING", None);
            assert!(status.message().contains("ann"), "{status:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_is_taken_for_what_it_says_sqlite() {
    a_token_is_taken_for_what_it_says(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_is_taken_for_what_it_says_postgres() {
    a_token_is_taken_for_what_it_says(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_that_is_not_for_us_is_refused() {
    let (key, stranger) = (Key::p256("c"), Key::p256("c"));
    let (server, _files) = with_file(Engine::Sqlite, &[&key], |_| {}).await;
    let unsigned = |algorithm: &str| {
        let header = json!({"alg": algorithm, "kid": "c"});
        format!("{}.{}.", encode(header.to_string()), encode(claims().to_string()))
    };
    let signed = key.token(&claims());
    let (message, signature) = signed.rsplit_once('.').expect("signed");
    let other = format!(
        "{}.{}",
        message.split('.').next().expect("a header"),
        encode(with(json!({"sub": "eve"})).to_string())
    );
    for (token, words) in [
        (key.token(&with(json!({"iss": "https://other"}))), "another issuer"),
        (key.token(&without("iss")), "lacks the claim iss"),
        (key.token(&with(json!({"aud": "other"}))), "another audience"),
        (key.token(&without("aud")), "lacks the claim aud"),
        (key.token(&without("exp")), "lacks the claim exp"),
        (key.token(&with(json!({"exp": "tomorrow"}))), "exp"),
        (key.token(&with(json!({"nbf": NOW + 60}))), "not valid yet"),
        (key.token(&without("sub")), "names nobody in sub"),
        (key.token(&with(json!({"sub": "system"}))), "names nobody in sub"),
        (stranger.token(&claims()), "not signed by a key of its issuer"),
        (Key::p256("x").token(&claims()), "not signed by a key of its issuer"),
        (format!("{other}.{signature}"), "not signed by a key of its issuer"),
        (format!("{message}."), "not signed by a key of its issuer"),
        (key.token_of(&json!({"alg": "ES384", "kid": "c"}), &claims()), "algorithm"),
        (
            key.token_of(&json!({"alg": "EdDSA", "kid": "c"}), &claims()),
            "not signed by a key of its issuer",
        ),
        (key.token_of(&json!({"alg": "HS256", "kid": "c"}), &claims()), "algorithm"),
        (
            key.token_of(&json!({"alg": "ES256", "kid": "c", "crit": ["x"], "x": 1}), &claims()),
            "is no signed JWT",
        ),
        (
            key.token_of(&json!({"alg": "ES256", "kid": "c", "typ": "logout+jwt"}), &claims()),
            "for another use",
        ),
        (unsigned("none"), "is no signed JWT"),
        (unsigned("ES256"), "not signed by a key of its issuer"),
        ("a.b.c".to_owned(), "is no signed JWT"),
        ("a.b".to_owned(), "is not known"),
    ] {
        assert_shut_out(&ask(&server, &token).await, words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_counts_by_the_clock() {
    let key = Key::p256("c");
    let (server, _files) = with_file(Engine::Sqlite, &[&key], |jwt| jwt.nbf_required = true).await;
    let token = key.token(&claims());
    assert_let_in(&ask(&server, &token).await);
    assert_shut_out(&ask(&server, &key.token(&without("nbf"))).await, "lacks the claim nbf");
    let start = chrono::DateTime::from_timestamp(NOW, 0).expect("a time");
    // The issuer's clock may be half a minute behind.
    server.clock().set(start + TimeDelta::seconds(620));
    assert_let_in(&ask(&server, &token).await);
    server.clock().set(start + TimeDelta::seconds(630));
    let status = ask(&server, &token).await;
    assert_refused(&status, Code::Unauthenticated, "CREDENTIALS_EXPIRED", None);
}

/// Time goes on here as if the clock of the machine had not been set ahead; a token must not live longer for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_is_expired_if_either_clock_says_so() {
    let key = Key::p256("c");
    let (server, _files) = with_file(Engine::Sqlite, &[&key], |_| {}).await;
    let token = key.token(&claims());
    assert_let_in(&ask(&server, &token).await);
    server.clock().jump(TimeDelta::hours(2));
    let status = ask(&server, &token).await;
    assert_refused(&status, Code::Unauthenticated, "CREDENTIALS_EXPIRED", None);
    // One that begins later is not valid yet by the time that goes on here.
    let later = with(json!({"nbf": NOW + 3_600, "exp": NOW + 90_000}));
    assert_shut_out(&ask(&server, &key.token(&later)).await, "not valid yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_is_of_a_type_that_callers_have() {
    let key = Key::p256("c");
    let (server, _files) = with_file(Engine::Sqlite, &[&key], |_| {}).await;
    for typ in ["JWT", "at+jwt", "application/at+JWT"] {
        let header = json!({"alg": "ES256", "kid": "c", "typ": typ});
        assert_let_in(&ask(&server, &key.token_of(&header, &claims())).await);
    }
    let header = json!({"alg": "ES256", "kid": "c"});
    assert_let_in(&ask(&server, &key.token_of(&header, &claims())).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn keys_are_read_anew_also_while_nobody_calls() {
    let key = Key::p256("c");
    let publisher = Publisher::start(set(&[&key]), None).await;
    let address = publisher.address.clone();
    let server = server_of(Engine::Sqlite, |config| {
        config.jwt = Jwt { refresh_seconds: 1, ask_seconds_min: 1, ..jwt(&address) };
    })
    .await;
    for times in 1..=3 {
        for _ in 0..400 {
            if publisher.asked() >= times {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(publisher.asked() >= times, "asked {} times", publisher.asked());
        let passed = server.clock().passed_micros() + 2_000_000;
        server.clock().set(chrono::DateTime::from_timestamp_micros(passed).expect("a time"));
    }
}

/// The accounts that a caller sees come from a claim, where one is named: without it he sees none.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_says_which_accounts_its_caller_sees() {
    let key = Key::p256("c");
    let (server, _files) =
        with_file(Engine::Sqlite, &[&key], |jwt| jwt.accounts_claim = "accounts".into()).await;
    let search = "/ballast.v1.AccountService/SearchDirectory";
    for (claim, is_restricted) in [
        (json!({"accounts": "all"}), false),
        (json!({"accounts": ["own", "unit:North Sea"]}), true),
        (json!({}), true),
    ] {
        let bearer = format!("Bearer {}", key.token(&with(claim)));
        let status = server.raw().call(search, &[("authorization", &bearer)], &()).await;
        let reason = details(&status).error_info().map(|info| info.reason.clone());
        assert_eq!(reason.as_deref() == Some("ACCOUNTS_RESTRICTED"), is_restricted, "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_is_listed_is_nobody_by_a_token_of_another_system() {
    let key = Key::p256("c");
    let files = Files::new();
    let file = files.write("keys.json", &set(&[&key]).to_string());
    let mut server = server_of(Engine::Sqlite, |config| {
        crate::support::only_callers(config, &[("erp", &["accounts.read"])]);
    })
    .await;
    let status = ask(&server, &key.token(&claims())).await;
    assert_shut_out(&status, "is not known");
    server.restart_with(|config| config.jwt = jwt(&file.display().to_string())).await;
    assert_let_in(&ask(&server, "erp").await);
    assert_let_in(&ask(&server, &key.token(&claims())).await);
    let status = ask(&server, &key.token(&with(json!({"sub": "erp"})))).await;
    assert_shut_out(&status, "another caller's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn keys_that_change_are_asked_for_and_not_more_often_than_allowed() {
    let (old, new) = (Key::p256("old"), Key::p256("new"));
    let publisher = Publisher::start(set(&[&old]), None).await;
    let address = publisher.address.clone();
    let server = server_of(Engine::Sqlite, |config| config.jwt = jwt(&address)).await;
    let pass = |seconds: i64| {
        let passed = server.clock().passed_micros() + seconds * 1_000_000;
        server.clock().set(chrono::DateTime::from_timestamp_micros(passed).expect("a time"));
    };
    assert_let_in(&ask(&server, &old.token(&claims())).await);
    assert_eq!(publisher.asked(), 1, "at the start, or by the first caller");

    // He was just asked: whoever guesses at keys makes him no work.
    publisher.say(Some(set(&[&new])));
    for _ in 0..20 {
        let status = ask(&server, &new.token(&claims())).await;
        assert_shut_out(&status, "not signed by a key of its issuer");
    }
    assert_eq!(publisher.asked(), 1);
    pass(11);
    assert_let_in(&ask(&server, &new.token(&claims())).await);
    assert_eq!(publisher.asked(), 2);
    assert_shut_out(&ask(&server, &old.token(&claims())).await, "not signed");

    // What is known is read anew beside a call, when it is old.
    pass(301);
    publisher.say(Some(set(&[&new, &old])));
    assert_let_in(&ask(&server, &new.token(&claims().clone())).await);
    for _ in 0..100 {
        if publisher.asked() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(publisher.asked(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn known_keys_stay_for_some_time_while_the_issuer_is_away() {
    let key = Key::p256("c");
    let publisher = Publisher::start(set(&[&key]), None).await;
    let address = publisher.address.clone();
    let server = server_of(Engine::Sqlite, |config| {
        config.jwt = Jwt { keys_age_seconds_max: 3_600, ..jwt(&address) };
    })
    .await;
    let pass = |seconds: i64| {
        let passed = server.clock().passed_micros() + seconds * 1_000_000;
        server.clock().set(chrono::DateTime::from_timestamp_micros(passed).expect("a time"));
    };
    let token = key.token(&with(json!({"exp": NOW + 90_000})));
    assert_let_in(&ask(&server, &token).await);
    for says in [None, Some(json!({"keys": []})), Some(json!("x".repeat(300_000)))] {
        publisher.say(says);
        pass(1_000);
        assert_let_in(&ask(&server, &token).await);
    }
    pass(1_000);
    let status = ask(&server, &token).await;
    assert_refused(&status, Code::Unavailable, "ISSUER_UNAVAILABLE", None);
    assert!(details(&status).retry_info().is_some(), "{status:?}");
    // He comes back.
    publisher.say(Some(set(&[&key])));
    pass(11);
    assert_let_in(&ask(&server, &token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_issuer_that_never_answered_lets_nobody_in_and_others_are_served() {
    let key = Key::p256("c");
    let publisher = Publisher::start(set(&[&key]), None).await;
    publisher.say(None);
    let address = publisher.address.clone();
    let server = server_of(Engine::Sqlite, |config| {
        crate::support::only_callers(config, &[("erp", &["accounts.read"])]);
        config.jwt = jwt(&address);
    })
    .await;
    let status = ask(&server, &key.token(&claims())).await;
    assert_refused(&status, Code::Unavailable, "ISSUER_UNAVAILABLE", None);
    assert_let_in(&ask(&server, "erp").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn keys_come_by_tls_from_a_server_that_is_trusted() {
    let (key, files) = (Key::p256("c"), Files::new());
    let (authority, other) = (Authority::new("ours"), Authority::new("other"));
    let publisher = Publisher::start(set(&[&key]), Some(&authority.server())).await;
    for (trusted, is_let_in) in [(&authority, true), (&other, false)] {
        let ca = files.write("ca.pem", trusted.pem());
        let address = publisher.address.clone();
        let server = server_of(Engine::Sqlite, |config| {
            config.jwt = Jwt { ca: Some(ca), ..jwt(&address) };
        })
        .await;
        let status = ask(&server, &key.token(&claims())).await;
        match is_let_in {
            true => assert_let_in(&status),
            false => assert_refused(&status, Code::Unavailable, "ISSUER_UNAVAILABLE", None),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_file_of_keys_is_taken_anew_when_it_changes() {
    let (old, new) = (Key::p256("old"), Key::ed25519("new"));
    let (server, files) = with_file(Engine::Sqlite, &[&old], |_| {}).await;
    assert_let_in(&ask(&server, &old.token(&claims())).await);
    files.write("keys.json", "{");
    server.ask_reload();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_let_in(&ask(&server, &old.token(&claims())).await);
    files.write("keys.json", &set(&[&new]).to_string());
    server.ask_reload();
    for _ in 0..200 {
        if ask(&server, &new.token(&claims())).await.code() == Code::NotFound {
            assert_shut_out(&ask(&server, &old.token(&claims())).await, "not signed");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never taken");
}

/// A process of its own: what it writes to its log holds no part of a token, whatever comes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_token_is_in_the_log() {
    let (key, files) = (Key::p256("c"), Files::new());
    let keys = files.write("keys.json", &set(&[&key]).to_string());
    let mut settings = std::fs::File::create(files.path("ballast.toml")).expect("a file");
    write!(
        settings,
        "[jwt]\nissuer = '{NAME}'\naudience = 'ballast'\nkeys = '{}'\n",
        keys.display()
    )
    .expect("written");
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "trace", "--config"])
        .arg(files.path("ballast.toml"))
        .env("BALLAST_DATABASE_URL", format!("sqlite://{}", files.path("ballast.db").display()))
        .stdout(std::process::Stdio::piped())
        .stderr(std::fs::File::create(files.path("log")).expect("a file"))
        .spawn()
        .expect("started");
    let mut said = std::io::BufReader::new(server.stdout.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("a line");
    let address =
        line.trim().rsplit("http://").next().expect("an address").parse().expect("an address");
    let raw = crate::support::Raw::new(address);
    let now = chrono::Utc::now().timestamp();
    let tokens = [
        key.token(&with(json!({"exp": now + 600}))),
        key.token(&claims()),
        key.token(&with(json!({"exp": now + 600, "iss": "x"}))),
        Key::p256("c").token(&with(json!({"exp": now + 600}))),
    ];
    let mut codes = Vec::new();
    for token in &tokens {
        let bearer = format!("Bearer {token}");
        codes.push(
            raw.call(
                GET,
                &[("authorization", &bearer)],
                &pb::GetAccountRequest { name: "accounts/x".into() },
            )
            .await
            .code(),
        );
    }
    server.kill().expect("ended");
    server.wait().expect("ended");
    assert_eq!(
        codes,
        [Code::NotFound, Code::Unauthenticated, Code::Unauthenticated, Code::Unauthenticated]
    );
    let mut log = std::fs::read_to_string(files.path("log")).expect("a log");
    log += &{
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut said, &mut rest).expect("text");
        rest
    };
    assert!(log.contains("GetAccount"), "{log}");
    for token in &tokens {
        for part in token.split('.').skip(1) {
            assert!(!log.contains(&part[..24]), "a part of a token is in the log");
        }
    }
}
