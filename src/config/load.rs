//! Reads the configuration: lays file, environment and flags over one another as TOML, turns
//! the result into types, and checks what types cannot say.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::reference::{Kind, Setting, reference};
use super::{Auth, Business, Config, Database, Jwt, Log, Server, Tls};
use crate::ctx::SYSTEM;
use crate::domain::member::RATING_MAX;
use crate::domain::names::parse_member;

/// Says which setting is wrong and what would be right.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

type Result<T, E = ConfigError> = std::result::Result<T, E>;

/// Variables of ours that are no settings: where the file is, and what a client needs.
const NO_SETTINGS: [&str; 5] =
    ["BALLAST_CONFIG", "BALLAST_TOKEN", "BALLAST_CA", "BALLAST_CLIENT_CERT", "BALLAST_CLIENT_KEY"];
/// Variables that only tests read.
const OF_TESTS: &str = "BALLAST_TEST_";

/// A configuration, and where each setting that is not the default comes from.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// The file, the variable or the flag, by the name of the setting.
    pub sources: BTreeMap<&'static str, String>,
}

impl Config {
    /// Reads all sources. `env` are the variables of the process, `flags` pairs of a setting's name
    /// and its text.
    ///
    /// # Errors
    /// Which setting is wrong, where, and what would be right.
    pub fn load(
        file: Option<&Path>,
        env: &BTreeMap<String, String>,
        flags: &[(&str, String)],
    ) -> Result<Loaded> {
        check_names(env)?;
        let (mut table, mut sources) = (Table::new(), BTreeMap::new());
        if let Some(path) = file {
            table = read(path)?;
            let said = |setting: &&Setting| {
                let (section, field) = setting.path();
                let section = table.get(section).and_then(Value::as_table);
                section.is_some_and(|fields| fields.contains_key(field))
            };
            let said = reference().iter().filter(said);
            sources.extend(said.map(|setting| (setting.name, path.display().to_string())));
        }
        for setting in reference() {
            // An empty variable is how a compose file says "not set".
            let from_env = setting.env.and_then(|name| Some((name, env.get(name)?)));
            if let Some((source, text)) = from_env.filter(|(_, text)| !text.is_empty()) {
                lay_over(&mut table, setting, source, text)?;
                sources.insert(setting.name, source.to_owned());
            }
            if let Some((_, text)) = flags.iter().find(|(name, _)| *name == setting.name) {
                let source = setting.flag.unwrap_or(setting.name);
                lay_over(&mut table, setting, source, text)?;
                sources.insert(setting.name, source.to_owned());
            }
        }
        let config: Self =
            table.try_into().map_err(|e: toml::de::Error| ConfigError(e.message().to_owned()))?;
        config.validate()?;
        Ok(Loaded { config, sources })
    }

    /// Checks what the types cannot say.
    pub fn validate(&self) -> Result<()> {
        let Self { server, tls, database, business, auth, jwt, log, source: _ } = self;
        server.validate()?;
        tls.validate()?;
        database.validate()?;
        business.validate()?;
        auth.validate(server, tls)?;
        jwt.validate()?;
        log.validate()
    }
}

/// Refuses variables that begin like ours and set nothing: one with a slip of the pen would leave
/// its setting at the default, and nobody would know.
fn check_names(env: &BTreeMap<String, String>) -> Result<()> {
    let is_ours = |name: &str| {
        let is_other = NO_SETTINGS.contains(&name) || name.starts_with(OF_TESTS);
        name.starts_with("BALLAST_") && !is_other
    };
    let known: Vec<&str> = reference().iter().filter_map(|setting| setting.env).collect();
    let unknown = env.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let unknown: Vec<&str> = unknown
        .filter(|(name, text)| is_ours(name) && !is_injected(name, text))
        .map(|(name, _)| name)
        .filter(|name| !known.contains(name))
        .collect();
    let Some(first) = unknown.first() else { return Ok(()) };
    let section = first.splitn(3, '_').take(2).collect::<Vec<_>>().join("_") + "_";
    let near: Vec<&str> = known.iter().filter(|name| name.starts_with(&section)).copied().collect();
    let near = if near.is_empty() { known } else { near };
    let unknown = unknown.join(", ");
    Err(ConfigError(format!("{unknown}: no such setting; there are {}", near.join(", "))))
}

