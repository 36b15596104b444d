//! Documents that invoice an order: by naming it, or because a commitment names them.

use sea_orm::entity::prelude::*;

use crate::domain::credit::reservation::Link;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_reservation_document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    pub reservation_id: Uuid,
    /// What it invoices: nothing once it is reversed.
    pub amount: i64,
    /// How much of the order it took: given back if it is corrected to another order, or comes
    /// back to another one after a reversal.
    pub took: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Link> for Model {
    fn from(Link { document, reservation, amount, took }: Link) -> Self {
        Self { document_id: document, reservation_id: reservation, amount, took }
    }
}

impl From<Model> for Link {
    fn from(Model { document_id, reservation_id, amount, took }: Model) -> Self {
        Self { document: document_id, reservation: reservation_id, amount, took }
    }
}
