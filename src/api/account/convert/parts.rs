//! Parts that several requests share.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::api::convert::read;
use crate::domain::account::validate;
use crate::domain::error::{Reason, Violation, Violations};
use crate::domain::external_ref::{self, ExternalRef};
use crate::domain::names::{AccountRef, CanonicalForm, parse_account};
use crate::domain::text;
use crate::pb;

const REQUEST_ID_CHARS_MAX: usize = 64;

/// An id that may be left out: nothing here moves money.
pub fn request_id(id: &str) -> Result<(), Violation> {
    text::check("request_id", id, 0, REQUEST_ID_CHARS_MAX)
}

pub fn form(form: i32) -> Result<Option<CanonicalForm>, Violation> {
    read::optional_enum("canonical_form", form, |form| match form {
        pb::CanonicalForm::Unspecified => None,
        pb::CanonicalForm::Exact => Some(CanonicalForm::Exact),
        pb::CanonicalForm::Numeric => Some(CanonicalForm::Numeric),
    })
}

/// `None` for an account that stands under nobody.
pub fn parent(parent: &str) -> Result<Option<AccountRef>, Violation> {
    match parent {
        "" => Ok(None),
        name => parse_account("account.parent", name).map(Some),
    }
}

/// From when on an account stands where the request puts it: `moves` says whether it does.
pub fn parent_from(date: Option<pb::Date>, moves: bool) -> Result<Option<NaiveDate>, Violation> {
    const FIELD: &str = "parent_effective_date";
    let from = read::optional_date(FIELD, date)?;
    if from.is_some() && !moves {
        let description = "says from when on `parent` holds, which the request does not set";
        return Err(Violation::new(FIELD, Reason::FieldInvalid, description));
    }
    Ok(from)
}

pub fn external_refs(
    field: &str,
    refs: Vec<pb::ExternalRef>,
    violations: &mut Violations,
) -> Vec<ExternalRef> {
    let refs: Vec<ExternalRef> =
        refs.into_iter().map(|pb::ExternalRef { system, id }| ExternalRef { system, id }).collect();
    external_ref::check(field, &refs, violations);
    refs
}

pub fn write_external_refs(refs: Vec<ExternalRef>) -> Vec<pb::ExternalRef> {
    refs.into_iter().map(|ExternalRef { system, id }| pb::ExternalRef { system, id }).collect()
}

pub fn labels(
    labels: HashMap<String, String>,
    violations: &mut Violations,
) -> BTreeMap<String, String> {
    let labels = labels.into_iter().collect();
    validate::labels("account.labels", &labels, violations);
    labels
}
