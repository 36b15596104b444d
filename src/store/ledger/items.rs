//! Loading items with their open amount over time.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::keys::key_order;
use crate::domain::books::{Item, TrackedItem};
use crate::domain::error::{Error, Result};
use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::money::Currency;
use crate::store::sql::{self, Kind};
use crate::store::{ReadTx, WriteTx};

#[derive(FromQueryResult)]
pub(in crate::store) struct ItemRow {
    id: Uuid,
    account_id: String,
    document_id: Uuid,
    position: i32,
    kind: String,
    class: String,
    company_code: String,
    currency: String,
    document_date: NaiveDate,
    posting_date: NaiveDate,
    due_date: NaiveDate,
    amount: i64,
    open: i64,
    release_condition: String,
}

const COLUMNS: &str = "i.id, i.account_id, i.document_id, i.position, i.kind, i.class, \
    i.company_code, i.currency, i.document_date, i.posting_date, i.due_date, i.amount, i.open, \
    i.release_condition";

#[derive(FromQueryResult)]
struct Later {
    item_id: Uuid,
    effective_date: NaiveDate,
    amount: i64,
}

#[derive(FromQueryResult)]
struct Reopened {
    item_id: Uuid,
    amount: i64,
}

impl WriteTx {
    /// Items by id, with their open amounts from `floor` on.
    pub async fn items(&self, ids: &[Uuid], floor: NaiveDate) -> Result<Vec<TrackedItem>> {
        let set = sql::set(Kind::Uuid, ids.iter().copied());
        let sql =
            format!("SELECT {COLUMNS} FROM item i WHERE i.id IN {}", set.subquery(&self.conn, 1));
        let rows = sql::all(&self.conn, sql, set.values(&self.conn)).await?;
        tracked(&self.conn, rows, floor).await
    }

    /// Items of documents, with their open amounts from `floor` on.
    pub async fn items_of(&self, documents: &[Uuid], floor: NaiveDate) -> Result<Vec<TrackedItem>> {
        let set = sql::set(Kind::Uuid, documents.iter().copied());
        let sql = format!(
            "SELECT {COLUMNS} FROM item i WHERE i.document_id IN {}",
            set.subquery(&self.conn, 1)
        );
        let rows = sql::all(&self.conn, sql, set.values(&self.conn)).await?;
        tracked(&self.conn, rows, floor).await
    }

    /// Debits of an account that are open in a company and currency, with their open amounts
    /// from `floor` on: what a payment without a named target may settle, oldest due first.
    /// Among those due on one day the key decides, never the order they came in.
    pub async fn open_debits(
        &self,
        account: &str,
        company: &str,
        currency: Currency,
        floor: NaiveDate,
    ) -> Result<Vec<TrackedItem>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM item i JOIN document d ON d.id = i.document_id \
             WHERE i.account_id = $1 AND i.open > 0 AND i.company_code = $2 AND i.currency = $3 \
             ORDER BY i.due_date, i.posting_date, {key}, i.position",
            key = key_order(&self.conn, "d"),
        );
        let values = vec![account.into(), company.into(), currency.code().into()];
        let rows = sql::all(&self.conn, sql, values).await?;
        tracked(&self.conn, rows, floor).await
    }
}

impl ReadTx {
    /// Items by id as recorded, whatever the date of their entries.
    pub async fn items(&self, ids: &[Uuid]) -> Result<Vec<Item>> {
        let set = sql::set(Kind::Uuid, ids.iter().copied());
        let sql =
            format!("SELECT {COLUMNS} FROM item i WHERE i.id IN {}", set.subquery(&self.conn, 1));
        let rows: Vec<ItemRow> = sql::all(&self.conn, sql, set.values(&self.conn)).await?;
        rows.into_iter().map(|row| Ok(row.into_item()?.0)).collect()
    }
}

async fn tracked(
    conn: &impl ConnectionTrait,
    rows: Vec<ItemRow>,
    floor: NaiveDate,
) -> Result<Vec<TrackedItem>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let set = sql::set(Kind::Uuid, rows.iter().map(|row| row.id));
    let mut values = set.values(conn);
    values.push(floor.into());
    let later: Vec<Later> = sql::all(
        conn,
        format!(
            "SELECT e.item_id, e.effective_date, CAST(SUM(e.amount) AS BIGINT) AS amount \
             FROM entry e WHERE e.item_id IN {} AND e.effective_date > ${} \
             GROUP BY e.item_id, e.effective_date",
            set.subquery(conn, 1),
            values.len()
        ),
        values,
    )
    .await?;
    let reopened: Vec<Reopened> = sql::all(
        conn,
        format!(
            "SELECT e.item_id, CAST(SUM(e.amount) AS BIGINT) AS amount FROM entry e \
             WHERE e.item_id IN {} AND e.kind IN ('REOPEN', 'REOPEN_REVERSE') GROUP BY e.item_id",
            set.subquery(conn, 1)
        ),
        set.values(conn),
    )
    .await?;
    let mut days: HashMap<Uuid, BTreeMap<NaiveDate, i64>> = HashMap::new();
    for row in later {
        days.entry(row.item_id).or_default().insert(row.effective_date, row.amount);
    }
    let reopened: HashMap<Uuid, i64> =
        reopened.into_iter().map(|row| (row.item_id, row.amount)).collect();
    rows.into_iter()
        .map(|row| {
            let (item, open) = row.into_item()?;
            let days = days.remove(&item.id).unwrap_or_default();
            let mut tracked = TrackedItem::loaded(item, open, floor, days);
            tracked.reopened = reopened.get(&tracked.item.id).copied().unwrap_or(0);
            Ok(tracked)
        })
        .collect()
}

impl ItemRow {
    fn into_item(self) -> Result<(Item, i64)> {
        let Self {
            id,
            account_id,
            document_id,
            position,
            kind,
            class,
            company_code,
            currency,
            document_date,
            posting_date,
            due_date,
            amount,
            open,
            release_condition,
        } = self;
        let unreadable = |what: &str| Error::internal(format!("item {id} has an unknown {what}"));
        let item = Item {
            id,
            account_id,
            document: document_id,
            position,
            kind: DocumentKind::parse(&kind).ok_or_else(|| unreadable("kind"))?,
            class: ItemClass::parse(&class).ok_or_else(|| unreadable("class"))?,
            company_code,
            currency: Currency::parse(&currency).ok_or_else(|| unreadable("currency"))?,
            document_date,
            posting_date,
            due_date,
            amount,
            release_condition,
        };
        Ok((item, open))
    }
}
