//! What shows that a commitment was kept.

use sea_orm::entity::prelude::*;

use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment_evidence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub commitment_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    pub day: Date,
    pub interaction_id: Option<Uuid>,
    pub note: Personal,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
