//! Who looks after an account: owners as change points, others as intervals.

use sea_orm::entity::prelude::*;

use crate::domain::dated::{End, Interval};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::domain::team::TeamRole;
use crate::domain::team::membership::Membership;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "team_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub role: TeamRole,
    pub member_id: Option<String>,
    pub first_day: Date,
    pub last_day: Option<Date>,
    pub site: Option<String>,
    /// In minor units; NULL with its currency.
    pub cost_per_day: Option<i64>,
    pub cost_currency: Option<Currency>,
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

impl From<&Membership> for Model {
    fn from(membership: &Membership) -> Self {
        let Membership {
            id,
            account_id,
            role,
            member_id,
            days,
            site,
            cost_per_day,
            recorded_by,
            reason,
            end_reason,
            version: _,
        } = membership.clone();
        let Interval { first_day, last_day, recorded_us, end } = days;
        Self {
            id,
            account_id,
            role,
            member_id,
            first_day,
            last_day,
            site,
            cost_per_day: cost_per_day.map(|cost| cost.minor),
            cost_currency: cost_per_day.map(|cost| cost.currency),
            recorded_us,
            recorded_by,
            reason,
            end_day: end.map(|end| end.last_day),
            end_us: end.map(|end| end.recorded_us),
            end_reason,
        }
    }
}

impl Model {
    /// The membership, in a team of this version.
    pub fn into_membership(self, version: i64) -> Membership {
        let Self {
            id,
            account_id,
            role,
            member_id,
            first_day,
            last_day,
            site,
            cost_per_day,
            cost_currency,
            recorded_us,
            recorded_by,
            reason,
            end_day,
            end_us,
            end_reason,
        } = self;
        let cost_per_day = cost_per_day.zip(cost_currency);
        let end = end_day.zip(end_us);
        let end = end.map(|(last_day, recorded_us)| End { last_day, recorded_us });
        let days = Interval { first_day, last_day, recorded_us, end };
        Membership {
            id,
            account_id,
            role,
            member_id,
            days,
            site,
            cost_per_day: cost_per_day.map(|(minor, currency)| Money { minor, currency }),
            recorded_by,
            reason,
            end_reason,
            version,
        }
    }
}
