//! Exchange rates and control totals as they were known.

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::At;
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::rates::Quote;
use crate::store::entity::control_total;
use crate::store::entity::exchange_rate::{Column, Entity};
use crate::store::{Store, rows, sql};

/// A balance of the general ledger: the last one recorded for its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotal {
    pub company_code: String,
    pub currency: Currency,
    pub amount: i64,
}

impl Store {
    /// The quotes of one type from `first` to the day asked about, both included, in the order
    /// they were recorded.
    pub async fn quotes(&self, rate_type: &str, first: NaiveDate, at: At) -> Result<Vec<Quote>> {
        let quotes = Entity::find()
            .filter(Column::RateType.eq(rate_type))
            .filter(Column::RateDate.between(first, at.as_of))
            .filter(Column::RecordedUs.lte(at.known_at))
            .order_by_asc(Column::RecordedUs);
        rows::all(&self.reader(), quotes).await?.into_iter().map(Quote::try_from).collect()
    }

    /// The control totals of a day, by company and currency.
    pub async fn control_totals(&self, narrow: &Narrow, at: At) -> Result<Vec<ControlTotal>> {
        let text = format!(
            "SELECT {} FROM control_total c WHERE total_date = $1 AND recorded_us = (SELECT MAX(l.recorded_us) FROM control_total l \
               WHERE l.total_date = $1 AND l.company_code = c.company_code \
                 AND l.currency = c.currency AND l.recorded_us <= $2) \
             ORDER BY company_code, currency",
            rows::columns::<control_total::Entity>("c")
        );
        let values = vec![at.as_of.into(), at.known_at.into()];
        let found: Vec<control_total::Model> = sql::all(&self.reader(), text, values).await?;
        let total = |row: control_total::Model| {
            let control_total::Model { company_code, currency, amount, .. } = row;
            ControlTotal { company_code, currency, amount }
        };
        let wanted = |total: &ControlTotal| {
            narrow.company_code.as_ref().is_none_or(|code| *code == total.company_code)
                && narrow.currency.is_none_or(|currency| currency == total.currency)
        };
        Ok(found.into_iter().map(total).filter(wanted).collect())
    }
}
