//! Accounts that pass from one of ours to another. What passes over is in [`super::handover_item`].

use sea_orm::entity::prelude::*;

use crate::domain::handover::{Handover, HandoverState};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handover")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub from_id: String,
    pub to_id: String,
    pub state: HandoverState,
    pub reason: Personal,
    pub deadline: Date,
    pub start_date: Date,
    pub accept_date: Option<Date>,
    pub end_date: Option<Date>,
    pub end_reason: Personal,
    pub recorded_by: String,
    pub recorded_us: i64,
    pub update_us: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Handover> for Model {
    fn from(handover: &Handover) -> Self {
        let Handover {
            id,
            account_id,
            from_id,
            to_id,
            state,
            reason,
            deadline,
            start_date,
            accept_date,
            end_date,
            end_reason,
            recorded_by,
            recorded_us,
            update_us,
            version,
        } = handover.clone();
        Self {
            id,
            account_id,
            from_id,
            to_id,
            state,
            reason,
            deadline,
            start_date,
            accept_date,
            end_date,
            end_reason,
            recorded_by,
            recorded_us,
            update_us,
            version,
        }
    }
}

impl From<Model> for Handover {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            from_id,
            to_id,
            state,
            reason,
            deadline,
            start_date,
            accept_date,
            end_date,
            end_reason,
            recorded_by,
            recorded_us,
            update_us,
            version,
        } = row;
        Self {
            id,
            account_id,
            from_id,
            to_id,
            state,
            reason,
            deadline,
            start_date,
            accept_date,
            end_date,
            end_reason,
            recorded_by,
            recorded_us,
            update_us,
            version,
        }
    }
}
