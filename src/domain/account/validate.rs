//! What the fields of an account may hold. Each check names its field as the client wrote it,
//! and notes every violation.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::region::is_region;
use super::{
    DISPLAY_NAME_CHARS_MAX, EXTERNAL_REFS_MAX, ExternalRef, LABEL_KEY_CHARS_MAX,
    LABEL_VALUE_CHARS_MAX, LABELS_MAX, LEGAL_NAME_CHARS_MAX, TAX_ID_CHARS_MAX,
};
use crate::domain::error::{Error, Precondition, Reason, Result, Violation, Violations};
use crate::domain::names::{CanonicalForm, MAX_EXTERNAL_ID_CHARS, check_system};
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

/// Keys of other systems, as far as they can be checked without knowing the systems.
pub fn external_refs(field: &str, refs: &[ExternalRef], violations: &mut Violations) {
    if refs.len() > EXTERNAL_REFS_MAX {
        let description = format!("must be at most {EXTERNAL_REFS_MAX}");
        violations.add(field, Reason::TooManyElements, description);
        return;
    }
    let mut seen = HashSet::new();
    for (at, reference) in refs.iter().enumerate() {
        let ExternalRef { system, id } = reference;
        violations.keep(check_system(&format!("{field}[{at}].system"), system));
        violations.keep(text::check(&format!("{field}[{at}].id"), id, 1, MAX_EXTERNAL_ID_CHARS));
        if !seen.insert(reference) {
            violations.push(duplicate(field, at));
        }
    }
}

/// Refuses another form than a system has. `forms` are the forms of the systems now.
///
/// # Errors
/// SOURCE_SYSTEM_FORM_FIXED for each such system (metadata `canonical_form`).
pub fn forms(
    systems: &BTreeSet<&str>,
    forms: &HashMap<String, CanonicalForm>,
    asked: Option<CanonicalForm>,
) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    let refused: Vec<Precondition> = systems
        .iter()
        .filter_map(|system| Some((system, *forms.get(*system)?)))
        .filter(|(_, has)| *has != asked)
        .map(|(system, has)| {
            let description = format!("compares its ids as {has} since its first use");
            Precondition::new(
                Reason::SourceSystemFormFixed,
                format!("sourceSystems/{system}"),
                description,
            )
            .at("canonical_form")
            .with("canonical_form", has)
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::FailedPrecondition(refused)) }
}

/// The canonical id of each key, in their order. A system without a form is EXACT.
///
/// # Errors
/// DUPLICATE_ELEMENT for keys that their system takes for the same.
pub fn canonical_ids(
    field: &str,
    refs: &[ExternalRef],
    forms: &HashMap<String, CanonicalForm>,
) -> Result<Vec<String>> {
    let (mut violations, mut seen) = (Violations::new(), HashSet::new());
    let mut ids = Vec::with_capacity(refs.len());
    for (at, ExternalRef { system, id }) in refs.iter().enumerate() {
        let form = forms.get(system).copied().unwrap_or(CanonicalForm::Exact);
        let id = form.canonical(id);
        if !seen.insert((system, id.clone())) {
            violations.push(duplicate(field, at));
        }
        ids.push(id);
    }
    violations.finish()?;
    Ok(ids)
}

fn duplicate(field: &str, at: usize) -> Violation {
    let description = "is the same key as one before it";
    Violation::new(format!("{field}[{at}]"), Reason::DuplicateElement, description)
}
