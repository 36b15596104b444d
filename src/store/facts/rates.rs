//! Exchange rates as they are recorded: added, the last one of a day counts.

use crate::domain::error::Result;
use crate::domain::rates::Quote;
use crate::store::entity::exchange_rate::Model;
use crate::store::{WriteTx, rows};

impl WriteTx {
    /// Records quotes, of which no two are of the same type, day and pair.
    pub async fn add_rates(&mut self, quotes: &[Quote]) -> Result<()> {
        let recorded = self.recorded_at().await?;
        let row = |quote| Model::of(quote, recorded);
        rows::insert(&self.conn, quotes.iter().map(row).collect()).await?;
        Ok(())
    }
}
