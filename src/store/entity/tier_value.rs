//! What an account is worth in a set.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_value")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub set_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    pub value: i64,
    pub contribution: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
