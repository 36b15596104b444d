//! Who members are to the access layer: a principal is one member's.

use sea_orm::entity::prelude::*;

use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member_principal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: Personal,
    pub member_id: String,
    pub position: i32,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
