//! Typed configuration. A setting comes from, strongest first: a flag, the environment
//! (`BALLAST_<SECTION>_<NAME>`), the TOML file of `--config`, the default.
//!
//! Every limit is named here with its unit in the name. [`reference`] lists all settings for
//! the documentation; a test holds it against the types. Secrets never show in `Debug`.

mod jwt;
mod load;
mod reference;
mod roles;
mod secret;
mod source;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::ctx::RowScope;
use crate::domain::member::UNASSIGNED;
use crate::domain::names::member_name;

pub use jwt::{Address, Algorithms, Jwt, KeySource};
pub use load::{ConfigError, Loaded};
pub use reference::{Kind, Setting, markdown, reference};
pub use roles::{ROLES, Role};
pub use secret::{DatabaseUrl, TokenHash};
pub use source::Source;

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub tls: Tls,
    pub database: Database,
    pub business: Business,
    pub auth: Auth,
    pub jwt: Jwt,
    pub log: Log,
    /// Where it was read from; `None` where it was put together by a program.
    #[serde(skip)]
    pub source: Option<Source>,
}

impl Config {
    /// A database that takes longer than this to answer does not: longer than it is asked.
    pub fn patience(&self) -> Duration {
        let probe = Duration::from_millis(self.database.probe_timeout_ms);
        let least = Duration::from_secs(2);
        self.server.health_interval().max(least).max(probe + Duration::from_secs(1))
    }
}

/// The listener, its connections and its calls.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// A proxy beside the server ends TLS: plain text may come from other machines.
    pub behind_tls_proxy: bool,
    /// 0: files are read anew at SIGHUP only.
    pub reload_interval_seconds: u64,
    pub reflection: bool,
    pub connections_max: u32,
    /// 0: as many as there are at all.
    pub connections_per_peer_max: u32,
    pub streams_per_connection_max: u32,
    /// 0: connections are never asked to leave.
    pub connection_age_seconds_max: u64,
    pub connection_age_jitter_percent: u32,
    pub handshake_timeout_ms: u64,
    pub keepalive_interval_seconds: u64,
    pub keepalive_timeout_seconds: u64,
    pub requests_concurrent_max: u32,
    pub requests_per_principal_max: u32,
    pub requests_per_connection_max: u32,
    pub request_arrival_timeout_ms: u64,
    pub stream_idle_seconds_max: u64,
    pub request_bytes_max: usize,
    pub response_bytes_max: usize,
    pub deadline_default_ms: u64,
    pub deadline_ms_max: u64,
    pub health_interval_ms: u64,
    pub shutdown_notice_ms: u64,
    pub shutdown_stream_grace_ms: u64,
    pub shutdown_drain_seconds_max: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50051)),
            behind_tls_proxy: false,
            reload_interval_seconds: 10,
            reflection: true,
            connections_max: 4096,
            connections_per_peer_max: 1024,
            streams_per_connection_max: 256,
            connection_age_seconds_max: 1800,
            connection_age_jitter_percent: 10,
            handshake_timeout_ms: 10_000,
            keepalive_interval_seconds: 30,
            keepalive_timeout_seconds: 10,
            requests_concurrent_max: 512,
            requests_per_principal_max: 256,
            requests_per_connection_max: 128,
            request_arrival_timeout_ms: 10_000,
            stream_idle_seconds_max: 300,
            request_bytes_max: 4 << 20,
            response_bytes_max: 16 << 20,
            deadline_default_ms: 30_000,
            deadline_ms_max: 300_000,
            health_interval_ms: 1_000,
            shutdown_notice_ms: 2_000,
            shutdown_stream_grace_ms: 1_000,
            shutdown_drain_seconds_max: 20,
        }
    }
}

impl Server {
    pub fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_timeout_ms)
    }

    pub fn health_interval(&self) -> Duration {
        Duration::from_millis(self.health_interval_ms)
    }
}

/// Certificates, as files in PEM that are read anew while the server runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificate of the server, and those between it and its authority; without it the server
    /// speaks plain text.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The authorities whose certificates callers have.
    pub client_ca: Option<PathBuf>,
    /// Whether a caller without a certificate is refused where there are such authorities.
    pub client_cert_required: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { cert: None, key: None, client_ca: None, client_cert_required: true }
    }
}

impl Tls {
    /// The files that are named, with their settings.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let named = [("cert", &self.cert), ("key", &self.key), ("client_ca", &self.client_ca)];
        named.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)))
    }
}

