//! Callers with a token of another system: who issues it, and by which keys.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr as _;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::{Deserialize, Serialize};

/// JSON Web Tokens (RFC 7519) of one issuer. Off without `issuer`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// As the claim `iss` says it.
    pub issuer: Option<String>,
    /// The claim `aud` must name one of these, which stand between commas.
    pub audience: Option<String>,
    pub keys: Option<KeySource>,
    /// The authorities of the server that `keys` names; without it those that browsers know.
    pub ca: Option<PathBuf>,
    pub algorithms: Algorithms,
    /// The name of a claim, or a JSON pointer (RFC 6901) to it.
    pub principal_claim: String,
    pub scopes_claim: String,
    /// Empty: roles are not read.
    pub roles_claim: String,
    /// Empty: whoever has a token sees all accounts.
    pub accounts_claim: String,
    pub exp_required: bool,
    pub nbf_required: bool,
    pub leeway_seconds: u64,
    pub refresh_seconds: u64,
    /// The issuer is asked for a key that is not known at most as often as this.
    pub ask_seconds_min: u64,
    pub keys_age_seconds_max: u64,
}

impl Default for Jwt {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            keys: None,
            ca: None,
            algorithms: Algorithms(vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]),
            principal_claim: "sub".into(),
            scopes_claim: "scope".into(),
            roles_claim: "roles".into(),
            accounts_claim: String::new(),
            exp_required: true,
            nbf_required: false,
            leeway_seconds: 30,
            refresh_seconds: 300,
            ask_seconds_min: 10,
            keys_age_seconds_max: 86_400,
        }
    }
}

impl Jwt {
    pub fn audiences(&self) -> Vec<&str> {
        let all = self.audience.iter().flat_map(|text| text.split(','));
        all.map(str::trim).filter(|one| !one.is_empty()).collect()
    }

    /// What is wrong with it, by its setting.
    pub(super) fn fault(&self) -> Option<String> {
        let Self { issuer, keys, ca, .. } = self;
        if issuer.is_none() {
            let named = [
                ("audience", self.audience.is_some()),
                ("keys", keys.is_some()),
                ("ca", ca.is_some()),
            ];
            let named = named.into_iter().find_map(|(name, is_set)| is_set.then_some(name));
            return named.map(|name| format!("jwt.{name} is nothing without jwt.issuer"));
        }
        let claims =
            [("principal_claim", &self.principal_claim), ("scopes_claim", &self.scopes_claim)];
        if issuer.as_ref().is_some_and(String::is_empty) {
            return Some("jwt.issuer must not be empty".into());
        }
        if self.audiences().is_empty() {
            return Some("jwt.audience: a token for anybody would be taken; set it".into());
        }
        if keys.is_none() {
            return Some("jwt.keys: no token can be verified without keys; set it".into());
        }
        if ca.is_some() && !keys.as_ref().is_some_and(KeySource::is_https) {
            return Some("jwt.ca is for keys from an https:// address".into());
        }
        let optional =
            [("roles_claim", &self.roles_claim), ("accounts_claim", &self.accounts_claim)];
        if let Some((name, _)) = optional.into_iter().find(|(_, claim)| *claim == "/") {
            return Some(format!("jwt.{name} must name a claim, or be empty for none"));
        }
        let empty = claims.into_iter().find(|(_, claim)| claim.is_empty() || *claim == "/");
        empty.map(|(name, _)| format!("jwt.{name} must name a claim"))
    }
}

/// Which algorithms a signature may have. None of them is made with a secret that both sides know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Algorithms(Vec<Algorithm>);

const SIGNING: &str = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";

impl Algorithms {
    pub fn all(&self) -> &[Algorithm] {
        &self.0
    }
}

impl TryFrom<String> for Algorithms {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut all = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match Algorithm::from_str(name) {
                Ok(known) if known.family() != AlgorithmFamily::Hmac => all.push(known),
                _ => return Err(format!("{name:?} is not taken; there are {SIGNING}")),
            }
        }
        if all.is_empty() { Err(format!("there are {SIGNING}")) } else { Ok(Self(all)) }
    }
}

impl From<Algorithms> for String {
    fn from(all: Algorithms) -> Self {
        all.0.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(",")
    }
}

/// Where the keys of the issuer are: a JSON Web Key Set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeySource {
    File(PathBuf),
    Address(Address),
}

