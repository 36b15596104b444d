//! Exchange rates as they are recorded: added, the last one of a day counts.

use crate::domain::error::Result;
use crate::domain::rates::Quote;
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

impl WriteTx {
    /// Records quotes, of which no two are of the same type, day and pair.
    pub async fn add_rates(&mut self, quotes: &[Quote]) -> Result<()> {
        let recorded = self.recorded_at().await?;
        let mut rows = Rows::new(&[
            ("from_currency", Kind::Text),
            ("to_currency", Kind::Text),
            ("rate_type", Kind::Text),
            ("rate_date", Kind::Date),
            ("recorded_us", Kind::Int),
            ("rate", Kind::Text),
        ]);
        for Quote { from, to, date, rate, rate_type } in quotes {
            rows.push([
                Cell::from(from.code()),
                to.code().into(),
                rate_type.into(),
                (*date).into(),
                recorded.into(),
                rate.normalize().to_string().into(),
            ]);
        }
        sql::insert(&self.conn, "exchange_rate", rows, "").await?;
        Ok(())
    }
}
