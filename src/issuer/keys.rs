//! The keys of the issuer, as they were last read. They are asked for when they are old, and when a
//! token names one that is not known: issuers change theirs. Asking is bounded, whatever callers send,
//! and keys that are known stay while the issuer is away, for a bounded time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::IssuerError;
use super::fetch::Fetch;
use crate::config::{Jwt, KeySource};
use crate::ctx::Clock;
use crate::domain::error::{Error, Reason, Result};

/// Of a set that is larger, the rest is not looked at.
const KEYS_MAX: usize = 100;
/// Calls that wait for the issuer at a time; one more is refused.
const WAITING_MAX: usize = 64;
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A key, and the signatures that may be made with it.
#[derive(Debug, Clone)]
pub(super) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    pub key: DecodingKey,
}

#[derive(Debug, Clone)]
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// What can be used of a set; what is for other uses or of other kinds is passed over.
    ///
    /// # Errors
    /// If it is no set, or nothing of it can be used.
    pub fn parse(bytes: &[u8], allowed: &[Algorithm]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Given {
            keys: Vec<Value>,
        }
        let given: Given = serde_json::from_slice(bytes).map_err(|_| "is no JSON Web Key Set")?;
        let keys = given.keys.into_iter().take(KEYS_MAX);
        let keys: Vec<Key> = keys.filter_map(|given| Key::parse(given, allowed)).collect();
        match keys.is_empty() {
            true => Err("holds no key for the algorithms of jwt.algorithms".into()),
            false => Ok(Self(keys)),
        }
    }

    /// A token that names no key may be signed by the only one there is.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self.0.iter().filter(|key| key.algorithms.contains(&algorithm));
        match id {
            Some(_) => fitting.find(|key| key.id.as_deref() == id),
            None => fitting.next().filter(|_| self.0.len() == 1),
        }
    }
}

impl Key {
    fn parse(given: Value, allowed: &[Algorithm]) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(given).ok()?;
        let is_for_signing = match &jwk.common.public_key_use {
            None | Some(PublicKeyUse::Signature) => true,
            Some(_) => false,
        };
        let by_kind: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            AlgorithmParameters::EllipticCurve(of) if of.curve == EllipticCurve::P256 => {
                &[Algorithm::ES256]
            }
            AlgorithmParameters::EllipticCurve(of) if of.curve == EllipticCurve::P384 => {
                &[Algorithm::ES384]
            }
            AlgorithmParameters::OctetKeyPair(of) if of.curve == EllipticCurve::Ed25519 => {
                &[Algorithm::EdDSA]
            }
            // A secret in a set that is published is no secret.
            _ => &[],
        };
        // A key that says its algorithm is for no other.
        let own = jwk.common.key_algorithm.map(|of| Algorithm::try_from(of).ok());
        let fits = |algorithm: &&Algorithm| {
            allowed.contains(algorithm) && own.is_none_or(|own| own == Some(**algorithm))
        };
        let algorithms: Vec<Algorithm> = by_kind.iter().filter(fits).copied().collect();
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        let is_usable = is_for_signing && !algorithms.is_empty();
        is_usable.then_some(Self { id: jwk.common.key_id, algorithms, key })
    }
}

