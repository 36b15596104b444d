//! What the fields of an account may hold. Each check names its field as the client wrote it,
//! and notes every violation.

use std::collections::BTreeMap;

use super::region::is_region;
use super::{
    DISPLAY_NAME_CHARS_MAX, LABEL_KEY_CHARS_MAX, LABEL_VALUE_CHARS_MAX, LABELS_MAX,
    LEGAL_NAME_CHARS_MAX, TAX_ID_CHARS_MAX,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::text;

/// # Errors
/// FIELD_REQUIRED, FIELD_TOO_LONG, TEXT_INVALID.
pub fn display_name(field: &str, value: &str) -> Result<(), Violation> {
    text::check(field, value, 1, DISPLAY_NAME_CHARS_MAX)
}

/// # Errors
/// FIELD_TOO_LONG, TEXT_INVALID.
pub fn legal_name(field: &str, value: &str) -> Result<(), Violation> {
    text::check(field, value, 0, LEGAL_NAME_CHARS_MAX)
}

/// # Errors
/// FIELD_TOO_LONG, TEXT_INVALID.
pub fn tax_id(field: &str, value: &str) -> Result<(), Violation> {
    text::check(field, value, 0, TAX_ID_CHARS_MAX)
}

/// # Errors
/// FIELD_INVALID if it is neither empty nor a code of ISO 3166-1 alpha-2.
pub fn region_code(field: &str, value: &str) -> Result<(), Violation> {
    if value.is_empty() || is_region(value) {
        return Ok(());
    }
    let description = format!("{} is not a country code of ISO 3166-1 alpha-2", text::quote(value));
    Err(Violation::new(field, Reason::FieldInvalid, description))
}

/// Labels; a fault names its key in the path.
pub fn labels(field: &str, labels: &BTreeMap<String, String>, violations: &mut Violations) {
    if labels.len() > LABELS_MAX {
        let description = format!("must be at most {LABELS_MAX}");
        violations.add(field, Reason::TooManyElements, description);
        return;
    }
    for (key, value) in labels {
        let at = format!("{field}[{}]", text::quote(key));
        violations.keep(text::check(&at, key, 1, LABEL_KEY_CHARS_MAX));
        violations.keep(text::check(&at, value, 0, LABEL_VALUE_CHARS_MAX));
    }
}