/// Whether Kubernetes sets a variable in every container beside a service whose name begins like ours:
/// `BALLAST_SERVICE_HOST`, `BALLAST_SERVICE_PORT_GRPC`, `BALLAST_PORT`, `BALLAST_PORT_50051_TCP_ADDR`.
fn is_injected(name: &str, text: &str) -> bool {
    let of_service = name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    let is_address = |text: &str| text.starts_with("tcp://") || text.starts_with("udp://");
    let of_port = name.split_once("_PORT_").is_some_and(|(_, port)| {
        let parts: Vec<&str> = port.split('_').collect();
        let number = |part: &str| part.parse::<u16>().is_ok();
        match parts[..] {
            [port, "TCP" | "UDP"] => number(port),
            [port, "TCP" | "UDP", "PROTO" | "PORT" | "ADDR"] => number(port),
            _ => false,
        }
    });
    of_service || of_port || (name.ends_with("_PORT") && is_address(text))
}

fn read(path: &Path) -> Result<Table> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|e| ConfigError(format!("cannot read {shown}: {e}")))?;
    let refuse =
        |error: toml::de::Error| ConfigError(format!("{shown}{}", describe(&error, &text)));
    // Read as what it is to be while it is still known where each value stands.
    toml::from_str::<Config>(&text).map_err(refuse)?;
    text.parse().map_err(refuse)
}

/// Where it is and what is wrong with it, without the values, which may be secret.
fn describe(error: &toml::de::Error, text: &str) -> String {
    let message = match error.message().rsplit_once(", expected ") {
        Some((said, expected)) if said.starts_with("invalid ") => format!("must be {expected}"),
        _ => error.message().to_owned(),
    };
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return format!(": {message}");
    };
    let number = before.matches('\n').count();
    let key = text.lines().nth(number).and_then(|line| line.split_once('=')).map(|(key, _)| key);
    // What stands before a sign of equality may be a part of a value.
    let is_key =
        |key: &&str| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    match key.map(str::trim).filter(is_key) {
        Some(key) => format!(", line {}, {key}: {message}", number + 1),
        None => format!(", line {}: {message}", number + 1),
    }
}

fn lay_over(table: &mut Table, setting: &Setting, source: &str, text: &str) -> Result<()> {
    let value = match setting.kind {
        Kind::Text | Kind::Tables => Value::String(text.to_owned()),
        Kind::Number => Value::Integer(text.trim().parse().map_err(|_| {
            ConfigError(format!("{source} must be a whole number, and is {text:?}"))
        })?),
        Kind::Switch => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Value::Boolean(true),
            "false" | "0" | "no" | "off" => Value::Boolean(false),
            _ => return Err(ConfigError(format!("{source} must be true or false, not {text:?}"))),
        },
    };
    let (section, field) = setting.path();
    let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(fields) = entry else {
        return Err(ConfigError(format!("{section} must be a table: [{section}]")));
    };
    fields.insert(field.to_owned(), value);
    Ok(())
}

fn in_range<T: PartialOrd + std::fmt::Display>(name: &str, value: T, min: T, max: T) -> Result<()> {
    if value < min || value > max {
        return Err(ConfigError(format!("{name} must be {min} to {max}, and is {value}")));
    }
    Ok(())
}

