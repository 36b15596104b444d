//! The book classified as of a day.

use sea_orm::entity::prelude::*;

use crate::domain::error::{Error, Result};
use crate::domain::tier::run::TierRun;
use crate::store::columns::{from_json, to_json};
use crate::store::rows;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub as_of: Date,
    pub policy_id: String,
    pub summary: String,
    pub digest: Vec<u8>,
    pub recorded_by: String,
    pub recorded_us: i64,
    /// 0 while it stands.
    pub replaced_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// That a run stands, in the words of the partial index.
pub fn standing() -> sea_orm::sea_query::Expr {
    rows::constant(Column::ReplacedUs, 0_i64)
}

impl TryFrom<&TierRun> for Model {
    type Error = Error;

    fn try_from(run: &TierRun) -> Result<Self> {
        let TierRun {
            id,
            as_of,
            policy_id,
            summary,
            digest,
            recorded_by,
            recorded_us,
            replaced_us,
        } = run.clone();
        let summary = to_json("the summary of a run", &summary)?;
        Ok(Self { id, as_of, policy_id, summary, digest, recorded_by, recorded_us, replaced_us })
    }
}

impl TryFrom<Model> for TierRun {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let Model { id, as_of, policy_id, summary, digest, recorded_by, recorded_us, replaced_us } =
            row;
        let summary = from_json("summary of a run", &summary)?;
        Ok(Self { id, as_of, policy_id, summary, digest, recorded_by, recorded_us, replaced_us })
    }
}
