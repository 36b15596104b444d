//! Pieces of names, each with the subjects that have it.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lookup_gram")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub gram: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
