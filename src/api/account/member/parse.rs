//! Requests about members, to commands. What a mask leaves out is not looked at.

use std::collections::HashSet;

use crate::api::convert::parts;
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, all, at_most, check_reason};
use crate::api::etag;
use crate::api::mask::{self, Field, Mask};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::member::command::{
    CreateMember, DeactivateMember, ManagerChange, MemberChange, ReactivateMember, UpdateMember,
};
use crate::domain::member::{
    BUSINESS_UNIT_CHARS_MAX, Competencies, DISPLAY_NAME_CHARS_MAX, PRINCIPAL_CHARS_MAX,
    PRINCIPALS_MAX, RATING_MAX,
};
use crate::domain::names::{MemberRef, check_id};
use crate::domain::text;
use crate::pb;

const MEMBER: &str = "member";

/// The fields of a member, and who may change them.
pub(super) const FIELDS: &[Field<pb::Member>] = &[
    // Says which member; not a change.
    Field::output_only("name"),
    Field::mutable("display_name", |m| !m.display_name.is_empty()),
    Field::mutable("external_refs", |m| !m.external_refs.is_empty()),
    Field::mutable("manager", |m| !m.manager.is_empty()),
    Field::mutable("principals", |m| !m.principals.is_empty()),
    Field::mutable("business_unit", |m| !m.business_unit.is_empty()),
    Field::mutable("competencies", |m| m.competencies.is_some()),
    Field::mutable("executive", |m| m.executive),
    Field::output_only("state"),
    Field::output_only("deactivate_reason"),
    Field::output_only("create_time"),
    Field::output_only("update_time"),
    Field::output_only("etag"),
];

