//! Exchange rates and control totals as they were known.

use std::str::FromStr;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;

use super::{At, currency};
use crate::domain::error::{Error, Result};
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::rates::Quote;
use crate::store::{Store, sql};

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
        let rows: Vec<QuoteRow> = sql::all(
            &self.reader,
            "SELECT from_currency, to_currency, rate_type, rate_date, rate FROM exchange_rate \
             WHERE rate_type = $1 AND rate_date >= $2 AND rate_date <= $3 AND recorded_us <= $4 \
             ORDER BY recorded_us",
            vec![rate_type.into(), first.into(), at.as_of.into(), at.known_at.into()],
        )
        .await?;
        rows.into_iter().map(QuoteRow::into_domain).collect()
    }

    /// The control totals of a day, by company and currency.
    pub async fn control_totals(&self, narrow: &Narrow, at: At) -> Result<Vec<ControlTotal>> {
        let rows: Vec<TotalRow> = sql::all(
            &self.reader,
            "SELECT company_code, currency, amount FROM control_total c \
             WHERE total_date = $1 AND recorded_us = (SELECT MAX(l.recorded_us) FROM control_total l \
               WHERE l.total_date = $1 AND l.company_code = c.company_code \
                 AND l.currency = c.currency AND l.recorded_us <= $2) \
             ORDER BY company_code, currency",
            vec![at.as_of.into(), at.known_at.into()],
        )
        .await?;
        let wanted = |total: &ControlTotal| {
            narrow.company_code.as_ref().is_none_or(|code| *code == total.company_code)
                && narrow.currency.is_none_or(|currency| currency == total.currency)
        };
        let totals: Vec<ControlTotal> =
            rows.into_iter().map(TotalRow::into_domain).collect::<Result<_>>()?;
        Ok(totals.into_iter().filter(wanted).collect())
    }
}

#[derive(FromQueryResult)]
struct QuoteRow {
    from_currency: String,
    to_currency: String,
    rate_type: String,
    rate_date: NaiveDate,
    rate: String,
}

impl QuoteRow {
    fn into_domain(self) -> Result<Quote> {
        let Self { from_currency, to_currency, rate_type, rate_date, rate } = self;
        Ok(Quote {
            from: currency(&from_currency)?,
            to: currency(&to_currency)?,
            date: rate_date,
            rate: Decimal::from_str(&rate)
                .map_err(|_| Error::internal(format!("stored rate {rate}")))?,
            rate_type,
        })
    }
}

#[derive(FromQueryResult)]
struct TotalRow {
    company_code: String,
    currency: String,
    amount: i64,
}

impl TotalRow {
    fn into_domain(self) -> Result<ControlTotal> {
        let Self { company_code, currency: code, amount } = self;
        Ok(ControlTotal { company_code, currency: currency(&code)?, amount })
    }
}
