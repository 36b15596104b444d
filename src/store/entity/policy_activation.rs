//! From which day on which version of a policy is in force.

use sea_orm::entity::prelude::*;

use crate::domain::dated::ChangePoint;
use crate::domain::policy::{Activation, PolicyKind};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_activation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: PolicyKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
    pub policy_id: String,
    pub from_date: Date,
    pub activated_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(kind: PolicyKind, point: &ChangePoint<Activation>) -> Self {
        let ChangePoint { from_date, recorded_us, value } = point;
        let Activation { id, activated_by } = value.clone();
        Self { kind, recorded_us: *recorded_us, policy_id: id, from_date: *from_date, activated_by }
    }
}

impl From<Model> for ChangePoint<Activation> {
    fn from(row: Model) -> Self {
        let Model { kind: _, recorded_us, policy_id, from_date, activated_by } = row;
        let value = Activation { id: policy_id, activated_by };
        Self { from_date, recorded_us, value }
    }
}
