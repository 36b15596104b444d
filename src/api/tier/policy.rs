//! What requests about versions of every kind have in common.

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::list::{PageRequest, Paged};
use crate::domain::dated::ChangePoint;
use crate::domain::error::{Result, Violation, Violations};
use crate::domain::names::{check_id, parse_named};
use crate::domain::page::PageOf;
use crate::domain::policy::{ActivatePolicy, Activation, PolicyKey, Terms};
use crate::pb;

/// The id of a version that is created.
///
/// # Errors
/// FIELD_REQUIRED, RESOURCE_NAME_INVALID.
pub fn id_given(field: &str, id: &str) -> Result<(), Violation> {
    if id.is_empty() { Err(missing(field)) } else { check_id(field, id) }
}

/// The id in the name of a version that has to be given.
fn name_given<T: Terms>(name: &str) -> Result<String, Violation> {
    if name.is_empty() { Err(missing("name")) } else { parse_named("name", name, T::COLLECTION) }
}

/// The id of a version; `None` is the one that is in force.
pub fn id_or_active<T: Terms>(name: &str) -> Result<Option<String>> {
    match name.strip_prefix(T::COLLECTION) {
        Some("/-") => Ok(None),
        _ => Ok(Some(name_given::<T>(name)?)),
    }
}

/// The versions asked for, and the page they are answered as.
pub fn list<R: Paged>(request: &R) -> Result<(PageOf<PolicyKey>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((of, page))
}

/// The fields of a request that puts a version in force.
#[derive(Debug)]
pub struct Activate {
    pub name: String,
    pub effective_date: Option<pb::Date>,
    pub etag: String,
    pub request_id: String,
}

pub fn activate<T: Terms>(request: Activate) -> Result<Identified<ActivatePolicy>> {
    let Activate { name, effective_date, etag, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let id = violations.keep(name_given::<T>(&name));
    let effective_date = read::optional_date("effective_date", effective_date);
    let effective_date = violations.keep(effective_date).flatten();
    let version = violations.keep(etag::required("etag", &etag));
    let (id, version) = all(violations, id.zip(version))?;
    Ok((request_id, ActivatePolicy { id, effective_date, version }))
}

pub fn activations(points: Vec<ChangePoint<Activation>>) -> Vec<pb::PolicyActivation> {
    let activation = |point: ChangePoint<Activation>| pb::PolicyActivation {
        effective_date: Some(write::date(point.from_date)),
        activated_by: point.value.activated_by,
        create_time: Some(write::recorded(point.recorded_us)),
    };
    points.into_iter().map(activation).collect()
}
