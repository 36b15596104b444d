//! The table of all settings: what the documentation prints, what the environment may set.

use std::fmt::Write as _;

/// One setting, as a reader of the documentation sees it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Path in the TOML file: `server.listen`.
    pub name: &'static str,
    /// `None` where the setting is a list and lives in the file only.
    pub env: Option<&'static str>,
    pub flag: Option<&'static str>,
    pub kind: Kind,
    pub default: &'static str,
    pub description: &'static str,
}

impl Setting {
    /// Its section, and its field there.
    pub fn path(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }
}

/// How a text from the environment or a flag is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Switch,
    /// Tables in the file.
    Tables,
}

/// Every setting there is, in the order of the file.
pub const fn reference() -> &'static [Setting] {
    SETTINGS
}

/// The table of the documentation.
pub fn markdown() -> String {
    let mut out = String::from("| setting | environment | flag | default | meaning |\n");
    out.push_str("|---|---|---|---|---|\n");
    for s in SETTINGS {
        let code = |text: &str| {
            if text.is_empty() { String::new() } else { format!("`{text}`") }
        };
        let (env, flag) = (code(s.env.unwrap_or("")), code(s.flag.unwrap_or("")));
        let (name, default, description) = (s.name, code(s.default), s.description);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| `{name}` | {env} | {flag} | {default} | {description} |");
    }
    out
}

macro_rules! settings {
    ($($kind:ident $name:literal $env:literal $(($flag:literal))? = $default:literal: $description:literal;)+) => {
        const SETTINGS: &[Setting] = &[$(Setting {
            name: $name,
            env: if $env.is_empty() { None } else { Some($env) },
            flag: settings!(@flag $($flag)?),
            kind: Kind::$kind,
            default: $default,
            description: $description,
        },)+];
    };
    (@flag) => { None };
    (@flag $flag:literal) => { Some($flag) };
}

