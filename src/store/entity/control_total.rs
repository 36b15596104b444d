//! Balances of the general ledger.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "control_total")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub total_date: NaiveDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
    pub amount: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
