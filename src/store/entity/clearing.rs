//! Clearings: credits set against debits of one account.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clearing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    /// The document that asked for it; nil for ClearItems.
    pub document_id: Uuid,
    /// What it asked; nil for ClearItems, and for documents made here.
    pub request_id: Uuid,
    pub apply_date: NaiveDate,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
