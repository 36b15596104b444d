//! Requests that post, clear and take back, to commands: each with its `request_id`.
//! Every violation of a request is told at once.

use crate::api::convert::read::{self, missing, prefixed};
use crate::api::convert::request::{Identified, all, at_most, check_reason, child};
use crate::domain::error::{Error, Reason, Result, Violation, Violations};
use crate::domain::ledger::command::{
    AllocationRequest, ClearItems, NamedElsewhere, PostDocuments, ResetClearing, ReverseDocument,
    WriteOffItem,
};
use crate::domain::names::{AccountRef, CLEARINGS, ChildName, DOCUMENTS, ITEMS};
use crate::pb;

use super::parse_document;

/// Documents of one call, or of one chunk of an import.
pub const MAX_DOCUMENTS: usize = 500;
const MAX_ALLOCATIONS: usize = 500;
const MAX_OLDEST_FIRST_CREDITS: usize = 100;
/// Violations after which further documents are not looked into: far more than is told.
const ENOUGH_VIOLATIONS: usize = 1_000;

pub fn post_documents(request: pb::PostDocumentsRequest) -> Result<Identified<PostDocuments>> {
    let pb::PostDocumentsRequest { documents, create_missing_accounts, request_id } = request;
    let mut found: Vec<Violation> = read::request_id(&request_id).err().into_iter().collect();
    found.extend(check_documents("documents", documents.len()).err());
    if documents.len() > MAX_DOCUMENTS {
        return Err(Error::Invalid(found));
    }
    let mut drafts = Vec::with_capacity(documents.len());
    for (i, document) in documents.into_iter().enumerate() {
        match parse_document::draft(document) {
            Ok(draft) => drafts.push(draft),
            Err(faults) => found.extend(prefixed(faults, &format!("documents[{i}]"))),
        }
        if found.len() >= ENOUGH_VIOLATIONS {
            break;
        }
    }
    if !found.is_empty() {
        return Err(Error::Invalid(found));
    }
    Ok((request_id, PostDocuments { documents: drafts, create_missing_accounts }))
}

/// How many documents may come at once.
///
/// # Errors
/// FIELD_REQUIRED, TOO_MANY_ELEMENTS.
pub fn check_documents(field: &str, len: usize) -> Result<(), Violation> {
    match len {
        0 => Err(missing(field)),
        1..=MAX_DOCUMENTS => Ok(()),
        _ => {
            let what = format!("at most {MAX_DOCUMENTS}, not {len}");
            Err(Violation::new(field, Reason::TooManyElements, what))
        }
    }
}

