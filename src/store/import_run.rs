//! Imports under way: what was acknowledged, and what they did so far.

use sea_orm::FromQueryResult;

use super::WriteTx;
use super::sql;
use crate::domain::error::{Error, Result};
use crate::domain::import::ImportSummary;

/// An import as recorded.
#[derive(Debug, Clone, FromQueryResult)]
pub struct ImportRun {
    pub id: String,
    pub principal: String,
    /// The highest chunk acknowledged.
    pub sequence: i64,
    pub finished: bool,
    pub oldest_first: bool,
    pub posted: i64,
    pub revised: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub accounts_created: i64,
    pub clearings_applied: i64,
}

const COLUMNS: &str = "id, principal, sequence, finished, oldest_first, posted, revised, unchanged, \
    refused, accounts_created, clearings_applied";

impl ImportRun {
    /// What it did so far, without the lists that are read at the end.
    pub fn summary(&self) -> ImportSummary {
        ImportSummary {
            posted: self.posted,
            revised: self.revised,
            unchanged: self.unchanged,
            refused: self.refused,
            accounts_created: self.accounts_created,
            clearings_applied: self.clearings_applied,
            ..ImportSummary::default()
        }
    }
}

impl WriteTx {
    /// Opens an import, or finds it.
    pub async fn open_import(
        &mut self,
        id: &str,
        principal: &str,
        oldest_first: bool,
    ) -> Result<ImportRun> {
        let recorded = self.recorded_at().await?;
        sql::execute(
            &self.conn,
            "INSERT INTO import_run (id, principal, sequence, finished, oldest_first, posted, revised, \
             unchanged, refused, accounts_created, clearings_applied, recorded_us) \
             VALUES ($1, $2, 0, FALSE, $3, 0, 0, 0, 0, 0, 0, $4) ON CONFLICT (id) DO NOTHING",
            vec![id.into(), principal.into(), oldest_first.into(), recorded.into()],
        )
        .await?;
        self.import(id).await
    }

    /// An import, its row locked by a write that changes nothing.
    pub async fn import(&self, id: &str) -> Result<ImportRun> {
        sql::execute(
            &self.conn,
            "UPDATE import_run SET sequence = sequence WHERE id = $1",
            vec![id.into()],
        )
        .await?;
        let sql = format!("SELECT {COLUMNS} FROM import_run WHERE id = $1");
        let run = sql::one(&self.conn, sql, vec![id.into()]).await?;
        run.ok_or_else(|| Error::not_found("import", id))
    }

    /// Records how far an import is.
    pub async fn save_import(&self, run: &ImportRun) -> Result<()> {
        sql::execute(
            &self.conn,
            "UPDATE import_run SET sequence = $2, finished = $3, posted = $4, revised = $5, \
             unchanged = $6, refused = $7, accounts_created = $8, clearings_applied = $9 \
             WHERE id = $1",
            vec![
                run.id.as_str().into(),
                run.sequence.into(),
                run.finished.into(),
                run.posted.into(),
                run.revised.into(),
                run.unchanged.into(),
                run.refused.into(),
                run.accounts_created.into(),
                run.clearings_applied.into(),
            ],
        )
        .await?;
        Ok(())
    }
}
