//! Imports under way: what was acknowledged, and what they did so far.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QuerySelect};

use super::columns::to_json;
use super::entity::import_run::{ActiveModel, Column, Entity, ImportRun, Model};
use super::{WriteTx, rows};
use crate::domain::error::{Error, Result};
use crate::domain::import::{ImportHeader, ImportTotals};

impl WriteTx {
    /// Opens an import, or finds it.
    pub async fn open_import(
        &mut self,
        header: &ImportHeader,
        principal: &str,
    ) -> Result<ImportRun> {
        let recorded_us = self.recorded_at().await?;
        let id = &header.import_id;
        let row = Model {
            id: id.clone(),
            principal: principal.to_owned(),
            sequence: 0,
            finished: false,
            oldest_first: header.clear_oldest_first,
            content: header.content.clone(),
            as_of: header.as_of.unwrap_or_else(|| self.clock().business_date()),
            complete: header.is_complete,
            posted: 0,
            revised: 0,
            unchanged: 0,
            refused: 0,
            accounts_created: 0,
            clearings_applied: 0,
            settled: 0,
            reopened: 0,
            left_out: 0,
            totals: to_json("totals", &ImportTotals::default())?,
            recorded_us,
        };
        rows::insert_new(&self.conn, vec![row]).await?;
        self.import(id).await
    }

    /// An import, its row locked.
    pub async fn import(&self, id: &str) -> Result<ImportRun> {
        let run = rows::one(&self.conn, Entity::find_by_id(id).lock_exclusive()).await?;
        run.ok_or_else(|| Error::not_found("import", id))?.try_into()
    }

    /// Records how far an import is.
    pub async fn save_import(&self, run: &ImportRun) -> Result<()> {
        // The others are fixed when it is opened.
        let ImportRun { id, sequence, finished, content, left_out, done, .. } = run;
        let change = ActiveModel {
            content: Set(content.clone()),
            sequence: Set(*sequence),
            finished: Set(*finished),
            posted: Set(done.posted),
            revised: Set(done.revised),
            unchanged: Set(done.unchanged),
            refused: Set(done.refused),
            accounts_created: Set(done.accounts_created),
            clearings_applied: Set(done.clearings_applied),
            settled: Set(done.settled),
            reopened: Set(done.reopened),
            left_out: Set(*left_out),
            totals: Set(to_json("totals", &done.totals)?),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        Ok(())
    }
}
