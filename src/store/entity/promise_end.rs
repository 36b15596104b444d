//! Promises that were withdrawn.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_end")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub promise_id: Uuid,
    pub withdraw_date: NaiveDate,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
