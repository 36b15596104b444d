//! Callers whose token another system issued: a JSON Web Token (RFC 7519), signed with one of the
//! keys that the issuer publishes. Everything that a caller is refused for is UNAUTHENTICATED and says
//! what does not fit; that a key is not known and that a signature is wrong are told alike, and no
//! token is ever logged.

mod claims;
mod fetch;
mod keys;
mod signature;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::config::Jwt;
use crate::ctx::{Clock, RowScope, Scopes};
use crate::domain::error::{Error, Reason, Result};
use claims::Claims;
use keys::Keys;

/// What could not be read at the start, by its setting.
#[derive(Debug, thiserror::Error)]
#[error("jwt.{setting}: {path}: {fault}")]
pub struct IssuerError {
    setting: &'static str,
    path: String,
    fault: String,
}

impl IssuerError {
    fn new(setting: &'static str, path: &Path, fault: impl std::fmt::Display) -> Self {
        Self { setting, path: path.display().to_string(), fault: fault.to_string() }
    }
}

/// A caller as his token tells him.
#[derive(Debug, Clone)]
pub struct Verified {
    pub principal: Arc<str>,
    pub scopes: Arc<Scopes>,
    /// Which accounts he may see.
    pub rows: RowScope,
}

/// Whoever issues tokens, with the keys that are known of him.
#[derive(Debug)]
pub struct Issuer {
    settings: Jwt,
    name: String,
    keys: Arc<Keys>,
    clock: Clock,
}

impl Issuer {
    /// `None` where no issuer is named. Goes on with what is known of one with the same keys.
    ///
    /// # Errors
    /// If a file cannot be read or says nothing.
    pub fn new(
        settings: &Jwt,
        clock: &Clock,
        before: Option<&Self>,
    ) -> Result<Option<Self>, IssuerError> {
        let (Some(name), Some(source)) = (&settings.issuer, &settings.keys) else {
            return Ok(None);
        };
        signature::install();
        let before = before.filter(|other| {
            other.settings.keys.as_ref() == Some(source)
                && other.settings.algorithms == settings.algorithms
        });
        let keys = Keys::new(settings, source, clock, before.map(|other| &*other.keys))?;
        let (settings, name, clock) = (settings.clone(), name.clone(), clock.clone());
        Ok(Some(Self { settings, name, keys: keys.into(), clock }))
    }

    /// How old keys may be before they are read anew.
    pub fn refresh(&self) -> Duration {
        Duration::from_secs(self.settings.refresh_seconds)
    }

    /// Asks for the keys, so that the first caller need not wait for them.
    pub fn prepare(&self) {
        self.keys.ask_soon();
    }

    /// Whether a token has the form of one that is issued.
    pub fn is_jwt(token: &str) -> bool {
        token.split('.').count() == 3
    }

    /// # Errors
    /// UNAUTHENTICATED: CREDENTIALS_INVALID, or CREDENTIALS_EXPIRED if another token would do. UNAVAILABLE
    /// ISSUER_UNAVAILABLE if no keys are known that are new enough.
    pub async fn verify(&self, token: &str) -> Result<Verified> {
        let header = decode_header(token).map_err(|_| invalid("is no signed JWT"))?;
        if !header.typ.as_deref().is_none_or(is_of_callers) {
            return Err(invalid("is for another use, as its header says (typ)"));
        }
        if !self.settings.algorithms.all().contains(&header.alg) {
            return Err(invalid("is signed by an algorithm that is not taken"));
        }
        let Some(key) = self.keys.find(header.kid.as_deref(), header.alg).await? else {
            return Err(invalid(NOT_SIGNED));
        };
        let decoded = decode::<Map<String, Value>>(token, &key.key, &self.validation(&header));
        let claims = Claims::new(decoded.map_err(|error| refused(error.kind()))?.claims);
        let Jwt { leeway_seconds, principal_claim, scopes_claim, roles_claim, .. } = &self.settings;
        let (now, latest) = (self.clock.now_micros(), self.clock.latest_micros());
        claims.check_times(now, latest, *leeway_seconds)?;
        let principal = claims.principal(principal_claim)?;
        let scopes = claims.scopes(scopes_claim, roles_claim);
        let rows = claims.rows(&self.settings.accounts_claim);
        Ok(Verified { principal, scopes: Arc::new(Scopes::new(scopes)), rows })
    }

    /// What the library is to hold a token against. The times are held against our clock.
    fn validation(&self, header: &Header) -> Validation {
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&self.settings.audiences());
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let Jwt { exp_required, nbf_required, .. } = self.settings;
        let times = [("exp", exp_required), ("nbf", nbf_required)];
        let times =
            times.into_iter().filter_map(|(claim, is_required)| is_required.then_some(claim));
        let required: Vec<&str> = ["iss", "aud"].into_iter().chain(times).collect();
        validation.set_required_spec_claims(&required);
        validation
    }
}

/// Whether a token of this type (RFC 8725, 3.11) may be a caller's: one of no use of its own, or an access
/// token (RFC 9068). Those that tell of a logout or of an event are signed by the same keys.
fn is_of_callers(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

/// Said of a key that is not known, too.
const NOT_SIGNED: &str = "is not signed by a key of its issuer";

fn refused(kind: &ErrorKind) -> Error {
    match kind {
        ErrorKind::InvalidIssuer => invalid("has another issuer"),
        ErrorKind::InvalidAudience => invalid("is for another audience"),
        ErrorKind::MissingRequiredClaim(claim) => invalid(&format!("lacks the claim {claim}")),
        ErrorKind::InvalidClaimFormat(claim) => {
            invalid(&format!("has a claim {claim} of another form"))
        }
        ErrorKind::InvalidSignature | ErrorKind::InvalidKeyFormat | ErrorKind::InvalidAlgorithm => {
            invalid(NOT_SIGNED)
        }
        _ => invalid("is no signed JWT"),
    }
}

fn invalid(what: &str) -> Error {
    Error::Unauthenticated {
        reason: Reason::CredentialsInvalid,
        description: format!("the bearer token {what}"),
    }
}

#[cfg(test)]
mod tests;
