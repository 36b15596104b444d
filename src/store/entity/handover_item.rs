//! What was open at an account when its handover was started.

use sea_orm::entity::prelude::*;

use crate::domain::handover::{Carried, ItemKind};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handover_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub handover_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: ItemKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub acknowledged: bool,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(handover_id: Uuid, carried: &Carried) -> Self {
        let Carried { kind, subject, acknowledged } = carried.clone();
        Self { handover_id, kind, subject, acknowledged }
    }
}

impl From<Model> for Carried {
    fn from(row: Model) -> Self {
        let Model { handover_id: _, kind, subject, acknowledged } = row;
        Self { kind, subject, acknowledged }
    }
}
