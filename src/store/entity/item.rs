//! The parts of documents, with what is open of each.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::books::Item;
use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    pub position: i32,
    pub kind: DocumentKind,
    pub class: ItemClass,
    pub company_code: String,
    pub currency: Currency,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    pub due_date: NaiveDate,
    pub amount: i64,
    /// Projection: the sum of the entries, whatever their effective date.
    pub open: i64,
    pub release_condition: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of an item of which so much is open.
    pub fn of(item: Item, open: i64, recorded_us: i64) -> Self {
        let Item {
            id,
            account_id,
            document,
            position,
            kind,
            class,
            company_code,
            currency,
            document_date,
            posting_date,
            due_date,
            amount,
            release_condition,
        } = item;
        Self {
            id,
            account_id,
            document_id: document,
            position,
            kind,
            class,
            company_code,
            currency,
            document_date,
            posting_date,
            due_date,
            amount,
            open,
            release_condition,
            recorded_us,
        }
    }
}

/// An item with what is open of it by all entries, whatever their date.
impl From<Model> for (Item, i64) {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            document_id,
            position,
            kind,
            class,
            company_code,
            currency,
            document_date,
            posting_date,
            due_date,
            amount,
            open,
            release_condition,
            recorded_us: _,
        } = row;
        let item = Item {
            id,
            account_id,
            document: document_id,
            position,
            kind,
            class,
            company_code,
            currency,
            document_date,
            posting_date,
            due_date,
            amount,
            release_condition,
        };
        (item, open)
    }
}
