//! Decisions, as they were made.

use sea_orm::entity::prelude::*;

use crate::domain::credit::decision::{DecisionKind, Verdict};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub reservation_id: Uuid,
    pub kind: DecisionKind,
    pub verdict: Verdict,
    pub overridden: bool,
    pub override_reason: Personal,
    pub recorded_us: i64,
    /// Inputs, figures, reasons and the reservation as the decision left it, as JSON.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
