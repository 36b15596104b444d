//! Projection: what is open of the book by due date.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::item::ItemClass;
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "book_due")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub class: ItemClass,
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_date: NaiveDate,
    /// Spreads the writers of one day over several rows.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: i32,
    pub amount: i64,
    pub items: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
