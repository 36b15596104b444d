//! Promises to pay.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use uuid::Uuid;

use crate::domain::error::{Error, Result};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::domain::promise::{self, Payment, Promised};
use crate::domain::receivables::Promise;
use crate::store::entity::promise::{Column, Entity, Model};
use crate::store::entity::{item, promise_end, promise_item};
use crate::store::receivables::promises::current;
use crate::store::{Store, WriteTx, rows, sql};

/// What a promise must know of an item it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromisedItem {
    pub side: Side,
    pub currency: Currency,
}

impl WriteTx {
    /// Those of the items that the account has.
    pub async fn items_to_promise(
        &self,
        account_id: &str,
        items: &[Uuid],
    ) -> Result<HashMap<Uuid, PromisedItem>> {
        let items = item::Entity::find().filter(item::Column::AccountId.eq(account_id)).filter(
            rows::among(self.conn.get_database_backend(), item::Column::Id, items.iter().copied()),
        );
        let promised = |row: item::Model| {
            let side = if row.amount > 0 { Side::Debit } else { Side::Credit };
            (row.id, PromisedItem { side, currency: row.currency })
        };
        Ok(rows::all(&self.conn, items).await?.into_iter().map(promised).collect())
    }

    pub async fn add_promise(&self, promise: &Promise) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(promise)).await?;
        let item = |&item_id| promise_item::Model { promise_id: promise.id, item_id };
        let items: Vec<_> = promise.items.iter().map(item).collect();
        rows::insert(&self.conn, items).await?;
        Ok(())
    }

    /// A promise of the account, with its state as of a day by all that is recorded.
    pub async fn promise(
        &self,
        account_id: &str,
        id: Uuid,
        as_of: NaiveDate,
    ) -> Result<Option<Promise>> {
        let promise = Entity::find_by_id(id).filter(Column::AccountId.eq(account_id));
        let Some(row) = rows::one(&self.conn, promise).await? else { return Ok(None) };
        let items = self.items_promised(id).await?;
        let promised = Promised {
            amount: row.amount,
            promise_date: row.promise_date,
            deadline: promise::deadline(row.pay_by_date, row.grace_days),
        };
        let payments = self.payments_on(id, as_of).await?;
        let entries = self.entries_of(id, as_of).await?;
        // Asked for to be changed, so a withdrawal counts from when it is recorded.
        let end = rows::one(&self.conn, promise_end::Entity::find_by_id(id)).await?;
        let judged = promised.judge(&payments, &entries, as_of, end.is_some());
        Ok(Some(row.into_promise(items, judged)))
    }

    /// The items of a promise, in the versions that count.
    async fn items_promised(&self, promise: Uuid) -> Result<Vec<Uuid>> {
        #[derive(FromQueryResult)]
        struct Row {
            item_id: Uuid,
        }
        let text = format!(
            "SELECT m.item_id FROM promise_item m JOIN item i ON i.id = m.item_id \
             WHERE m.promise_id = $1 AND {} ORDER BY m.item_id",
            current("i", "$2")
        );
        let values = vec![promise.into(), i64::MAX.into()];
        let items: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(items.into_iter().map(|row| row.item_id).collect())
    }

    /// What receipts took off the items of a promise by a day.
    async fn payments_on(&self, promise: Uuid, as_of: NaiveDate) -> Result<Vec<Payment>> {
        #[derive(FromQueryResult)]
        struct Row {
            posted: NaiveDate,
            applied: NaiveDate,
            reset: Option<NaiveDate>,
            amount: i64,
        }
        let rows: Vec<Row> = sql::all(
            &self.conn,
            "SELECT credit.posting_date AS posted, c.apply_date AS applied, a.amount, \
             (SELECT MIN(r.effective_date) FROM allocation_reset r \
               WHERE r.clearing_id = a.clearing_id AND r.position = a.position) AS reset \
             FROM promise_item p JOIN allocation a ON a.debit_item = p.item_id \
             JOIN item credit ON credit.id = a.credit_item AND credit.kind = $2 \
             JOIN clearing c ON c.id = a.clearing_id AND c.apply_date <= $3 \
             WHERE p.promise_id = $1",
            vec![promise.into(), DocumentKind::Receipt.as_str().into(), as_of.into()],
        )
        .await?;
        let payment = |row: Row| Payment {
            posted: row.posted,
            applied: row.applied,
            reset: row.reset,
            amount: row.amount,
        };
        Ok(rows.into_iter().map(payment).collect())
    }

    /// What moved the open amounts of the items of a promise by a day.
    async fn entries_of(&self, promise: Uuid, as_of: NaiveDate) -> Result<Vec<(NaiveDate, i64)>> {
        #[derive(FromQueryResult)]
        struct Row {
            effective_date: NaiveDate,
            amount: i64,
        }
        let rows: Vec<Row> = sql::all(
            &self.conn,
            "SELECT e.effective_date, e.amount FROM promise_item p \
             JOIN entry e ON e.item_id = p.item_id \
             WHERE p.promise_id = $1 AND e.effective_date <= $2",
            vec![promise.into(), as_of.into()],
        )
        .await?;
        Ok(rows.into_iter().map(|row| (row.effective_date, row.amount)).collect())
    }

    pub async fn end_promise(
        &self,
        id: Uuid,
        withdraw_date: NaiveDate,
        recorded_us: i64,
    ) -> Result<()> {
        let end = promise_end::Model { promise_id: id, withdraw_date, recorded_us };
        rows::insert_one(&self.conn, end).await
    }
}

impl Store {
    /// The person who made a promise; the name is kept in its row alone.
    pub async fn promised_by(&self, id: Uuid) -> Result<Personal> {
        let row = rows::one(&self.reader, Entity::find_by_id(id)).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the promise {id} is gone")))?;
        Ok(row.promised_by)
    }
}
