//! Clearings that wait: for the finish of their import, or for the document they name.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::money::Currency;
use crate::store::columns::OrEmpty;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waiting_clearing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    /// Empty once the import is finished.
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
    /// Why it could not be applied, as JSON; else empty.
    pub fault: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
