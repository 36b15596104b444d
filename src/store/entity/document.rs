//! Documents as posted.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::document::{BaselineDates, ClearingInstruction, DocumentKey, Draft};
use crate::domain::error::Result;
use crate::domain::item::{AdjustmentReason, DocumentKind, Side};
use crate::domain::money::Currency;
use crate::domain::terms::{Instalment, PaymentTerms};
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub source_system: String,
    pub company_code: String,
    pub fiscal_year: i32,
    pub document_no: String,
    pub line_no: String,
    pub source_version: i64,
    pub kind: DocumentKind,
    pub side: Side,
    pub posting_date: NaiveDate,
    pub document_date: NaiveDate,
    pub currency: Currency,
    pub gross: i64,
    pub order_ref: String,
    pub recorded_us: i64,
    /// What the other columns do not say, as JSON: [`Detail`].
    pub detail: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a document says beyond its columns. What it does not say takes no room.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    sold_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    net: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instalments: Vec<Instalment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<PaymentTerms>,
    #[serde(skip_serializing_if = "is_default")]
    baseline_dates: BaselineDates,
    #[serde(skip_serializing_if = "is_default")]
    clears: ClearingInstruction,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjustment_reason: Option<AdjustmentReason>,
    #[serde(skip_serializing_if = "String::is_empty")]
    contract_ref: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    project_ref: String,
    /// Personal text, exposed: this JSON is the row of the document, and stands nowhere else.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Model {
    pub fn of(id: Uuid, draft: Draft<String>, recorded_us: i64) -> Result<Self> {
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
        let detail = Detail {
            sold_to,
            bill_to,
            net,
            tax,
            instalments,
            terms,
            baseline_dates,
            clears,
            adjustment_reason,
            contract_ref,
            project_ref,
            note: note.into_exposed(),
        };
        let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
        Ok(Self {
            id,
            account_id: payer,
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            source_version,
            kind,
            side,
            posting_date,
            document_date,
            currency,
            gross,
            order_ref,
            recorded_us,
            detail: to_json("a document", &detail)?,
        })
    }

    pub fn into_draft(self) -> Result<Draft<String>> {
        let Self {
            id: _,
            account_id,
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            source_version,
            kind,
            side,
            posting_date,
            document_date,
            currency,
            gross,
            order_ref,
            recorded_us: _,
            detail,
        } = self;
        let Detail {
            sold_to,
            bill_to,
            net,
            tax,
            instalments,
            terms,
            baseline_dates,
            clears,
            adjustment_reason,
            contract_ref,
            project_ref,
            note,
        } = from_json("document", &detail)?;
        Ok(Draft {
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            source_version,
            kind,
            side,
            payer: account_id,
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
            note: note.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_files::{assert_reads, of};

    #[test]
    fn details_are_read_whole() {
        for name in of("document.detail") {
            assert_reads::<Detail>(&format!("document.detail/{name}"));
        }
    }
}
