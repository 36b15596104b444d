//! A reservation: one for each order.

use sea_orm::entity::prelude::*;

use crate::domain::credit::reservation::ReservationState;
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_reservation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub root_id: String,
    pub source_system: String,
    pub order_ref: String,
    pub company_code: String,
    pub currency: Currency,
    pub state: ReservationState,
    pub amount: i64,
    pub delivered: i64,
    /// The most that was ever invoiced at a time, and what is invoiced now.
    pub invoiced: i64,
    pub invoiced_live: i64,
    /// Money that names the order and is not cleared, now and from later days on (JSON).
    pub advance: i64,
    pub advance_later: String,
    /// As it stands in credit_exposure.
    pub counted_order: i64,
    pub counted_delivered: i64,
    pub counted_advance: i64,
    pub expire_us: i64,
    /// When what it counts changes by itself.
    pub next_change_us: i64,
    /// Up to what an approver let it grow, and until when; 0 for nothing.
    pub granted_amount: i64,
    pub granted_until_us: i64,
    /// The decision that reserved it or referred it.
    pub decision_id: Uuid,
    pub create_us: i64,
    pub update_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
