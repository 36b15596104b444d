//! Resource names: how accounts, what belongs to them, and our people are addressed.
//!
//! `accounts/{account}` by our id, or `accounts/{system}~{external id, percent-encoded}` by
//! the caller's own key, and `members/…` and `contacts/…` alike; below an account `accounts/{account}/{collection}/{uuid}`, and an
//! order's reservation by the order's own key as well.

mod external;
mod keyed;
mod reservation;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::external::{CanonicalForm, external_account_name, external_name, parse_external};
pub use self::keyed::{AccountRef, ContactRef, MemberRef};
pub use self::reservation::{OrderKey, ReservationName, ReservationRef, parse_reservation};
use super::error::{Reason, Result, Violation};
use super::text::quote;

/// Most characters of an account id.
pub const MAX_ID_CHARS: usize = 64;
/// Most characters of a source system's id.
pub const MAX_SYSTEM_CHARS: usize = 32;
/// Most characters of the id of a credit segment.
pub const MAX_SEGMENT_CHARS: usize = 32;
/// Most characters of an external id, once decoded.
pub const MAX_EXTERNAL_ID_CHARS: usize = 128;

/// Longer than any name that could be right, so that a huge one is refused unread: every
/// byte of an external id may be percent-encoded, a character has up to four, and a name has
/// up to two such ids, and a company's.
const MAX_NAME_BYTES: usize = 2 * MAX_EXTERNAL_ID_CHARS * 4 * 3 + 512;

pub const ADVICE: &str = "advice";
pub const DOCUMENTS: &str = "documents";
pub const ITEMS: &str = "items";
pub const CLEARINGS: &str = "clearings";
pub const COMMITMENTS: &str = "commitments";
pub const DISPUTES: &str = "disputes";
pub const PROMISES: &str = "promises";
pub const CREDIT_LIMITS: &str = "creditLimits";
pub const CREDIT_HOLDS: &str = "creditHolds";
pub const TEAM_MEMBERS: &str = "teamMembers";
pub const CREDIT_SECURITIES: &str = "creditSecurities";
pub const CREDIT_RESERVATIONS: &str = "creditReservations";
pub const CREDIT_DECISIONS: &str = "creditDecisions";
pub const CREDIT_POLICIES: &str = "creditPolicies";
pub const HANDOVERS: &str = "handovers";
pub const GIFTS: &str = "gifts";
pub const INTERACTIONS: &str = "interactions";
pub const POSITIONS: &str = "positions";
pub const TIER_ASSIGNMENTS: &str = "tierAssignments";
pub const TIER_OVERRIDES: &str = "tierOverrides";
pub const TIER_RUNS: &str = "tierRuns";
pub const TIER_VALUE_SETS: &str = "tierValueSets";

/// The name of something that belongs to an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChildName {
    pub account: AccountRef,
    pub id: Uuid,
}

impl ChildName {
    /// The name as it was asked for: `accounts/{account}/{collection}/{uuid}`.
    pub fn resource_name(&self, collection: &str) -> String {
        format!("{}/{collection}/{}", self.account, self.id)
    }
}

/// Checks the id of an account or of anything else the caller names:
/// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn check_id(field: &str, id: &str) -> Result<(), Violation> {
    if is_id(id, MAX_ID_CHARS) { Ok(()) } else { Err(bad_id(field, id, MAX_ID_CHARS)) }
}

/// Checks the id of a source system: `[A-Za-z0-9][A-Za-z0-9._-]{0,31}`.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn check_system(field: &str, system: &str) -> Result<(), Violation> {
    if is_id(system, MAX_SYSTEM_CHARS) {
        Ok(())
    } else {
        Err(bad_id(field, system, MAX_SYSTEM_CHARS))
    }
}

/// Checks the id of a credit segment: `[A-Za-z0-9][A-Za-z0-9._-]{0,31}`.
///
/// # Errors
/// `FIELD_INVALID`: it is no resource.
pub fn check_segment(field: &str, segment: &str) -> Result<(), Violation> {
    if is_id(segment, MAX_SEGMENT_CHARS) {
        Ok(())
    } else {
        let reason = Reason::FieldInvalid;
        Err(Violation { reason, ..bad_id(field, segment, MAX_SEGMENT_CHARS) })
    }
}

/// Parses `accounts/{account}` in either form. The wildcard `accounts/-` is refused.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_account(field: &str, name: &str) -> Result<AccountRef, Violation> {
    AccountRef::parse(field, name)
}

