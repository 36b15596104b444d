//! Steps of reading a request that every service takes.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::read::missing;
use crate::domain::account::BATCH_MAX;
use crate::domain::error::{Error, Reason, Result, Violation, Violations};
use crate::domain::names::{
    AccountRef, ChildName, parse_account, parse_account_or_all, parse_child,
};
use crate::domain::text;

/// Most characters of what a person gives as the reason of a change.
pub const MAX_REASON_CHARS: usize = 500;

/// A command and the `request_id` it came with.
pub type Identified<C> = (String, C);

/// What was kept, if nothing was refused.
pub fn all<T>(violations: Violations, kept: Option<T>) -> Result<T> {
    violations.finish()?;
    kept.ok_or_else(|| Error::internal("nothing was refused and nothing was kept"))
}

/// Refuses a number outside its bounds.
pub fn bounded(violations: &mut Violations, field: &str, number: i32, bounds: RangeInclusive<i32>) {
    if !bounds.contains(&number) {
        let (first, last) = bounds.into_inner();
        violations.add(field, Reason::FieldInvalid, format!("must be {first} to {last}"));
    }
}

/// The name of a resource of an account; an empty one is none.
pub fn optional_child(
    field: &str,
    name: &str,
    collection: &str,
) -> Result<Option<ChildName>, Violation> {
    if name.is_empty() { Ok(None) } else { child(field, name, collection).map(Some) }
}

/// The account of a list, or all of them.
pub fn parent_or_all(parent: &str) -> Result<Option<AccountRef>, Violation> {
    if parent.is_empty() { Err(missing("parent")) } else { parse_account_or_all("parent", parent) }
}

/// The name of something of an account that has to be given.
///
/// # Errors
/// FIELD_REQUIRED, RESOURCE_NAME_INVALID.
pub fn child(field: &str, name: &str, collection: &str) -> Result<ChildName, Violation> {
    if name.is_empty() { Err(missing(field)) } else { parse_child(field, name, collection) }
}

/// 1 to [`BATCH_MAX`] accounts; faults go to `violations`.
pub fn account_names(
    field: &str,
    names: &[String],
    violations: &mut Violations,
) -> Vec<AccountRef> {
    if names.is_empty() {
        violations.push(missing(field));
    }
    if names.len() > BATCH_MAX {
        let description = format!("must be at most {BATCH_MAX}");
        violations.add(field, Reason::TooManyElements, description);
        return Vec::new();
    }
    let names = names.iter().enumerate();
    names.filter_map(|(i, n)| violations.keep(parse_account(&format!("{field}[{i}]"), n))).collect()
}

/// The reason of a change, which has to be given.
pub fn check_reason(reason: &str, violations: &mut Violations) {
    check_reason_at("reason", reason, violations);
}

/// As [`check_reason`], of another field.
pub fn check_reason_at(field: &str, reason: &str, violations: &mut Violations) {
    violations.keep(text::check_multiline(field, reason, 1, MAX_REASON_CHARS));
}

/// Refuses a later day that lies before the earlier one.
pub fn check_order(
    field: &str,
    earlier: Option<NaiveDate>,
    later: Option<NaiveDate>,
    violations: &mut Violations,
) {
    if let (Some(earlier), Some(later)) = (earlier, later)
        && later < earlier
    {
        violations.add(field, Reason::DateInvalid, format!("{later} lies before {earlier}"));
    }
}

/// Beyond its limit a list is not looked into: the answer must not grow with it.
pub fn at_most(max: usize, len: usize, field: &str, violations: &mut Violations) -> bool {
    if len > max {
        let what = format!("at most {max}, not {len}");
        violations.add(field, Reason::TooManyElements, what);
    }
    len <= max
}
