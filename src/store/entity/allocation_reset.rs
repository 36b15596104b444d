//! An allocation is reset once. If an item of it is corrected later, it no longer counts on any
//! day: a second row, whose day is the first day of the clearing.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation_reset")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub clearing_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub effective_date: NaiveDate,
    pub reason: Personal,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
