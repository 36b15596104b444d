//! Promises to pay.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::domain::error::Result;
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;
use crate::domain::page::PageOf;
use crate::domain::personal::Personal;
use crate::domain::promise::{self, Payment, Promised};
use crate::domain::receivables::Promise;
use crate::store::contact::same::{folded, ids_of_one};
use crate::store::entity::promise::{Column, Entity, Model};
use crate::store::entity::{item, promise_end, promise_item, promise_said};
use crate::store::receivables::promises::current;
use crate::store::rows::Set;
use crate::store::{ReadTx, Store, WriteTx, keyset, rows, sql};

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
        let Promise { id, account_id, promised_by, .. } = promise;
        if !promised_by.expose().is_empty() {
            let (account_id, promised_by) = (account_id.clone(), promised_by.clone());
            let said = promise_said::Model { promise_id: *id, account_id, promised_by };
            rows::insert_one(&self.conn, said).await?;
        }
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
        let row = rows::one(&self.conn, promise).await?;
        // Asked for to be changed, so a withdrawal counts from when it is recorded.
        Ok(judged(&self.conn, row.into_iter().collect(), as_of, NaiveDate::MAX).await?.pop())
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

impl ReadTx {
    /// As many promises as a page has to read, by the day promised, with their states on a day; of one
    /// account and one contact, or of all.
    pub async fn promises(
        &self,
        account_id: Option<&str>,
        contact_id: Option<&str>,
        pay_before: Option<NaiveDate>,
        page: &PageOf<(NaiveDate, Uuid)>,
        as_of: NaiveDate,
    ) -> Result<Vec<Promise>> {
        let backend = self.conn.get_database_backend();
        let theirs = ids_of_one(&self.conn, contact_id).await?;
        let found = Entity::find()
            .apply_if(self.visible.as_ref(), |of, visible| {
                of.filter(visible.account(backend, Column::AccountId))
            })
            .apply_if(account_id, |of, id| of.filter(Column::AccountId.eq(id)))
            .apply_if(theirs.as_ref(), |of, ids| {
                of.filter(rows::among(backend, Column::ContactId, ids))
            })
            .apply_if(pay_before, |of, day| of.filter(Column::PayByDate.lt(day)))
            .apply_if(page.after, |of, (day, id)| {
                let key = [day.into(), id.into()];
                of.filter(keyset::behind([Column::PayByDate, Column::Id], key, false))
            })
            .order_by_asc(Column::PayByDate)
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?;
        folded(&self.conn, judged(&self.conn, found, as_of, as_of).await?).await
    }
}

/// These promises in their order, with their states as of a day by all that is recorded, the
/// withdrawals up to another day included.
async fn judged(
    conn: &impl ConnectionTrait,
    found: Vec<Model>,
    as_of: NaiveDate,
    withdrawn_by: NaiveDate,
) -> Result<Vec<Promise>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let mut items = items_promised(conn, &ids).await?;
    let mut payments = payments_on(conn, &ids, as_of).await?;
    let mut entries = entries_of(conn, &ids, as_of).await?;
    let these = rows::among(
        conn.get_database_backend(),
        promise_end::Column::PromiseId,
        ids.iter().copied(),
    );
    let ends = rows::all(conn, promise_end::Entity::find().filter(these)).await?;
    let withdrawn: HashSet<Uuid> = ends
        .into_iter()
        .filter(|end| end.withdraw_date <= withdrawn_by)
        .map(|end| end.promise_id)
        .collect();
    let these = rows::among(
        conn.get_database_backend(),
        promise_said::Column::PromiseId,
        ids.iter().copied(),
    );
    let said = rows::all(conn, promise_said::Entity::find().filter(these)).await?.into_iter();
    let mut said: HashMap<Uuid, Personal> =
        said.map(|row| (row.promise_id, row.promised_by)).collect();
    let promise = |row: Model| {
        let id = row.id;
        let promised = Promised {
            amount: row.amount,
            promise_date: row.promise_date,
            deadline: promise::deadline(row.pay_by_date, row.grace_days),
        };
        let payments = payments.remove(&id).unwrap_or_default();
        let entries = entries.remove(&id).unwrap_or_default();
        let judged = promised.judge(&payments, &entries, as_of, withdrawn.contains(&id));
        let items = items.remove(&id).unwrap_or_default();
        row.into_promise(items, judged, said.remove(&id).unwrap_or_default())
    };
    Ok(found.into_iter().map(promise).collect())
}