pub fn create(request: pb::CreateMemberRequest) -> Result<Identified<CreateMember>> {
    let pb::CreateMemberRequest { member, member_id, canonical_form, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    if !member_id.is_empty() {
        violations.keep(check_id("member_id", &member_id));
    }
    if member.is_none() {
        violations.push(missing(MEMBER));
    }
    let member = member.unwrap_or_default();
    let (change, manager) = change(member, &Mask::all(FIELDS), &mut violations);
    violations.finish()?;
    let id = (!member_id.is_empty()).then_some(member_id);
    Ok((request_id, CreateMember { id, change, manager: manager.flatten(), form }))
}

pub fn update(request: pb::UpdateMemberRequest) -> Result<Identified<UpdateMember>> {
    let pb::UpdateMemberRequest { member, update_mask, canonical_form, request_id } = request;
    let Some(member) = member else { return Err(missing(MEMBER).into()) };
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    let name = violations.keep(read::member("member.name", &member.name));
    let version = violations.keep(etag::required("member.etag", &member.etag));
    let mask = mask::resolve("update_mask", update_mask.as_ref(), FIELDS, &member);
    let change = violations.keep(mask).map(|mask| change(member, &mask, &mut violations));
    let ((member, version), (change, manager)) = all(violations, name.zip(version).zip(change))?;
    let manager = manager.map(|to| to.map_or(ManagerChange::Nobody, ManagerChange::To));
    Ok((request_id, UpdateMember { member, version, change, manager, form }))
}

pub fn get(request: &pb::GetMemberRequest) -> Result<MemberRef> {
    let pb::GetMemberRequest { name } = request;
    Ok(read::member("name", name)?)
}

/// A deactivation, and whether it is only looked at.
pub struct Deactivation {
    pub command: DeactivateMember,
    pub validate_only: bool,
    pub request_id: String,
}

pub fn deactivate(request: pb::DeactivateMemberRequest) -> Result<Deactivation> {
    let pb::DeactivateMemberRequest { name, reason, request_id, successor, validate_only } =
        request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let member = violations.keep(read::member("name", &name));
    check_reason(&reason, &mut violations);
    let successor = violations.keep(read::optional_member("successor", &successor));
    let (member, successor) = all(violations, member.zip(successor))?;
    let command = DeactivateMember { member, reason, successor };
    Ok(Deactivation { command, validate_only, request_id })
}

pub fn reactivate(request: pb::ReactivateMemberRequest) -> Result<Identified<ReactivateMember>> {
    let pb::ReactivateMemberRequest { name, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let member = violations.keep(read::member("name", &name));
    let member = all(violations, member)?;
    Ok((request_id, ReactivateMember { member }))
}

/// What a record carries of a member; without a mask, what is not empty.
pub fn record_change(
    member: pb::Member,
    update_mask: Option<&prost_types::FieldMask>,
    violations: &mut Violations,
) -> Option<(MemberChange, Option<ManagerChange>)> {
    let mask = mask::resolve("update_mask", update_mask, FIELDS, &member);
    let mask = violations.keep(mask)?;
    let (change, manager) = change(member, &mask, violations);
    Some((change, manager.map(|to| to.map_or(ManagerChange::Nobody, ManagerChange::To))))
}

/// What a mask names of a member, and of his manager; faults go to `violations`.
fn change(
    member: pb::Member,
    mask: &Mask,
    violations: &mut Violations,
) -> (MemberChange, Option<Option<MemberRef>>) {
    let pb::Member {
        name: _,
        display_name,
        external_refs,
        manager,
        principals,
        business_unit,
        competencies,
        executive,
        state: _,
        deactivate_reason: _,
        create_time: _,
        update_time: _,
        etag: _,
    } = member;
    let mut text = |path: &str, value: String, min_chars, max_chars| {
        let value = mask.pick(path, value)?;
        violations.keep(text::check(&within(MEMBER, path), &value, min_chars, max_chars));
        Some(value)
    };
    let change = MemberChange {
        display_name: text("display_name", display_name, 1, DISPLAY_NAME_CHARS_MAX),
        business_unit: text("business_unit", business_unit, 0, BUSINESS_UNIT_CHARS_MAX),
        external_refs: mask
            .pick("external_refs", external_refs)
            .map(|refs| parts::external_refs("member.external_refs", refs, violations)),
        principals: mask
            .pick("principals", principals)
            .map(|principals| self::principals("member.principals", principals, violations)),
        competencies: mask
            .pick("competencies", competencies.unwrap_or_default())
            .map(|all| self::competencies("member.competencies", all, violations)),
        executive: mask.pick("executive", executive),
    };
    let manager = mask
        .pick("manager", manager)
        .and_then(|name| violations.keep(read::optional_member("member.manager", &name)));
    (change, manager)
}

fn principals(field: &str, principals: Vec<String>, violations: &mut Violations) -> Vec<String> {
    if !at_most(PRINCIPALS_MAX, principals.len(), field, violations) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    for (i, principal) in principals.iter().enumerate() {
        let at = format!("{field}[{i}]");
        violations.keep(text::check_key(&at, principal, 1, PRINCIPAL_CHARS_MAX));
        if !seen.insert(principal) {
            violations.add(at, Reason::DuplicateElement, "is the same as one before it");
        }
    }
    principals
}

fn competencies(
    field: &str,
    competencies: pb::MemberCompetencies,
    violations: &mut Violations,
) -> Competencies {
    let pb::MemberCompetencies { negotiation, product, responsibility, resources } = competencies;
    let mut rating =
        |of, rating| violations.keep(self::rating(within(field, of), rating)).flatten();
    Competencies {
        negotiation: rating("negotiation", negotiation),
        product: rating("product", product),
        responsibility: rating("responsibility", responsibility),
        resources: rating("resources", resources),
    }
}

fn rating(field: String, rating: i32) -> Result<Option<i32>, Violation> {
    match rating {
        0 => Ok(None),
        1..=RATING_MAX => Ok(Some(rating)),
        _ => {
            let what = format!("must be 1 to {RATING_MAX}, or 0 for not rated");
            Err(Violation::new(field, Reason::FieldInvalid, what))
        }
    }
}
