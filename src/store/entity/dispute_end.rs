//! How disputes ended.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::receivables::DisputeOutcome;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispute_end")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dispute_id: Uuid,
    pub outcome: DisputeOutcome,
    pub resolve_date: NaiveDate,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
