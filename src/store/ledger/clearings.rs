//! Clearings that count, and what recoveries reopened.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::domain::books::{ActiveClearing, AllocationRow};
use crate::domain::error::{Error, Result};
use crate::domain::rates::UsedRate;
use crate::store::WriteTx;
use crate::store::sql::{self, Kind};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    document_id: Uuid,
    apply_date: NaiveDate,
    credit_item: Uuid,
    debit_item: Uuid,
    amount: i64,
    credit_amount: i64,
    rate: String,
}

const SELECT: &str = "SELECT c.id, c.account_id, c.document_id, c.apply_date, a.credit_item, \
    a.debit_item, a.amount, a.credit_amount, a.rate FROM clearing c \
    JOIN allocation a ON a.clearing_id = c.id \
    LEFT JOIN clearing_reset r ON r.clearing_id = c.id WHERE r.clearing_id IS NULL";

impl WriteTx {
    /// The clearings, not reset, that any of these items take part in; each whole, in the
    /// order they were made.
    pub async fn clearings_of(&self, items: &[Uuid]) -> Result<Vec<ActiveClearing>> {
        let set = sql::set(Kind::Uuid, items.iter().copied());
        let some = set.subquery(&self.conn, 1);
        let again = set.subquery(&self.conn, 1);
        let rows: Vec<Row> = sql::all(
            &self.conn,
            format!(
                "{SELECT} AND c.id IN (SELECT clearing_id FROM allocation WHERE credit_item IN {some} \
                 UNION SELECT clearing_id FROM allocation WHERE debit_item IN {again}) \
                 ORDER BY c.id, a.position"
            ),
            set.values(&self.conn),
        )
        .await?;
        assemble(rows)
    }

    /// The clearings that any of these items took part in for some days, until they were
    /// reset: each whole, with the day it no longer counted.
    pub async fn lapsed_clearings_of(
        &self,
        items: &[Uuid],
    ) -> Result<Vec<(ActiveClearing, NaiveDate)>> {
        #[derive(FromQueryResult)]
        struct Lapsed {
            #[sea_orm(nested)]
            row: Row,
            reset_date: NaiveDate,
        }
        let set = sql::set(Kind::Uuid, items.iter().copied());
        let some = set.subquery(&self.conn, 1);
        let again = set.subquery(&self.conn, 1);
        let rows: Vec<Lapsed> = sql::all(
            &self.conn,
            format!(
                "SELECT c.id, c.account_id, c.document_id, c.apply_date, a.credit_item, \
                   a.debit_item, a.amount, a.credit_amount, a.rate, r.reset_date \
                 FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
                 JOIN (SELECT clearing_id, MIN(effective_date) AS reset_date FROM clearing_reset \
                   WHERE clearing_id IN (\
                     SELECT clearing_id FROM allocation WHERE credit_item IN {some} \
                     UNION SELECT clearing_id FROM allocation WHERE debit_item IN {again}) \
                   GROUP BY clearing_id) r ON r.clearing_id = c.id \
                 WHERE r.reset_date > c.apply_date ORDER BY c.id, a.position"
            ),
            set.values(&self.conn),
        )
        .await?;
        let days: BTreeMap<Uuid, NaiveDate> =
            rows.iter().map(|lapsed| (lapsed.row.id, lapsed.reset_date)).collect();
        let clearings = assemble(rows.into_iter().map(|lapsed| lapsed.row).collect())?;
        Ok(clearings.into_iter().filter_map(|c| days.get(&c.id).map(|day| (c, *day))).collect())
    }

    /// Whether a credit document, which left these items, made a clearing by its own wish, be
    /// it reset or not.
    pub async fn has_settled(&self, document: Uuid, items: &[Uuid]) -> Result<bool> {
        let set = sql::set(Kind::Uuid, items.iter().copied());
        let mut values = set.values(&self.conn);
        values.push(document.into());
        let sql = format!(
            "SELECT COUNT(*) AS v FROM allocation a JOIN clearing c ON c.id = a.clearing_id \
             WHERE a.credit_item IN {} AND c.document_id = ${}",
            set.subquery(&self.conn, 1),
            values.len()
        );
        Ok(sql::scalar::<i64>(&self.conn, sql, values).await?.is_some_and(|count| count > 0))
    }

