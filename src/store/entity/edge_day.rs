//! What one of ours and one of theirs did at an account on a day.

use sea_orm::entity::prelude::*;

use crate::domain::edge::{Pair, TouchDay};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "edge_day")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub contact_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    pub weight_milli: i32,
    pub touches: i64,
    pub others: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(pair: &Pair, of: &TouchDay) -> Self {
        let Pair { account_id, member_id, contact_id } = pair.clone();
        let TouchDay { day, weight_milli, touches, others } = *of;
        Self { account_id, member_id, contact_id, day, weight_milli, touches, others }
    }

    pub fn into_parts(self) -> (Pair, TouchDay) {
        let Self { account_id, member_id, contact_id, day, weight_milli, touches, others } = self;
        let pair = Pair { account_id, member_id, contact_id };
        (pair, TouchDay { day, weight_milli, touches, others })
    }
}
