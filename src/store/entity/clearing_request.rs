//! What the documents that count ask to be cleared, one row for each target.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::{ClearingRequest, RequestState};
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::money::{Currency, Money};
use crate::store::columns::OrEmpty;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clearing_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    /// The import that brought it; empty for a call.
    pub import_id: String,
    pub effective_date: NaiveDate,
    /// The later of its posting date and that of the document it names, if that is known.
    pub apply_date: NaiveDate,
    /// Of the credit and the position, so that bytes sort as keys do.
    pub order_key: Vec<u8>,
    pub position: i32,
    pub oldest_first: bool,
    pub target_source_system: String,
    pub target_company_code: String,
    pub target_fiscal_year: i32,
    pub target_document_no: String,
    pub target_line_no: String,
    /// 0: as much as both sides have open.
    pub amount: i64,
    /// Of the amount; empty without one.
    pub currency: OrEmpty<Currency>,
    pub state: RequestState,
    /// Why it could not be done, as JSON; else empty.
    pub fault: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn new(request: ClearingRequest, recorded_us: i64) -> Self {
        let ClearingRequest {
            id,
            account_id,
            document,
            import_id,
            effective,
            apply,
            key,
            position,
            target,
            state,
        } = request;
        let order_key = order_key(&key, position);
        let oldest_first = target.is_none();
        let (key, amount) = target.map(|target| (target.key, target.amount)).unwrap_or_default();
        let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
        Self {
            id,
            account_id,
            document_id: document,
            import_id,
            effective_date: effective,
            apply_date: apply,
            order_key,
            position,
            oldest_first,
            target_source_system: source_system,
            target_company_code: company_code,
            target_fiscal_year: fiscal_year,
            target_document_no: document_no,
            target_line_no: line_no,
            amount: amount.map_or(0, |amount| amount.minor),
            currency: OrEmpty(amount.map(|amount| amount.currency)),
            state,
            fault: String::new(),
            recorded_us,
        }
    }

    /// The key of the document that is to be settled; empty if the oldest due are.
    pub fn target_key(&self) -> DocumentKey {
        DocumentKey {
            source_system: self.target_source_system.clone(),
            company_code: self.target_company_code.clone(),
            fiscal_year: self.target_fiscal_year,
            document_no: self.target_document_no.clone(),
            line_no: self.target_line_no.clone(),
        }
    }

    /// `None`: the oldest due first.
    pub fn target(&self) -> Option<ClearingTarget> {
        let amount = self.currency.0.map(|currency| Money { minor: self.amount, currency });
        (!self.oldest_first).then(|| ClearingTarget { key: self.target_key(), amount })
    }
}

/// A key with a position, in bytes that sort as the rules compare them. No part of a key has a
/// control character, so that a text ends before any that goes on.
fn order_key(key: &DocumentKey, position: i32) -> Vec<u8> {
    let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
    // With the sign turned, negative numbers sort before the others.
    let number = |number: i32| (number ^ i32::MIN).to_be_bytes();
    let mut bytes = Vec::new();
    for text in [source_system, company_code] {
        bytes.extend(text.bytes().chain([0]));
    }
    bytes.extend(number(*fiscal_year));
    for text in [document_no, line_no] {
        bytes.extend(text.bytes().chain([0]));
    }
    bytes.extend(number(position));
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = String> {
        // Few letters, so that parts begin alike: the last of one and two bytes, and beyond.
        "[ -~0-9é一🜁]{0,3}|[01]{0,2}"
    }

    fn place() -> impl Strategy<Value = (DocumentKey, i32)> {
        (part(), part(), -2..2_i32, part(), part(), -1..3_i32).prop_map(
            |(source_system, company_code, fiscal_year, document_no, line_no, position)| {
                let key =
                    DocumentKey { source_system, company_code, fiscal_year, document_no, line_no };
                (key, position)
            },
        )
    }

    proptest! {
        #[test]
        fn order_keys_sort_as_keys_do(one in place(), other in place()) {
            let bytes = |(key, position): &(DocumentKey, i32)| order_key(key, *position);
            prop_assert_eq!(bytes(&one).cmp(&bytes(&other)), one.cmp(&other));
        }
    }
}