/// What is known, and since when, in microseconds of the time that passes.
#[derive(Debug, Default)]
struct Known {
    set: Option<Arc<KeySet>>,
    read: i64,
    asked: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Keys {
    fetch: Fetch,
    allowed: Vec<Algorithm>,
    refresh: i64,
    ask_min: i64,
    age_max: i64,
    clock: Clock,
    known: Arc<Mutex<Known>>,
    /// One asks at a time.
    asking: tokio::sync::Mutex<()>,
    waiting: Semaphore,
}

fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

impl Keys {
    /// A file is read at once, so that what is wrong with it is found out at the start.
    pub fn new(
        settings: &Jwt,
        source: &KeySource,
        clock: &Clock,
        before: Option<&Self>,
    ) -> Result<Self, IssuerError> {
        let fetch = Fetch::new(source, settings.ca.as_deref())?;
        let allowed = settings.algorithms.all().to_vec();
        let known = before.map(|other| other.known.clone()).unwrap_or_default();
        let keys = Self {
            fetch,
            allowed,
            refresh: micros(settings.refresh_seconds),
            ask_min: micros(settings.ask_seconds_min),
            age_max: micros(settings.keys_age_seconds_max),
            clock: clock.clone(),
            known,
            asking: tokio::sync::Mutex::default(),
            waiting: Semaphore::new(WAITING_MAX),
        };
        if let Some(path) = source.file() {
            let refuse = |fault: String| IssuerError::new("keys", path, fault);
            let bytes = std::fs::read(path).map_err(|e| refuse(e.to_string()))?;
            let set = KeySet::parse(&bytes, &keys.allowed).map_err(refuse)?;
            let now = keys.clock.passed_micros();
            *keys.known() = Known { set: Some(set.into()), read: now, asked: Some(now) };
        }
        Ok(keys)
    }

    /// The key that a token names; `None` if the issuer has none such.
    ///
    /// # Errors
    /// ISSUER_UNAVAILABLE if nothing is known that is new enough.
    pub async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Key>> {
        if let Some((set, age)) = self.fresh()
            && let Some(key) = set.find(id, algorithm)
        {
            if age >= self.refresh {
                self.ask_soon();
            }
            return Ok(Some(key.clone()));
        }
        // Goes on if this caller leaves: whoever asks next needs the answer.
        let keys = self.clone();
        tokio::spawn(async move { keys.ask().await }).await.map_err(|_| unavailable())??;
        let (set, _) = self.fresh().ok_or_else(unavailable)?;
        Ok(set.find(id, algorithm).cloned())
    }

    /// What is known, with its age, unless it is too old to go by.
    fn fresh(&self) -> Option<(Arc<KeySet>, i64)> {
        let known = self.known();
        let age = self.clock.passed_micros() - known.read;
        let set = known.set.clone().filter(|_| age <= self.age_max)?;
        Some((set, age))
    }

    /// Asks beside the call that found out.
    pub fn ask_soon(self: &Arc<Self>) {
        if self.may_ask() {
            let keys = self.clone();
            tokio::spawn(async move { keys.ask().await });
        }
    }

    fn may_ask(&self) -> bool {
        let now = self.clock.passed_micros();
        self.known().asked.is_none_or(|asked| now - asked >= self.ask_min)
    }

    /// Asks the issuer, or waits for whoever does. Nothing is asked where he was just asked.
    async fn ask(&self) -> Result<()> {
        let _waiting = self.waiting.try_acquire().map_err(|_| unavailable())?;
        let _one = self.asking.lock().await;
        if !self.may_ask() {
            return Ok(());
        }
        let now = self.clock.passed_micros();
        self.known().asked = Some(now);
        let fetched = self.fetch.fetch().await;
        match fetched.and_then(|bytes| KeySet::parse(&bytes, &self.allowed)) {
            Ok(set) => {
                let mut known = self.known();
                (known.set, known.read) = (Some(set.into()), now);
            }
            Err(fault) => self.tell(now, &fault),
        }
        Ok(())
    }

    fn tell(&self, now: i64, fault: &str) {
        let known = self.known();
        let age_seconds = (now - known.read) / 1_000_000;
        let keys = self.fetch.to_string();
        match &known.set {
            Some(_) if now - known.read <= self.age_max => {
                let left_seconds = (self.age_max - (now - known.read)) / 1_000_000;
                tracing::warn!(
                    keys,
                    fault,
                    age_seconds,
                    left_seconds,
                    "the keys of the issuer could not be read: those that are known still count"
                );
            }
            _ => tracing::error!(
                keys,
                fault,
                "the keys of the issuer could not be read: nobody gets in by a token of his"
            ),
        }
    }

    /// Never left half changed, also where a thread ended.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable() -> Error {
    Error::Unavailable {
        reason: Reason::IssuerUnavailable,
        description: "the keys of the token's issuer are not known".into(),
        retry_after: RETRY_AFTER,
    }
}
