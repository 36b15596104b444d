//! Items and the entries that move them.

use sea_orm::ConnectionTrait;

use crate::domain::books::{Entry, Item};
use crate::domain::error::Result;
use crate::store::entity::{entry, item};
use crate::store::rows;

pub(super) async fn insert_items(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    items: Vec<(Item, i64)>,
) -> Result<()> {
    let row = |(item, open)| item::Model::of(item, open, recorded_us);
    rows::insert(conn, items.into_iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn insert_entries(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    first: i32,
    entries: Vec<Entry>,
) -> Result<()> {
    let row = |(position, entry)| entry::Model::of(entry, recorded_us, position);
    rows::insert(conn, (first..).zip(entries).map(row).collect()).await?;
    Ok(())
}
