//! Keys of documents, and which of two ways a request names a document.

use crate::api::convert::read::{self, missing, within};
use crate::domain::dates::YEARS;
use crate::domain::document::DocumentKey;
use crate::domain::error::{Reason, Violation, Violations};
use crate::domain::names::{self, DOCUMENTS, MAX_SYSTEM_CHARS};
use crate::domain::receivables::query::DocumentName;
use crate::domain::text;
use crate::pb;

const MAX_DOCUMENT_NO_CHARS: usize = 64;
const MAX_LINE_NO_CHARS: usize = 16;

/// A key that stands on its own. Faults go to `violations`; the key is of use only if there
/// were none.
pub fn key(field: &str, key: Option<pb::DocumentKey>, violations: &mut Violations) -> DocumentKey {
    let Some(key) = key else {
        violations.push(missing(field));
        return DocumentKey::default();
    };
    if key.source_system.is_empty() {
        violations.push(missing(&within(field, "source_system")));
    }
    checked(field, key, violations)
}

/// The key of a document to settle; what it leaves empty is that of the document naming it.
pub fn target_key(
    field: &str,
    key: Option<pb::DocumentKey>,
    naming: &DocumentKey,
    violations: &mut Violations,
) -> DocumentKey {
    let Some(key) = key else {
        violations.push(missing(field));
        return DocumentKey::default();
    };
    let mut key = checked(field, key, violations);
    if key.source_system.is_empty() {
        key.source_system.clone_from(&naming.source_system);
    }
    if key.company_code.is_empty() {
        key.company_code.clone_from(&naming.company_code);
    }
    if key.fiscal_year == 0 {
        key.fiscal_year = naming.fiscal_year;
    }
    key
}

/// The parts by themselves; an empty source system passes.
fn checked(field: &str, key: pb::DocumentKey, violations: &mut Violations) -> DocumentKey {
    let pb::DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
    let at = |part: &str| within(field, part);
    violations.keep(check_system(&at("source_system"), &source_system));
    violations.keep(read::company(&at("company_code"), &company_code));
    violations.keep(check_fiscal_year(&at("fiscal_year"), fiscal_year));
    violations.keep(text::check_key(&at("document_no"), &document_no, 1, MAX_DOCUMENT_NO_CHARS));
    violations.keep(text::check_key(&at("line_no"), &line_no, 0, MAX_LINE_NO_CHARS));
    DocumentKey { source_system, company_code, fiscal_year, document_no, line_no }
}

/// The id of a source system where documents name it; empty passes.
///
/// # Errors
/// FIELD_TOO_LONG, FIELD_INVALID.
pub fn check_system(field: &str, system: &str) -> Result<(), Violation> {
    let refuse = |reason, what: String| Err(Violation::new(field, reason, what));
    if system.chars().nth(MAX_SYSTEM_CHARS).is_some() {
        refuse(Reason::FieldTooLong, format!("must be at most {MAX_SYSTEM_CHARS} characters"))
    } else if !system.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        refuse(
            Reason::FieldInvalid,
            format!("{} must be of A–Z a–z 0–9 . _ - only", text::quote(system)),
        )
    } else {
        Ok(())
    }
}

fn check_fiscal_year(field: &str, year: i32) -> Result<(), Violation> {
    if year == 0 || YEARS.contains(&year) {
        return Ok(());
    }
    let (first, last) = (YEARS.start(), YEARS.end());
    let description = format!("must be {first} to {last}, or 0 where there is none");
    Err(Violation::new(field, Reason::FieldInvalid, description))
}

/// The document that a request names by its name or by its key.
pub fn document_name(
    name: &str,
    key: Option<pb::DocumentKey>,
    violations: &mut Violations,
) -> Option<DocumentName> {
    match (name.is_empty(), key) {
        (false, None) => {
            violations.keep(names::parse_child("name", name, DOCUMENTS)).map(DocumentName::Name)
        }
        (true, Some(key)) => Some(DocumentName::Key(self::key("key", Some(key), violations))),
        (true, None) => {
            violations.add("name", Reason::FieldRequired, "give a name or a key");
            None
        }
        (false, Some(_)) => {
            violations.add("key", Reason::FieldInvalid, "give a name or a key, not both");
            None
        }
    }
}
