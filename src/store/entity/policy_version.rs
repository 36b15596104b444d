//! Versions of policies, by kind.

use sea_orm::entity::prelude::*;

use crate::domain::policy::PolicyKind;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: PolicyKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub detail: String,
    pub created_by: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
