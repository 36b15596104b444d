//! Ids of other systems: their encoding in names, and when two of them are the same.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{MAX_EXTERNAL_ID_CHARS, MAX_SYSTEM_CHARS, is_id};
use crate::domain::stored::stored_enum;
use crate::domain::text;

/// All but the unreserved characters of RFC 3986, less `~`, which separates here.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

stored_enum! {
    /// When two ids of a source system mean the same account.
    pub enum CanonicalForm {
        /// Character by character; full-width digits are not ASCII digits.
        Exact => "EXACT",
        /// Ids of digits only are numbers: leading zeros do not count, as in SAP. Full-width
        /// digits are taken as ASCII ones first.
        Numeric => "NUMERIC",
    }
}

impl CanonicalForm {
    /// The one id that stands for all that mean the same; applying it again changes nothing.
    /// Under [`Self::Numeric`] `0000471` becomes `471`, `000` becomes `0`, `０４７` becomes
    /// `47`, and `A-001` stays.
    pub fn canonical(self, external_id: &str) -> String {
        match self {
            Self::Exact => external_id.to_owned(),
            Self::Numeric => {
                let id: String = external_id.chars().map(narrow_digit).collect();
                let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
                match id.trim_start_matches('0') {
                    "" if is_number => "0".to_owned(),
                    number if is_number => number.to_owned(),
                    _ => id,
                }
            }
        }
    }
}

/// `accounts/{system}~{external id, percent-encoded}`
pub fn external_account_name(system: &str, external_id: &str) -> String {
    format!("accounts/{}", key_segment(system, external_id))
}

/// `{collection}/{system}~{id, percent-encoded}`
pub fn external_name(collection: &str, system: &str, id: &str) -> String {
    format!("{collection}/{}", key_segment(system, id))
}

/// The system and id in such a name; `None` if it is none of that collection.
pub fn parse_external(collection: &str, name: &str) -> Option<(String, String)> {
    let segment = name.strip_prefix(collection)?.strip_prefix('/')?;
    let (system, encoded) = segment.split_once('~')?;
    let system = is_id(system, MAX_SYSTEM_CHARS).then(|| system.to_owned())?;
    Some((system, decode(encoded)?))
}

/// `{system}~{id, percent-encoded}`
pub(super) fn key_segment(system: &str, id: &str) -> String {
    format!("{system}~{}", encode(id))
}

pub(super) fn encode(id: &str) -> String {
    utf8_percent_encode(id, ENCODED).to_string()
}

/// Decodes an external id strictly: every `%` begins an escape, the result is UTF-8 text of
/// one line and of allowed length.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let escapes_are_whole = encoded.split('%').skip(1).all(|after| {
        after.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    let id = percent_decode_str(encoded).decode_utf8().ok().filter(|_| escapes_are_whole)?;
    text::check_key("", &id, 1, MAX_EXTERNAL_ID_CHARS).ok()?;
    Some(id.into_owned())
}

fn narrow_digit(c: char) -> char {
    match c {
        '０'..='９' => char::from(b'0' + (u32::from(c) - u32::from('０')) as u8),
        other => other,
    }
}
