//! Clearings that count, and what recoveries reopened.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::domain::books::ActiveClearing;
use crate::domain::error::{Error, Result};
use crate::domain::personal::Personal;
use crate::store::entity::{allocation, clearing_reset};
use crate::store::rows::{self, Set};
use crate::store::{Store, WriteTx, sql};

/// An allocation with the clearing it belongs to.
#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    allocation: allocation::Model,
    account_id: String,
    document_id: Uuid,
    apply_date: NaiveDate,
}

/// The columns of [`Row`], of the tables as `a` and `c`.
fn columns() -> String {
    let allocation = rows::columns::<allocation::Entity>("a");
    format!("{allocation}, c.account_id, c.document_id, c.apply_date")
}

impl Store {
    /// When and why a clearing was reset: the text that people wrote is kept in that row alone.
    pub async fn clearing_reset(&self, id: Uuid) -> Result<(NaiveDate, Personal)> {
        let first = clearing_reset::Entity::find()
            .filter(clearing_reset::Column::ClearingId.eq(id))
            .order_by_asc(clearing_reset::Column::RecordedUs)
            .limit(1);
        let row = rows::one(&self.reader, first).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the clearing {id} is not reset")))?;
        Ok((row.effective_date, row.reason))
    }
}

impl WriteTx {
    /// The clearings, not reset, that any of these items take part in; each whole, in the
    /// order they were made.
    pub async fn clearings_of(&self, items: &[Uuid]) -> Result<Vec<ActiveClearing>> {
        let backend = self.conn.get_database_backend();
        let set = Set::one(items.iter().copied());
        let some = set.subquery(backend, 1);
        let text = format!(
            "SELECT {} FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
             LEFT JOIN clearing_reset r ON r.clearing_id = c.id WHERE r.clearing_id IS NULL \
             AND c.id IN (SELECT clearing_id FROM allocation WHERE credit_item IN {some} \
             UNION SELECT clearing_id FROM allocation WHERE debit_item IN {some}) \
             ORDER BY c.id, a.position",
            columns()
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, set.into_values(backend)).await?;
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
        let backend = self.conn.get_database_backend();
        let set = Set::one(items.iter().copied());
        let some = set.subquery(backend, 1);
        let text = format!(
            "SELECT {}, r.reset_date \
             FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
             JOIN (SELECT clearing_id, MIN(effective_date) AS reset_date FROM clearing_reset \
               WHERE clearing_id IN (\
                 SELECT clearing_id FROM allocation WHERE credit_item IN {some} \
                 UNION SELECT clearing_id FROM allocation WHERE debit_item IN {some}) \
               GROUP BY clearing_id) r ON r.clearing_id = c.id \
             WHERE r.reset_date > c.apply_date ORDER BY c.id, a.position",
            columns()
        );
        let rows: Vec<Lapsed> = sql::all(&self.conn, text, set.into_values(backend)).await?;
        let days: BTreeMap<Uuid, NaiveDate> = rows
            .iter()
            .map(|lapsed| (lapsed.row.allocation.clearing_id, lapsed.reset_date))
            .collect();
        let clearings = assemble(rows.into_iter().map(|lapsed| lapsed.row).collect())?;
        Ok(clearings.into_iter().filter_map(|c| days.get(&c.id).map(|day| (c, *day))).collect())
    }

    /// Whether a credit document, which left these items, made a clearing by its own wish, be
    /// it reset or not.
    pub async fn has_settled(&self, document: Uuid, items: &[Uuid]) -> Result<bool> {
        let backend = self.conn.get_database_backend();
        let set = Set::one(items.iter().copied());
        let sql = format!(
            "SELECT COUNT(*) AS v FROM allocation a JOIN clearing c ON c.id = a.clearing_id \
             WHERE c.document_id = $1 AND a.credit_item IN {}",
            set.subquery(backend, 2)
        );
        let mut values = vec![document.into()];
        values.extend(set.into_values(backend));
        Ok(sql::scalar::<i64>(&self.conn, sql, values).await?.is_some_and(|count| count > 0))
    }

    /// A clearing of an account: `Some((clearing, reset?))`.
    pub async fn clearing(
        &self,
        account: &str,
        id: Uuid,
    ) -> Result<Option<(ActiveClearing, bool)>> {
        let text = format!(
            "SELECT {} FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
             WHERE c.id = $1 AND c.account_id = $2 ORDER BY a.position",
            columns()
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, vec![id.into(), account.into()]).await?;
        let Some(clearing) = assemble(rows)?.pop() else { return Ok(None) };
        let resets =
            clearing_reset::Entity::find().filter(clearing_reset::Column::ClearingId.eq(id));
        Ok(Some((clearing, rows::any(&self.conn, resets).await?)))
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
        let backend = self.conn.get_database_backend();
        let set = Set::one(items.iter().copied());
        let text = format!(
            "SELECT a.debit_item, CAST(SUM(a.amount) AS BIGINT) AS amount FROM allocation a \
             JOIN item c ON c.id = a.credit_item AND c.kind = 'WRITE_OFF' \
             LEFT JOIN clearing_reset r ON r.clearing_id = a.clearing_id \
             WHERE r.clearing_id IS NULL AND a.debit_item IN {} GROUP BY a.debit_item",
            set.subquery(backend, 1)
        );
        let rows: Vec<WrittenOff> = sql::all(&self.conn, text, set.into_values(backend)).await?;
        Ok(rows.into_iter().map(|r| (r.debit_item, r.amount)).collect())
    }
}

fn assemble(rows: Vec<Row>) -> Result<Vec<ActiveClearing>> {
    let mut clearings: BTreeMap<Uuid, ActiveClearing> = BTreeMap::new();
    for Row { allocation, account_id, document_id, apply_date } in rows {
        let id = allocation.clearing_id;
        clearings
            .entry(id)
            .or_insert_with(|| ActiveClearing {
                id,
                account_id,
                document: document_id,
                apply_date,
                allocations: Vec::new(),
            })
            .allocations
            .push(allocation.into_allocation()?);
    }
    Ok(clearings.into_values().collect())
}
