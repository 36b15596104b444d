//! Declared ties, to and from the wire.

use uuid::Uuid;

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, MAX_REASON_CHARS, all, check_order, check_reason};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::error::{Result, Violation, Violations};
use crate::domain::names::{parse_contact, parse_member, parse_named};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::text;
use crate::domain::tie::{
    self, ClearTieReview, CreateTie, EndTie, ListTies, PersonRef, Review, SOURCE_CHARS_MAX, Tie,
    TieKind,
};
use crate::pb;

both_ways! {
    read_kind, write_kind: TieKind = TieKind {
        Counterpart, Influence, Acquaintance, Classmate, Relative, FormerColleague, Introduction,
        Referral
    }
    read_review, write_review: Review = TieReview { None, Open, Cleared, Ended }
}

pub fn create(request: pb::CreateTieRequest) -> Result<Identified<CreateTie>> {
    let pb::CreateTieRequest { tie, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let terms = terms(tie, &mut violations);
    Ok((request_id, all(violations, terms)?))
}

/// What is said of a tie; faults go to `violations`.
pub fn terms(tie: Option<pb::Tie>, violations: &mut Violations) -> Option<CreateTie> {
    if tie.is_none() {
        violations.push(missing("tie"));
    }
    let pb::Tie { from, to, kind, weight_bp, valid_from, valid_to, source, .. } =
        tie.unwrap_or_default();
    let from = violations.keep(person("tie.from", &from));
    let to = violations.keep(person("tie.to", &to));
    let kind = violations.keep(read::required_enum("tie.kind", kind, read_kind));
    if let (Some(from), Some(to), Some(kind)) = (&from, &to, kind) {
        tie::check(kind, from.side(), to.side(), weight_bp, violations);
    }
    let valid_from = violations.keep(read::optional_date("tie.valid_from", valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date("tie.valid_to", valid_to)).flatten();
    check_order("tie.valid_to", valid_from, valid_to, violations);
    violations.keep(text::check_multiline("tie.source", &source, 0, SOURCE_CHARS_MAX));
    let ((from, to), kind) = from.zip(to).zip(kind)?;
    Some(CreateTie { from, to, kind, weight_bp, valid_from, valid_to, source })
}

pub fn end(request: pb::EndTieRequest) -> Result<Identified<EndTie>> {
    let pb::EndTieRequest { name, valid_to, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let tie = violations.keep(tie_id(&name));
    let last_day = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS));
    let tie = all(violations, tie)?;
    Ok((request_id, EndTie { tie, last_day, reason }))
}

pub fn clear(request: pb::ClearTieReviewRequest) -> Result<Identified<ClearTieReview>> {
    let pb::ClearTieReviewRequest { name, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let tie = violations.keep(tie_id(&name));
    check_reason(&reason, &mut violations);
    let tie = all(violations, tie)?;
    Ok((request_id, ClearTieReview { tie, reason }))
}

pub fn list(request: &pb::ListTiesRequest) -> Result<(ListTies, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListTiesRequest { page_size: _, page_token: _, person: who, kind, review, as_of } =
        request;
    let who = match who.as_str() {
        "" => None,
        name => violations.keep(person("person", name)),
    };
    let kind = violations.keep(read::optional_enum("kind", *kind, read_kind)).flatten();
    let review = violations.keep(read::optional_enum("review", *review, read_review)).flatten();
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((ListTies { person: who, kind, review, as_of, page: of }, page))
}

/// One of ours or of theirs.
fn person(field: &str, name: &str) -> Result<PersonRef, Violation> {
    if name.is_empty() {
        return Err(missing(field));
    }
    if name.starts_with("members/") {
        return parse_member(field, name).map(PersonRef::Member);
    }
    parse_contact(field, name).map(PersonRef::Contact)
}

fn tie_id(name: &str) -> Result<Uuid, Violation> {
    if name.is_empty() {
        return Err(missing("name"));
    }
    let id = parse_named("name", name, "ties")?;
    let parsed = Uuid::try_parse(&id).ok().filter(|uuid| uuid.to_string() == id);
    // The id of none of ours.
    parsed.ok_or_else(|| {
        let reason = crate::domain::error::Reason::ResourceNameInvalid;
        Violation::new("name", reason, "does not have the form ties/{uuid}")
    })
}

pub fn page(answer: Page<Tie>, request: &PageRequest) -> pb::ListTiesResponse {
    let (ties, next_page_token) = request.answer(answer, encode);
    pb::ListTiesResponse { ties, next_page_token }
}

pub fn encode(tie: Tie) -> pb::Tie {
    let name = tie.name();
    let Tie {
        id: _,
        from,
        to,
        kind,
        weight_bp,
        days,
        source,
        review,
        review_reason,
        reviewed_by,
        reviewed_us,
        end_reason,
        recorded_by,
    } = tie;
    let text = |text: Option<Personal>| text.map(Personal::into_exposed).unwrap_or_default();
    pb::Tie {
        name,
        from: from.name(),
        to: to.name(),
        kind: write_kind(kind).into(),
        weight_bp,
        valid_from: Some(write::date(days.first_day)),
        valid_to: days.last_day_known(i64::MAX).map(write::date),
        source: source.into_exposed(),
        review: write_review(review).into(),
        review_reason: text(review_reason),
        reviewed_by: reviewed_by.unwrap_or_default(),
        end_reason: text(end_reason),
        masked: false,
        recorded_by,
        create_time: Some(write::recorded(days.recorded_us)),
        review_time: reviewed_us.map(write::recorded),
    }
}
