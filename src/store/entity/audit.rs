//! Who did what with which call, chained by the sealer.

use sea_orm::entity::prelude::*;

use crate::store::rows;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub recorded_us: i64,
    pub principal: String,
    pub method: String,
    pub resource: String,
    pub request_id: String,
    pub trace: String,
    pub detail: String,
    /// 0 until sealed.
    pub sealed_position: i64,
    pub chain_hash: Vec<u8>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Those without a position, in the words of the partial index `audit_unsealed`.
pub fn unsealed() -> Expr {
    rows::constant(Column::SealedPosition, 0_i64)
}
