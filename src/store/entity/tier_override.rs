//! Classes that people gave to accounts for some days.

use sea_orm::entity::prelude::*;

use crate::domain::dated::{End, Interval};
use crate::domain::personal::Personal;
use crate::domain::tier::overrides::TierOverride;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_override")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub class: String,
    pub first_day: Date,
    pub last_day: Date,
    pub recorded_us: i64,
    pub recorded_by: String,
    pub reason: Personal,
    pub end_day: Option<Date>,
    pub end_us: Option<i64>,
    pub end_reason: Option<Personal>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&TierOverride> for Model {
    fn from(given: &TierOverride) -> Self {
        let TierOverride { id, account_id, class, days, recorded_by, reason, end_reason } =
            given.clone();
        let Interval { first_day, last_day, recorded_us, end } = days;
        Self {
            id,
            account_id,
            class,
            first_day,
            last_day: last_day.unwrap_or(Date::MAX),
            recorded_us,
            recorded_by,
            reason,
            end_day: end.map(|end| end.last_day),
            end_us: end.map(|end| end.recorded_us),
            end_reason,
        }
    }
}

impl From<Model> for TierOverride {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            class,
            first_day,
            last_day,
            recorded_us,
            recorded_by,
            reason,
            end_day,
            end_us,
            end_reason,
        } = row;
        let end = end_day.zip(end_us);
        let end = end.map(|(last_day, recorded_us)| End { last_day, recorded_us });
        let days = Interval { first_day, last_day: Some(last_day), recorded_us, end };
        Self { id, account_id, class, days, recorded_by, reason, end_reason }
    }
}
