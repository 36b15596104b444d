//! Keys of accounts and members in other systems: what they may be, and when two are the same.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::error::{Error, Precondition, Reason, Result, Violation, Violations};
use super::names::{CanonicalForm, MAX_EXTERNAL_ID_CHARS, check_system};
use super::text;

/// Most keys of one resource.
pub const EXTERNAL_REFS_MAX: usize = 50;

/// A key in another system, as that system writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExternalRef {
    pub system: String,
    pub id: String,
}

/// Keys of other systems, as far as they can be checked without knowing the systems.
pub fn check(field: &str, refs: &[ExternalRef], violations: &mut Violations) {
    if refs.len() > EXTERNAL_REFS_MAX {
        let description = format!("must be at most {EXTERNAL_REFS_MAX}");
        violations.add(field, Reason::TooManyElements, description);
        return;
    }
    let mut seen = HashSet::new();
    for (at, reference) in refs.iter().enumerate() {
        check_one(&format!("{field}[{at}]"), reference, violations);
        if !seen.insert(reference) {
            violations.push(duplicate(field, at));
        }
    }
}

/// One key of another system, as far as it can be checked without knowing the system.
pub fn check_one(field: &str, reference: &ExternalRef, violations: &mut Violations) {
    let ExternalRef { system, id } = reference;
    violations.keep(check_system(&format!("{field}.system"), system));
    violations.keep(text::check_key(&format!("{field}.id"), id, 1, MAX_EXTERNAL_ID_CHARS));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refs(pairs: &[(&str, &str)]) -> Vec<ExternalRef> {
        pairs.iter().map(|&(s, id)| ExternalRef { system: s.into(), id: id.into() }).collect()
    }

    fn violations(check: impl FnOnce(&mut Violations)) -> Vec<Violation> {
        let mut violations = Violations::new();
        check(&mut violations);
        match violations.finish() {
            Err(Error::Invalid(list)) => list,
            _ => vec![],
        }
    }

    #[test]
    fn every_fault_of_the_keys_is_named_by_its_place() {
        let list = refs(&[("SAP", "1"), ("S P", "2"), ("SAP", ""), ("SAP", "1"), ("SAP", "a\0")]);
        let found = violations(|v| check("account.external_refs", &list, v));
        let found: Vec<_> = found.iter().map(|v| (v.field.as_str(), v.reason)).collect();
        assert_eq!(
            found,
            [
                ("account.external_refs[1].system", Reason::ResourceNameInvalid),
                ("account.external_refs[2].id", Reason::FieldRequired),
                ("account.external_refs[3]", Reason::DuplicateElement),
                ("account.external_refs[4].id", Reason::TextInvalid),
            ]
        );
        let many = refs(&[("SAP", "1"); 51]);
        let found = violations(|v| check("r", &many, v));
        assert_eq!(found[0].reason, Reason::TooManyElements);
    }

    #[test]
    fn numeric_keys_that_mean_the_same_come_once() {
        let list = refs(&[("SAP", "007"), ("CRM", "007"), ("SAP", "7"), ("CRM", "7")]);
        let numeric = HashMap::from([("SAP".to_owned(), CanonicalForm::Numeric)]);
        let Err(Error::Invalid(found)) = canonical_ids("r", &list, &numeric) else {
            panic!("accepted")
        };
        assert_eq!((found.len(), found[0].field.as_str()), (1, "r[2]"));
        let exact = canonical_ids("r", &list, &HashMap::new()).unwrap();
        assert_eq!(exact, ["007", "007", "7", "7"]);
    }
}
