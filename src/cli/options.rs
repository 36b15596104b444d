//! The options that commands share, and the configuration they lead to.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::{Config, Loaded, Source};
use crate::ctx::Clock;
use crate::store::Store;
use crate::telemetry;

/// A database that a command only reads, also beside a running server.
pub(super) struct Opened {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    /// Without the password.
    pub url: String,
}

/// Settings on the command line; the rest is in the file or the environment.
#[derive(Debug, Default, Clone, clap::Args)]
pub(super) struct Options {
    /// Configuration file (TOML).
    #[arg(long, env = "BALLAST_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`; better given as
    /// BALLAST_DATABASE_URL if it has a password.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// IANA time zone whose calendar gives the business date.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Level or directives, for instance `debug`.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// `text` or `json`.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl Options {
    /// Flags over environment over file over defaults; `more` are flags of one command.
    pub fn load(self, more: Vec<(&'static str, Option<String>)>) -> Result<Config, String> {
        Ok(self.loaded(more)?.config)
    }

    /// Opens the database that they name, to read it.
    pub async fn open_read_only(self) -> Result<Opened, String> {
        let config = self.load(Vec::new())?;
        telemetry::init(&config.log);
        let clock = Clock::system(config.business.time_zone);
        let url = config.database.url.redacted().to_string();
        let store = Store::connect_read_only(&config.database, clock.clone())
            .await
            .map_err(|e| format!("cannot open the database {url}: {e}"))?;
        Ok(Opened { config, clock, store, url })
    }

    /// As [`Options::load`], with where each setting comes from.
    pub fn loaded(self, more: Vec<(&'static str, Option<String>)>) -> Result<Loaded, String> {
        let Self { config, database_url, time_zone, log_level, log_format } = self;
        let mut flags = more;
        flags.extend([
            ("database.url", database_url),
            ("business.time_zone", time_zone),
            ("log.level", log_level),
            ("log.format", log_format),
        ]);
        let flags: Vec<_> =
            flags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let env = environment(std::env::vars_os())?;
        Source::new(config, env, flags).load().map_err(|e| e.to_string())
    }
}

/// The variables that are text. One of ours that is none is refused: passed over, it would leave its
/// setting at the default.
fn environment(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, String> {
    let mut env = BTreeMap::new();
    for (name, value) in all {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => _ = env.insert(name, value),
            Err(_) if name.starts_with("BALLAST_") => return Err(format!("{name} is no UTF-8")),
            Err(_) => {}
        }
    }
    Ok(env)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn a_setting_that_is_no_text_is_refused() {
        let latin = || OsString::from_vec(b"s3cr\xe9t".to_vec());
        let of = |name: &str| environment([(name.into(), latin())].into_iter());
        assert_eq!(of("LC_OTHER"), Ok(BTreeMap::new()));
        assert_eq!(of("BALLAST_DATABASE_URL"), Err("BALLAST_DATABASE_URL is no UTF-8".into()));
    }
}