/// A URL, in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub is_https: bool,
    /// A name, or an IP address without brackets.
    pub host: String,
    pub port: u16,
    /// With its query.
    pub path: String,
}

impl KeySource {
    pub fn is_https(&self) -> bool {
        matches!(self, Self::Address(address) if address.is_https)
    }

    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Address(_) => None,
        }
    }
}

impl Address {
    /// As the header `host` says it.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl TryFrom<String> for KeySource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            let path = text.strip_prefix("file:").unwrap_or(&text);
            return match path.is_empty() {
                true => Err("must be a file or an https:// address".into()),
                false => Ok(Self::File(path.into())),
            };
        };
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            "file" => return Ok(Self::File(rest.into())),
            _ => return Err("must be a file or an https:// address".into()),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, _) = path.split_once('#').unwrap_or((path, ""));
        let usual = if is_https { 443 } else { 80 };
        // What stands before an @ would be a password in a log.
        let uri: http::Uri = format!("http://{authority}/")
            .parse()
            .ok()
            .filter(|_| !authority.contains('@'))
            .ok_or("must be an https:// address of a host, without user and password")?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(usual);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let address = Address { is_https, host, port, path };
        if address.host.is_empty() {
            return Err("must be an https:// address of a host".into());
        }
        if !is_https && !address.is_loopback() {
            return Err(
                "http:// is for this machine only: whoever is between could be anybody".into()
            );
        }
        Ok(Self::Address(address))
    }
}

impl From<KeySource> for String {
    fn from(source: KeySource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Address(address) => {
                let scheme = if address.is_https { "https" } else { "http" };
                write!(f, "{scheme}://{}{}", address.authority(), address.path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_a_file_or_a_safe_address() {
        let of = |text: &str| KeySource::try_from(text.to_owned());
        for (text, shown) in [
            ("keys.json", "keys.json"),
            ("file:///etc/keys.json", "/etc/keys.json"),
            ("https://id.example.com/jwks?x=1#y", "https://id.example.com/jwks?x=1"),
            ("https://id.example.com:8443", "https://id.example.com:8443/"),
            ("http://127.0.0.1:8080/keys", "http://127.0.0.1:8080/keys"),
            ("http://[::1]/keys", "http://[::1]/keys"),
        ] {
            let source = of(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(source.to_string(), shown);
            assert_eq!(of(&source.to_string()).ok(), Some(source), "{text}");
        }
        for text in
            ["", "ftp://x/y", "http://id.example.com/keys", "https:///keys", "https://a:b@c/d"]
        {
            let refused = of(text).expect_err(text);
            assert!(!refused.contains("a:b"), "{refused}");
        }
    }

    #[test]
    fn an_algorithm_with_a_shared_secret_is_none() {
        let of = |text: &str| Algorithms::try_from(text.to_owned());
        assert_eq!(of("RS256, ES384").map(String::from), Ok("RS256,ES384".into()));
        for text in ["", "none", "HS256", "RS256,HS512", "rs256", "X"] {
            assert!(of(text).expect_err(text).contains("ES256"), "{text}");
        }
    }

    #[test]
    fn what_a_token_is_held_against_has_to_be_said() {
        let whole = Jwt {
            issuer: Some("https://id".into()),
            audience: Some("a, b".into()),
            keys: Some(KeySource::File("keys.json".into())),
            ..Jwt::default()
        };
        assert_eq!((whole.fault(), whole.audiences()), (None, vec!["a", "b"]));
        assert_eq!(Jwt::default().fault(), None);
        for (broken, said) in [
            (Jwt { issuer: None, ..whole.clone() }, "jwt.audience is nothing"),
            (Jwt { audience: Some(" ,".into()), ..whole.clone() }, "jwt.audience: "),
            (Jwt { keys: None, ..whole.clone() }, "jwt.keys: "),
            (Jwt { ca: Some("ca.pem".into()), ..whole.clone() }, "jwt.ca is for"),
            (Jwt { roles_claim: "/".into(), ..whole.clone() }, "jwt.roles_claim must"),
            (Jwt { accounts_claim: "/".into(), ..whole.clone() }, "jwt.accounts_claim must"),
        ] {
            assert!(broken.fault().is_some_and(|fault| fault.starts_with(said)), "{broken:?}");
        }
    }
}
