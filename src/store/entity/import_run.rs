//! Imports under way.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub principal: String,
    pub sequence: i64,
    pub finished: bool,
    pub oldest_first: bool,
    pub posted: i64,
    pub revised: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub accounts_created: i64,
    pub clearings_applied: i64,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
