//! The ties between our people and those of accounts: a projection of their interactions.

use sea_orm::entity::prelude::*;

use crate::domain::edge::{Edge, Pair};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "edge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub contact_id: String,
    pub sum: i64,
    pub last_touch: Option<Date>,
    pub last_day: Date,
    pub touches: i64,
    pub touch_days: i64,
    pub others: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(pair: &Pair, edge: &Edge) -> Self {
        let Pair { account_id, member_id, contact_id } = pair.clone();
        let Edge { sum, last_touch, last_day, touches, touch_days, others } = *edge;
        Self {
            account_id,
            member_id,
            contact_id,
            sum,
            last_touch,
            last_day,
            touches,
            touch_days,
            others,
        }
    }

    pub fn into_parts(self) -> (Pair, Edge) {
        let Self {
            account_id,
            member_id,
            contact_id,
            sum,
            last_touch,
            last_day,
            touches,
            touch_days,
            others,
        } = self;
        let edge = Edge { sum, last_touch, last_day, touches, touch_days, others };
        (Pair { account_id, member_id, contact_id }, edge)
    }
}