    /// A clearing of an account: `Some((clearing, reset?))`.
    pub async fn clearing(
        &self,
        account: &str,
        id: Uuid,
    ) -> Result<Option<(ActiveClearing, bool)>> {
        let rows: Vec<Row> = sql::all(
            &self.conn,
            "SELECT c.id, c.account_id, c.document_id, c.apply_date, a.credit_item, a.debit_item, \
             a.amount, a.credit_amount, a.rate FROM clearing c \
             JOIN allocation a ON a.clearing_id = c.id \
             WHERE c.id = $1 AND c.account_id = $2 ORDER BY a.position",
            vec![id.into(), account.into()],
        )
        .await?;
        let Some(clearing) = assemble(rows)?.pop() else { return Ok(None) };
        let resets = sql::scalar::<i64>(
            &self.conn,
            "SELECT COUNT(*) AS v FROM clearing_reset WHERE clearing_id = $1",
            vec![id.into()],
        )
        .await?;
        Ok(Some((clearing, resets.is_some_and(|count| count > 0))))
    }

    /// What the recovery `document` reopened and that was not taken back: item, day, amount.
    pub async fn reopened_by(&self, document: Uuid) -> Result<Vec<(Uuid, NaiveDate, i64)>> {
        #[derive(FromQueryResult)]
        struct Reopened {
            item_id: Uuid,
            effective_date: NaiveDate,
            amount: i64,
        }
        let rows: Vec<Reopened> = sql::all(
            &self.conn,
            "SELECT e.item_id, e.effective_date, CAST(SUM(e.amount) AS BIGINT) AS amount \
             FROM entry e WHERE e.document_id = $1 AND e.kind = 'REOPEN' AND e.item_id IN \
               (SELECT a.debit_item FROM item i JOIN allocation a ON a.credit_item = i.id \
                WHERE i.document_id = $1) \
             GROUP BY e.item_id, e.effective_date",
            vec![document.into()],
        )
        .await?;
        Ok(rows.into_iter().map(|r| (r.item_id, r.effective_date, r.amount)).collect())
    }

    /// What write-offs took off each of these items and still counts.
    pub async fn written_off(&self, items: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
        #[derive(FromQueryResult)]
        struct WrittenOff {
            debit_item: Uuid,
            amount: i64,
        }
        let set = sql::set(Kind::Uuid, items.iter().copied());
        let rows: Vec<WrittenOff> = sql::all(
            &self.conn,
            format!(
                "SELECT a.debit_item, CAST(SUM(a.amount) AS BIGINT) AS amount FROM allocation a \
                 JOIN item c ON c.id = a.credit_item AND c.kind = 'WRITE_OFF' \
                 LEFT JOIN clearing_reset r ON r.clearing_id = a.clearing_id \
                 WHERE r.clearing_id IS NULL AND a.debit_item IN {} GROUP BY a.debit_item",
                set.subquery(&self.conn, 1)
            ),
            set.values(&self.conn),
        )
        .await?;
        Ok(rows.into_iter().map(|r| (r.debit_item, r.amount)).collect())
    }
}

fn assemble(rows: Vec<Row>) -> Result<Vec<ActiveClearing>> {
    let mut clearings: BTreeMap<Uuid, ActiveClearing> = BTreeMap::new();
    for row in rows {
        let rate = read_rate(&row.rate)?;
        clearings
            .entry(row.id)
            .or_insert_with(|| ActiveClearing {
                id: row.id,
                account_id: row.account_id,
                document: row.document_id,
                apply_date: row.apply_date,
                allocations: Vec::new(),
            })
            .allocations
            .push(AllocationRow {
                credit_item: row.credit_item,
                debit_item: row.debit_item,
                amount: row.amount,
                credit_amount: row.credit_amount,
                rate,
            });
    }
    Ok(clearings.into_values().collect())
}

/// The rate of an allocation, from its column.
pub(in crate::store) fn read_rate(text: &str) -> Result<Option<UsedRate>> {
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text)
        .map(Some)
        .map_err(|e| Error::internal(format!("a rate cannot be read: {e}")))
}