impl Server {
    fn validate(&self) -> Result<()> {
        in_range("server.connections_max", self.connections_max, 1, 1_000_000)?;
        in_range("server.streams_per_connection_max", self.streams_per_connection_max, 1, 10_000)?;
        in_range("server.reload_interval_seconds", self.reload_interval_seconds, 0, 86_400)?;
        in_range(
            "server.connection_age_jitter_percent",
            self.connection_age_jitter_percent,
            0,
            100,
        )?;
        in_range("server.handshake_timeout_ms", self.handshake_timeout_ms, 1, 600_000)?;
        in_range("server.keepalive_interval_seconds", self.keepalive_interval_seconds, 1, 86_400)?;
        in_range("server.keepalive_timeout_seconds", self.keepalive_timeout_seconds, 1, 3_600)?;
        in_range("server.requests_concurrent_max", self.requests_concurrent_max, 1, 1_000_000)?;
        in_range(
            "server.requests_per_principal_max",
            self.requests_per_principal_max,
            1,
            1_000_000,
        )?;
        in_range(
            "server.requests_per_connection_max",
            self.requests_per_connection_max,
            1,
            1_000_000,
        )?;
        in_range("server.request_arrival_timeout_ms", self.request_arrival_timeout_ms, 1, 600_000)?;
        in_range("server.stream_idle_seconds_max", self.stream_idle_seconds_max, 1, 86_400)?;
        // Framing bounds a message at 4 GiB, memory long before that.
        in_range("server.request_bytes_max", self.request_bytes_max, 1 << 10, 256 << 20)?;
        in_range("server.response_bytes_max", self.response_bytes_max, 1 << 10, 256 << 20)?;
        in_range("server.deadline_ms_max", self.deadline_ms_max, 1, 86_400_000)?;
        in_range("server.deadline_default_ms", self.deadline_default_ms, 1, self.deadline_ms_max)?;
        in_range("server.health_interval_ms", self.health_interval_ms, 10, 600_000)?;
        in_range("server.shutdown_notice_ms", self.shutdown_notice_ms, 0, 600_000)?;
        in_range("server.shutdown_stream_grace_ms", self.shutdown_stream_grace_ms, 0, 600_000)?;
        in_range("server.shutdown_drain_seconds_max", self.shutdown_drain_seconds_max, 0, 3_600)
    }
}

impl Tls {
    fn validate(&self) -> Result<()> {
        if self.cert.is_some() != self.key.is_some() {
            return Err(ConfigError("tls.cert and tls.key belong together: set both".into()));
        }
        if self.client_ca.is_some() && self.cert.is_none() {
            return Err(ConfigError(
                "tls.client_ca: certificates of callers need tls.cert and tls.key".into(),
            ));
        }
        Ok(())
    }
}

impl Database {
    fn validate(&self) -> Result<()> {
        if !self.url.is_postgres() && !self.url.is_sqlite() {
            return Err(ConfigError(format!(
                "database.url must begin with sqlite:// or postgres://, and is {}",
                self.url
            )));
        }
        in_range(
            "database.postgres_connections_max",
            self.postgres_connections_max,
            // One may be held by a write while a read is needed to go on.
            2,
            1_000,
        )?;
        in_range("database.sqlite_readers", self.sqlite_readers, 1, 64)?;
        // SQLite counts pages of 4 KiB in 32 bits.
        in_range("database.sqlite_megabytes_max", self.sqlite_megabytes_max, 0, 16_000_000)?;
        in_range("database.acquire_timeout_ms", self.acquire_timeout_ms, 1, 600_000)?;
        in_range("database.writes_waiting_max", self.writes_waiting_max, 1, 1_000_000)?;
        in_range(
            "database.writes_waiting_bytes_max",
            self.writes_waiting_bytes_max,
            1 << 10,
            16 << 30,
        )?;
        in_range("database.probe_timeout_ms", self.probe_timeout_ms, 0, 60_000)?;
        in_range("database.credit_standings_kept", self.credit_standings_kept, 0, 10_000_000)?;
        in_range("database.risks_kept", self.risks_kept, 0, 10_000_000)?;
        in_range("database.statement_timeout_ms_max", self.statement_timeout_ms_max, 1, 3_600_000)
    }
}

