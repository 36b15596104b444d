//! Values that must not show up in logs: their `Debug` and `Serialize` leave the secret out.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

/// A database URL, which may carry a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its password: for the driver only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres://") || self.0.starts_with("postgresql://")
    }

    pub fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }

    /// A SQLite database of this process alone, gone with it.
    pub fn in_memory() -> Self {
        Self::new("sqlite:file:ballast?mode=memory&cache=shared")
    }

    /// Whether it is a SQLite file that is not there.
    pub fn is_missing_file(&self) -> bool {
        let path = self.0.split('?').next().and_then(|url| url.strip_prefix("sqlite:"));
        let path = path.map(|path| path.trim_start_matches("//"));
        path.is_some_and(|path| !path.contains(":memory:") && !Path::new(path).exists())
    }

    /// The URL for people: user, host and database, no password and no parameters.
    pub fn redacted(&self) -> String {
        let url = self.0.split(['?', '#']).next().unwrap_or_default();
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        // A password may hold an `@` that somebody forgot to encode: the last one counts.
        let Some((user_info, host)) = rest.rsplit_once('@') else { return url.to_owned() };
        match user_info.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
            None => url.to_owned(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.redacted())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

/// The SHA-256 of a bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Looks at every byte whatever the outcome, so that the time tells nothing.
    pub fn matches(&self, other: &Self) -> bool {
        let different = self.0.iter().zip(&other.0).fold(0, |acc, (a, b)| acc | (a ^ b));
        std::hint::black_box(different) == 0
    }

    fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The value is left out of the message: somebody may have put the token itself here.
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom("sha256 must be 64 hexadecimal digits: printf %s TOKEN | sha256sum")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows() {
        for url in [
            "postgres://me:s3cret@db:5432/ledger?sslmode=require",
            "postgres://me:s3c@s3cret@db/ledger",
            "postgres://db/ledger?user=me&password=s3cret",
        ] {
            let url = DatabaseUrl::new(url);
            for shown in [format!("{url:?}"), url.to_string(), url.redacted()] {
                assert!(!shown.contains("s3c"), "{shown}");
            }
        }
        assert_eq!(
            DatabaseUrl::new("postgres://me:x@db/l?a=b").redacted(),
            "postgres://me:***@db/l"
        );
        assert_eq!(DatabaseUrl::new("sqlite://ballast.db").redacted(), "sqlite://ballast.db");
    }

    #[test]
    fn a_token_matches_its_hash_only() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = TokenHash::parse(abc).expect("64 digits");
        assert!(hash.matches(&TokenHash::of("abc")));
        assert!(!hash.matches(&TokenHash::of("abd")));
        assert!(TokenHash::parse("abc").is_none());
        assert!(TokenHash::parse(&"zz".repeat(32)).is_none());
        assert_eq!(format!("{hash:?}"), "***");
    }
}