settings! {
    Text "server.listen" "BALLAST_SERVER_LISTEN" ("--listen") = "127.0.0.1:50051": "Address and port to listen on.";
    Switch "server.behind_tls_proxy" "BALLAST_SERVER_BEHIND_TLS_PROXY" = "false": "A proxy beside the server ends TLS: without it, and without `tls.cert`, the server listens on loopback addresses only.";
    Number "server.reload_interval_seconds" "BALLAST_SERVER_RELOAD_INTERVAL_SECONDS" = "10": "How often certificates and the configuration file are looked at, to take new certificates, tokens and callers without dropping a call; 0 for at SIGHUP only.";
    Switch "server.reflection" "BALLAST_SERVER_REFLECTION" = "true": "Serve gRPC reflection, v1 and v1alpha.";
    Number "server.connections_max" "BALLAST_SERVER_CONNECTIONS_MAX" = "4096": "Connections at a time; one more takes the place of one on which no call is under way, of the address that has the most, or is closed at once.";
    Number "server.connections_per_peer_max" "BALLAST_SERVER_CONNECTIONS_PER_PEER_MAX" = "1024": "Of these from one address (of IPv6, one network of 64 bits), likewise; 0 for as many as there are.";
    Number "server.streams_per_connection_max" "BALLAST_SERVER_STREAMS_PER_CONNECTION_MAX" = "256": "Calls at a time on one connection; further ones wait in the client.";
    Number "server.connection_age_seconds_max" "BALLAST_SERVER_CONNECTION_AGE_SECONDS_MAX" = "1800": "After this a connection takes no new calls, so that clients spread over instances again; 0 for never.";
    Number "server.connection_age_jitter_percent" "BALLAST_SERVER_CONNECTION_AGE_JITTER_PERCENT" = "10": "Spread of that age, so that clients do not all come back at once.";
    Number "server.handshake_timeout_ms" "BALLAST_SERVER_HANDSHAKE_TIMEOUT_MS" = "10000": "How long a new connection may take to begin to speak HTTP/2.";
    Number "server.keepalive_interval_seconds" "BALLAST_SERVER_KEEPALIVE_INTERVAL_SECONDS" = "30": "How often a connection is pinged.";
    Number "server.keepalive_timeout_seconds" "BALLAST_SERVER_KEEPALIVE_TIMEOUT_SECONDS" = "10": "How long an answer to a ping may take before the connection counts as dead.";
    Number "server.requests_concurrent_max" "BALLAST_SERVER_REQUESTS_CONCURRENT_MAX" = "512": "Calls at a time over all connections; further ones answer OVERLOADED.";
    Number "server.requests_per_principal_max" "BALLAST_SERVER_REQUESTS_PER_PRINCIPAL_MAX" = "256": "Of these for one principal, so that nobody takes the places of everybody. Reports, exports and imports have at most a quarter of all, one principal half of that, and questions leave an eighth to decisions about orders.";
    Number "server.requests_per_connection_max" "BALLAST_SERVER_REQUESTS_PER_CONNECTION_MAX" = "128": "Of these for one connection. A call that was given up keeps its place until the work for it is over.";
    Number "server.request_arrival_timeout_ms" "BALLAST_SERVER_REQUEST_ARRIVAL_TIMEOUT_MS" = "10000": "How long the message of a call may take to arrive.";
    Number "server.stream_idle_seconds_max" "BALLAST_SERVER_STREAM_IDLE_SECONDS_MAX" = "300": "How long the server waits for the next message of a stream.";
    Number "server.request_bytes_max" "BALLAST_SERVER_REQUEST_BYTES_MAX" = "4194304": "Largest message taken.";
    Number "server.response_bytes_max" "BALLAST_SERVER_RESPONSE_BYTES_MAX" = "16777216": "Largest message sent.";
    Number "server.deadline_default_ms" "BALLAST_SERVER_DEADLINE_DEFAULT_MS" = "30000": "Deadline of a unary call whose client sends none.";
    Number "server.deadline_ms_max" "BALLAST_SERVER_DEADLINE_MS_MAX" = "300000": "Longest deadline of a unary call; streams may take as long as their client says.";
    Number "server.health_interval_ms" "BALLAST_SERVER_HEALTH_INTERVAL_MS" = "1000": "How often the database is asked whether it answers.";
    Number "server.shutdown_notice_ms" "BALLAST_SERVER_SHUTDOWN_NOTICE_MS" = "2000": "On shutdown: how long health says NOT_SERVING before anything else happens.";
    Number "server.shutdown_stream_grace_ms" "BALLAST_SERVER_SHUTDOWN_STREAM_GRACE_MS" = "1000": "Then: how long open streams may take to finish what they are at.";
    Number "server.shutdown_drain_seconds_max" "BALLAST_SERVER_SHUTDOWN_DRAIN_SECONDS_MAX" = "20": "Then: how long calls under way may take before they are cut.";
    Text "tls.cert" "BALLAST_TLS_CERT" = "": "File with the server's certificate and those between it and its authority (PEM); plain text if empty.";
    Text "tls.key" "BALLAST_TLS_KEY" = "": "File with the key of that certificate (PEM).";
    Text "tls.client_ca" "BALLAST_TLS_CLIENT_CA" = "": "File with the authorities whose certificates callers have (PEM).";
    Switch "tls.client_cert_required" "BALLAST_TLS_CLIENT_CERT_REQUIRED" = "true": "With `tls.client_ca`: whether a connection without a certificate is refused; a token is asked for otherwise.";
    Text "database.url" "BALLAST_DATABASE_URL" ("--database-url") = "sqlite://ballast.db": "`sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`. The password is never logged.";
    Number "database.postgres_connections_max" "BALLAST_DATABASE_POSTGRES_CONNECTIONS_MAX" = "12": "Connections to PostgreSQL.";
    Number "database.sqlite_readers" "BALLAST_DATABASE_SQLITE_READERS" = "4": "Reading connections to SQLite, next to its one writer.";
    Number "database.sqlite_megabytes_max" "BALLAST_DATABASE_SQLITE_MEGABYTES_MAX" = "0": "Largest SQLite file, in MiB, its write-ahead log not counted: beyond it writes answer STORAGE_FULL and reads are still served; 0 for as large as the disk.";
    Number "database.sqlite_check_megabytes_max" "BALLAST_DATABASE_SQLITE_CHECK_MEGABYTES_MAX" = "1024": "Up to which size, in MiB, a SQLite file is looked through at a start, some 300 MiB a second, and refused if its pages do not fit together; 0 for never.";
    Number "database.acquire_timeout_ms" "BALLAST_DATABASE_ACQUIRE_TIMEOUT_MS" = "5000": "How long a call waits for a free connection before it answers UNAVAILABLE.";
    Number "database.writes_waiting_max" "BALLAST_DATABASE_WRITES_WAITING_MAX" = "256": "Writes that may wait for their turn: one at a time on SQLite, all but two of the connections on PostgreSQL. One more answers OVERLOADED; one whose caller is gone is dropped.";
    Number "database.writes_waiting_bytes_max" "BALLAST_DATABASE_WRITES_WAITING_BYTES_MAX" = "67108864": "Bytes of what those writes are about, as JSON: 100 documents are about 50 KB. One more answers OVERLOADED. Decisions about orders go before other writes, and those before imports.";
    Number "database.credit_standings_kept" "BALLAST_DATABASE_CREDIT_STANDINGS_KEPT" = "10000": "Accounts whose credit standing is kept in memory (an account above or below many, or in many currencies, counts for several), so that a decision reads only whether it is still so; 0 for none.";
    Number "database.risks_kept" "BALLAST_DATABASE_RISKS_KEPT" = "10000": "Accounts of which what they owe on the day asked about last, as known now, is kept in memory (one with many balances counts for several), so that the next question reads only whether it is still so; 0 for none.";
    Number "database.statement_timeout_ms_max" "BALLAST_DATABASE_STATEMENT_TIMEOUT_MS_MAX" = "30000": "Longest statement; a nearer deadline of the call shortens it.";
    Number "database.probe_timeout_ms" "BALLAST_DATABASE_PROBE_TIMEOUT_MS" = "2000": "How long PostgreSQL may take to say that it is there, on a connection of its own, at each `server.health_interval_ms` and when a call met with trouble. When it does not, calls answer UNAVAILABLE at once until it does, also those under way; 0 for never.";
    Switch "database.statement_cache" "BALLAST_DATABASE_STATEMENT_CACHE" = "true": "Keep prepared statements; off behind pgbouncer older than 1.21 in transaction mode.";
    Text "business.time_zone" "BALLAST_BUSINESS_TIME_ZONE" ("--time-zone") = "UTC": "IANA time zone whose calendar gives the business date.";
    Text "business.base_currency" "BALLAST_BUSINESS_BASE_CURRENCY" = "": "Currency that rates between two others may go through; none if empty.";
    Number "business.rate_age_days_max" "BALLAST_BUSINESS_RATE_AGE_DAYS_MAX" = "7": "How old an exchange rate may be to be used.";
    Text "business.default_owner" "BALLAST_BUSINESS_DEFAULT_OWNER" = "members/unassigned": "Member who owns whatever nobody else does, by our id or by a key of yours (`members/HR~4711`); he must be there and active when the server starts.";
    Number "business.owner_rating_min" "BALLAST_BUSINESS_OWNER_RATING_MIN" = "0": "Least rating, of 1 to 5, that the owner of an account has in each competency where its class does not say; 0 for none.";
    Number "business.owner_accounts_max" "BALLAST_BUSINESS_OWNER_ACCOUNTS_MAX" = "0": "How many accounts one member may own where their class does not say; 0 for any number.";
    Number "business.sponsor_accounts_max" "BALLAST_BUSINESS_SPONSOR_ACCOUNTS_MAX" = "5": "How many accounts one executive may be the sponsor of.";
    Switch "business.sponsor_required" "BALLAST_BUSINESS_SPONSOR_REQUIRED" = "false": "Whether an account is to have an executive sponsor where its class does not say: one that has none then lacks him (`team.gaps`).";
    Number "business.calendar_notice_days" "BALLAST_BUSINESS_CALENDAR_NOTICE_DAYS" = "60": "How many days before the days that the work calendar knows end this is a finding (CALENDAR_ENDS).";
    Switch "auth.insecure" "BALLAST_AUTH_INSECURE" ("--insecure") = "false": "No credentials: every caller is an administrator. On a loopback address only.";
    Number "auth.denied_interval_seconds" "BALLAST_AUTH_DENIED_INTERVAL_SECONDS" = "10": "How often calls that were denied are written to the audit, those of one caller, method and reason counted in one row; 0 for never.";
    Tables "auth.tokens" "" = "": "Bearer tokens, in the file only: `[[auth.tokens]]` with `principal`, `sha256` (hexadecimal, of the token), `roles`, `scopes` and `accounts`: which accounts it may see, and people by them (`own`: on whose teams the member is who has the principal; `unit:NAME`: on whose teams a member of that business unit is; all where it is left out).";
    Tables "auth.certificates" "" = "": "Callers by a name of their certificate, in the file only: `[[auth.certificates]]` with `name` (a URI or DNS name among its subject alternative names), `principal`, `roles`, `scopes` and `accounts`.";
    Text "jwt.issuer" "BALLAST_JWT_ISSUER" = "": "Who issues JSON Web Tokens that callers may send as bearer tokens, as the claim `iss` says it; none if empty.";
    Text "jwt.audience" "BALLAST_JWT_AUDIENCE" = "": "What the claim `aud` must name; several stand between commas.";
    Text "jwt.keys" "BALLAST_JWT_KEYS" = "": "The issuer's public keys, a JSON Web Key Set: a file, or an `https://` address (`http://` on this machine only).";
    Text "jwt.ca" "BALLAST_JWT_CA" = "": "File with the authorities of that address (PEM); those that browsers know if empty.";
    Text "jwt.algorithms" "BALLAST_JWT_ALGORITHMS" = "RS256,ES256,EdDSA": "Algorithms a signature may have, of `RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 EdDSA`, between commas.";
    Text "jwt.principal_claim" "BALLAST_JWT_PRINCIPAL_CLAIM" = "sub": "Claim with the principal, a text of 1 to 128 characters: its name, or a JSON pointer (`/act/sub`).";
    Text "jwt.scopes_claim" "BALLAST_JWT_SCOPES_CLAIM" = "scope": "Claim with scopes: a list, or one text with spaces between. `*` is none there.";
    Text "jwt.roles_claim" "BALLAST_JWT_ROLES_CLAIM" = "roles": "Claim with roles, likewise; empty: roles are not read. Name one that is of this service alone (`/resource_access/ballast/roles`): an `admin` of all applications would be ours. What is no scope and no role of ours is passed over.";
    Text "jwt.accounts_claim" "BALLAST_JWT_ACCOUNTS_CLAIM" = "": "Claim with the accounts a caller may see, likewise, of the words of `accounts` in `[[auth.tokens]]`; empty: all. Where it is set, a token without it shows no account.";
    Switch "jwt.exp_required" "BALLAST_JWT_EXP_REQUIRED" = "true": "Whether a token must say until when it counts (`exp`).";
    Switch "jwt.nbf_required" "BALLAST_JWT_NBF_REQUIRED" = "false": "Whether a token must say from when on it counts (`nbf`).";
    Number "jwt.leeway_seconds" "BALLAST_JWT_LEEWAY_SECONDS" = "30": "How far the clock of the issuer may be off.";
    Number "jwt.refresh_seconds" "BALLAST_JWT_REFRESH_SECONDS" = "300": "How old keys may be before they are read anew.";
    Number "jwt.ask_seconds_min" "BALLAST_JWT_ASK_SECONDS_MIN" = "10": "Between two readings of the keys at least, also where a token names a key that is not known.";
    Number "jwt.keys_age_seconds_max" "BALLAST_JWT_KEYS_AGE_SECONDS_MAX" = "86400": "How long keys count that cannot be read anew, as the log says; then no token does.";
    Text "log.level" "BALLAST_LOG_LEVEL" ("--log-level") = "info": "`off`, `error`, `warn`, `info`, `debug`, `trace`, or directives like `info,ballast::store=debug`.";
    Text "log.format" "BALLAST_LOG_FORMAT" ("--log-format") = "text": "`text` or `json`.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// The table against the types: names, kinds and defaults.
    #[test]
    fn the_table_lists_every_setting_with_its_default() {
        let config = toml::Table::try_from(Config::default()).expect("serializes");
        let mut typed = Vec::new();
        for (section, fields) in &config {
            for (field, value) in fields.as_table().expect("sections are tables") {
                let shown = match value {
                    toml::Value::String(s) => (Kind::Text, s.clone()),
                    toml::Value::Integer(n) => (Kind::Number, n.to_string()),
                    toml::Value::Boolean(b) => (Kind::Switch, b.to_string()),
                    _ => (Kind::Tables, String::new()),
                };
                typed.push((format!("{section}.{field}"), shown));
            }
        }
        // TOML has no word for an absent value.
        let absent = [
            "business.base_currency",
            "tls.cert",
            "tls.key",
            "tls.client_ca",
            "jwt.issuer",
            "jwt.audience",
            "jwt.keys",
            "jwt.ca",
        ];
        for absent in absent {
            typed.push((absent.into(), (Kind::Text, String::new())));
        }
        let mut listed: Vec<_> =
            SETTINGS.iter().map(|s| (s.name.to_owned(), (s.kind, s.default.to_owned()))).collect();
        typed.sort_by(|a, b| a.0.cmp(&b.0));
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(typed, listed);
    }

    #[test]
    fn the_environment_follows_the_name() {
        for s in SETTINGS {
            if let Some(env) = s.env {
                let expected = format!("BALLAST_{}", s.name.replace('.', "_").to_uppercase());
                assert_eq!(env, expected);
            }
        }
        assert_eq!(markdown().lines().count(), SETTINGS.len() + 2);
    }
}
