//! What is exchanged while the server runs: its certificate, the authorities of callers, and who
//! may call. Connections and calls under way go on with what they began with; a file that is
//! wrong changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::rustls::ServerConfig;
use toml::Table;

use super::{ServeError, check, tls};
use crate::api::middleware::access::Credentials;
use crate::config::{Config, Jwt, KeySource};
use crate::ctx::Clock;
use crate::issuer::Issuer;
use crate::shutdown::Shutdown;

/// What new connections and calls go by.
#[derive(Clone)]
pub(super) struct Live {
    /// `None` for plain text.
    pub tls: watch::Receiver<Option<Arc<ServerConfig>>>,
    pub credentials: watch::Receiver<Arc<Credentials>>,
}

pub(super) struct Reload {
    /// As the server was started with.
    config: Arc<Config>,
    clock: Clock,
    /// Of the tokens that are in no list.
    issuer: Option<Arc<Issuer>>,
    /// The files of certificates that are in force.
    certificates: Vec<PathBuf>,
    tls: watch::Sender<Option<Arc<ServerConfig>>>,
    credentials: watch::Sender<Arc<Credentials>>,
}

/// What a look at the files gave.
struct Fresh {
    certificates: Vec<PathBuf>,
    tls: Option<Arc<ServerConfig>>,
    credentials: Credentials,
    issuer: Option<Arc<Issuer>>,
    /// Sections, and settings, of which a change counts from the next start on.
    waiting: Vec<&'static str>,
}

impl Reload {
    pub fn new(config: Arc<Config>, clock: &Clock) -> Result<(Self, Live), ServeError> {
        let (tls, tls_in_force) = watch::channel(tls::load(&config.tls)?);
        let issuer = Issuer::new(&config.jwt, clock, None)?.map(Arc::new);
        issuer.iter().for_each(|issuer| issuer.prepare());
        let known = Credentials::new(&config.auth, issuer.clone());
        let (credentials, credentials_in_force) = watch::channel(Arc::new(known));
        let live = Live { tls: tls_in_force, credentials: credentials_in_force };
        let certificates = files_of(&config);
        let clock = clock.clone();
        Ok((Self { config, clock, issuer, certificates, tls, credentials }, live))
    }

    /// Reads the files anew when asked to and when they changed, until the server goes down. A change
    /// that nobody told of counts once two looks saw the same: the first may have met a file that was
    /// half written.
    pub async fn run(mut self, shutdown: Shutdown) {
        let interval = Duration::from_secs(self.config.server.reload_interval_seconds);
        let (mut seen, mut before) = (None, None);
        let mut refreshed = Instant::now();
        loop {
            // Nobody may call for long, and whoever does then should not have to wait for the issuer.
            let refresh = self.issuer.as_ref().map(|issuer| refreshed + issuer.refresh());
            let asked = tokio::select! {
                () = shutdown.requested() => return,
                () = shutdown.reload_asked() => true,
                () = tokio::time::sleep(interval), if !interval.is_zero() => false,
                () = until(refresh) => {
                    self.issuer.iter().for_each(|issuer| issuer.prepare());
                    refreshed = Instant::now();
                    continue;
                }
            };
            let looked = Some(contents(self.files()).await);
            // The first look has nothing to compare with: what was read at the start may be older.
            let first = seen.is_none();
            let is_whole = looked == before;
            before.clone_from(&looked);
            if asked || (looked != seen && is_whole) {
                seen = looked;
                self.exchange(asked || !first).await;
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let config = self.config.source.as_ref().and_then(|source| source.file());
        let certificates = self.certificates.iter().cloned();
        config.map(PathBuf::from).into_iter().chain(certificates).collect()
    }

    /// All or nothing.
    async fn exchange(&mut self, tell: bool) {
        let (config, clock, issuer) =
            (self.config.clone(), self.clock.clone(), self.issuer.clone());
        let reading = move || read(&config, &clock, issuer.as_deref());
        let fresh = tokio::task::spawn_blocking(reading).await;
        let fresh = fresh.map_err(|e| e.to_string()).and_then(|fresh| fresh);
        let Fresh { certificates, tls, credentials, issuer, waiting } = match fresh {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::error!(error, "certificates and callers stay as they were");
                return;
            }
        };
        self.certificates = certificates;
        issuer.iter().for_each(|issuer| issuer.prepare());
        self.issuer = issuer;
        self.tls.send_replace(tls);
        self.credentials.send_replace(Arc::new(credentials));
        if tell {
            tracing::info!("certificates and callers were read anew");
        }
        if !waiting.is_empty() {
            let sections = waiting.join(", ");
            tracing::warn!(sections, "other settings changed: they count from the next start on");
        }
    }
}

/// For ever, if there is no such time.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// What is in force from now on, or why not.
fn read(config: &Config, clock: &Clock, issuer: Option<&Issuer>) -> Result<Fresh, String> {
    let fresh = match &config.source {
        Some(source) => source.load().map_err(|e| e.to_string())?.config,
        None => config.clone(),
    };
    check(&fresh).map_err(|e| e.to_string())?;
    let is_other = fresh.auth.insecure != config.auth.insecure
        || fresh.tls.cert.is_some() != config.tls.cert.is_some();
    if is_other {
        return Err("whether there are credentials, and TLS, is decided at the start".into());
    }
    let tls = tls::load(&fresh.tls).map_err(|e| e.to_string())?;
    let issuer = Issuer::new(&fresh.jwt, clock, issuer).map_err(|e| e.to_string())?.map(Arc::new);
    Ok(Fresh {
        certificates: files_of(&fresh),
        tls,
        credentials: Credentials::new(&fresh.auth, issuer.clone()),
        issuer,
        waiting: waiting(config, &fresh)?,
    })
}

fn files_of(config: &Config) -> Vec<PathBuf> {
    let Jwt { keys, ca, .. } = &config.jwt;
    let keys = keys.as_ref().and_then(KeySource::file);
    config.tls.files().map(|(_, path)| path).chain(keys).chain(ca).cloned().collect()
}

fn waiting(before: &Config, after: &Config) -> Result<Vec<&'static str>, String> {
    let denied_interval_changed =
        before.auth.denied_interval_seconds != after.auth.denied_interval_seconds;
    let sections = |config| Table::try_from(config).map_err(|e: toml::ser::Error| e.to_string());
    let (before, after) = (sections(before)?, sections(after)?);
    let all = ["server", "database", "business", "log"];
    let mut waiting: Vec<&str> =
        all.into_iter().filter(|section| before.get(*section) != after.get(*section)).collect();
    // Of callers only this is not exchanged.
    waiting.extend(denied_interval_changed.then_some("auth.denied_interval_seconds"));
    Ok(waiting)
}

/// A digest of each file, `None` where it cannot be read.
async fn contents(files: Vec<PathBuf>) -> Vec<Option<[u8; 32]>> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let bytes = tokio::fs::read(file).await.ok();
        all.push(bytes.map(|bytes| Sha256::digest(bytes).into()));
    }
    all
}
