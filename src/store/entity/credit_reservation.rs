//! A reservation: one for each order.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{IntoActiveModel, NotSet};

use crate::domain::credit::reservation::{
    Advance, Counted, Grant, NEVER, Reservation, ReservationState,
};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};

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
    /// Why it was canceled, the last time.
    pub cancel_reason: Personal,
    pub create_us: i64,
    pub update_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A reservation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReservation {
    pub reservation: Reservation,
    /// Root of the credit group of its account.
    pub root_id: String,
    /// When what it counts changes by itself, seen from when it was last settled.
    pub next_change_us: i64,
}

/// Those whose count changes by itself some day, in the words of the partial indexes
/// `credit_reservation_change` and `credit_reservation_next`.
pub fn changes_by_itself() -> Expr {
    Expr::col((Entity, Column::NextChangeUs)).lt(Expr::Constant(NEVER.into()))
}

/// What may change of a reservation, by its id.
pub fn changes(known: &KnownReservation) -> Result<ActiveModel> {
    Ok(ActiveModel {
        account_id: NotSet,
        root_id: NotSet,
        source_system: NotSet,
        order_ref: NotSet,
        company_code: NotSet,
        currency: NotSet,
        create_us: NotSet,
        ..Model::try_from(known)?.into_active_model()
    })
}

impl TryFrom<&KnownReservation> for Model {
    type Error = Error;

    fn try_from(known: &KnownReservation) -> Result<Self> {
        let KnownReservation { reservation, root_id, next_change_us } = known.clone();
        let Reservation {
            id,
            account_id,
            system,
            order_ref,
            company_code,
            currency,
            state,
            amount,
            delivered,
            invoiced,
            invoiced_live,
            advance,
            expire_us,
            grant,
            decision,
            cancel_reason,
            stored,
            create_us,
            update_us,
        } = reservation;
        let grant = grant.unwrap_or(Grant { amount: 0, until_us: 0 });
        Ok(Self {
            id,
            account_id,
            root_id,
            source_system: system,
            order_ref,
            company_code,
            currency,
            state,
            amount,
            delivered,
            invoiced,
            invoiced_live,
            advance: advance.now,
            advance_later: to_json("an advance", &advance.later)?,
            counted_order: stored.ordered,
            counted_delivered: stored.delivered,
            counted_advance: stored.advance,
            expire_us,
            next_change_us,
            granted_amount: grant.amount,
            granted_until_us: grant.until_us,
            decision_id: decision,
            cancel_reason,
            create_us,
            update_us,
        })
    }
}

impl TryFrom<Model> for KnownReservation {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            id,
            account_id,
            root_id,
            source_system,
            order_ref,
            company_code,
            currency,
            state,
            amount,
            delivered,
            invoiced,
            invoiced_live,
            advance,
            advance_later,
            counted_order,
            counted_delivered,
            counted_advance,
            expire_us,
            next_change_us,
            granted_amount,
            granted_until_us,
            decision_id,
            cancel_reason,
            create_us,
            update_us,
        } = row;
        let grant = Grant { amount: granted_amount, until_us: granted_until_us };
        let reservation = Reservation {
            id,
            account_id,
            system: source_system,
            order_ref,
            company_code,
            currency,
            state,
            amount,
            delivered,
            invoiced,
            invoiced_live,
            advance: Advance { now: advance, later: from_json("advance", &advance_later)? },
            expire_us,
            grant: (granted_until_us != 0).then_some(grant),
            decision: decision_id,
            cancel_reason,
            stored: Counted {
                ordered: counted_order,
                delivered: counted_delivered,
                advance: counted_advance,
            },
            create_us,
            update_us,
        };
        Ok(Self { reservation, root_id, next_change_us })
    }
}
