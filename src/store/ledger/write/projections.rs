//! What follows from the entries: open amounts by item, by account and due date, and of the
//! book; and the heads of the accounts.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::error::Result;
use crate::store::sql::{self, Cell, Kind, Rows};

/// Rows of the book's projection for each key, to spread concurrent writers.
const SLOTS: u64 = 16;

pub(super) async fn update_opens(
    conn: &impl ConnectionTrait,
    opens: Vec<(Uuid, i64)>,
) -> Result<()> {
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

pub(super) async fn raise_heads(
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

pub(super) async fn upsert_account_dues(conn: &impl ConnectionTrait, dues: &[Due]) -> Result<()> {
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

pub(super) async fn upsert_book_dues(conn: &impl ConnectionTrait, dues: &[Due]) -> Result<()> {
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
fn slot(account: &str) -> i64 {
    let hash = account.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash % SLOTS) as i64
}