/// Parses `members/{member}` in either form.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_member(field: &str, name: &str) -> Result<MemberRef, Violation> {
    MemberRef::parse(field, name)
}

/// Parses `contacts/{contact}` in either form.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_contact(field: &str, name: &str) -> Result<ContactRef, Violation> {
    ContactRef::parse(field, name)
}

/// Like [`parse_account`], but `accounts/-` is every account: `None`.
///
/// # Errors
/// As [`parse_account`].
pub fn parse_account_or_all(field: &str, name: &str) -> Result<Option<AccountRef>, Violation> {
    if name == "accounts/-" { Ok(None) } else { parse_account(field, name).map(Some) }
}

/// Parses `accounts/{account}/{collection}/{uuid}` for one collection. The UUID must be in
/// its canonical form, lower-case with hyphens: a resource has one name.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_child(field: &str, name: &str, collection: &str) -> Result<ChildName, Violation> {
    let child = segments(name).and_then(|[parent, account, of, uuid]| {
        if parent != "accounts" || of != collection {
            return None;
        }
        let id = Uuid::try_parse(uuid).ok().filter(|id| id.to_string() == uuid)?;
        Some(ChildName { account: AccountRef::of_segment(account)?, id })
    });
    let form = || format!("accounts/{{account}}/{collection}/{{uuid}}");
    child.ok_or_else(|| bad_name(field, name, &form()))
}

/// Parses `creditPolicies/{credit_policy}`; `creditPolicies/-` is the one that is active:
/// `None`.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_policy_or_active(field: &str, name: &str) -> Result<Option<String>, Violation> {
    let id = segments(name).and_then(|[of, id]| (of == CREDIT_POLICIES).then_some(id));
    match id {
        Some("-") => Ok(None),
        Some(id) if is_id(id, MAX_ID_CHARS) => Ok(Some(id.to_owned())),
        Some(_) | None => Err(bad_name(field, name, "creditPolicies/{credit_policy}")),
    }
}

/// Like [`parse_policy_or_active`], without the one that is active.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_policy(field: &str, name: &str) -> Result<String, Violation> {
    parse_policy_or_active(field, name)?
        .ok_or_else(|| bad_name(field, name, "creditPolicies/{credit_policy}"))
}

/// Parses `{collection}/{id}` of a collection whose elements their callers name.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_named(field: &str, name: &str, collection: &str) -> Result<String, Violation> {
    let id = segments(name).and_then(|[of, id]| (of == collection).then_some(id));
    let id = id.filter(|id| is_id(id, MAX_ID_CHARS)).map(str::to_owned);
    id.ok_or_else(|| bad_name(field, name, &format!("{collection}/{{id}}")))
}

/// `{collection}/{id}`
pub fn named(collection: &str, id: &str) -> String {
    format!("{collection}/{id}")
}

/// `creditPolicies/{id}`
pub fn policy_name(id: &str) -> String {
    format!("{CREDIT_POLICIES}/{id}")
}

/// `accounts/{id}`
pub fn account_name(id: &str) -> String {
    format!("accounts/{id}")
}

/// `members/{id}`
pub fn member_name(id: &str) -> String {
    format!("members/{id}")
}

/// `contacts/{id}`
pub fn contact_name(id: &str) -> String {
    format!("contacts/{id}")
}

/// `accounts/{account_id}/{collection}/{uuid}`
pub fn child_name(account_id: &str, collection: &str, id: Uuid) -> String {
    format!("accounts/{account_id}/{collection}/{id}")
}

/// Splits a name into exactly `N` segments.
fn segments<const N: usize>(name: &str) -> Option<[&str; N]> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    name.split('/').collect::<Vec<_>>().try_into().ok()
}

fn is_id(id: &str, max_chars: usize) -> bool {
    id.len() <= max_chars
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn bad_id(field: &str, id: &str, max_chars: usize) -> Violation {
    let description = format!(
        "{} must be 1 to {max_chars} of A–Z a–z 0–9 . _ - and begin with a letter or digit",
        quote(id)
    );
    Violation::new(field, Reason::ResourceNameInvalid, description)
}

fn bad_name(field: &str, name: &str, form: &str) -> Violation {
    let description = format!("{} does not have the form {form}", quote(name));
    Violation::new(field, Reason::ResourceNameInvalid, description)
}
