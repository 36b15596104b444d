//! The version of each document that counts. Apart from the documents, so that they can be partitioned by account.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::KnownKey;
use crate::domain::document::DocumentKey;
use crate::domain::item::DocumentKind;
use crate::domain::money::Currency;
use crate::store::rows::Set;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_key")]
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
    pub document_id: Uuid,
    pub account_id: String,
    pub source_version: i64,
    pub content_hash: Vec<u8>,
    pub reversed: bool,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Keys as a set, for a statement to join.
pub fn key_set<'a>(keys: impl IntoIterator<Item = &'a DocumentKey>) -> Set {
    let keys: Vec<&DocumentKey> = keys.into_iter().collect();
    Set::new()
        .column(Column::SourceSystem, keys.iter().map(|key| &key.source_system))
        .column(Column::CompanyCode, keys.iter().map(|key| &key.company_code))
        .column(Column::FiscalYear, keys.iter().map(|key| key.fiscal_year))
        .column(Column::DocumentNo, keys.iter().map(|key| &key.document_no))
        .column(Column::LineNo, keys.iter().map(|key| &key.line_no))
}

impl From<KnownKey> for Model {
    fn from(known: KnownKey) -> Self {
        let KnownKey {
            key,
            document,
            account_id,
            source_version,
            content_hash,
            reversed,
            // In the document.
            recorded_us: _,
            kind: _,
            currency: _,
            posting_date: _,
        } = known;
        let DocumentKey { source_system, company_code, fiscal_year, document_no, line_no } = key;
        Self {
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            document_id: document,
            account_id,
            source_version,
            content_hash,
            reversed,
        }
    }
}

impl Model {
    /// What is known of the key, with what its document says.
    pub fn into_known(
        self,
        kind: DocumentKind,
        currency: Currency,
        posting_date: NaiveDate,
        recorded_us: i64,
    ) -> KnownKey {
        let Self {
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            document_id,
            account_id,
            source_version,
            content_hash,
            reversed,
        } = self;
        KnownKey {
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            document: document_id,
            account_id,
            recorded_us,
            source_version,
            content_hash,
            reversed,
            kind,
            currency,
            posting_date,
        }
    }
}
