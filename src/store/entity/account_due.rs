//! Projection: what is open of each account by due date.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::item::ItemClass;
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_due")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub class: ItemClass,
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_date: NaiveDate,
    pub amount: i64,
    pub items: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
