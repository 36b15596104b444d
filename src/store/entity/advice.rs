//! What ours advise people of customers to do.

use sea_orm::entity::prelude::*;

use crate::domain::advice::{Advice, Verification};
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "advice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub member_id: String,
    pub contact_id: String,
    pub day: Date,
    pub text: Personal,
    /// A JSON array.
    pub reminders: String,
    pub accepted_date: Option<Date>,
    /// Of all amounts; NULL without any.
    pub currency: Option<Currency>,
    /// In minor units, as the others.
    pub cost: Option<i64>,
    pub claimed: Option<i64>,
    pub verified: Option<i64>,
    pub verify_date: Option<Date>,
    pub verify_evidence: Option<Personal>,
    pub verified_by: Option<String>,
    pub verified_us: Option<i64>,
    pub recorded_by: String,
    pub create_us: i64,
    pub update_us: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// # Errors
    /// INTERNAL if the reminders cannot be written as JSON.
    pub fn of(advice: &Advice) -> Result<Self> {
        let Advice {
            id,
            account_id,
            member_id,
            contact_id,
            day,
            text,
            reminders,
            accepted,
            cost,
            claimed,
            verification,
            recorded_by,
            create_us,
            update_us,
            version,
        } = advice.clone();
        let verification = verification.as_ref();
        let verified = verification.map(|of| of.avoided);
        let any = [cost, claimed, verified].into_iter().flatten().next();
        Ok(Self {
            id,
            account_id,
            member_id,
            contact_id,
            day,
            text,
            reminders: to_json("reminders", &reminders)?,
            accepted_date: accepted,
            currency: any.map(|amount| amount.currency),
            cost: cost.map(|amount| amount.minor),
            claimed: claimed.map(|amount| amount.minor),
            verified: verified.map(|amount| amount.minor),
            verify_date: verification.map(|of| of.day),
            verify_evidence: verification.map(|of| of.evidence.clone()),
            verified_by: verification.map(|of| of.by.clone()),
            verified_us: verification.map(|of| of.us),
            recorded_by,
            create_us,
            update_us,
            version,
        })
    }

    /// # Errors
    /// INTERNAL if the JSON cannot be read.
    pub fn into_advice(self) -> Result<Advice> {
        let Self {
            id,
            account_id,
            member_id,
            contact_id,
            day,
            text,
            reminders,
            accepted_date,
            currency,
            cost,
            claimed,
            verified,
            verify_date,
            verify_evidence,
            verified_by,
            verified_us,
            recorded_by,
            create_us,
            update_us,
            version,
        } = self;
        let amount = |minor: Option<i64>| {
            minor.zip(currency).map(|(minor, currency)| Money { minor, currency })
        };
        let verification = amount(verified).zip(verify_date).map(|(avoided, day)| Verification {
            avoided,
            day,
            evidence: verify_evidence.unwrap_or_default(),
            by: verified_by.unwrap_or_default(),
            us: verified_us.unwrap_or_default(),
        });
        Ok(Advice {
            id,
            account_id,
            member_id,
            contact_id,
            day,
            text,
            reminders: from_json("reminders", &reminders)?,
            accepted: accepted_date,
            cost: amount(cost),
            claimed: amount(claimed),
            verification,
            recorded_by,
            create_us,
            update_us,
            version,
        })
    }
}
