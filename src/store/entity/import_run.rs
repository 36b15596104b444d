//! Imports under way.

use sea_orm::entity::prelude::*;

use crate::domain::import::ImportSummary;

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
    pub posted: i64,
    pub revised: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub accounts_created: i64,
    pub clearings_applied: i64,
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
    /// When it was opened.
    pub opened_us: i64,
    /// What it did so far, without the lists that are read at the end.
    pub done: ImportSummary,
}

impl From<Model> for ImportRun {
    fn from(row: Model) -> Self {
        let Model {
            id,
            principal,
            sequence,
            finished,
            oldest_first,
            content,
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            recorded_us: opened_us,
        } = row;
        let done = ImportSummary {
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            ..ImportSummary::default()
        };
        Self { id, principal, sequence, finished, oldest_first, content, opened_us, done }
    }
}
