//! Promises to pay.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::domain::promise::Judged;
use crate::domain::receivables::Promise;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub currency: Currency,
    pub amount: i64,
    pub promise_date: NaiveDate,
    pub pay_by_date: NaiveDate,
    pub grace_days: i32,
    pub recorded_us: i64,
    /// Empty if no contact is named.
    pub contact_id: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Promise> for Model {
    fn from(promise: &Promise) -> Self {
        let Promise {
            id,
            account_id,
            items: _,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            contact_id,
            promised_by: _,
            received: _,
            lapsed: _,
            state: _,
            recorded_us,
        } = promise.clone();
        Self {
            id,
            account_id,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            recorded_us,
            contact_id: contact_id.unwrap_or_default(),
        }
    }
}

impl Model {
    /// The promise about these items, with what came of it, and what is written of who made it.
    pub fn into_promise(self, items: Vec<Uuid>, judged: Judged, said: Personal) -> Promise {
        let Self {
            id,
            account_id,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            recorded_us,
            contact_id,
        } = self;
        let Judged { state, received, lapsed } = judged;
        Promise {
            id,
            account_id,
            items,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            contact_id: Some(contact_id).filter(|id| !id.is_empty()),
            promised_by: said,
            received,
            lapsed,
            state,
            recorded_us,
        }
    }
}
