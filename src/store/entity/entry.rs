//! The ledger. Rows are added, never changed, never removed.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::{AllocationId, Entry, EntryKind};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub item_id: Uuid,
    pub document_id: Uuid,
    /// Nil if it belongs to no clearing.
    pub clearing_id: Uuid,
    /// Position of the allocation in the clearing.
    pub allocation: i32,
    pub kind: EntryKind,
    pub effective_date: NaiveDate,
    pub amount: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(entry: Entry, recorded_us: i64, position: i32) -> Self {
        let Entry { item, account_id, document, allocation, kind, effective, amount } = entry;
        let AllocationId { clearing, position: allocation } = allocation;
        Self {
            account_id,
            recorded_us,
            position,
            item_id: item,
            document_id: document,
            clearing_id: clearing,
            allocation,
            kind,
            effective_date: effective,
            amount,
        }
    }
}
