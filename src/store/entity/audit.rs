//! Who did what with which call. Rows are added and never changed; [`super::audit_seal`] has their
//! places in the chain.

use sea_orm::entity::prelude::*;

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
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
