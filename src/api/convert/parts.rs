//! Parts that several requests share.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;

use super::read;
use super::request::at_most;
use crate::domain::account::profile::Site;
use crate::domain::account::{
    LABEL_FILTERS_MAX, LABEL_KEY_CHARS_MAX, LABEL_VALUE_CHARS_MAX, validate,
};
use crate::domain::error::{Reason, Violation, Violations};
use crate::domain::external_ref::{self, ExternalRef};
use crate::domain::names::{AccountRef, CanonicalForm, parse_account};
use crate::domain::text;
use crate::pb;

const REQUEST_ID_CHARS_MAX: usize = 64;

/// An id that may be left out: nothing here moves money.
pub fn request_id(id: &str) -> Result<(), Violation> {
    text::check_key("request_id", id, 0, REQUEST_ID_CHARS_MAX)
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
    from("parent_effective_date", "parent", date, moves)
}

/// From when on an account is of the size that the request gives it: `sets` says whether it does.
pub fn size_from(date: Option<pb::Date>, sets: bool) -> Result<Option<NaiveDate>, Violation> {
    from("size_class_effective_date", "size_class", date, sets)
}

fn from(
    field: &str,
    of: &str,
    date: Option<pb::Date>,
    is_set: bool,
) -> Result<Option<NaiveDate>, Violation> {
    let from = read::optional_date(field, date)?;
    if from.is_some() && !is_set {
        let description = format!("says from when on `{of}` holds, which the request does not set");
        return Err(Violation::new(field, Reason::FieldInvalid, description));
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

pub fn sites(sites: Vec<pb::Site>, violations: &mut Violations) -> Vec<Site> {
    let read =
        |pb::Site { site_id, display_name, region }| Site { id: site_id, display_name, region };
    let sites: Vec<Site> = sites.into_iter().map(read).collect();
    validate::sites("account.sites", &sites, violations);
    sites
}

pub fn write_site(Site { id, display_name, region }: Site) -> pb::Site {
    pb::Site { site_id: id, display_name, region }
}

/// Labels that have to be there, each key once.
pub fn label_filters(
    field: &str,
    labels: Vec<pb::Label>,
    violations: &mut Violations,
) -> Vec<(String, String)> {
    if !at_most(LABEL_FILTERS_MAX, labels.len(), field, violations) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    for (at, pb::Label { key, value }) in labels.iter().enumerate() {
        let at = format!("{field}[{at}]");
        violations.keep(text::check_key(&format!("{at}.key"), key, 1, LABEL_KEY_CHARS_MAX));
        violations.keep(text::check(&format!("{at}.value"), value, 0, LABEL_VALUE_CHARS_MAX));
        if !seen.insert(key) {
            let what = "is the key of one before it";
            violations.add(format!("{at}.key"), Reason::DuplicateElement, what);
        }
    }
    labels.into_iter().map(|pb::Label { key, value }| (key, value)).collect()
}