impl Business {
    fn validate(&self) -> Result<()> {
        let three_capitals = |c: &str| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase());
        if let Some(currency) = &self.base_currency
            && !three_capitals(currency)
        {
            return Err(ConfigError(format!(
                "business.base_currency must be three capital letters, and is {currency:?}"
            )));
        }
        parse_member("business.default_owner", &self.default_owner)
            .map_err(|v| ConfigError(format!("{}: {}", v.field, v.description)))?;
        in_range("business.owner_rating_min", self.owner_rating_min, 0, RATING_MAX)?;
        in_range("business.owner_accounts_max", self.owner_accounts_max, 0, 1_000_000)?;
        in_range("business.sponsor_accounts_max", self.sponsor_accounts_max, 0, 1_000_000)?;
        in_range("business.rate_age_days_max", self.rate_age_days_max, 0, 366)
    }
}

impl Auth {
    fn validate(&self, server: &Server, tls: &Tls) -> Result<()> {
        if self.insecure && !server.listen.ip().is_loopback() {
            return Err(ConfigError(format!(
                "--insecure makes every caller an administrator and is for a loopback address \
                 only, not {}: configure [[auth.tokens]] instead",
                server.listen
            )));
        }
        in_range("auth.denied_interval_seconds", self.denied_interval_seconds, 0, 3_600)?;
        for (at, token) in self.tokens.iter().enumerate() {
            let principal = &token.principal;
            check_caller("auth.tokens", principal, &token.scopes)?;
            if let Some(other) = self.tokens[..at].iter().find(|other| other.sha256 == token.sha256)
            {
                let other = &other.principal;
                return Err(ConfigError(format!(
                    "auth.tokens: {other} and {principal} have one token: who calls must be told apart"
                )));
            }
        }
        if !self.certificates.is_empty() && tls.client_ca.is_none() {
            return Err(ConfigError(
                "auth.certificates: nobody shows a certificate without tls.client_ca".into(),
            ));
        }
        for (at, certificate) in self.certificates.iter().enumerate() {
            let name = &certificate.name;
            check_caller("auth.certificates", &certificate.principal, &certificate.scopes)?;
            if name.is_empty() || self.certificates[..at].iter().any(|other| other.name == *name) {
                return Err(ConfigError(format!(
                    "auth.certificates: name {name:?} must not be empty, and stands once"
                )));
            }
        }
        Ok(())
    }
}

impl Jwt {
    fn validate(&self) -> Result<()> {
        in_range("jwt.leeway_seconds", self.leeway_seconds, 0, 600)?;
        in_range("jwt.refresh_seconds", self.refresh_seconds, 1, 86_400)?;
        in_range("jwt.ask_seconds_min", self.ask_seconds_min, 1, 3_600)?;
        in_range("jwt.keys_age_seconds_max", self.keys_age_seconds_max, 1, 30 * 86_400)?;
        self.fault().map_or(Ok(()), |fault| Err(ConfigError(fault)))
    }
}

fn check_caller(setting: &str, principal: &str, scopes: &[String]) -> Result<()> {
    let length = principal.chars().count();
    if !(1..=128).contains(&length) || principal.chars().any(char::is_control) {
        return Err(ConfigError(format!(
            "{setting}: principal must be 1 to 128 printable characters"
        )));
    }
    if principal == SYSTEM {
        return Err(ConfigError(format!("{setting}: the service itself is {SYSTEM:?}")));
    }
    if scopes.is_empty() {
        return Err(ConfigError(format!(
            "{setting}: {principal} has no roles and no scopes; [\"*\"] is all of them"
        )));
    }
    Ok(())
}

impl Log {
    fn validate(&self) -> Result<()> {
        // A word that is no level would be taken for a module, and everything else be silent.
        for directive in self.level.split(',').map(str::trim) {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
                let known = LEVELS.join(", ");
                return Err(ConfigError(format!(
                    "log.level: {level:?} is no level; there are {known}, alone or behind a module as in \
                     info,ballast::store=debug"
                )));
            }
        }
        match tracing_subscriber::EnvFilter::try_new(&self.level) {
            Ok(_) => Ok(()),
            Err(e) => Err(ConfigError(format!("log.level is not understood: {e}"))),
        }
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// IANA names to and from text.
pub(super) mod zone {
    use chrono_tz::Tz;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(zone.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_| {
            D::Error::custom(format!("{name:?} is no IANA time zone like Europe/Berlin"))
        })
    }
}

#[cfg(test)]
mod tests;
