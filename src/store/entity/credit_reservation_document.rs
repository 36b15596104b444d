//! Documents that invoice an order: by naming it, or because a commitment names them.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_reservation_document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    pub reservation_id: Uuid,
    pub amount: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A document that invoices a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub document: Uuid,
    pub reservation: Uuid,
    /// What it invoices, minor units.
    pub amount: i64,
}

impl From<Link> for Model {
    fn from(Link { document, reservation, amount }: Link) -> Self {
        Self { document_id: document, reservation_id: reservation, amount }
    }
}

impl From<Model> for Link {
    fn from(Model { document_id, reservation_id, amount }: Model) -> Self {
        Self { document: document_id, reservation: reservation_id, amount }
    }
}
