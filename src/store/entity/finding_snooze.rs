//! Findings that are not shown until a day.

use sea_orm::entity::prelude::*;

use crate::domain::finding::Code;
use crate::domain::finding::found::Snooze;
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "finding_snooze")]
pub struct Model {
    /// `-` for the book.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: Code,
    pub from_date: Date,
    pub until_date: Date,
    pub reason: Personal,
    pub snoozed_by: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Snooze> for Model {
    fn from(snooze: &Snooze) -> Self {
        let Snooze { account_id, code, from_date, until, reason, snoozed_by, recorded_us } =
            snooze.clone();
        Self { account_id, code, from_date, until_date: until, reason, snoozed_by, recorded_us }
    }
}

impl From<Model> for Snooze {
    fn from(row: Model) -> Self {
        let Model { account_id, code, from_date, until_date, reason, snoozed_by, recorded_us } =
            row;
        Self { account_id, code, from_date, until: until_date, reason, snoozed_by, recorded_us }
    }
}
