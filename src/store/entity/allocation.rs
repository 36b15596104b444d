//! `allocation`.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub clearing_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub credit_item: Uuid,
    pub debit_item: Uuid,
    /// Taken off the debit, in its currency.
    pub amount: i64,
    /// Taken off the credit, in its currency.
    pub credit_amount: i64,
    /// The rate where the currencies differ, as JSON; else empty.
    pub rate: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
