//! Handovers to and from the wire. All faults of a request are named at once.

use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{
    Identified, MAX_REASON_CHARS, all, at_most, check_reason, child, parent_or_all,
};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::handover::{
    ACKNOWLEDGED_MAX, AdvanceHandover, Handover, HandoverState, HandoverStep, Item, ItemKind,
    ListHandovers, Progress, StartHandover, ToMeet,
};
use crate::domain::names::{ChildName, HANDOVERS, contact_name, member_name};
use crate::domain::page::Page;
use crate::domain::text;
use crate::pb;
use crate::service::handovers::Told;

both_ways! {
    read_state, write_state: HandoverState = HandoverState {
        Started, Accepted, Completed, Canceled
    }
}

fn read_step(value: pb::HandoverStep) -> Option<HandoverStep> {
    match value {
        pb::HandoverStep::Unspecified => None,
        pb::HandoverStep::Accept => Some(HandoverStep::Accept),
        pb::HandoverStep::Acknowledge => Some(HandoverStep::Acknowledge),
        pb::HandoverStep::Complete => Some(HandoverStep::Complete),
        pb::HandoverStep::Cancel => Some(HandoverStep::Cancel),
    }
}

one_way! {
    write_kind: ItemKind = HandoverItemKind {
        Commitment, PlannedVisit, Hook, Receivables, Promise, Dispute, Gift
    }
}

pub fn start(request: pb::StartHandoverRequest) -> Result<Identified<StartHandover>> {
    let pb::StartHandoverRequest { account, handover, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    if handover.is_none() {
        violations.push(missing("handover"));
    }
    let pb::Handover { to, reason, deadline, .. } = handover.unwrap_or_default();
    let to = violations.keep(read::member("handover.to", &to));
    let field = "handover.reason";
    violations.keep(text::check_multiline(field, &reason, 1, MAX_REASON_CHARS));
    let deadline = read::optional_date("handover.deadline", deadline);
    let deadline = violations.keep(deadline).flatten();
    let (account, to) = all(violations, account.zip(to))?;
    Ok((request_id, StartHandover { account, to, deadline, reason }))
}

pub fn get(request: &pb::GetHandoverRequest) -> Result<ChildName> {
    let mut violations = Violations::new();
    let name = violations.keep(child("name", &request.name, HANDOVERS));
    all(violations, name)
}

pub fn list(request: &pb::ListHandoversRequest) -> Result<(ListHandovers, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListHandoversRequest { parent, member, state, .. } = request;
    let account = violations.keep(parent_or_all(parent)).flatten();
    let member = violations.keep(read::optional_member("member", member)).flatten();
    let state = violations.keep(read::optional_enum("state", *state, read_state)).flatten();
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((ListHandovers { account, member, state, page: of }, page))
}

pub fn advance(request: pb::AdvanceHandoverRequest) -> Result<Identified<AdvanceHandover>> {
    let pb::AdvanceHandoverRequest { name, step, acknowledged, reason, etag, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let handover = violations.keep(child("name", &name, HANDOVERS));
    let step = violations.keep(read::required_enum("step", step, read_step));
    at_most(ACKNOWLEDGED_MAX, acknowledged.len(), "acknowledged", &mut violations);
    match step {
        Some(HandoverStep::Acknowledge) if acknowledged.is_empty() => {
            violations.push(missing("acknowledged"));
        }
        Some(HandoverStep::Acknowledge) | None => {}
        Some(_) if acknowledged.is_empty() => {}
        Some(step) => {
            let what = format!("does not go with {step}");
            violations.add("acknowledged", Reason::FieldInvalid, what);
        }
    }
    match step {
        Some(HandoverStep::Cancel) => check_reason(&reason, &mut violations),
        Some(step) if !reason.is_empty() => {
            let what = format!("does not go with {step}");
            violations.add("reason", Reason::FieldInvalid, what);
        }
        _ => {}
    }
    let version = violations.keep(etag::required("etag", &etag));
    let ((handover, step), version) = all(violations, handover.zip(step).zip(version))?;
    Ok((request_id, AdvanceHandover { handover, step, acknowledged, reason, version }))
}

pub fn told(told: Told) -> pb::Handover {
    let Told { handover, progress } = told;
    let progress = progress.map(self::progress);
    pb::Handover { progress, ..self::handover(handover) }
}

fn handover(handover: Handover) -> pb::Handover {
    let name = handover.name();
    let Handover {
        id: _,
        account_id: _,
        from_id,
        to_id,
        state,
        reason,
        deadline,
        start_date,
        accept_date,
        end_date,
        end_reason,
        recorded_by,
        recorded_us,
        update_us: _,
        version,
    } = handover;
    pb::Handover {
        name,
        from: member_name(&from_id),
        to: member_name(&to_id),
        state: write_state(state).into(),
        reason: reason.into_exposed(),
        deadline: Some(write::date(deadline)),
        start_date: Some(write::date(start_date)),
        accept_date: accept_date.map(write::date),
        end_date: end_date.map(write::date),
        end_reason: end_reason.into_exposed(),
        recorded_by,
        create_time: Some(write::recorded(recorded_us)),
        etag: etag::encode(version),
        progress: None,
    }
}

fn progress(progress: Progress) -> pb::HandoverProgress {
    let completeness_bp = progress.completeness_bp();
    let Progress { contacts, items } = progress;
    let contact = |ToMeet { contact_id, position, met }: ToMeet| pb::HandoverContact {
        contact: contact_name(&contact_id),
        position: position.name(),
        met_date: met.map(write::date),
    };
    let item = |item: Item| {
        let blocking = item.blocks();
        let Item { kind, subject, settled } = item;
        pb::HandoverItem { kind: write_kind(kind).into(), subject, settled, blocking }
    };
    pb::HandoverProgress {
        contacts: contacts.into_iter().map(contact).collect(),
        items: items.into_iter().map(item).collect(),
        completeness_bp,
    }
}

pub fn page(answer: Page<Handover>, request: &PageRequest) -> pb::ListHandoversResponse {
    let (handovers, next_page_token) = request.answer(answer, handover);
    pb::ListHandoversResponse { handovers, next_page_token }
}
