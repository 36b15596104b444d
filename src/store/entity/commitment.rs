//! What one side promised a person of the other. What shows that it was kept is in
//! [`super::commitment_evidence`].

use sea_orm::entity::prelude::*;

use crate::domain::commitment::{Commitment, CommitmentSide, Evidence, Settled, Settlement};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub side: CommitmentSide,
    pub member_id: String,
    pub contact_id: String,
    pub text: Personal,
    /// In minor units; NULL with its currency.
    pub amount: Option<i64>,
    pub currency: Option<Currency>,
    pub made_date: Date,
    pub due_date: Date,
    pub interaction_id: Option<Uuid>,
    pub delegated_to: Option<String>,
    pub settlement: Option<Settlement>,
    pub settle_date: Option<Date>,
    pub settle_reason: Option<Personal>,
    pub settled_by: Option<String>,
    pub settled_us: Option<i64>,
    pub recorded_by: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Commitment> for Model {
    fn from(commitment: &Commitment) -> Self {
        let Commitment {
            id,
            account_id,
            side,
            member_id,
            contact_id,
            text,
            amount,
            made_date,
            due_date,
            interaction_id,
            delegated_to,
            settled,
            recorded_by,
            recorded_us,
        } = commitment.clone();
        let settled = settled.as_ref();
        Self {
            id,
            account_id,
            side,
            member_id,
            contact_id,
            text,
            amount: amount.map(|amount| amount.minor),
            currency: amount.map(|amount| amount.currency),
            made_date,
            due_date,
            interaction_id,
            delegated_to,
            settlement: settled.map(|settled| settled.settlement),
            settle_date: settled.map(|settled| settled.day),
            settle_reason: settled.map(|settled| settled.reason.clone()),
            settled_by: settled.map(|settled| settled.by.clone()),
            settled_us: settled.map(|settled| settled.recorded_us),
            recorded_by,
            recorded_us,
        }
    }
}

impl Model {
    /// The commitment with what shows that it was kept.
    pub fn into_commitment(self, evidence: Vec<Evidence>) -> Commitment {
        let Self {
            id,
            account_id,
            side,
            member_id,
            contact_id,
            text,
            amount,
            currency,
            made_date,
            due_date,
            interaction_id,
            delegated_to,
            settlement,
            settle_date,
            settle_reason,
            settled_by,
            settled_us,
            recorded_by,
            recorded_us,
        } = self;
        let settled = settlement.zip(settle_date).map(|(settlement, day)| Settled {
            settlement,
            day,
            evidence,
            reason: settle_reason.unwrap_or_default(),
            by: settled_by.unwrap_or_default(),
            recorded_us: settled_us.unwrap_or_default(),
        });
        Commitment {
            id,
            account_id,
            side,
            member_id,
            contact_id,
            text,
            amount: amount.zip(currency).map(|(minor, currency)| Money { minor, currency }),
            made_date,
            due_date,
            interaction_id,
            delegated_to,
            settled,
            recorded_by,
            recorded_us,
        }
    }
}
