//! Exchange rates as they were recorded.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::rates::Quote;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_currency: Currency,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rate_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rate_date: NaiveDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_us: i64,
    /// A decimal number in its shortest form.
    pub rate: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(quote: &Quote, recorded_us: i64) -> Self {
        let Quote { from, to, date, rate, rate_type } = quote.clone();
        Self {
            from_currency: from,
            to_currency: to,
            rate_type,
            rate_date: date,
            recorded_us,
            rate: rate.normalize().to_string(),
        }
    }
}

impl TryFrom<Model> for Quote {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let Model { from_currency, to_currency, rate_type, rate_date, recorded_us: _, rate } = row;
        Ok(Self {
            from: from_currency,
            to: to_currency,
            date: rate_date,
            rate: rate.parse().map_err(|_| Error::internal(format!("stored rate {rate}")))?,
            rate_type,
        })
    }
}
