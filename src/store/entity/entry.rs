//! The ledger. Rows are added, never changed, never removed.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::{Entry, EntryKind};

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
    pub clearing_id: Uuid,
    pub kind: EntryKind,
    pub effective_date: NaiveDate,
    pub amount: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(entry: Entry, recorded_us: i64, position: i32) -> Self {
        let Entry { item, account_id, document, clearing, kind, effective, amount } = entry;
        Self {
            account_id,
            recorded_us,
            position,
            item_id: item,
            document_id: document,
            clearing_id: clearing,
            kind,
            effective_date: effective,
            amount,
        }
    }
}
