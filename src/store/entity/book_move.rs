//! Projection: what moved in the book, by the day on which it took effect, and by month and year. It
//! sums what was recorded by [`super::book_rolled`].

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::item::ItemClass;
use crate::domain::money::Currency;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "book_move")]
pub struct Model {
    /// `D`, `M` or `Y`: summed over a day, a month or a year.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grain: String,
    /// The first day of the time in which it took effect.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: NaiveDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_code: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub class: ItemClass,
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_date: NaiveDate,
    /// The first day of the month in UTC in which it was recorded; of months and years, whichever:
    /// `0001-01-01`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_month: NaiveDate,
    pub amount: i64,
    /// Items that are open from then on, less those that are no more.
    pub items: i64,
    /// What receipts posted by then bring that were not there before.
    pub expected: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
