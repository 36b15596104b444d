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
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<ClearingRequest> for Model {
    fn from(request: ClearingRequest) -> Self {
        let ClearingRequest {
            id,
            account_id,
            document,
            import_id,
            effective,
            // In the document.
            key: _,
            position,
            target,
            state,
        } = request;
        let oldest_first = target.is_none();
        let (key, amount) = target.map(|target| (target.key, target.amount)).unwrap_or_default();
        let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
        Self {
            id,
            account_id,
            document_id: document,
            import_id,
            effective_date: effective,
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
        }
    }
}

impl Model {
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
