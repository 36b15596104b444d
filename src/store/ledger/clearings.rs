//! Allocations that count, and what recoveries reopened.

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use crate::domain::books::{ActiveAllocation, AllocationId, Cause};
use crate::domain::error::{Error, Result};
use crate::domain::personal::Personal;
use crate::store::entity::{allocation, allocation_reset, clearing};
use crate::store::rows::{self, Set};
use crate::store::{Store, WriteTx, sql};

/// An allocation with the clearing it belongs to.
#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    allocation: allocation::Model,
    account_id: String,
    document_id: Uuid,
    request_id: Uuid,
    apply_date: NaiveDate,
}

/// The columns of [`Row`], of the tables as `a` and `c`.
fn columns() -> String {
    let allocation = rows::columns::<allocation::Entity>("a");
    format!("{allocation}, c.account_id, c.document_id, c.request_id, c.apply_date")
}

/// The allocations of a set of items, as `a`, with their clearings as `c`.
fn of_items(items: &str) -> String {
    format!(
        "(SELECT * FROM allocation WHERE credit_item IN {items} \
         UNION SELECT * FROM allocation WHERE debit_item IN {items}) a \
         JOIN clearing c ON c.id = a.clearing_id"
    )
}

/// A clearing, with those of its allocations that are not reset.
#[derive(Debug)]
pub struct KnownClearing {
    pub apply_date: NaiveDate,
    pub recorded_us: i64,
    pub allocations: Vec<ActiveAllocation>,
}

impl Store {
    /// When and why a person reset a clearing: the text that people wrote is kept there alone.
    /// Each allocation is reset once, before what corrections add; those that a correction had
    /// reset already were earlier.
    pub async fn clearing_reset(&self, id: Uuid) -> Result<(NaiveDate, Personal)> {
        let all = allocation_reset::Entity::find()
            .filter(allocation_reset::Column::ClearingId.eq(id))
            .order_by_asc(allocation_reset::Column::RecordedUs);
        let mut seen = Vec::new();
        let mut last = None;
        for row in rows::all(&self.reader(), all).await? {
            if !seen.contains(&row.position) {
                seen.push(row.position);
                last = Some(row);
            }
        }
        let row = last.ok_or_else(|| Error::internal(format!("the clearing {id} is not reset")))?;
        Ok((row.effective_date, row.reason))
    }
}

impl WriteTx {
    /// The allocations, not reset, of any of these items, in the order they were made.
    pub async fn allocations_of(&self, items: &[Uuid]) -> Result<Vec<ActiveAllocation>> {
        let backend = self.conn.get_database_backend();
        let set = Set::one(items.iter().copied());
        let text = format!(
            "SELECT {} FROM {} LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
             AND r.position = a.position WHERE r.clearing_id IS NULL ORDER BY c.id, a.position",
            columns(),
            of_items(&set.subquery(backend, 1)),
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, set.into_values(backend)).await?;
        rows.into_iter().map(Row::active).collect()
    }

    /// The allocations, not reset, of items of any of these documents, in the order they were
    /// made.
    pub async fn allocations_of_documents(
        &self,
        documents: &[Uuid],
    ) -> Result<Vec<ActiveAllocation>> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let set = Set::one(documents.iter().copied());
        let items = format!(
            "(SELECT i.id FROM item i WHERE i.document_id IN {})",
            set.subquery(backend, 1)
        );
        let text = format!(
            "SELECT {} FROM {} LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
             AND r.position = a.position WHERE r.clearing_id IS NULL ORDER BY c.id, a.position",
            columns(),
            of_items(&items),
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, set.into_values(backend)).await?;
        rows.into_iter().map(Row::active).collect()
    }

    /// The allocations of any of these items that counted for some days, until they were reset,
    /// each with the day it no longer counted.
    pub async fn lapsed_allocations_of(
        &self,
        items: &[Uuid],
    ) -> Result<Vec<(ActiveAllocation, NaiveDate)>> {
        #[derive(FromQueryResult)]
        struct Lapsed {
            #[sea_orm(nested)]
            row: Row,
            reset_date: NaiveDate,
        }
        let backend = self.conn.get_database_backend();
        let set = Set::one(items.iter().copied());
        let text = format!(
            "SELECT * FROM (SELECT {}, (SELECT MIN(r.effective_date) FROM allocation_reset r \
               WHERE r.clearing_id = a.clearing_id AND r.position = a.position) AS reset_date \
             FROM {}) l WHERE l.reset_date > l.apply_date ORDER BY l.clearing_id, l.position",
            columns(),
            of_items(&set.subquery(backend, 1)),
        );
        let rows: Vec<Lapsed> = sql::all(&self.conn, text, set.into_values(backend)).await?;
        let lapsed = |Lapsed { row, reset_date }: Lapsed| Ok((row.active()?, reset_date));
        rows.into_iter().map(lapsed).collect()
    }

    /// A clearing of an account.
    pub async fn clearing(&self, account: &str, id: Uuid) -> Result<Option<KnownClearing>> {
        let found = clearing::Entity::find_by_id(id);
        let found = found.filter(clearing::Column::AccountId.eq(account));
        let Some(head) = rows::one(&self.conn, found).await? else { return Ok(None) };
        let text = format!(
            "SELECT {} FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
             LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
             AND r.position = a.position \
             WHERE c.id = $1 AND r.clearing_id IS NULL ORDER BY a.position",
            columns()
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, vec![id.into()]).await?;
        let allocations = rows.into_iter().map(Row::active).collect::<Result<_>>()?;
        let (apply_date, recorded_us) = (head.apply_date, head.recorded_us);
        Ok(Some(KnownClearing { apply_date, recorded_us, allocations }))
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
             LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
               AND r.position = a.position \
             WHERE r.clearing_id IS NULL AND a.debit_item IN {} GROUP BY a.debit_item",
            set.subquery(backend, 1)
        );
        let rows: Vec<WrittenOff> = sql::all(&self.conn, text, set.into_values(backend)).await?;
        Ok(rows.into_iter().map(|r| (r.debit_item, r.amount)).collect())
    }
}

impl Row {
    fn active(self) -> Result<ActiveAllocation> {
        let Self { allocation, account_id, document_id, request_id, apply_date } = self;
        Ok(ActiveAllocation {
            id: AllocationId { clearing: allocation.clearing_id, position: allocation.position },
            account_id,
            cause: Cause { document: document_id, request: request_id },
            apply_date,
            row: allocation.into_allocation()?,
        })
    }
}
