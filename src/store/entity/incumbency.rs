//! Who sits in a position from a day on, as change points.

use sea_orm::entity::prelude::*;

use crate::domain::personal::Personal;
use crate::domain::position::incumbency::Seating;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incumbency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub position_id: Uuid,
    pub from_date: Date,
    pub recorded_us: i64,
    pub contact_id: Option<String>,
    pub recorded_by: String,
    pub reason: Personal,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Seating> for Model {
    fn from(seating: Seating) -> Self {
        let Seating {
            id,
            account_id,
            position_id,
            from_date,
            recorded_us,
            contact_id,
            recorded_by,
            reason,
        } = seating;
        Self {
            id,
            account_id,
            position_id,
            from_date,
            recorded_us,
            contact_id,
            recorded_by,
            reason,
        }
    }
}

impl From<Model> for Seating {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            position_id,
            from_date,
            recorded_us,
            contact_id,
            recorded_by,
            reason,
        } = row;
        Self {
            id,
            account_id,
            position_id,
            from_date,
            recorded_us,
            contact_id,
            recorded_by,
            reason,
        }
    }
}
