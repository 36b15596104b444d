//! Opaque page tokens: bound to the method and its other arguments, pinning the point in both
//! times the first page resolved, and carrying the position to go on from.
//!
//! They are checksummed against accident and tinkering, not encrypted: nothing in them is
//! secret, and a forged one reads nothing the caller could not read anyway.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Datelike as _, NaiveDate};
use prost::Message;
use sha2::{Digest as _, Sha256};

use crate::domain::dates;
use crate::domain::error::{Reason, Violation};

/// Raised whenever the form changes: old tokens are then refused, never misread.
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 8;
/// The points that a page may pin, in microseconds since the epoch: up to the year 2200.
const POINTS: std::ops::Range<i64> = 0..7_258_118_400_000_000;
/// A token is ours and short; longer ones are not looked at.
const TOKEN_BYTES_MAX: usize = 4 << 10;

/// What a token is bound to: a method and the arguments that have to stay the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// `arguments` is the request without its page size and token.
    pub fn of(method: &str, arguments: &impl Message) -> Self {
        let mut hash = Sha256::new();
        hash.update(method.as_bytes());
        hash.update([0]);
        hash.update(arguments.encode_to_vec());
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// Where a listing goes on, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    pub fingerprint: Fingerprint,
    /// The day the first page answered for.
    pub as_of: Option<NaiveDate>,
    /// The recorded time the first page saw, in microseconds since the epoch.
    pub known_at: Option<i64>,
    /// Values of the sort columns of the last element, the id last.
    pub key: Vec<String>,
}

/// The wire form; positional, so that it stays short.
type Wire = (u64, Option<NaiveDate>, Option<i64>, Vec<String>);

impl PageToken {
    pub fn encode(&self) -> String {
        let wire: Wire = (self.fingerprint.0, self.as_of, self.known_at, self.key.clone());
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut bytes = vec![VERSION];
        bytes.extend(checksum(&body));
        bytes.extend(body);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the token in `field`; `None` if it is empty.
    ///
    /// # Errors
    /// PAGE_TOKEN_INVALID if it is not ours, damaged, or belongs to other arguments.
    pub fn decode(
        field: &str,
        token: &str,
        fingerprint: &Fingerprint,
    ) -> Result<Option<Self>, Violation> {
        if token.is_empty() {
            return Ok(None);
        }
        let refuse = |description| Violation::new(field, Reason::PageTokenInvalid, description);
        let read = Self::read(token)
            .ok_or_else(|| refuse("is not a token of this version: begin without one"))?;
        if read.fingerprint != *fingerprint {
            return Err(refuse(
                "belongs to other arguments: all but page_size must stay as they were",
            ));
        }
        Ok(Some(read))
    }

    fn read(token: &str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (&version, rest) = bytes.split_first()?;
        let (sum, body) = rest.split_at_checked(CHECKSUM_BYTES)?;
        if version != VERSION || sum != checksum(body) {
            return None;
        }
        let (fingerprint, as_of, known_at, key): Wire = serde_json::from_slice(body).ok()?;
        // A checksum is no signature: what it covers may be of anybody.
        let is_ours = as_of.is_none_or(|day| dates::YEARS.contains(&day.year()))
            && known_at.is_none_or(|known_at| POINTS.contains(&known_at))
            && !key.iter().any(|part| part.contains(char::is_control));
        is_ours.then_some(())?;
        Some(Self { fingerprint: Fingerprint(fingerprint), as_of, known_at, key })
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hash = Sha256::new();
    hash.update(b"ballast page token");
    hash.update([VERSION]);
    hash.update(body);
    let digest: [u8; 32] = hash.finalize().into();
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&digest[..CHECKSUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb;

    fn token() -> PageToken {
        let arguments =
            pb::ListAccountsRequest { parent: "accounts/a".into(), ..Default::default() };
        PageToken {
            fingerprint: Fingerprint::of("ListAccounts", &arguments),
            as_of: NaiveDate::from_ymd_opt(2019, 6, 30),
            known_at: Some(1_561_885_200_000_001),
            key: vec!["Ä\"\\ ".into(), String::new()],
        }
    }

    #[test]
    fn a_token_survives_the_way_there_and_back() {
        let token = token();
        let text = token.encode();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let read = PageToken::decode("page_token", &text, &token.fingerprint);
        assert_eq!(read, Ok(Some(token.clone())));
        assert_eq!(PageToken::decode("page_token", "", &token.fingerprint), Ok(None));
    }

    #[test]
    fn no_changed_character_goes_unnoticed() {
        let token = token();
        let text = token.encode();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            let refused = PageToken::decode("resume_token", &changed, &token.fingerprint)
                .expect_err("changed");
            assert_eq!(refused.reason, Reason::PageTokenInvalid);
            assert_eq!(refused.field, "resume_token");
        }
        for garbage in ["x", "AQ", "漢字", &"A".repeat(10_000), &text[..text.len() - 4]] {
            assert!(PageToken::decode("page_token", garbage, &token.fingerprint).is_err());
        }
    }

    #[test]
    fn what_no_page_says_is_no_token_whatever_its_checksum() {
        let fingerprint = token().fingerprint;
        for forged in [
            PageToken { key: vec!["a\0".into()], ..token() },
            PageToken { as_of: Some(NaiveDate::MIN), ..token() },
            PageToken { as_of: Some(NaiveDate::MAX), ..token() },
            PageToken { known_at: Some(i64::MAX), ..token() },
            PageToken { known_at: Some(-1), ..token() },
        ] {
            let refused = PageToken::decode("page_token", &forged.encode(), &fingerprint);
            assert_eq!(refused.expect_err("forged").reason, Reason::PageTokenInvalid, "{forged:?}");
        }
    }

    #[test]
    fn a_token_of_another_method_is_refused() {
        let other = Fingerprint::of("ListDocuments", &pb::ListAccountsRequest::default());
        let refused = PageToken::decode("page_token", &token().encode(), &other);
        assert!(refused.expect_err("refused").description.contains("other arguments"));
    }
}
