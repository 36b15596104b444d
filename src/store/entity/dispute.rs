//! Disputes over items.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use super::dispute_end;
use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::domain::receivables::Dispute;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispute")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub item_id: Uuid,
    pub amount: i64,
    pub reason_code: String,
    pub note: Personal,
    pub open_date: NaiveDate,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Dispute> for Model {
    fn from(dispute: &Dispute) -> Self {
        let Dispute {
            id,
            account_id,
            item_id,
            currency: _,
            amount,
            reason_code,
            note,
            open_date,
            resolved: _,
            recorded_us,
        } = dispute.clone();
        Self { id, account_id, item_id, amount, reason_code, note, open_date, recorded_us }
    }
}

impl Model {
    /// The dispute over an item in that currency, and how it ended.
    pub fn into_dispute(self, currency: Currency, end: Option<dispute_end::Model>) -> Dispute {
        let Self { id, account_id, item_id, amount, reason_code, note, open_date, recorded_us } =
            self;
        Dispute {
            id,
            account_id,
            item_id,
            currency,
            amount,
            reason_code,
            note,
            open_date,
            resolved: end.map(|end| (end.resolve_date, end.outcome)),
            recorded_us,
        }
    }
}
