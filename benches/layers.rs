//! What the layers around a handler cost, with and without TLS: the same handler, which does nothing,
//! behind all of them with a caller who has a token, against itself on a plain server of the library.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::net::SocketAddr;

use ballast::app::App;
use ballast::config::{Config, DatabaseUrl, Token, TokenHash};
use ballast::ctx::{Clock, RowScope};
use ballast::shutdown::Shutdown;
use ballast::store::Store;
use bytes::Bytes;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use support::engine::{Database, Engine};
use support::limit;
use support::load::Target;
use support::samples::Samples;
use support::table::{Goal, Table};
use support::{Effort, run};

const TOKEN: &str = "layers";
/// As long as an account is.
const ANSWER: &[u8] = &[0; 200];

fn main() {
    run(async {
        let effort = Effort::from_args();
        let mut table = Table::new("layers");
        let folder = tempfile::tempdir().expect("a folder");
        let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let CertifiedKey { cert, signing_key } = made;
        let (cert, key) = (cert.pem(), signing_key.serialize_pem());
        std::fs::write(folder.path().join("cert.pem"), &cert).expect("written");
        std::fs::write(folder.path().join("key.pem"), &key).expect("written");

        let bare = || limit::nothing(Bytes::from_static(ANSWER));
        let plain = limit::serve(bare()).await;
        let secured = limit::serve_with(bare(), Some(Identity::from_pem(&cert, &key))).await;
        let (ours, ours_secured) = (Config::default(), secured_by(folder.path()));
        let (ours, ours_secured) = (behind_layers(ours).await, behind_layers(ours_secured).await);
        let targets = [
            target(plain, None).await,
            target(ours, None).await,
            target(secured, Some(&cert)).await,
            target(ours_secured, Some(&cert)).await,
        ];
        let mut rates: [Samples; 4] = Default::default();
        for _ in 0..effort.rounds() {
            for (target, rate) in targets.iter().zip(&mut rates) {
                rate.push(target.rate(effort.window()).await / 1e3);
            }
        }
        let [plain, ours, secured, ours_secured] = rates.map(|rate| rate.median());
        let bare = "the same handler on a plain server of the library";
        let what = "a handler that does nothing, behind all layers";
        table.row(what, bare, (plain, ours), "k/s", Goal::AtLeast(0.85));
        let what = "the same, with TLS";
        table.row(what, bare, (plain, ours_secured), "k/s", Goal::Reported);
        let by_tls = "the same handler on a plain server of the library, with TLS";
        table.row(what, by_tls, (secured, ours_secured), "k/s", Goal::Reported);
        table.finish();
    });
}

fn secured_by(folder: &std::path::Path) -> Config {
    let mut config = Config::default();
    config.tls.cert = Some(folder.join("cert.pem"));
    config.tls.key = Some(folder.join("key.pem"));
    config
}

/// Serves until the program ends.
async fn behind_layers(mut config: Config) -> SocketAddr {
    let database = Database::create(Engine::Sqlite).await;
    config.database.url = DatabaseUrl::new(&*database.url);
    config.auth.tokens = vec![Token {
        principal: "layers".into(),
        sha256: TokenHash::of(TOKEN),
        scopes: vec!["*".into()],
        accounts: RowScope::All,
    }];
    let clock = Clock::system(config.business.time_zone);
    let store = Store::connect(&config.database, clock.clone()).await.expect("a database");
    store.migrate().await.expect("migrated");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let handlers = limit::routes(limit::nothing(Bytes::from_static(ANSWER)));
    tokio::spawn(async move {
        let shutdown = Shutdown::new();
        let served = App::serve_handlers(handlers, listener, config, store, clock, shutdown);
        served.await.expect("served");
        drop(database);
    });
    address
}

async fn target(address: SocketAddr, certificate: Option<&String>) -> Target {
    let open = async || match certificate {
        None => support::engine::channel(address).await,
        Some(pem) => secured_channel(address, pem).await,
    };
    Target::over(open, limit::PATH, vec![Bytes::new()]).await.with_token(TOKEN)
}

async fn secured_channel(address: SocketAddr, pem: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("https://localhost:{}", address.port()));
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    let tls = tls.domain_name("localhost");
    let endpoint = endpoint.expect("an address").tls_config(tls).expect("a certificate");
    endpoint.connect().await.expect("connected")
}
