//! What a clearing takes off a credit and a debit.

use sea_orm::entity::prelude::*;

use crate::domain::books::AllocationRow;
use crate::domain::error::Result;
use crate::domain::rates::UsedRate;
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub clearing_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub credit_item: Uuid,
    pub debit_item: Uuid,
    /// Taken off the debit, in its currency.
    pub amount: i64,
    /// Taken off the credit, in its currency.
    pub credit_amount: i64,
    /// The rate where the currencies differ, as JSON; else empty.
    pub rate: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(allocation: AllocationRow, clearing_id: Uuid, position: i32) -> Result<Self> {
        let AllocationRow { credit_item, debit_item, amount, credit_amount, rate } = allocation;
        let rate = match &rate {
            None => String::new(),
            Some(rate) => to_json("a rate", rate)?,
        };
        Ok(Self { clearing_id, position, credit_item, debit_item, amount, credit_amount, rate })
    }

    pub fn into_allocation(self) -> Result<AllocationRow> {
        let Self {
            clearing_id: _,
            position: _,
            credit_item,
            debit_item,
            amount,
            credit_amount,
            rate,
        } = self;
        Ok(AllocationRow {
            credit_item,
            debit_item,
            amount,
            credit_amount,
            rate: read_rate(&rate)?,
        })
    }
}

/// The rate of an allocation, from its column.
pub fn read_rate(text: &str) -> Result<Option<UsedRate>> {
    if text.is_empty() { Ok(None) } else { from_json("rate", text).map(Some) }
}
