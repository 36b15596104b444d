//! Holds that people place and release.

use sea_orm::entity::prelude::*;

use crate::domain::credit::hold::{Hold, HoldScope, Release};
use crate::domain::personal::Personal;
use crate::store::rows;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub scope: HoldScope,
    pub reason: Personal,
    pub placed_by: String,
    pub recorded_us: i64,
    /// 0 while it holds.
    pub release_us: i64,
    pub released_by: String,
    pub release_reason: Personal,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Those that hold, in the words of the partial index `credit_hold_live`.
pub fn live() -> Expr {
    rows::constant(Column::ReleaseUs, 0_i64)
}

impl From<&Hold> for Model {
    fn from(hold: &Hold) -> Self {
        let Hold { id, account_id, scope, reason, placed_by, recorded_us, release } = hold.clone();
        let release = release.unwrap_or_default();
        Self {
            id,
            account_id,
            scope,
            reason,
            placed_by,
            recorded_us,
            release_us: release.us,
            released_by: release.by,
            release_reason: release.reason,
        }
    }
}

impl From<Model> for Hold {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            scope,
            reason,
            placed_by,
            recorded_us,
            release_us,
            released_by,
            release_reason,
        } = row;
        let release = Release { us: release_us, by: released_by, reason: release_reason };
        let release = (release_us != 0).then_some(release);
        Self { id, account_id, scope, reason, placed_by, recorded_us, release }
    }
}
