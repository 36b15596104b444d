//! The chain of audit rows: of each its position, and a hash over it and over the hash before.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_seal")]
pub struct Model {
    /// Counted from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sealed_position: i64,
    pub audit_id: Uuid,
    pub chain_hash: Vec<u8>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
