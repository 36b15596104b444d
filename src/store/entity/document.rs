//! `document`.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;

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
    /// What the ledger does not compute with, as JSON.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
