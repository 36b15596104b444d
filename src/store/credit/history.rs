//! What the ledger knows of an order that nobody reserved yet: documents that invoice it, and
//! money that names it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::domain::credit::decide::{Found, FoundKey};
use crate::domain::credit::reservation::INVOICING;
use crate::domain::error::Result;
use crate::domain::item::ItemClass;
use crate::store::entity::document::Column;
use crate::store::rows::Set;
use crate::store::{ReadTx, WriteTx, sql};

/// The history of each key that has one, as of `today`.
pub(in crate::store) async fn reservation_histories(
    conn: &impl ConnectionTrait,
    keys: &[FoundKey],
    today: NaiveDate,
) -> Result<BTreeMap<FoundKey, Found>> {
    let mut histories: BTreeMap<FoundKey, Found> = BTreeMap::new();
    if keys.is_empty() {
        return Ok(histories);
    }
    let (table, values) = named(conn, keys);
    for row in documents(conn, &table, values.clone()).await? {
        if let Some(key) = usize::try_from(row.n).ok().and_then(|n| keys.get(n)) {
            histories.entry(key.clone()).or_default().documents.push((row.id, row.gross));
        }
    }
    for row in advances(conn, &table, values).await? {
        if let Some(key) = usize::try_from(row.n).ok().and_then(|n| keys.get(n)) {
            let advance = &mut histories.entry(key.clone()).or_default().advance;
            advance.add(row.effective_date, row.amount, today);
        }
    }
    Ok(histories)
}

/// The documents that name the keys, as `d`, with the number of their key, as `w.n`.
fn named(conn: &impl ConnectionTrait, keys: &[FoundKey]) -> (String, Vec<Value>) {
    let backend = conn.get_database_backend();
    let wanted = Set::new()
        .named("n", 0_i64..keys.len() as i64)
        .column(Column::AccountId, keys.iter().map(|key| &key.account_id))
        .column(Column::SourceSystem, keys.iter().map(|key| &key.order.system))
        .column(Column::CompanyCode, keys.iter().map(|key| &key.order.company_code))
        .column(Column::OrderRef, keys.iter().map(|key| &key.order.order_ref))
        .column(Column::Currency, keys.iter().map(|key| key.currency));
    let table = format!(
        "{} JOIN document d ON d.account_id = w.account_id AND d.order_ref = w.order_ref \
         AND d.order_ref <> '' AND d.source_system = w.source_system AND d.company_code = w.company_code \
         AND d.currency = w.currency",
        wanted.table(backend, "w", 1)
    );
    (table, wanted.into_values(backend))
}

#[derive(FromQueryResult)]
struct DocumentRow {
    n: i64,
    id: Uuid,
    gross: i64,
}

async fn documents(
    conn: &impl ConnectionTrait,
    named: &str,
    values: Vec<Value>,
) -> Result<Vec<DocumentRow>> {
    let kinds = INVOICING.map(|kind| format!("'{kind}'")).join(", ");
    let sql = format!(
        "SELECT w.n, d.id, d.gross FROM {named} \
         LEFT JOIN document_end e ON e.document_id = d.id \
         LEFT JOIN credit_reservation_document l ON l.document_id = d.id \
         WHERE d.side = 'DEBIT' AND d.kind IN ({kinds}) \
           AND e.document_id IS NULL AND l.document_id IS NULL ORDER BY w.n, d.id"
    );
    sql::all(conn, sql, values).await
}

#[derive(FromQueryResult)]
struct AdvanceRow {
    n: i64,
    effective_date: NaiveDate,
    amount: i64,
}

async fn advances(
    conn: &impl ConnectionTrait,
    named: &str,
    values: Vec<Value>,
) -> Result<Vec<AdvanceRow>> {
    let class = ItemClass::OrderAdvance;
    let sql = format!(
        "SELECT w.n, e.effective_date, CAST(-SUM(e.amount) AS BIGINT) AS amount FROM {named} \
         JOIN item i ON i.document_id = d.id AND i.class = '{class}' \
         JOIN entry e ON e.item_id = i.id GROUP BY w.n, e.effective_date"
    );
    sql::all(conn, sql, values).await
}

impl ReadTx {
    /// As [`WriteTx::reservation_histories`], on a day.
    pub async fn reservation_histories(
        &self,
        keys: &[FoundKey],
        today: NaiveDate,
    ) -> Result<BTreeMap<FoundKey, Found>> {
        reservation_histories(&self.conn, keys, today).await
    }
}

impl WriteTx {
    /// What the ledger knows of orders that are to be reserved; keys of which it knows nothing
    /// are missing. The groups of their accounts are locked.
    pub async fn reservation_histories(
        &self,
        keys: &[FoundKey],
    ) -> Result<BTreeMap<FoundKey, Found>> {
        reservation_histories(&self.conn, keys, self.clock().business_date()).await
    }
}
