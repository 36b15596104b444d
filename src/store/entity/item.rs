//! `item`.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    pub position: i32,
    pub kind: DocumentKind,
    pub class: ItemClass,
    pub company_code: String,
    pub currency: Currency,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    pub due_date: NaiveDate,
    pub amount: i64,
    /// Projection: the sum of the entries, whatever their effective date.
    pub open: i64,
    pub release_condition: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