/// Where the ledger lives.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    pub url: DatabaseUrl,
    pub postgres_connections_max: u32,
    pub sqlite_readers: u32,
    /// 0: as large as the disk.
    pub sqlite_megabytes_max: u32,
    /// 0: no file is checked at a start.
    pub sqlite_check_megabytes_max: u32,
    pub acquire_timeout_ms: u64,
    pub writes_waiting_max: u32,
    pub writes_waiting_bytes_max: usize,
    /// 0: none.
    pub credit_standings_kept: u32,
    /// 0: none.
    pub risks_kept: u32,
    /// Upper bound; a call with a nearer deadline gets less.
    pub statement_timeout_ms_max: u64,
    /// 0: calls are not refused while PostgreSQL is away.
    pub probe_timeout_ms: u64,
    /// Off behind pgbouncer older than 1.21 in transaction mode.
    pub statement_cache: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::new("sqlite://ballast.db"),
            postgres_connections_max: 12,
            sqlite_readers: 4,
            sqlite_megabytes_max: 0,
            sqlite_check_megabytes_max: 1_024,
            acquire_timeout_ms: 5_000,
            writes_waiting_max: 256,
            writes_waiting_bytes_max: 64 << 20,
            credit_standings_kept: 10_000,
            risks_kept: 10_000,
            statement_timeout_ms_max: 30_000,
            probe_timeout_ms: 2_000,
            statement_cache: true,
        }
    }
}

impl Database {
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    pub fn probe_timeout(&self) -> Option<Duration> {
        (self.probe_timeout_ms > 0).then(|| Duration::from_millis(self.probe_timeout_ms))
    }

    pub fn statement_timeout_max(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms_max)
    }
}

/// What the books go by.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Business {
    /// The zone whose calendar gives the business date.
    #[serde(with = "load::zone")]
    pub time_zone: Tz,
    /// Rates between two other currencies may go through this one.
    pub base_currency: Option<String>,
    pub rate_age_days_max: u32,
    /// The member who owns whatever nobody else does.
    pub default_owner: String,
    /// The least rating, of 1 to 5, that an owner has in each competency; 0 for none.
    pub owner_rating_min: i32,
    /// How many accounts one member may own; 0 for any number.
    pub owner_accounts_max: u32,
    /// How many accounts one executive may be the sponsor of.
    pub sponsor_accounts_max: u32,
    /// Whether each account is to have a sponsor.
    pub sponsor_required: bool,
    /// How many days before the days of the work calendar end this is found.
    pub calendar_notice_days: u32,
}

impl Default for Business {
    fn default() -> Self {
        Self {
            time_zone: Tz::UTC,
            base_currency: None,
            rate_age_days_max: 7,
            default_owner: member_name(UNASSIGNED),
            owner_rating_min: 0,
            owner_accounts_max: 0,
            sponsor_accounts_max: 5,
            sponsor_required: false,
            calendar_notice_days: 60,
        }
    }
}

/// Who may call.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Every caller is an administrator: on a loopback address only.
    pub insecure: bool,
    /// 0: calls that were denied are not written to the audit.
    pub denied_interval_seconds: u64,
    pub tokens: Vec<Token>,
    pub certificates: Vec<Certificate>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            insecure: false,
            denied_interval_seconds: 10,
            tokens: Vec::new(),
            certificates: Vec::new(),
        }
    }
}

/// A bearer token: we keep its hash, never the token.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "roles::TokenGiven")]
pub struct Token {
    pub principal: String,
    /// `printf %s "$TOKEN" | sha256sum`
    pub sha256: TokenHash,
    /// `receivables.read` …, or `*` for all; those of its roles among them.
    pub scopes: Vec<String>,
    /// Which accounts it may see: all where the file does not say.
    #[serde(skip_serializing_if = "RowScope::is_all")]
    pub accounts: RowScope,
}

/// Callers whose certificate has a name.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "roles::CertificateGiven")]
pub struct Certificate {
    /// A subject alternative name: a URI or a DNS name.
    pub name: String,
    pub principal: String,
    pub scopes: Vec<String>,
    /// Which accounts it may see: all where the file does not say.
    #[serde(skip_serializing_if = "RowScope::is_all")]
    pub accounts: RowScope,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level, or directives like `info,ballast::store=debug`.
    pub level: String,
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}
