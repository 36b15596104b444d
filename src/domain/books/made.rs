//! Documents that are made here, not sent by a source: write-offs, and what settles a document that
//! its source takes as cleared.

use chrono::NaiveDate;
use uuid::Uuid;

use super::Item;
use crate::domain::document::{
    BaselineDates, ClearingInstruction, DocumentKey, Draft, OWN_SOURCE_SYSTEM,
};
use crate::domain::item::DocumentKind;
use crate::domain::personal::Personal;

/// The key of a document that is made here for an item of that company.
pub fn made_key(company_code: &str, document: Uuid) -> DocumentKey {
    DocumentKey {
        source_system: OWN_SOURCE_SYSTEM.to_owned(),
        company_code: company_code.to_owned(),
        fiscal_year: 0,
        document_no: document.to_string(),
        line_no: String::new(),
    }
}

/// A document that is made here for an item, on its kind's own side. It names no order: a receipt
/// with one would be an advance on it.
pub fn made_here(
    document: Uuid,
    kind: DocumentKind,
    item: &Item,
    amount: i64,
    day: NaiveDate,
    note: impl Into<Personal>,
) -> Draft<String> {
    Draft {
        key: made_key(&item.company_code, document),
        source_version: 0,
        kind,
        side: kind.default_side(),
        payer: item.account_id.clone(),
        sold_to: None,
        bill_to: None,
        document_date: day,
        posting_date: day,
        currency: item.currency,
        gross: amount,
        net: None,
        tax: None,
        instalments: Vec::new(),
        terms: None,
        baseline_dates: BaselineDates::default(),
        clears: ClearingInstruction::default(),
        adjustment_reason: None,
        order_ref: String::new(),
        contract_ref: String::new(),
        project_ref: String::new(),
        note: note.into(),
    }
}
