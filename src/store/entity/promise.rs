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
    pub promised_by: Personal,
    pub recorded_us: i64,
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
            promised_by,
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
            promised_by,
            recorded_us,
        }
    }
}

impl Model {
    /// The promise about these items, with what came of it.
    pub fn into_promise(self, items: Vec<Uuid>, judged: Judged) -> Promise {
        let Self {
            id,
            account_id,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            promised_by,
            recorded_us,
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
            promised_by,
            received,
            lapsed,
            state,
            recorded_us,
        }
    }
}