/// The items of promises, in the versions that count.
async fn items_promised(
    conn: &impl ConnectionTrait,
    promises: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Uuid>>> {
    #[derive(FromQueryResult)]
    struct Row {
        promise_id: Uuid,
        item_id: Uuid,
    }
    let (backend, these) = (conn.get_database_backend(), Set::one(promises.iter().copied()));
    let text = format!(
        "SELECT m.promise_id, m.item_id FROM promise_item m JOIN item i ON i.id = m.item_id \
         WHERE m.promise_id IN {} AND {} ORDER BY m.item_id",
        these.subquery(backend, 2),
        current("i", "$1")
    );
    let mut values = vec![i64::MAX.into()];
    values.extend(these.into_values(backend));
    let mut items: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for Row { promise_id, item_id } in sql::all(conn, text, values).await? {
        items.entry(promise_id).or_default().push(item_id);
    }
    Ok(items)
}

/// What receipts took off the items of promises by a day.
async fn payments_on(
    conn: &impl ConnectionTrait,
    promises: &[Uuid],
    as_of: NaiveDate,
) -> Result<HashMap<Uuid, Vec<Payment>>> {
    #[derive(FromQueryResult)]
    struct Row {
        promise_id: Uuid,
        posted: NaiveDate,
        applied: NaiveDate,
        reset: Option<NaiveDate>,
        amount: i64,
    }
    let (backend, these) = (conn.get_database_backend(), Set::one(promises.iter().copied()));
    let text = format!(
        "SELECT p.promise_id, credit.posting_date AS posted, c.apply_date AS applied, a.amount, \
         (SELECT MIN(r.effective_date) FROM allocation_reset r \
           WHERE r.clearing_id = a.clearing_id AND r.position = a.position) AS reset \
         FROM promise_item p JOIN allocation a ON a.debit_item = p.item_id \
         JOIN item credit ON credit.id = a.credit_item AND credit.kind = $1 \
         JOIN clearing c ON c.id = a.clearing_id AND c.apply_date <= $2 \
         WHERE p.promise_id IN {}",
        these.subquery(backend, 3)
    );
    let mut values = vec![DocumentKind::Receipt.as_str().into(), as_of.into()];
    values.extend(these.into_values(backend));
    let mut payments: HashMap<Uuid, Vec<Payment>> = HashMap::new();
    for row in sql::all(conn, text, values).await? {
        let Row { promise_id, posted, applied, reset, amount } = row;
        let of = payments.entry(promise_id).or_default();
        of.push(Payment { posted, applied, reset, amount });
    }
    Ok(payments)
}

/// What moved the open amounts of the items of promises by a day.
async fn entries_of(
    conn: &impl ConnectionTrait,
    promises: &[Uuid],
    as_of: NaiveDate,
) -> Result<HashMap<Uuid, Vec<(NaiveDate, i64)>>> {
    #[derive(FromQueryResult)]
    struct Row {
        promise_id: Uuid,
        effective_date: NaiveDate,
        amount: i64,
    }
    let (backend, these) = (conn.get_database_backend(), Set::one(promises.iter().copied()));
    let text = format!(
        "SELECT p.promise_id, e.effective_date, e.amount FROM promise_item p \
         JOIN entry e ON e.item_id = p.item_id \
         WHERE e.effective_date <= $1 AND p.promise_id IN {}",
        these.subquery(backend, 2)
    );
    let mut values = vec![as_of.into()];
    values.extend(these.into_values(backend));
    let mut entries: HashMap<Uuid, Vec<(NaiveDate, i64)>> = HashMap::new();
    for Row { promise_id, effective_date, amount } in sql::all(conn, text, values).await? {
        entries.entry(promise_id).or_default().push((effective_date, amount));
    }
    Ok(entries)
}

impl Store {
    /// What is written of who made a promise; it is kept in a row of its own, and empty once that
    /// is taken away.
    pub async fn promised_by(&self, id: Uuid) -> Result<Personal> {
        let row = rows::one(&self.reader(), promise_said::Entity::find_by_id(id)).await?;
        Ok(row.map(|row| row.promised_by).unwrap_or_default())
    }
}
