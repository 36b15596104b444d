//! How documents stopped counting.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::Ending;
use crate::domain::document::EndState;
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_end")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    pub account_id: String,
    pub state: EndState,
    pub effective_date: NaiveDate,
    pub reason: Personal,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(ending: Ending, recorded_us: i64) -> Self {
        let Ending { document, account_id, state, effective, reason } = ending;
        Self {
            document_id: document,
            account_id,
            state,
            effective_date: effective,
            reason,
            recorded_us,
        }
    }
}
