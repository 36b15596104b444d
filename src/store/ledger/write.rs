//! Writing what a change adds. Sets, not loops: the number of statements does not depend on
//! the number of rows. The book's projection comes last, in key order, so that writers of
//! different accounts hold its rows shortly and meet in one order.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::books::{
    ActiveClearing, Changes, Ending, Entry, Item, KnownKey, NewDocument, Parked, Reset,
};
use crate::domain::error::{Error, Result};
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

/// Rows of the book's projection for each key, to spread concurrent writers.
const SLOTS: u64 = 16;

impl WriteTx {
    /// Writes a change. The accounts it touches must be locked.
    pub async fn write_changes(&mut self, changes: Changes) -> Result<()> {
        let accounts = changes.accounts();
        let recorded = self.recorded_at().await?;
        let Changes {
            documents,
            keys,
            endings,
            items,
            entries,
            clearings,
            resets,
            parked,
            unparked,
            opens,
            dues,
        } = changes;
        let first = self.entry_positions(entries.len());
        let conn = &self.conn;
        insert_documents(conn, recorded, documents).await?;
        upsert_keys(conn, keys).await?;
        insert_endings(conn, recorded, endings).await?;
        insert_items(conn, recorded, items).await?;
        insert_entries(conn, recorded, first, entries).await?;
        insert_clearings(conn, recorded, clearings).await?;
        insert_resets(conn, recorded, resets).await?;
        park(conn, parked).await?;
        unpark(conn, unparked).await?;
        update_opens(conn, opens).await?;
        let dues: Vec<_> = dues
            .into_iter()
            .filter(|(_, change)| change.amount != 0 || change.items != 0)
            .map(|(key, change)| {
                (key.account_id, key.currency, key.company_code, key.class, key.due_date, change)
            })
            .collect();
        upsert_account_dues(conn, &dues).await?;
        raise_heads(conn, recorded, &accounts).await?;
        upsert_book_dues(conn, &dues).await
    }
}

async fn insert_documents(
    conn: &impl ConnectionTrait,
    recorded: i64,
    documents: Vec<NewDocument>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("source_system", Kind::Text),
        ("company_code", Kind::Text),
        ("fiscal_year", Kind::Int),
        ("document_no", Kind::Text),
        ("line_no", Kind::Text),
        ("source_version", Kind::Int),
        ("kind", Kind::Text),
        ("side", Kind::Text),
        ("posting_date", Kind::Date),
        ("document_date", Kind::Date),
        ("currency", Kind::Text),
        ("gross", Kind::Int),
        ("order_ref", Kind::Text),
        ("recorded_us", Kind::Int),
        ("detail", Kind::Text),
    ]);
    for NewDocument { id, draft, content_hash: _ } in documents {
        let detail = serde_json::to_string(&draft)
            .map_err(|e| Error::internal(format!("a document cannot be encoded: {e}")))?;
        rows.push([
            Cell::from(id),
            draft.payer.into(),
            draft.key.source_system.into(),
            draft.key.company_code.into(),
            draft.key.fiscal_year.into(),
            draft.key.document_no.into(),
            draft.key.line_no.into(),
            draft.source_version.into(),
            draft.kind.as_str().into(),
            draft.side.as_str().into(),
            draft.posting_date.into(),
            draft.document_date.into(),
            draft.currency.code().into(),
            draft.gross.into(),
            draft.order_ref.into(),
            recorded.into(),
            detail.into(),
        ]);
    }
    sql::insert(conn, "document", rows, "").await?;
    Ok(())
}

