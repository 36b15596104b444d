//! Items and the entries that move them.

use sea_orm::ConnectionTrait;

use crate::domain::books::{Entry, Item};
use crate::domain::error::Result;
use crate::store::sql::{self, Cell, Kind, Rows};

pub(super) async fn insert_items(
    conn: &impl ConnectionTrait,
    recorded: i64,
    items: Vec<(Item, i64)>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("document_id", Kind::Uuid),
        ("position", Kind::Int),
        ("kind", Kind::Text),
        ("class", Kind::Text),
        ("company_code", Kind::Text),
        ("currency", Kind::Text),
        ("document_date", Kind::Date),
        ("posting_date", Kind::Date),
        ("due_date", Kind::Date),
        ("amount", Kind::Int),
        ("open", Kind::Int),
        ("release_condition", Kind::Text),
        ("recorded_us", Kind::Int),
    ]);
    for (item, open) in items {
        rows.push([
            Cell::from(item.id),
            item.account_id.into(),
            item.document.into(),
            item.position.into(),
            item.kind.as_str().into(),
            item.class.as_str().into(),
            item.company_code.into(),
            item.currency.code().into(),
            item.document_date.into(),
            item.posting_date.into(),
            item.due_date.into(),
            item.amount.into(),
            open.into(),
            item.release_condition.into(),
            recorded.into(),
        ]);
    }
    sql::insert(conn, "item", rows, "").await?;
    Ok(())
}

pub(super) async fn insert_entries(
    conn: &impl ConnectionTrait,
    recorded: i64,
    first: i64,
    entries: Vec<Entry>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("account_id", Kind::Text),
        ("recorded_us", Kind::Int),
        ("position", Kind::Int),
        ("item_id", Kind::Uuid),
        ("document_id", Kind::Uuid),
        ("clearing_id", Kind::Uuid),
        ("kind", Kind::Text),
        ("effective_date", Kind::Date),
        ("amount", Kind::Int),
    ]);
    for (position, entry) in (first..).zip(entries) {
        rows.push([
            Cell::from(entry.account_id),
            recorded.into(),
            position.into(),
            entry.item.into(),
            entry.document.into(),
            entry.clearing.into(),
            entry.kind.as_str().into(),
            entry.effective.into(),
            entry.amount.into(),
        ]);
    }
    sql::insert(conn, "entry", rows, "").await?;
    Ok(())
}
