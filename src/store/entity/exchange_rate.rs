//! Exchange rates as they were recorded.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rate_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rate_date: NaiveDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
    pub rate: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
