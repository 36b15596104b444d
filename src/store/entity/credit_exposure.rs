//! Projection: what counts against limits, of an account and everything below it. An amount counts from its day on; 1900-01-01 is at once.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::credit::component::Component;
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_exposure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub component: Component,
    #[sea_orm(primary_key, auto_increment = false)]
    pub effective_date: NaiveDate,
    pub amount: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
