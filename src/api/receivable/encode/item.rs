//! Open items.

use chrono::NaiveDate;

use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::api::receivable::enums;
use crate::domain::aging::age_days;
use crate::domain::dates::NO_DATE;
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::item::ItemClass;
use crate::domain::ledger::OpenItem;
use crate::domain::names::{DISPUTES, DOCUMENTS, ITEMS, child_name};
use crate::domain::receivables::query::{DueKey, ExportKey, PageAt};
use crate::pb;

pub fn open_items(
    answer: PageAt<OpenItem, DueKey>,
    request: &PageRequest,
) -> Result<pb::ListOpenItemsResponse> {
    let PageAt { page, point, known_from } = answer;
    let each = |each| open_item(each, point.as_of);
    let (items, next_page_token) = request.answer_at(page, point, each)?;
    Ok(pb::ListOpenItemsResponse {
        items,
        next_page_token,
        point: Some(write::point(point)),
        group_known_from: known_from.map(write::date),
    })
}

pub fn export_page(
    answer: PageAt<OpenItem, ExportKey>,
    request: &PageRequest,
) -> Result<pb::ExportOpenItemsResponse> {
    let PageAt { page, point, known_from } = answer;
    let each = |each| open_item(each, point.as_of);
    let (items, resume_token) = request.answer_to_the_end(page, point, each)?;
    Ok(pb::ExportOpenItemsResponse {
        point: Some(write::point(point)),
        items,
        resume_token,
        group_known_from: known_from.map(write::date),
    })
}

/// Items as of a day.
pub fn all(items: Vec<OpenItem>, as_of: NaiveDate) -> Result<Vec<pb::OpenItem>> {
    items.into_iter().map(|item| open_item(item, as_of)).collect()
}

fn open_item(item: OpenItem, as_of: NaiveDate) -> Result<pb::OpenItem> {
    let days_overdue = write::count(days_overdue(item.class, item.due_date, as_of))?;
    let OpenItem {
        id,
        account_id,
        document_id,
        key,
        kind,
        class,
        document_date,
        posting_date,
        due_date,
        currency,
        amount,
        open,
        expected,
        disputed,
        disputes,
        order_ref,
        release_condition,
    } = item;
    Ok(pb::OpenItem {
        name: child_name(&account_id, ITEMS, id),
        document: child_name(&account_id, DOCUMENTS, document_id),
        key: Some(self::key(key)),
        kind: enums::write_kind(kind).into(),
        item_class: enums::write_class(class.on(due_date, as_of))?.into(),
        document_date: Some(write::date(document_date)),
        posting_date: Some(write::date(posting_date)),
        due_date: write::known_date(due_date),
        amount: Some(write::money(amount, currency)),
        open: Some(write::money(open, currency)),
        expected: Some(write::money(expected, currency)),
        days_overdue,
        disputed: Some(write::money(disputed, currency)),
        disputes: disputes.into_iter().map(|d| child_name(&account_id, DISPUTES, d)).collect(),
        order_ref,
        release_condition,
    })
}

/// Days past the due date. A credit is never overdue, and what has no due date is not either.
fn days_overdue(class: ItemClass, due: NaiveDate, as_of: NaiveDate) -> i64 {
    match class {
        ItemClass::Ordinary | ItemClass::Retention if due != NO_DATE => age_days(as_of, due),
        ItemClass::Ordinary
        | ItemClass::Retention
        | ItemClass::DuePending
        | ItemClass::UnappliedCash
        | ItemClass::OrderAdvance
        | ItemClass::OpenCredit
        | ItemClass::Bill => 0,
    }
}

pub fn key(key: DocumentKey) -> pb::DocumentKey {
    let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
    pb::DocumentKey { source_system, company_code, fiscal_year, document_no, line_no }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debits_with_a_due_date_are_overdue() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 3, d).unwrap();
        assert_eq!(days_overdue(ItemClass::Ordinary, day(1), day(31)), 30);
        assert_eq!(days_overdue(ItemClass::Ordinary, day(31), day(31)), 0);
        assert_eq!(days_overdue(ItemClass::Retention, day(31), day(1)), -30);
        assert_eq!(days_overdue(ItemClass::Retention, NO_DATE, day(1)), 0);
        assert_eq!(days_overdue(ItemClass::DuePending, NO_DATE, day(1)), 0);
        assert_eq!(days_overdue(ItemClass::UnappliedCash, day(1), day(31)), 0);
    }
}
