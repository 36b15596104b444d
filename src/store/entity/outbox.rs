//! Events for other systems, numbered by the sealer.

use sea_orm::entity::prelude::*;

use crate::store::rows;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub recorded_us: i64,
    pub account_id: String,
    pub event_type: String,
    pub subject: String,
    pub data: String,
    /// 0 until sealed.
    pub sealed_position: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Those without a position, in the words of the partial index `outbox_unsealed`.
pub fn unsealed() -> Expr {
    rows::constant(Column::SealedPosition, 0_i64)
}
