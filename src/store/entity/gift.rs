//! What ours give to people of customers.

use sea_orm::entity::prelude::*;

use crate::domain::error::Result;
use crate::domain::gift::{Gift, GiftDecision, GiftKind, GiftState};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gift")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub contact_id: String,
    pub member_id: String,
    pub kind: GiftKind,
    /// In minor units.
    pub value: i64,
    pub currency: Currency,
    pub heads: Option<i32>,
    pub day: Date,
    pub occasion: Personal,
    pub interaction_id: Option<Uuid>,
    pub state: GiftState,
    /// A JSON array.
    pub approval_reasons: String,
    pub decided_by: Option<String>,
    pub decided_us: Option<i64>,
    pub decide_reason: Option<Personal>,
    pub recorded_by: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// # Errors
    /// INTERNAL if the reasons cannot be written as JSON.
    pub fn of(gift: &Gift) -> Result<Self> {
        let Gift {
            id,
            account_id,
            contact_id,
            member_id,
            kind,
            value: Money { minor: value, currency },
            heads,
            day,
            occasion,
            interaction_id,
            state,
            approval_reasons,
            decision,
            recorded_by,
            recorded_us,
        } = gift.clone();
        let decision = decision.as_ref();
        Ok(Self {
            id,
            account_id,
            contact_id,
            member_id,
            kind,
            value,
            currency,
            heads,
            day,
            occasion,
            interaction_id,
            state,
            approval_reasons: to_json("reasons of approval", &approval_reasons)?,
            decided_by: decision.map(|decision| decision.by.clone()),
            decided_us: decision.map(|decision| decision.us),
            decide_reason: decision.map(|decision| decision.reason.clone()),
            recorded_by,
            recorded_us,
        })
    }

    /// # Errors
    /// INTERNAL if the JSON cannot be read.
    pub fn into_gift(self) -> Result<Gift> {
        let Self {
            id,
            account_id,
            contact_id,
            member_id,
            kind,
            value,
            currency,
            heads,
            day,
            occasion,
            interaction_id,
            state,
            approval_reasons,
            decided_by,
            decided_us,
            decide_reason,
            recorded_by,
            recorded_us,
        } = self;
        let decision = decided_by.zip(decided_us);
        let reason = decide_reason.unwrap_or_default();
        Ok(Gift {
            id,
            account_id,
            contact_id,
            member_id,
            kind,
            value: Money { minor: value, currency },
            heads,
            day,
            occasion,
            interaction_id,
            state,
            approval_reasons: from_json("reasons of approval", &approval_reasons)?,
            decision: decision.map(|(by, us)| GiftDecision { by, us, reason }),
            recorded_by,
            recorded_us,
        })
    }
}
