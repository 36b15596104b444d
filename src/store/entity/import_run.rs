//! Imports under way.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::error::{Error, Result};
use crate::domain::import::{ImportHeader, ImportSummary};
use crate::store::columns::from_json;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub principal: String,
    pub sequence: i64,
    pub finished: bool,
    pub oldest_first: bool,
    /// What is sent, as the caller says it; empty: not said.
    pub content: String,
    /// The day that the source was of.
    pub as_of: NaiveDate,
    /// It was to list all that is open on that day.
    pub complete: bool,
    pub posted: i64,
    pub revised: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub accounts_created: i64,
    pub clearings_applied: i64,
    pub settled: i64,
    pub reopened: i64,
    /// Rows of the source that were not sent.
    pub left_out: i64,
    /// Counts and amounts by outcome and currency, as JSON.
    pub totals: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An import as recorded.
#[derive(Debug, Clone)]
pub struct ImportRun {
    pub id: String,
    pub principal: String,
    /// The highest chunk acknowledged.
    pub sequence: i64,
    pub finished: bool,
    pub oldest_first: bool,
    /// What is sent, as the caller says it; empty: not said.
    pub content: String,
    /// The day that the source is of.
    pub as_of: NaiveDate,
    /// It lists all that is open on that day.
    pub complete: bool,
    /// Rows of the source that were not sent.
    pub left_out: i64,
    /// When it was opened.
    pub opened_us: i64,
    /// What it did so far, without the lists that are read at the end.
    pub done: ImportSummary,
}

impl ImportRun {
    /// An import that is not recorded.
    pub fn new(header: &ImportHeader, principal: &str, as_of: NaiveDate) -> Self {
        Self {
            id: header.import_id.clone(),
            principal: principal.to_owned(),
            sequence: 0,
            finished: false,
            oldest_first: header.clear_oldest_first,
            content: header.content.clone(),
            as_of,
            complete: header.is_complete,
            left_out: 0,
            opened_us: 0,
            done: ImportSummary::default(),
        }
    }
}

impl TryFrom<Model> for ImportRun {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            id,
            principal,
            sequence,
            finished,
            oldest_first,
            content,
            as_of,
            complete,
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            settled,
            reopened,
            left_out,
            totals,
            recorded_us: opened_us,
        } = row;
        let done = ImportSummary {
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            settled,
            reopened,
            totals: from_json("totals", &totals)?,
            ..ImportSummary::default()
        };
        Ok(Self {
            id,
            principal,
            sequence,
            finished,
            oldest_first,
            content,
            as_of,
            complete,
            left_out,
            opened_us,
            done,
        })
    }
}