async fn upsert_keys(conn: &impl ConnectionTrait, keys: Vec<KnownKey>) -> Result<()> {
    let mut rows = Rows::new(&[
        ("source_system", Kind::Text),
        ("company_code", Kind::Text),
        ("fiscal_year", Kind::Int),
        ("document_no", Kind::Text),
        ("line_no", Kind::Text),
        ("document_id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("source_version", Kind::Int),
        ("content_hash", Kind::Bytes),
        ("reversed", Kind::Bool),
    ]);
    for known in keys {
        rows.push([
            Cell::from(known.key.source_system),
            known.key.company_code.into(),
            known.key.fiscal_year.into(),
            known.key.document_no.into(),
            known.key.line_no.into(),
            known.document.into(),
            known.account_id.into(),
            known.source_version.into(),
            known.content_hash.into(),
            known.reversed.into(),
        ]);
    }
    // A key that another transaction posted since it was looked up is not overwritten: the
    // account it belongs to may not be one that we hold the lock of. A reversed one is free to
    // come back for another account.
    let wanted = rows.len() as u64;
    let written = sql::insert(
        conn,
        "document_key",
        rows,
        "ON CONFLICT (source_system, company_code, fiscal_year, document_no, line_no) \
         DO UPDATE SET document_id = excluded.document_id, account_id = excluded.account_id, \
         source_version = excluded.source_version, content_hash = excluded.content_hash, \
         reversed = excluded.reversed \
         WHERE (document_key.account_id = excluded.account_id OR document_key.reversed) \
           AND document_key.source_version <= excluded.source_version",
    )
    .await?;
    if written == wanted { Ok(()) } else { Err(crate::store::error::concurrent_change("document")) }
}

async fn insert_endings(
    conn: &impl ConnectionTrait,
    recorded: i64,
    endings: Vec<Ending>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("document_id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("state", Kind::Text),
        ("effective_date", Kind::Date),
        ("reason", Kind::Text),
        ("recorded_us", Kind::Int),
    ]);
    for ending in endings {
        rows.push([
            Cell::from(ending.document),
            ending.account_id.into(),
            ending.state.as_str().into(),
            ending.effective.into(),
            ending.reason.into(),
            recorded.into(),
        ]);
    }
    sql::insert(conn, "document_end", rows, "").await?;
    Ok(())
}

async fn insert_items(
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

async fn insert_entries(
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

async fn insert_clearings(
    conn: &impl ConnectionTrait,
    recorded: i64,
    clearings: Vec<ActiveClearing>,
) -> Result<()> {
    let mut heads = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("document_id", Kind::Uuid),
        ("apply_date", Kind::Date),
        ("recorded_us", Kind::Int),
    ]);
    let mut rows = Rows::new(&[
        ("clearing_id", Kind::Uuid),
        ("position", Kind::Int),
        ("credit_item", Kind::Uuid),
        ("debit_item", Kind::Uuid),
        ("amount", Kind::Int),
        ("credit_amount", Kind::Int),
        ("rate", Kind::Text),
    ]);
    for clearing in clearings {
        heads.push([
            Cell::from(clearing.id),
            clearing.account_id.into(),
            clearing.document.into(),
            clearing.apply_date.into(),
            recorded.into(),
        ]);
        for (position, row) in (0_i64..).zip(clearing.allocations) {
            let rate = match &row.rate {
                None => String::new(),
                Some(rate) => serde_json::to_string(rate)
                    .map_err(|e| Error::internal(format!("a rate cannot be encoded: {e}")))?,
            };
            rows.push([
                Cell::from(clearing.id),
                position.into(),
                row.credit_item.into(),
                row.debit_item.into(),
                row.amount.into(),
                row.credit_amount.into(),
                rate.into(),
            ]);
        }
    }
    sql::insert(conn, "clearing", heads, "").await?;
    sql::insert(conn, "allocation", rows, "").await?;
    Ok(())
}

async fn insert_resets(
    conn: &impl ConnectionTrait,
    recorded: i64,
    resets: Vec<Reset>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("clearing_id", Kind::Uuid),
        ("effective_date", Kind::Date),
        ("reason", Kind::Text),
        ("recorded_us", Kind::Int),
    ]);
    for reset in resets {
        rows.push([
            Cell::from(reset.clearing),
            reset.effective.into(),
            reset.reason.into(),
            recorded.into(),
        ]);
    }
    sql::insert(conn, "clearing_reset", rows, "").await?;
    Ok(())
}

async fn park(conn: &impl ConnectionTrait, parked: Vec<Parked>) -> Result<()> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("document_id", Kind::Uuid),
        ("import_id", Kind::Text),
        ("effective_date", Kind::Date),
        ("position", Kind::Int),
        ("oldest_first", Kind::Bool),
        ("target_source_system", Kind::Text),
        ("target_company_code", Kind::Text),
        ("target_fiscal_year", Kind::Int),
        ("target_document_no", Kind::Text),
        ("target_line_no", Kind::Text),
        ("amount", Kind::Int),
        ("currency", Kind::Text),
        ("fault", Kind::Text),
    ]);
    for parked in parked {
        let oldest_first = parked.target.is_none();
        let (key, amount) = parked.target.map(|t| (t.key, t.amount)).unwrap_or_default();
        rows.push([
            Cell::from(parked.id),
            parked.account_id.into(),
            parked.document.into(),
            parked.import_id.into(),
            parked.effective.into(),
            parked.position.into(),
            oldest_first.into(),
            key.source_system.into(),
            key.company_code.into(),
            key.fiscal_year.into(),
            key.document_no.into(),
            key.line_no.into(),
            amount.map_or(0, |amount| amount.minor).into(),
            amount.map_or("", |amount| amount.currency.code()).into(),
            "".into(),
        ]);
    }
    sql::insert(conn, "parked", rows, "").await?;
    Ok(())
}

