//! What source systems said last of whether their documents are cleared.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::KnownStatus;
use crate::domain::dates::NO_DATE;
use crate::domain::document::DocumentKey;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clearing_status")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_system: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub fiscal_year: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_no: String,
    /// The day that the source was of.
    pub as_of: NaiveDate,
    /// `NO_DATE`: it is open.
    pub clearing_date: NaiveDate,
    /// The import that said so, and at whose finish it is done.
    pub import_id: String,
    pub due: bool,
    /// The document that was made to settle it; nil without one.
    pub settled_by: Uuid,
    /// Why it could not be done, as JSON; else empty.
    pub fault: String,
    /// The last import of a complete list that named it; empty: none.
    pub listed_by: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<KnownStatus> for Model {
    fn from(status: KnownStatus) -> Self {
        let KnownStatus { key, as_of, clearing_date, import_id, due, settled_by, fault, listed_by } =
            status;
        let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
        Self {
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            as_of,
            clearing_date: clearing_date.unwrap_or(NO_DATE),
            import_id,
            due,
            settled_by: settled_by.unwrap_or_default(),
            fault,
            listed_by,
        }
    }
}

impl From<Model> for KnownStatus {
    fn from(row: Model) -> Self {
        let Model {
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            as_of,
            clearing_date,
            import_id,
            due,
            settled_by,
            fault,
            listed_by,
        } = row;
        Self {
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            as_of,
            clearing_date: (clearing_date != NO_DATE).then_some(clearing_date),
            import_id,
            due,
            settled_by: (!settled_by.is_nil()).then_some(settled_by),
            fault,
            listed_by,
        }
    }
}
