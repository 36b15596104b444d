//! Writing what a change adds. Sets, not loops: the number of statements does not depend on
//! the number of rows. The book's projection comes last, in key order, so that writers of
//! different accounts hold its rows shortly and meet in one order.

mod clearings;
mod documents;
mod entries;
mod projections;

use self::clearings::{
    delete_requests, insert_clearings, insert_requests, insert_resets, update_requests,
};
use self::documents::{insert_documents, insert_endings, upsert_keys};
use self::entries::{insert_entries, insert_items};
use self::projections::{add_account_dues, add_book_dues, update_opens};
use crate::domain::books::Changes;
use crate::domain::credit::reservation::Now;
use crate::domain::error::Result;
use crate::store::WriteTx;
use crate::store::credit::{Said, add_exposure, follow, settle_days};

impl WriteTx {
    /// Writes a change. The accounts it touches must be locked.
    pub async fn write_changes(&mut self, changes: Changes) -> Result<()> {
        let accounts = changes.accounts();
        let recorded = self.recorded_at().await?;
        let said = Said::of(&changes);
        let Changes {
            documents,
            keys,
            endings,
            items,
            entries,
            clearings,
            resets,
            requests,
            request_states,
            dropped_requests,
            opens,
            mut dues,
            credit,
            advances: _,
        } = changes;
        let first = self.entry_positions(entries.len())?;
        let conn = &self.conn;
        insert_documents(conn, recorded, documents).await?;
        upsert_keys(conn, keys).await?;
        insert_endings(conn, recorded, endings).await?;
        insert_items(conn, recorded, items).await?;
        insert_entries(conn, recorded, first, entries).await?;
        insert_clearings(conn, recorded, clearings).await?;
        insert_resets(conn, recorded, resets).await?;
        delete_requests(conn, dropped_requests).await?;
        insert_requests(conn, recorded, requests).await?;
        update_requests(conn, request_states).await?;
        update_opens(conn, opens).await?;
        dues.retain(|_, change| change.amount != 0 || change.items != 0);
        add_account_dues(conn, &dues).await?;
        let now = Now { us: recorded, today: self.clock().business_date() };
        let mut exposure = settle_days(credit, now.today);
        for (key, amount) in follow(conn, said, now, self.clock()).await? {
            *exposure.entry(key).or_default() += amount;
        }
        add_exposure(conn, exposure).await?;
        self.raise_heads(&accounts.into_iter().collect()).await?;
        add_book_dues(&self.conn, &dues).await
    }
}
