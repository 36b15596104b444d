//! Promises to pay.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::dispute::currency;
use crate::domain::error::{Error, Result};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;
use crate::domain::promise::{self, PromiseState};
use crate::domain::receivables::Promise;
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{Store, WriteTx};

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
        #[derive(FromQueryResult)]
        struct Row {
            id: Uuid,
            currency: String,
            amount: i64,
        }
        let set = sql::set(Kind::Uuid, items.iter().copied());
        let account = set.parameters(&self.conn) + 1;
        let mut values = set.values(&self.conn);
        values.push(account_id.into());
        let sql = format!(
            "SELECT id, currency, amount FROM item WHERE id IN {} AND account_id = ${account}",
            set.subquery(&self.conn, 1)
        );
        let rows: Vec<Row> = sql::all(&self.conn, sql, values).await?;
        rows.into_iter()
            .map(|row| {
                let side = if row.amount > 0 { Side::Debit } else { Side::Credit };
                Ok((row.id, PromisedItem { side, currency: currency(&row.currency)? }))
            })
            .collect()
    }

    pub async fn add_promise(&self, promise: &Promise) -> Result<()> {
        sql::execute(
            &self.conn,
            "INSERT INTO promise (id, account_id, currency, amount, promise_date, pay_by_date, \
             grace_days, promised_by, recorded_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            vec![
                promise.id.into(),
                promise.account_id.as_str().into(),
                promise.currency.code().into(),
                promise.amount.into(),
                promise.promise_date.into(),
                promise.pay_by_date.into(),
                promise.grace_days.into(),
                promise.promised_by.as_str().into(),
                promise.recorded_us.into(),
            ],
        )
        .await?;
        let mut items = Rows::new(&[("promise_id", Kind::Uuid), ("item_id", Kind::Uuid)]);
        for &item in &promise.items {
            items.push([Cell::from(promise.id), item.into()]);
        }
        sql::insert(&self.conn, "promise_item", items, "").await?;
        Ok(())
    }

    /// A promise of the account, with its state as of a day by all that is recorded.
    pub async fn promise(
        &self,
        account_id: &str,
        id: Uuid,
        as_of: NaiveDate,
    ) -> Result<Option<Promise>> {
        let row: Option<Row> = sql::one(
            &self.conn,
            "SELECT p.id, p.account_id, p.currency, p.amount, p.promise_date, p.pay_by_date, \
               p.grace_days, p.promised_by, p.recorded_us, e.withdraw_date \
             FROM promise p LEFT JOIN promise_end e ON e.promise_id = p.id \
             WHERE p.id = $1 AND p.account_id = $2",
            vec![id.into(), account_id.into()],
        )
        .await?;
        let Some(row) = row else { return Ok(None) };
        let items = sql::all::<ItemRow>(
            &self.conn,
            "SELECT item_id FROM promise_item WHERE promise_id = $1 ORDER BY item_id",
            vec![id.into()],
        )
        .await?;
        let deadline = deadline(row.pay_by_date, row.grace_days);
        let received = self.received(id, row.promise_date, deadline.min(as_of), as_of).await?;
        row.into_domain(items, received, as_of).map(Some)
    }

    /// What receipts took off the items of a promise from its first day to its last, both
    /// included, and still counts as of a day.
    async fn received(
        &self,
        promise: Uuid,
        first: NaiveDate,
        last: NaiveDate,
        as_of: NaiveDate,
    ) -> Result<i64> {
        let received = sql::scalar::<i64>(
            &self.conn,
            "SELECT CAST(COALESCE(SUM(a.amount), 0) AS BIGINT) AS v FROM promise_item p \
             JOIN allocation a ON a.debit_item = p.item_id \
             JOIN item credit ON credit.id = a.credit_item AND credit.kind = $4 \
             JOIN clearing c ON c.id = a.clearing_id AND c.apply_date BETWEEN $2 AND $3 \
             LEFT JOIN clearing_reset r ON r.clearing_id = c.id AND r.effective_date <= $5 \
             WHERE p.promise_id = $1 AND r.clearing_id IS NULL",
            vec![
                promise.into(),
                first.into(),
                last.into(),
                DocumentKind::Receipt.as_str().into(),
                as_of.into(),
            ],
        )
        .await?;
        Ok(received.unwrap_or_default())
    }

    pub async fn end_promise(
        &self,
        id: Uuid,
        withdraw_date: NaiveDate,
        recorded_us: i64,
    ) -> Result<()> {
        sql::execute(
            &self.conn,
            "INSERT INTO promise_end (promise_id, withdraw_date, recorded_us) VALUES ($1, $2, $3)",
            vec![id.into(), withdraw_date.into(), recorded_us.into()],
        )
        .await?;
        Ok(())
    }
}

impl Store {
    /// The person who made a promise; the name is kept in this one place.
    pub async fn promised_by(&self, id: Uuid) -> Result<String> {
        let name = sql::scalar(
            &self.reader,
            "SELECT promised_by AS v FROM promise WHERE id = $1",
            vec![id.into()],
        )
        .await?;
        name.ok_or_else(|| Error::internal(format!("the promise {id} is gone")))
    }
}

/// The last day on which money still keeps the promise.
fn deadline(pay_by: NaiveDate, grace_days: i32) -> NaiveDate {
    crate::domain::dates::add_days(pay_by, grace_days.unsigned_abs())
}

#[derive(FromQueryResult)]
struct ItemRow {
    item_id: Uuid,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    currency: String,
    amount: i64,
    promise_date: NaiveDate,
    pay_by_date: NaiveDate,
    grace_days: i32,
    promised_by: String,
    recorded_us: i64,
    withdraw_date: Option<NaiveDate>,
}

impl Row {
    fn into_domain(self, items: Vec<ItemRow>, received: i64, as_of: NaiveDate) -> Result<Promise> {
        let Self {
            id,
            account_id,
            currency: code,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            promised_by,
            recorded_us,
            withdraw_date,
        } = self;
        // Asked for to be changed, so a withdrawal counts from when it is recorded.
        let state = match withdraw_date {
            Some(_) => PromiseState::Withdrawn,
            None => {
                promise::state(amount, received, deadline(pay_by_date, grace_days), as_of, false)
            }
        };
        Ok(Promise {
            id,
            account_id,
            items: items.into_iter().map(|row| row.item_id).collect(),
            currency: currency(&code)?,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            promised_by,
            received,
            state,
            recorded_us,
        })
    }
}
