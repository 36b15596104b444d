//! What the fields of an account may hold. Each check names its field as the client wrote it,
//! and notes every violation.

use std::collections::{BTreeMap, HashSet};

use super::profile::{FORMER_NAMES_MAX, Site};
use super::region::is_region;
use super::{
    DISPLAY_NAME_CHARS_MAX, INDUSTRY_CODE_CHARS_MAX, LABEL_KEY_CHARS_MAX, LABEL_VALUE_CHARS_MAX,
    LABELS_MAX, LEGAL_NAME_CHARS_MAX, SALES_REGION_CHARS_MAX, SITE_REGION_CHARS_MAX, SITES_MAX,
    TAX_ID_CHARS_MAX,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::check_id;
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
    text::check_key(field, value, 0, TAX_ID_CHARS_MAX)
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

/// # Errors
/// FIELD_TOO_LONG, TEXT_INVALID.
pub fn industry_code(field: &str, value: &str) -> Result<(), Violation> {
    text::check_key(field, value, 0, INDUSTRY_CODE_CHARS_MAX)
}

/// # Errors
/// FIELD_TOO_LONG, TEXT_INVALID.
pub fn sales_region(field: &str, value: &str) -> Result<(), Violation> {
    text::check(field, value, 0, SALES_REGION_CHARS_MAX)
}

/// Sites; each has an id of its own.
pub fn sites(field: &str, sites: &[Site], violations: &mut Violations) {
    if sites.len() > SITES_MAX {
        violations.add(field, Reason::TooManyElements, format!("must be at most {SITES_MAX}"));
        return;
    }
    let mut seen = HashSet::new();
    for (at, Site { id, display_name, region }) in sites.iter().enumerate() {
        let at = format!("{field}[{at}]");
        violations.keep(check_id(&format!("{at}.site_id"), id));
        let name = format!("{at}.display_name");
        violations.keep(text::check(&name, display_name, 1, DISPLAY_NAME_CHARS_MAX));
        violations.keep(text::check(&format!("{at}.region"), region, 0, SITE_REGION_CHARS_MAX));
        if !seen.insert(id) {
            let what = "is the id of a site before it";
            violations.add(format!("{at}.site_id"), Reason::DuplicateElement, what);
        }
    }
}

/// Former names, none of them twice.
pub fn former_names(field: &str, names: &[String], violations: &mut Violations) {
    if names.len() > FORMER_NAMES_MAX {
        let description = format!("must be at most {FORMER_NAMES_MAX}");
        violations.add(field, Reason::TooManyElements, description);
        return;
    }
    let mut seen = HashSet::new();
    for (at, name) in names.iter().enumerate() {
        let at = format!("{field}[{at}]");
        violations.keep(text::check(&at, name, 1, LEGAL_NAME_CHARS_MAX));
        if !seen.insert(name) {
            violations.add(at, Reason::DuplicateElement, "is the same as one before it");
        }
    }
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
        violations.keep(text::check_key(&at, key, 1, LABEL_KEY_CHARS_MAX));
        violations.keep(text::check(&at, value, 0, LABEL_VALUE_CHARS_MAX));
    }
}