async fn unpark(conn: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let set = sql::set(Kind::Uuid, ids);
    let sql = format!("DELETE FROM parked WHERE id IN {}", set.subquery(conn, 1));
    sql::execute(conn, sql, set.values(conn)).await?;
    Ok(())
}

async fn update_opens(conn: &impl ConnectionTrait, opens: Vec<(Uuid, i64)>) -> Result<()> {
    if opens.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new(&[("id", Kind::Uuid), ("open", Kind::Int)]);
    for (id, open) in opens {
        rows.push([Cell::from(id), open.into()]);
    }
    let sql = format!(
        "UPDATE item SET open = r.open FROM {} WHERE item.id = r.id",
        rows.table(conn, "r", 1)
    );
    sql::execute(conn, sql, rows.values(conn)).await?;
    Ok(())
}

async fn raise_heads(
    conn: &impl ConnectionTrait,
    recorded: i64,
    accounts: &[String],
) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    let set = sql::set(Kind::Text, accounts);
    let mut values = set.values(conn);
    values.push(recorded.into());
    let sql = format!(
        "UPDATE account_head SET head_us = ${} WHERE account_id IN {}",
        values.len(),
        set.subquery(conn, 1)
    );
    sql::execute(conn, sql, values).await?;
    Ok(())
}

type Due = (
    String,
    &'static str,
    String,
    &'static str,
    chrono::NaiveDate,
    crate::domain::books::DueChange,
);

async fn upsert_account_dues(conn: &impl ConnectionTrait, dues: &[Due]) -> Result<()> {
    let mut rows = Rows::new(&[
        ("account_id", Kind::Text),
        ("currency", Kind::Text),
        ("company_code", Kind::Text),
        ("class", Kind::Text),
        ("due_date", Kind::Date),
        ("amount", Kind::Int),
        ("items", Kind::Int),
    ]);
    for (account, currency, company, class, due_date, change) in dues {
        rows.push([
            Cell::from(account),
            (*currency).into(),
            company.into(),
            (*class).into(),
            (*due_date).into(),
            change.amount.into(),
            change.items.into(),
        ]);
    }
    sql::insert(
        conn,
        "account_due",
        rows,
        "ON CONFLICT (account_id, currency, company_code, class, due_date) DO UPDATE SET \
         amount = account_due.amount + excluded.amount, items = account_due.items + excluded.items",
    )
    .await?;
    Ok(())
}

async fn upsert_book_dues(conn: &impl ConnectionTrait, dues: &[Due]) -> Result<()> {
    let mut sums = std::collections::BTreeMap::new();
    for (account, currency, company, class, due_date, change) in dues {
        let sum: &mut (i64, i64) =
            sums.entry((*currency, company, *class, *due_date, slot(account))).or_default();
        sum.0 += change.amount;
        sum.1 += change.items;
    }
    let mut rows = Rows::new(&[
        ("currency", Kind::Text),
        ("company_code", Kind::Text),
        ("class", Kind::Text),
        ("due_date", Kind::Date),
        ("slot", Kind::Int),
        ("amount", Kind::Int),
        ("items", Kind::Int),
    ]);
    for ((currency, company, class, due_date, slot), (amount, items)) in sums {
        rows.push([
            Cell::from(currency),
            company.into(),
            class.into(),
            due_date.into(),
            slot.into(),
            amount.into(),
            items.into(),
        ]);
    }
    sql::insert(
        conn,
        "book_due",
        rows,
        "ON CONFLICT (currency, company_code, class, due_date, slot) DO UPDATE SET \
         amount = book_due.amount + excluded.amount, items = book_due.items + excluded.items",
    )
    .await?;
    Ok(())
}

/// The slot of an account, the same on every instance (FNV-1a).
pub(in crate::store) fn slot(account: &str) -> i64 {
    let hash = account.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash % SLOTS) as i64
}
