//! How accounts stand from which day on.

use sea_orm::entity::prelude::*;

use crate::domain::error::{Error, Result};
use crate::domain::personal::Personal;
use crate::domain::tier::applied::{Cause, Standing};
use crate::domain::tier::assignment::Assignment;
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_assignment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub from_date: Date,
    pub recorded_us: i64,
    pub run_id: Uuid,
    pub before_class: Option<String>,
    pub class: String,
    pub since_date: Date,
    pub raw_class: String,
    pub below_runs: i32,
    pub proposed_class: Option<String>,
    pub cause: Cause,
    pub figures: String,
    pub recorded_by: String,
    pub reason: Option<Personal>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Assignment> for Model {
    type Error = Error;

    fn try_from(assignment: &Assignment) -> Result<Self> {
        let Assignment {
            id,
            account_id,
            from_date,
            recorded_us,
            run_id,
            before,
            standing,
            cause,
            figures,
            recorded_by,
            reason,
        } = assignment.clone();
        let Standing { class, since, raw, below_runs, proposed } = standing;
        Ok(Self {
            id,
            account_id,
            from_date,
            recorded_us,
            run_id,
            before_class: before,
            class,
            since_date: since,
            raw_class: raw,
            below_runs,
            proposed_class: proposed,
            cause,
            figures: to_json("the figures of a class", &figures)?,
            recorded_by,
            reason,
        })
    }
}

impl TryFrom<Model> for Assignment {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            id,
            account_id,
            from_date,
            recorded_us,
            run_id,
            before_class,
            class,
            since_date,
            raw_class,
            below_runs,
            proposed_class,
            cause,
            figures,
            recorded_by,
            reason,
        } = row;
        let standing = Standing {
            class,
            since: since_date,
            raw: raw_class,
            below_runs,
            proposed: proposed_class,
        };
        let figures = from_json("figures of a class", &figures)?;
        Ok(Self {
            id,
            account_id,
            from_date,
            recorded_us,
            run_id,
            before: before_class,
            standing,
            cause,
            figures,
            recorded_by,
            reason,
        })
    }
}
