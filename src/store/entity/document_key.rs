//! The version of each document that counts. Apart from the documents, so that they can be partitioned by account.

use sea_orm::entity::prelude::*;

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
