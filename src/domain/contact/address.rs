//! Phone numbers, e-mail addresses and handles: what they may be, and when two are the same.
//!
//! No numbering plan is built in: which digits of a national number belong to an international one
//! differs by country and changes every month, and a wrong guess would make two people one. A number
//! in international form is kept in that of E.164; another is compared as it is written, and by its
//! last digits, which say that it may be the same.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::domain::error::{Reason, Violation};
use crate::domain::personal::Personal;
use crate::domain::stored::stored_enum;
use crate::domain::text;

pub const ADDRESSES_MAX: usize = 50;
pub const KIND_CHARS_MAX: usize = 32;
/// Digits of a phone number, a country's code included; E.164 allows 15, an extension comes behind.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
const PHONE_CHARS_MAX: usize = 64;
const EMAIL_CHARS_MAX: usize = 254;
const HANDLE_CHARS_MAX: usize = 200;
/// Digits that two ways to write one number have in common at the end.
const END_DIGITS: usize = 8;

stored_enum! {
    pub enum Family {
        Phone => "PHONE",
        Email => "EMAIL",
        Handle => "HANDLE",
    }
}

/// Where a contact is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub value: Personal,
    /// By the caller's own list.
    pub kind: String,
    /// Last day on which it is good.
    pub valid_to: Option<NaiveDate>,
}

impl Family {
    /// An address as it is kept.
    ///
    /// # Errors
    /// FIELD_REQUIRED, FIELD_TOO_LONG, TEXT_INVALID; FIELD_INVALID for what is no such address.
    pub fn normal(self, field: &str, value: &str) -> Result<String, Violation> {
        let value: String = value.nfkc().collect();
        let value = value.trim();
        match self {
            Self::Phone => phone(field, value),
            Self::Email => email(field, value),
            Self::Handle => {
                text::check(field, value, 1, HANDLE_CHARS_MAX)?;
                Ok(value.to_owned())
            }
        }
    }
}

fn phone(field: &str, value: &str) -> Result<String, Violation> {
    text::check(field, value, 1, PHONE_CHARS_MAX)?;
    let refuse = |what: &str| Err(Violation::new(field, Reason::FieldInvalid, what));
    let digits = digits(value);
    if !PHONE_DIGITS.contains(&digits.len()) {
        return refuse("a phone number has 5 to 20 digits");
    }
    match international(value) {
        None => Ok(value.to_owned()),
        Some(digits) if E164_DIGITS.contains(&digits.len()) && !digits.starts_with('0') => {
            Ok(format!("+{digits}"))
        }
        Some(_) => refuse("behind + or 00 there are 7 to 15 digits, the first of them not 0"),
    }
}

fn email(field: &str, value: &str) -> Result<String, Violation> {
    text::check(field, value, 1, EMAIL_CHARS_MAX)?;
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    match value.rsplit_once('@') {
        Some((who, host)) if is_part(who) && is_part(host) && !who.contains('@') => {
            Ok(value.to_owned())
        }
        _ => Err(Violation::new(field, Reason::FieldInvalid, "an e-mail address is one@host")),
    }
}

/// The digits of a number that is written in international form, without the prefix. A letter ends
/// the number: what follows it is an extension, and the number is not one by itself.
fn international(value: &str) -> Option<String> {
    let rest = value.strip_prefix('+').or_else(|| value.strip_prefix("00"))?;
    let is_sign = |c: char| c.is_ascii_digit() || " -./()".contains(c);
    // The 0 in brackets is dialed at home only.
    rest.chars().all(is_sign).then(|| digits(&rest.replace("(0)", "")))
}

fn digits(value: &str) -> String {
    value.chars().filter(char::is_ascii_digit).collect()
}

/// What a phone number is found by: itself, as in E.164 where it says so, else its digits.
pub fn phone_key(value: &str) -> Option<String> {
    let value: String = value.nfkc().collect();
    let value = value.trim();
    let plausible = value.chars().all(|c| c.is_ascii_digit() || "+ -./()".contains(c))
        || value.starts_with(['+', '0']);
    let digits = digits(value);
    (plausible && PHONE_DIGITS.contains(&digits.len())).then(|| match international(value) {
        Some(digits) => format!("+{digits}"),
        None => digits,
    })
}

/// The end of a phone number, by which one written at home finds the same in international form.
pub fn phone_end(key: &str) -> Option<String> {
    let digits = key.trim_start_matches('+');
    digits.len().checked_sub(END_DIGITS).map(|from| digits[from..].to_owned())
}

/// What an e-mail address or a handle is found by: itself in one width and case.
pub fn folded(value: &str) -> String {
    value.trim().nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(family: Family, value: &str) -> Result<String, Reason> {
        family.normal("f", value).map_err(|violation| violation.reason)
    }

    #[test]
    fn a_phone_in_international_form_is_kept_as_e164_and_another_as_written() {
        for (written, expected) in [
            ("+86 138-1234-5678", "+8613812345678"),
            ("＋８６　１３８１２３４５６７８", "+8613812345678"),
            ("0086 (138) 1234.5678", "+8613812345678"),
            ("+49 (0)40 1234567", "+49401234567"),
            ("0574 8765 4321", "0574 8765 4321"),
            ("８７６５４３２１转 8012", "87654321转 8012"),
        ] {
            assert_eq!(kept(Family::Phone, written).as_deref(), Ok(expected), "{written}");
        }
        for wrong in ["", "1234", "+0 138 1234 5678", "+123456", "+1234567890123456"] {
            assert!(kept(Family::Phone, wrong).is_err(), "{wrong}");
        }
        assert_eq!(kept(Family::Phone, "call me"), Err(Reason::FieldInvalid));
    }

    #[test]
    fn a_number_written_at_home_has_the_end_of_the_same_in_international_form() {
        let end = |text| phone_end(&phone_key(text).unwrap());
        assert_eq!(end("138 1234 5678"), end("+86 138 1234 5678"));
        assert_eq!(end("040/1234567"), end("+49 40 1234567"));
        assert_eq!(phone_key("４７１１５"), Some("47115".into()));
        assert_eq!(
            (phone_key("Acme 4711 08"), phone_key("471"), phone_end("4711")),
            (None, None, None)
        );
    }

    #[test]
    fn an_email_has_one_host_and_is_found_in_any_case() {
        assert_eq!(kept(Family::Email, "Li.Na@Example.com").as_deref(), Ok("Li.Na@Example.com"));
        assert_eq!(folded(" Ｌi.Na@Example.com"), "li.na@example.com");
        for wrong in ["li", "@x", "li@", "a@b@c", "a b@c"] {
            assert_eq!(kept(Family::Email, wrong), Err(Reason::FieldInvalid), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept_again_as_it_is(value in "[+0-9 ().-]{1,24}") {
            if let Ok(once) = Family::Phone.normal("f", &value) {
                prop_assert_eq!(Family::Phone.normal("f", &once).unwrap(), once.clone());
                prop_assert_eq!(phone_key(&value), phone_key(&once));
            }
        }
    }
}
