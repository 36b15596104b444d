//! Loading items with their open amount over time.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::keys::key_order;
use crate::domain::books::{EntryKind, Item, TrackedItem};
use crate::domain::dates::NO_DATE;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::store::entity::entry;
use crate::store::entity::item::{Column, Entity, Model};
use crate::store::error::store_error;
use crate::store::rows::Set;
use crate::store::{ReadTx, WriteTx, rows, sql};

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
        let these = rows::among(self.conn.get_database_backend(), Column::Id, ids.iter().copied());
        tracked(&self.conn, rows::all(&self.conn, Entity::find().filter(these)).await?, floor).await
    }

    /// Items of documents, with their open amounts from `floor` on.
    pub async fn items_of(&self, documents: &[Uuid], floor: NaiveDate) -> Result<Vec<TrackedItem>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::DocumentId, documents.iter().copied());
        tracked(&self.conn, rows::all(&self.conn, Entity::find().filter(these)).await?, floor).await
    }

    /// Debits of an account that are open in a company and currency, with their open amounts
    /// from `floor` on: what a payment without a named target may settle, oldest due first.
    /// Among those due on one day the key decides, never the order they came in. At most `limit`
    /// of them; items of `also` are among them though nothing is open of them.
    pub async fn open_debits(
        &self,
        account: &str,
        company: &str,
        currency: Currency,
        floor: NaiveDate,
        also: &[Uuid],
        limit: Option<u64>,
    ) -> Result<Vec<TrackedItem>> {
        let backend = self.conn.get_database_backend();
        let also = Set::one(also.iter().copied());
        // The words of the index of what is open: of what is settled nothing is looked at.
        let open = |item: &str| {
            format!(
                "{item}.account_id = $1 AND {item}.open <> 0 AND {item}.open > 0 \
                 AND {item}.company_code = $2 AND {item}.currency = $3"
            )
        };
        let items = match also.is_empty() {
            true => format!("item i JOIN document d ON d.id = i.document_id WHERE {}", open("i")),
            false => format!(
                "(SELECT id FROM item o WHERE {} UNION SELECT id FROM item WHERE id IN {}) w \
                 JOIN item i ON i.id = w.id JOIN document d ON d.id = i.document_id \
                 WHERE i.account_id = $1 AND i.amount > 0 AND i.company_code = $2 \
                   AND i.currency = $3",
                open("o"),
                also.subquery(backend, 4)
            ),
        };
        let mut values = vec![account.into(), company.into(), currency.code().into()];
        // Those that fall due by the day of the last one, which the index tells in its order, so
        // that only they are sorted.
        let cut = match limit {
            Some(limit) if also.is_empty() => {
                let last = limit.saturating_sub(1);
                values.push(NO_DATE.into());
                format!(
                    "AND i.due_date <= COALESCE((SELECT o.due_date FROM item o WHERE {} \
                       ORDER BY o.due_date LIMIT 1 OFFSET {last}), $4)",
                    open("o")
                )
            }
            _ => String::new(),
        };
        let sql = format!(
            "SELECT {columns} FROM {items} {cut} \
             ORDER BY i.due_date, i.posting_date, {key}, i.position {limit}",
            columns = rows::columns::<Entity>("i"),
            key = key_order("d"),
            limit = limit.map_or_else(String::new, |limit| format!("LIMIT {limit}")),
        );
        if !also.is_empty() {
            values.extend(also.into_values(backend));
        }
        let rows = sql::all(&self.conn, sql, values).await?;
        tracked(&self.conn, rows, floor).await
    }
}

impl WriteTx {
    /// What accounts have of unapplied credits, by company and currency, less the refunds that
    /// are open: what may still be paid back.
    pub async fn refundable(
        &self,
        accounts: &[&str],
    ) -> Result<HashMap<(String, String, Currency), i128>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            company_code: String,
            currency: Currency,
            amount: i64,
        }
        let accounts = Set::new().column(Column::AccountId, accounts.iter().copied());
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let backend = self.conn.get_database_backend();
        let text = format!(
            "SELECT i.account_id, i.company_code, i.currency, \
             CAST(-SUM(i.open) AS BIGINT) AS amount FROM {} \
             JOIN item i ON i.account_id = w.account_id \
             WHERE i.open <> 0 AND (i.amount < 0 OR i.kind = 'REFUND') \
             GROUP BY i.account_id, i.company_code, i.currency",
            accounts.table(backend, "w", 1)
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, accounts.into_values(backend)).await?;
        let found = rows.into_iter();
        Ok(found
            .map(|r| ((r.account_id, r.company_code, r.currency), i128::from(r.amount)))
            .collect())
    }
}

impl ReadTx {
    /// Items by id as recorded, whatever the date of their entries.
    pub async fn items(&self, ids: &[Uuid]) -> Result<Vec<Item>> {
        let these = rows::among(self.conn.get_database_backend(), Column::Id, ids.iter().copied());
        let found = rows::all(&self.conn, Entity::find().filter(these)).await?;
        Ok(found.into_iter().map(|row| <(Item, i64)>::from(row).0).collect())
    }
}

async fn tracked(
    conn: &impl ConnectionTrait,
    rows: Vec<Model>,
    floor: NaiveDate,
) -> Result<Vec<TrackedItem>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let these = || rows::among(backend, entry::Column::ItemId, rows.iter().map(|row| row.id));
    // Sums of BIGINT are NUMERIC on PostgreSQL.
    let sum = || Expr::col(entry::Column::Amount).sum().cast_as("BIGINT");
    let later = entry::Entity::find()
        .select_only()
        .columns([entry::Column::ItemId, entry::Column::EffectiveDate])
        .column_as(sum(), "amount")
        .filter(these())
        .filter(entry::Column::EffectiveDate.gt(floor))
        .group_by(entry::Column::ItemId)
        .group_by(entry::Column::EffectiveDate)
        .into_model::<Later>();
    let later = later.all(conn).await.map_err(store_error)?;
    let reopened = entry::Entity::find()
        .select_only()
        .column(entry::Column::ItemId)
        .column_as(sum(), "amount")
        .filter(these())
        .filter(entry::Column::Kind.is_in([EntryKind::Reopen, EntryKind::ReopenReverse]))
        .group_by(entry::Column::ItemId)
        .into_model::<Reopened>();
    let reopened = reopened.all(conn).await.map_err(store_error)?;
    let mut days: HashMap<Uuid, BTreeMap<NaiveDate, i64>> = HashMap::new();
    for row in later {
        days.entry(row.item_id).or_default().insert(row.effective_date, row.amount);
    }
    let reopened: HashMap<Uuid, i64> =
        reopened.into_iter().map(|row| (row.item_id, row.amount)).collect();
    let tracked = |row: Model| {
        let (item, open) = row.into();
        let days = days.remove(&item.id).unwrap_or_default();
        let mut tracked = TrackedItem::loaded(item, open, floor, days);
        tracked.reopened = reopened.get(&tracked.item.id).copied().unwrap_or(0);
        tracked
    };
    Ok(rows.into_iter().map(tracked).collect())
}
