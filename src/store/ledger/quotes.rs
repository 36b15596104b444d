//! Exchange rates as recorded.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::rates::Quote;
use crate::store::sql;
use crate::store::{ReadTx, WriteTx};

#[derive(FromQueryResult)]
struct Row {
    from_currency: String,
    to_currency: String,
    rate_type: String,
    rate_date: NaiveDate,
    rate: String,
}

/// Quotes of the days from `from` to `to` that were recorded by `known_at`, in the order they
/// were recorded.
pub(in crate::store) async fn quotes_of(
    conn: &impl ConnectionTrait,
    from: NaiveDate,
    to: NaiveDate,
    known_at: i64,
) -> Result<Vec<Quote>> {
    let rows: Vec<Row> = sql::all(
        conn,
        "SELECT from_currency, to_currency, rate_type, rate_date, rate FROM exchange_rate \
         WHERE rate_date >= $1 AND rate_date <= $2 AND recorded_us <= $3 ORDER BY recorded_us",
        vec![from.into(), to.into(), known_at.into()],
    )
    .await?;
    rows.into_iter().map(Row::quote).collect()
}

impl WriteTx {
    /// Quotes of some days, as known now.
    pub async fn quotes(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<Quote>> {
        quotes_of(&self.conn, from, to, i64::MAX).await
    }
}

impl ReadTx {
    /// Quotes of some days, as known then.
    pub async fn quotes(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        known_at: i64,
    ) -> Result<Vec<Quote>> {
        quotes_of(&self.conn, from, to, known_at).await
    }
}

impl Row {
    fn quote(self) -> Result<Quote> {
        let unreadable = || Error::internal("an exchange rate cannot be read");
        Ok(Quote {
            from: Currency::parse(&self.from_currency).ok_or_else(unreadable)?,
            to: Currency::parse(&self.to_currency).ok_or_else(unreadable)?,
            date: self.rate_date,
            rate: self.rate.parse::<Decimal>().map_err(|_| unreadable())?,
            rate_type: self.rate_type,
        })
    }
}
