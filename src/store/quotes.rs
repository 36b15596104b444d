//! Exchange rates as recorded.

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::entity::exchange_rate::{Column, Entity};
use super::{ReadTx, WriteTx, rows};
use crate::domain::error::Result;
use crate::domain::rates::Quote;

/// Quotes of the days from `from` to `to` that were recorded by `known_at`, in the order they
/// were recorded.
pub(super) async fn quotes_of(
    conn: &impl ConnectionTrait,
    from: NaiveDate,
    to: NaiveDate,
    known_at: i64,
) -> Result<Vec<Quote>> {
    let quotes = Entity::find()
        .filter(Column::RateDate.between(from, to))
        .filter(Column::RecordedUs.lte(known_at))
        .order_by_asc(Column::RecordedUs);
    rows::all(conn, quotes).await?.into_iter().map(Quote::try_from).collect()
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