pub fn reverse(request: pb::ReverseDocumentRequest) -> Result<Identified<ReverseDocument>> {
    let pb::ReverseDocumentRequest { name, effective_date, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let document = violations.keep(child("name", &name, DOCUMENTS));
    let date = read::optional_date("effective_date", effective_date);
    let effective_date = violations.keep(date).flatten();
    check_reason(&reason, &mut violations);
    let document = all(violations, document)?;
    Ok((request_id, ReverseDocument { document, effective_date, reason }))
}

pub fn clear_items(request: pb::ClearItemsRequest) -> Result<Identified<ClearItems>> {
    let pb::ClearItemsRequest {
        account,
        allocations,
        oldest_first_credits,
        apply_date,
        request_id,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let date = violations.keep(read::optional_date("apply_date", apply_date)).flatten();
    match (allocations.is_empty(), oldest_first_credits.is_empty()) {
        (true, true) => violations.push(missing("allocations")),
        (false, false) => {
            let what = "give allocations or oldest_first_credits, not both";
            violations.add("oldest_first_credits", Reason::FieldInvalid, what);
        }
        _ => {}
    }
    let mut items = Vec::new();
    let allocations = self::allocations(&allocations, &mut items, &mut violations);
    let field = "oldest_first_credits";
    let credits =
        self::items(field, &oldest_first_credits, MAX_OLDEST_FIRST_CREDITS, &mut violations);
    let account = all(violations, account)?;
    let oldest_first_credits = credits.iter().map(|(_, credit)| credit.id).collect();
    items.extend(credits);
    let elsewhere = elsewhere(&account, &items);
    let command =
        ClearItems { account, allocations, oldest_first_credits, apply_date: date, elsewhere };
    Ok((request_id, command))
}

/// Also notes the items they name in `items`, each with its field.
fn allocations(
    allocations: &[pb::Allocation],
    items: &mut Vec<(String, ChildName)>,
    violations: &mut Violations,
) -> Vec<AllocationRequest> {
    if !at_most(MAX_ALLOCATIONS, allocations.len(), "allocations", violations) {
        return Vec::new();
    }
    let read = |(i, allocation): (usize, &pb::Allocation)| {
        let pb::Allocation {
            credit_item,
            debit_item,
            amount,
            credit_amount,
            rate: _,
            reset_date: _,
        } = allocation;
        let at = |part: &str| format!("allocations[{i}].{part}");
        let credit = violations.keep(child(&at("credit_item"), credit_item, ITEMS));
        let debit = violations.keep(child(&at("debit_item"), debit_item, ITEMS));
        let amount = read::optional_settled(&at("amount"), amount.as_ref());
        let credit_amount = read::optional_settled(&at("credit_amount"), credit_amount.as_ref());
        let amount = violations.keep(amount).flatten();
        let credit_amount = violations.keep(credit_amount).flatten();
        let (credit, debit) = (credit?, debit?);
        let request = AllocationRequest {
            credit_item: credit.id,
            debit_item: debit.id,
            amount,
            credit_amount,
        };
        items.extend([(at("credit_item"), credit), (at("debit_item"), debit)]);
        Some(request)
    };
    allocations.iter().enumerate().filter_map(read).collect()
}

/// Items in the order given, each once and with its field.
pub fn items(
    field: &str,
    names: &[String],
    max: usize,
    violations: &mut Violations,
) -> Vec<(String, ChildName)> {
    if !at_most(max, names.len(), field, violations) {
        return Vec::new();
    }
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    let mut read = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let field = format!("{field}[{i}]");
        let Some(item) = violations.keep(child(&field, name, ITEMS)) else { continue };
        if seen.insert(item.id) {
            read.push((field, item));
        } else {
            violations.add(field, Reason::DuplicateElement, "is named before");
        }
    }
    read
}

/// Items whose names say that they are another account's. What only the books can tell, because one of
/// the two is an alias, is left to the service.
fn elsewhere(account: &AccountRef, items: &[(String, ChildName)]) -> Vec<NamedElsewhere> {
    let AccountRef::Id(account) = account else { return Vec::new() };
    let foreign = items.iter().filter_map(|(field, item)| match &item.account {
        AccountRef::Id(other) if other != account => Some((field.clone(), other.clone())),
        AccountRef::Id(_) | AccountRef::External { .. } => None,
    });
    foreign.map(|(field, account_id)| NamedElsewhere { field, account_id }).collect()
}

pub fn reset(request: pb::ResetClearingRequest) -> Result<Identified<ResetClearing>> {
    let pb::ResetClearingRequest { name, effective_date, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let clearing = violations.keep(child("name", &name, CLEARINGS));
    let date = read::optional_date("effective_date", effective_date);
    let effective_date = violations.keep(date).flatten();
    check_reason(&reason, &mut violations);
    let clearing = all(violations, clearing)?;
    Ok((request_id, ResetClearing { clearing, effective_date, reason }))
}

pub fn write_off(request: pb::WriteOffItemRequest) -> Result<Identified<WriteOffItem>> {
    let pb::WriteOffItemRequest { item, amount, posting_date, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::request_id(&request_id));
    let item = violations.keep(child("item", &item, ITEMS));
    let amount = violations.keep(read::optional_settled("amount", amount.as_ref())).flatten();
    let date = violations.keep(read::optional_date("posting_date", posting_date)).flatten();
    check_reason(&reason, &mut violations);
    let item = all(violations, item)?;
    Ok((request_id, WriteOffItem { item, amount, posting_date: date, reason }))
}
