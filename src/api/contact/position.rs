//! Requests about positions and who sits there, to commands.

use std::collections::HashSet;

use crate::api::convert::closed_set::both_ways;
pub use crate::api::convert::coverage::{read_function, read_level, write_function, write_level};
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, MAX_REASON_CHARS, all, child};
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::api::mask::{self, Field, Mask};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{ChildName, POSITIONS, check_id};
use crate::domain::position::command::{
    ClosePosition, CreatePosition, ListIncumbencies, ListPositions, MoveContact, PositionChange,
    SeatsOf, UpdatePosition,
};
use crate::domain::position::{BuyingRole, FUNCTION_TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use crate::domain::text;
use crate::pb;

const POSITION: &str = "position";

both_ways! {
    read_role, write_role: BuyingRole = BuyingRole {
        Initiator, User, Influencer, Evaluator, Buyer, Decider, Approver, Gatekeeper
    }
}

/// The fields of a position, and who may change them.
const FIELDS: &[Field<pb::Position>] = &[
    // Says which position; not a change.
    Field::output_only("name"),
    Field::mutable("site", |p| !p.site.is_empty()),
    Field::mutable("function", |p| p.function != 0),
    Field::mutable("function_text", |p| !p.function_text.is_empty()),
    Field::mutable("level", |p| p.level != 0),
    Field::mutable("title", |p| !p.title.is_empty()),
    Field::mutable("buying_roles", |p| !p.buying_roles.is_empty()),
    Field::mutable("reports_to", |p| !p.reports_to.is_empty()),
    Field::immutable("valid_from"),
    Field::output_only("valid_to"),
    Field::output_only("incumbent"),
    Field::output_only("vacant_since"),
    Field::output_only("create_time"),
    Field::output_only("update_time"),
    Field::output_only("etag"),
];

/// What a mask names of a position, and to which it reports.
type Changed = (PositionChange, Option<Option<ChildName>>);

pub fn create(request: pb::CreatePositionRequest) -> Result<Identified<CreatePosition>> {
    let pb::CreatePositionRequest { account, position, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if position.is_none() {
        violations.push(missing(POSITION));
    }
    let position = position.unwrap_or_default();
    let valid_from = read::optional_date("position.valid_from", position.valid_from);
    let valid_from = violations.keep(valid_from).flatten();
    let (change, reports_to) = change(position, &Mask::all(FIELDS), &mut violations);
    let kept = account.zip(change.function).zip(change.level);
    let ((account, function), level) = all(violations, kept)?;
    let reports_to = reports_to.flatten();
    let command = CreatePosition { account, function, level, change, reports_to, valid_from };
    Ok((request_id, command))
}

pub fn update(request: pb::UpdatePositionRequest) -> Result<Identified<UpdatePosition>> {
    let pb::UpdatePositionRequest { position, update_mask, request_id } = request;
    let Some(given) = position else { return Err(missing(POSITION).into()) };
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let name = violations.keep(child("position.name", &given.name, POSITIONS));
    let version = violations.keep(etag::required("position.etag", &given.etag));
    let mask = mask::resolve("update_mask", update_mask.as_ref(), FIELDS, &given);
    let change = violations.keep(mask).map(|mask| change(given, &mask, &mut violations));
    let kept = name.zip(version).zip(change);
    let ((position, version), (change, reports_to)) = all(violations, kept)?;
    Ok((request_id, UpdatePosition { position, version, change, reports_to }))
}

pub fn get(request: &pb::GetPositionRequest) -> Result<ChildName> {
    let pb::GetPositionRequest { name } = request;
    Ok(child("name", name, POSITIONS)?)
}

pub fn close(request: pb::ClosePositionRequest) -> Result<Identified<ClosePosition>> {
    let pb::ClosePositionRequest { name, valid_to, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let position = violations.keep(child("name", &name, POSITIONS));
    let last_day = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    let position = all(violations, position)?;
    Ok((request_id, ClosePosition { position, last_day }))
}

pub fn list(request: &pb::ListPositionsRequest) -> Result<(ListPositions, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListPositionsRequest { parent, page_size: _, page_token: _, function, as_of } = request;
    let account = violations.keep(read::account("parent", parent));
    let function = read::optional_enum("function", *function, read_function);
    let function = violations.keep(function).flatten();
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    Ok((ListPositions { account, function, as_of, page: of }, page))
}

pub fn move_contact(request: pb::MoveContactRequest) -> Result<Identified<MoveContact>> {
    let pb::MoveContactRequest {
        contact,
        from_position,
        to_position,
        effective_date,
        reason,
        request_id,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let contact = violations.keep(read::contact("contact", &contact));
    let from = violations.keep(optional_position("from_position", &from_position)).flatten();
    let to = violations.keep(optional_position("to_position", &to_position)).flatten();
    if from_position.is_empty() && to_position.is_empty() {
        let what = "is required where there is no from_position";
        violations.add("to_position", Reason::FieldRequired, what);
    }
    if from.is_some() && from == to {
        violations.add("to_position", Reason::FieldInvalid, "is the one that he leaves");
    }
    let effective_date = read::optional_date("effective_date", effective_date);
    let effective_date = violations.keep(effective_date).flatten();
    violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS));
    let contact = all(violations, contact)?;
    Ok((request_id, MoveContact { contact, from, to, effective_date, reason }))
}

pub fn incumbencies(
    request: &pb::ListIncumbenciesRequest,
) -> Result<(ListIncumbencies, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListIncumbenciesRequest { parent, page_size: _, page_token: _, as_of } = request;
    let seats = violations.keep(seats_of("parent", parent));
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    let of = page.of(&mut violations);
    let seats = all(violations, seats)?;
    Ok((ListIncumbencies { of: seats, as_of, page: of }, page))
}

fn seats_of(field: &str, name: &str) -> Result<SeatsOf, Violation> {
    if name.starts_with("contacts/") {
        return read::contact(field, name).map(SeatsOf::Contact);
    }
    match name.split('/').count() {
        4 => child(field, name, POSITIONS).map(SeatsOf::Position),
        _ => read::account(field, name).map(SeatsOf::Account),
    }
}

fn optional_position(field: &str, name: &str) -> Result<Option<ChildName>, Violation> {
    if name.is_empty() { Ok(None) } else { child(field, name, POSITIONS).map(Some) }
}

/// What a record carries of a position; without a mask, what is not empty.
pub fn record_change(
    position: pb::Position,
    update_mask: Option<&prost_types::FieldMask>,
    violations: &mut Violations,
) -> Option<PositionChange> {
    let mask = mask::resolve("update_mask", update_mask, FIELDS, &position);
    let mask = violations.keep(mask)?;
    Some(change(position, &mask, violations).0)
}

/// What a mask names of a position; faults go to `violations`.
fn change(position: pb::Position, mask: &Mask, violations: &mut Violations) -> Changed {
    let pb::Position {
        site, function, function_text, level, title, buying_roles, reports_to, ..
    } = position;
    let mut text = |path: &str, value: String, max| {
        let value = mask.pick(path, value)?;
        violations.keep(text::check(&within(POSITION, path), &value, 0, max));
        Some(value)
    };
    let function_text = text("function_text", function_text, FUNCTION_TEXT_CHARS_MAX);
    let title = text("title", title, TITLE_CHARS_MAX);
    let site = mask.pick("site", site).map(|site| {
        if site.is_empty() {
            return None;
        }
        let checked = check_id("position.site", &site);
        violations.keep(checked.map_err(|v| Violation { reason: Reason::FieldInvalid, ..v }));
        Some(site)
    });
    let function = mask.pick("function", function).and_then(|function| {
        violations.keep(read::required_enum("position.function", function, read_function))
    });
    let level = mask.pick("level", level).and_then(|level| {
        violations.keep(read::required_enum("position.level", level, read_level))
    });
    let buying_roles =
        mask.pick("buying_roles", buying_roles).map(|given| roles(&given, violations));
    let reports_to = mask
        .pick("reports_to", reports_to)
        .and_then(|name| violations.keep(optional_position("position.reports_to", &name)));
    let change = PositionChange { site, function, function_text, level, title, buying_roles };
    (change, reports_to)
}

fn roles(given: &[i32], violations: &mut Violations) -> Vec<BuyingRole> {
    let (mut seen, mut kept) = (HashSet::new(), Vec::new());
    for (at, role) in given.iter().enumerate() {
        let at = format!("position.buying_roles[{at}]");
        let Some(role) = violations.keep(read::required_enum(&at, *role, read_role)) else {
            continue;
        };
        if !seen.insert(role) {
            violations.add(at, Reason::DuplicateElement, "is the same as one before it");
        }
        kept.push(role);
    }
    kept
}
