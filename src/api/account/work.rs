//! Work items to and from the wire. All faults of a request are named at once.

use std::cmp::Reverse;

use chrono::NaiveDate;

use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{at_most, parent_or_all};
use crate::api::convert::write;
use crate::api::list::{KeyPart, PageKey, PageRequest};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::names::{
    AccountRef, INTERACTIONS, MemberRef, account_name, child_name, contact_name, member_name,
};
use crate::domain::page::Page;
use crate::domain::work::{
    Action, ListWorkItems, StakeBasis, WorkItem, WorkKey, WorkKind, WorkOrder,
};
use crate::pb;

both_ways! {
    read_kind, write_kind: WorkKind = WorkItemKind {
        OverdueReceivable, PromiseDue, CreditReferral, Dispute, Commitment, Vacancy, TieReview,
        TierChange, Cadence, PlannedVisit, Hook, HandoverStep, GiftApproval, Care,
        Occasion
    }
}

one_way! {
    write_action: Action = WorkItemAction {
        Collect, ConfirmPayment, DecideReferral, AnswerDispute, KeepCommitment, Reconnect,
        ClearReview, DecideTierChange, Meet, RecordInteraction, AdvanceHandover, DecideGift,
        Greet
    }
    write_basis: StakeBasis = AtStakeBasis { OwnAmount, OpenReceivables }
}

fn read_order(value: pb::WorkItemOrder) -> Option<WorkOrder> {
    match value {
        pb::WorkItemOrder::Unspecified => None,
        pb::WorkItemOrder::Due => Some(WorkOrder::Due),
        pb::WorkItemOrder::Score => Some(WorkOrder::Score),
        pb::WorkItemOrder::AtStake => Some(WorkOrder::AtStake),
    }
}

impl PageKey for WorkKey {
    type Order = ();

    fn write(self) -> Vec<String> {
        let Self { rank: (Reverse(score), Reverse(stake)), due, account_id, kind, subject } = self;
        let (kind, due) = (kind.to_string(), due.to_part());
        vec![score.to_part(), stake.to_part(), due, account_id, kind, subject]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [score, stake, due, account_id, kind, subject] = key else { return None };
        Some(Self {
            rank: (Reverse(i64::of_part(score)?), Reverse(i128::of_part(stake)?)),
            due: NaiveDate::of_part(due)?,
            account_id: account_id.clone(),
            kind: WorkKind::parse(kind)?,
            subject: subject.clone(),
        })
    }
}

pub fn list(
    request: &pb::ListWorkItemsRequest,
) -> Result<(ListWorkItems<AccountRef, MemberRef>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListWorkItemsRequest {
        parent,
        owner,
        kinds,
        due_before,
        order,
        currency_code,
        as_of,
        ..
    } = request;
    let account = violations.keep(parent_or_all(parent)).flatten();
    let owner = violations.keep(read::optional_member("owner", owner)).flatten();
    let mut asked = Vec::new();
    if at_most(WorkKind::ALL.len(), kinds.len(), "kinds", &mut violations) {
        for (at, kind) in kinds.iter().enumerate() {
            let kind = read::required_enum(&format!("kinds[{at}]"), *kind, read_kind);
            asked.extend(violations.keep(kind));
        }
    }
    let due_before = violations.keep(read::optional_date("due_before", *due_before)).flatten();
    let order = violations.keep(read::optional_enum("order", *order, read_order)).flatten();
    let order = order.unwrap_or(WorkOrder::Due);
    let currency = read::optional_currency("currency_code", currency_code);
    let currency = violations.keep(currency).flatten();
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    if order != WorkOrder::Due && request.owner.is_empty() {
        violations.push(missing("owner"));
    }
    match order {
        WorkOrder::AtStake if currency_code.is_empty() => {
            violations.push(missing("currency_code"));
        }
        WorkOrder::Due if !currency_code.is_empty() => {
            let what = "amounts are only compared in the orders SCORE and AT_STAKE";
            violations.add("currency_code", Reason::FieldInvalid, what);
        }
        _ => {}
    }
    let of = page.of(&mut violations);
    violations.finish()?;
    let list = ListWorkItems {
        account,
        owner,
        kinds: asked,
        due_before,
        order,
        currency,
        as_of,
        page: of,
    };
    Ok((list, page))
}

fn item(item: WorkItem) -> pb::WorkItem {
    let WorkItem {
        kind,
        subject,
        account_id,
        display_name,
        member_id,
        class,
        why,
        start,
        due,
        urgency_bp,
        score_bp,
        at_stake,
        basis,
        action,
        contact_id,
        planned,
        evidence,
    } = item;
    let contact = contact_id.as_deref().map(contact_name).unwrap_or_default();
    pb::WorkItem {
        kind: write_kind(kind).into(),
        subject,
        account: account_name(&account_id),
        display_name,
        member: member_name(&member_id),
        tier: class.unwrap_or_default(),
        why,
        start_date: Some(write::date(start)),
        due_date: Some(write::date(due)),
        urgency_bp,
        score_bp,
        at_stake: at_stake.iter().map(|of| write::money(of.minor, of.currency)).collect(),
        at_stake_basis: write_basis(basis).into(),
        next_step: Some(pb::NextStep { action: write_action(action).into(), contact }),
        evidence,
        planned_interaction: planned
            .map(|id| child_name(&account_id, INTERACTIONS, id))
            .unwrap_or_default(),
    }
}

pub fn page(answer: Page<WorkItem, WorkKey>, request: &PageRequest) -> pb::ListWorkItemsResponse {
    let (work_items, next_page_token) = request.answer(answer, item);
    pb::ListWorkItemsResponse { work_items, next_page_token }
}
