//! Documents, what became of them, and clearings.

use chrono::NaiveDate;

use super::item::{self, key};
use super::terms as encode_terms;
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::api::receivable::enums;
use crate::domain::document::{
    BaselineDates, ClearingInstruction, ClearingTarget, Draft, EndState, Notice, PostResult,
};
use crate::domain::error::Result;
use crate::domain::ledger::{Allocation, Clearing, Document, DocumentEnd};
use crate::domain::names::{AccountRef, CLEARINGS, DOCUMENTS, ITEMS, account_name, child_name};
use crate::domain::receivables::query::{PageAt, PostingKey};
use crate::pb;

pub fn post_results(results: Vec<PostResult>) -> pb::PostDocumentsResponse {
    let result = |result| {
        let PostResult { outcome, account_id, document_id, waiting_for, clearings, notices } =
            result;
        pb::PostResult {
            outcome: enums::write_post_outcome(outcome).into(),
            document: child_name(&account_id, DOCUMENTS, document_id),
            waiting_for: waiting_for.into_iter().map(key).collect(),
            clearings: clearings
                .into_iter()
                .map(|id| child_name(&account_id, CLEARINGS, id))
                .collect(),
            notices: notices.into_iter().map(notice).collect(),
        }
    };
    pb::PostDocumentsResponse { results: results.into_iter().map(result).collect() }
}

pub fn documents(
    answer: PageAt<Document, PostingKey>,
    request: &PageRequest,
) -> Result<pb::ListDocumentsResponse> {
    let PageAt { page, point, known_from: _ } = answer;
    let each = |each| document(each, point.as_of);
    let (documents, next_page_token) = request.answer_at(page, point, each)?;
    Ok(pb::ListDocumentsResponse { documents, next_page_token })
}

pub fn notice(Notice { code, field, description }: Notice) -> pb::Notice {
    pb::Notice { code: enums::write_notice(code).into(), field, description }
}

/// A document whose items are as of a day.
pub fn document(document: Document, as_of: NaiveDate) -> Result<pb::Document> {
    let discount = document.discount_available(as_of);
    let currency = document.draft.currency;
    let Document { id, account_id, draft, recorded_us, end, items, clearings, discount_taken: _ } =
        document;
    let (state, reverse_date, reverse_reason) = match end {
        None => (pb::DocumentState::Posted, None, String::new()),
        Some(DocumentEnd { state, effective_date, reason }) => {
            let state = match state {
                EndState::Reversed => pb::DocumentState::Reversed,
                EndState::Superseded => pb::DocumentState::Superseded,
            };
            (state, Some(write::date(effective_date)), reason.into_exposed())
        }
    };
    Ok(pb::Document {
        name: child_name(&account_id, DOCUMENTS, id),
        items: item::all(items, as_of)?,
        clearings: clearings.into_iter().map(clearing).collect(),
        state: state.into(),
        record_time: Some(write::recorded(recorded_us)),
        reverse_date,
        reverse_reason,
        discount_available: discount.map(|minor| write::money(minor, currency)),
        ..content(draft.map_accounts(|id| account_name(&id)))
    })
}

/// A document to be posted, as a client sends it.
pub fn draft(draft: Draft<AccountRef>) -> pb::Document {
    content(draft.map_accounts(|account| account.to_string()))
}

/// What is posted, its accounts by resource name.
fn content(draft: Draft<String>) -> pb::Document {
    let Draft {
        key,
        source_version,
        kind,
        side,
        payer,
        sold_to,
        bill_to,
        document_date,
        posting_date,
        currency,
        gross,
        net,
        tax,
        instalments,
        terms,
        baseline_dates,
        clears,
        adjustment_reason,
        order_ref,
        contract_ref,
        project_ref,
        note,
    } = draft;
    let money = |minor| write::money(minor, currency);
    let reason = adjustment_reason.map(enums::write_adjustment).unwrap_or_default();
    pb::Document {
        key: Some(item::key(key)),
        source_version,
        kind: enums::write_kind(kind).into(),
        side: enums::write_side(side).into(),
        payer,
        sold_to: sold_to.unwrap_or_default(),
        bill_to: bill_to.unwrap_or_default(),
        document_date: Some(write::date(document_date)),
        posting_date: Some(write::date(posting_date)),
        gross: Some(money(gross)),
        net: net.map(money),
        tax: tax.map(money),
        instalments: encode_terms::instalments(instalments, currency),
        terms: terms.map(encode_terms::terms),
        baseline_dates: self::baseline_dates(baseline_dates),
        clears: self::clears(clears),
        adjustment_reason: reason.into(),
        order_ref,
        contract_ref,
        project_ref,
        note: note.into_exposed(),
        ..Default::default()
    }
}

/// Absent if no event has happened.
fn baseline_dates(dates: BaselineDates) -> Option<pb::BaselineDates> {
    let none = dates == BaselineDates::default();
    let BaselineDates { delivery, tax_invoice_receipt, acceptance, statement } = dates;
    (!none).then(|| pb::BaselineDates {
        delivery_date: delivery.map(write::date),
        tax_invoice_receipt_date: tax_invoice_receipt.map(write::date),
        acceptance_date: acceptance.map(write::date),
        statement_date: statement.map(write::date),
    })
}

/// Absent if it settles nothing.
fn clears(clears: ClearingInstruction) -> Option<pb::ClearingInstruction> {
    if clears.is_empty() {
        return None;
    }
    let ClearingInstruction { targets, oldest_first } = clears;
    let target = |ClearingTarget { key, amount }| pb::ClearingTarget {
        key: Some(item::key(key)),
        amount: amount.map(|amount| write::money(amount.minor, amount.currency)),
    };
    let targets = targets.into_iter().map(target).collect();
    Some(pb::ClearingInstruction { targets, oldest_first })
}

pub fn clearing(clearing: Clearing) -> pb::Clearing {
    let Clearing { id, account_id, apply_date, allocations, recorded_us, reset } = clearing;
    let (reset_date, reset_reason) =
        reset.map(|(date, why)| (write::date(date), why.into_exposed())).unzip();
    pb::Clearing {
        name: child_name(&account_id, CLEARINGS, id),
        apply_date: Some(write::date(apply_date)),
        allocations: allocations.into_iter().map(|a| allocation(&account_id, a)).collect(),
        record_time: Some(write::recorded(recorded_us)),
        reset_date,
        reset_reason: reset_reason.unwrap_or_default(),
    }
}

fn allocation(account_id: &str, allocation: Allocation) -> pb::Allocation {
    let Allocation {
        credit_item,
        debit_item,
        debit_currency,
        amount,
        credit_currency,
        credit_amount,
        rate,
        reset_date,
    } = allocation;
    pb::Allocation {
        credit_item: child_name(account_id, ITEMS, credit_item),
        debit_item: child_name(account_id, ITEMS, debit_item),
        amount: Some(write::money(amount, debit_currency)),
        credit_amount: Some(write::money(credit_amount, credit_currency)),
        rate: rate.map(|rate| write::used_rate(debit_currency, credit_currency, rate)),
        reset_date: reset_date.map(write::date),
    }
}
