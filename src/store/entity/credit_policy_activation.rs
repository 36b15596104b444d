//! When which policy was activated; the last one counts.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_policy_activation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
    pub policy_id: String,
    pub activated_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
