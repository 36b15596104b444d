//! What a token says of its caller.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::invalid;
use crate::config::ROLES;
use crate::ctx::RowScope;
use crate::domain::error::{Error, Reason, Result};

const PRINCIPAL_CHARS_MAX: usize = 128;

pub(super) struct Claims(Value);

impl Claims {
    pub fn new(claims: Map<String, Value>) -> Self {
        Self(Value::Object(claims))
    }

    /// By its name, or by a JSON pointer.
    fn claim(&self, name: &str) -> Option<&Value> {
        if name.starts_with('/') { self.0.pointer(name) } else { self.0.get(name) }
    }

    /// Holds `exp` against the latest that it may be, and `nbf` against what it is, as far as they are there.
    pub fn check_times(
        &self,
        now_micros: i64,
        latest_micros: i64,
        leeway_seconds: u64,
    ) -> Result<()> {
        let [now, latest] = [now_micros, latest_micros].map(|micros| micros.div_euclid(1_000_000));
        let leeway = i64::try_from(leeway_seconds).unwrap_or(i64::MAX);
        let (ends, begins) = (self.seconds("exp")?, self.seconds("nbf")?);
        if ends.is_some_and(|ends| latest >= ends.saturating_add(leeway)) {
            return Err(Error::Unauthenticated {
                reason: Reason::CredentialsExpired,
                description: "the bearer token is expired: ask its issuer for another one".into(),
            });
        }
        match begins {
            Some(begins) if now.saturating_add(leeway) < begins => Err(invalid("is not valid yet")),
            _ => Ok(()),
        }
    }

    /// A NumericDate: seconds since the epoch, which may have decimals.
    fn seconds(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let whole = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
        let malformed = || invalid(&format!("has a claim {name} of another form"));
        whole.map(Some).ok_or_else(malformed)
    }

    pub fn principal(&self, name: &str) -> Result<Arc<str>> {
        let principal = self.claim(name).and_then(Value::as_str).unwrap_or_default();
        let length = principal.chars().count();
        let is_fine = (1..=PRINCIPAL_CHARS_MAX).contains(&length)
            && !principal.chars().any(char::is_control)
            && principal != crate::ctx::SYSTEM;
        if is_fine {
            Ok(principal.into())
        } else {
            Err(invalid(&format!("names nobody in {name}")))
        }
    }

    /// Scopes that are named, and those of roles. All of them at once (`*`) has only a role.
    pub fn scopes(&self, scopes: &str, roles: &str) -> Vec<String> {
        let named = self.words(scopes).into_iter().filter(|scope| scope != "*");
        let mut all: Vec<String> = named.collect();
        for name in self.words(roles) {
            let role = ROLES.iter().find(|role| role.name == name);
            all.extend(role.iter().flat_map(|role| role.scopes).map(|scope| (*scope).to_owned()));
        }
        all
    }

    /// Which accounts the caller may see: all where no claim tells it.
    pub fn rows(&self, name: &str) -> RowScope {
        if name.is_empty() { RowScope::All } else { RowScope::of_words(&self.words(name)) }
    }

    /// A list of texts, or one text with spaces between its words (RFC 8693).
    fn words(&self, name: &str) -> Vec<String> {
        if name.is_empty() {
            return Vec::new();
        }
        match self.claim(name) {
            Some(Value::String(text)) => text.split(' ').map(str::to_owned).collect(),
            Some(Value::Array(list)) => {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: Value) -> Claims {
        Claims(claims)
    }

    #[test]
    fn a_token_counts_from_nbf_until_just_before_exp() {
        let claims = of(json!({"nbf": 100, "exp": 200}));
        let reason = |second: i64, leeway| {
            claims
                .check_times(second * 1_000_000, second * 1_000_000, leeway)
                .err()
                .map(|e| e.reason())
        };
        assert_eq!(reason(99, 0), Some(Reason::CredentialsInvalid));
        assert_eq!(reason(100, 0), None);
        assert_eq!(reason(199, 0), None);
        assert_eq!(reason(200, 0), Some(Reason::CredentialsExpired));
        assert_eq!((reason(90, 10), reason(209, 10)), (None, None));
        assert_eq!(reason(89, 10), Some(Reason::CredentialsInvalid));
        assert_eq!(reason(210, 10), Some(Reason::CredentialsExpired));
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        for claims in [json!({"exp": "tomorrow"}), json!({"nbf": true}), json!({"exp": [1]})] {
            let refused = of(claims).check_times(0, 0, 0).expect_err("no time");
            assert_eq!(refused.reason(), Reason::CredentialsInvalid);
        }
        assert!(of(json!({"exp": 200.5})).check_times(200_400_000, 200_400_000, 1).is_ok());
        assert!(of(json!({})).check_times(0, 0, 0).is_ok());
    }

    #[test]
    fn a_principal_is_a_text_of_one_line() {
        let claims = of(
            json!({"sub": "ann", "act": {"sub": "bob"}, "n": 1, "e": "", "x": "a\nb", "s": "system"}),
        );
        assert_eq!(claims.principal("sub").as_deref().ok(), Some("ann"));
        assert_eq!(claims.principal("/act/sub").as_deref().ok(), Some("bob"));
        for claim in ["n", "e", "x", "s", "none", "/act"] {
            assert!(claims.principal(claim).is_err(), "{claim}");
        }
    }

    #[test]
    fn scopes_and_roles_come_from_their_claims() {
        let claims = of(json!({
            "scope": "openid accounts.read *",
            "scp": ["credit.read", 7],
            "realm_access": {"roles": ["risk_reader", "boss"]},
        }));
        assert_eq!(claims.scopes("scope", "roles"), ["openid", "accounts.read"]);
        assert_eq!(claims.scopes("scp", "roles"), ["credit.read"]);
        assert!(claims.scopes("none", "").is_empty(), "roles are not read");
        let by_role = claims.scopes("none", "/realm_access/roles");
        assert_eq!(by_role, ["accounts.read", "receivables.read", "credit.read", "tiers.read"]);
        assert_eq!(of(json!({"roles": "admin"})).scopes("scope", "roles"), ["*"]);
    }

    #[test]
    fn accounts_come_from_their_claim_and_are_none_without_it() {
        let claims = of(json!({"accounts": ["own", "unit:North Sea", 7], "flat": "all"}));
        let within = |own: bool, units: &[&str]| {
            let business_units = units.iter().map(|unit| (*unit).to_owned()).collect();
            RowScope::Within(crate::ctx::Within { own, business_units }.into())
        };
        assert_eq!(claims.rows("accounts"), within(true, &["North Sea"]));
        assert_eq!((claims.rows("flat"), claims.rows("")), (RowScope::All, RowScope::All));
        assert_eq!(claims.rows("none"), within(false, &[]));
    }
}
