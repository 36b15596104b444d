//! Disputes over items.

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use uuid::Uuid;

use crate::domain::dispute::Contested;
use crate::domain::error::{Error, Result};
use crate::domain::item::Side;
use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::domain::receivables::{Dispute, DisputeOutcome};
use crate::store::entity::dispute::{Column, Entity, Model};
use crate::store::entity::{dispute_end, dispute_item, item};
use crate::store::{Store, WriteTx, rows, sql};

/// An item and what may still be disputed of it.
#[derive(Debug, Clone)]
pub struct DisputedItem {
    pub side: Side,
    pub currency: Currency,
    /// The sum of its entries, whatever their date.
    pub open: i64,
    /// What takes effect after the day asked about, by day.
    pub future: Vec<(NaiveDate, i64)>,
    pub others: Vec<Contested>,
}

impl WriteTx {
    /// An item of the account, for a dispute from `from` on. Call it with the account
    /// entered. `None` if the account has no such item.
    pub async fn item_to_dispute(
        &self,
        account_id: &str,
        item_id: Uuid,
        from: NaiveDate,
    ) -> Result<Option<DisputedItem>> {
        let item = item::Entity::find_by_id(item_id).filter(item::Column::AccountId.eq(account_id));
        let Some(row) = rows::one(&self.conn, item).await? else { return Ok(None) };
        Ok(Some(DisputedItem {
            side: if row.amount > 0 { Side::Debit } else { Side::Credit },
            currency: row.currency,
            open: row.open,
            future: future(&self.conn, account_id, item_id, from).await?,
            others: contested(&self.conn, account_id, item_id).await?,
        }))
    }

    pub async fn add_dispute(&self, dispute: &Dispute) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(dispute)).await?;
        let item = dispute_item::Model { dispute_id: dispute.id, item_id: dispute.item_id };
        rows::insert_one(&self.conn, item).await
    }

    /// A dispute of the account, as it stands.
    pub async fn dispute(&self, account_id: &str, id: Uuid) -> Result<Option<Dispute>> {
        let dispute = Entity::find_by_id(id).filter(Column::AccountId.eq(account_id));
        let Some(row) = rows::one(&self.conn, dispute).await? else { return Ok(None) };
        let item = rows::one(&self.conn, item::Entity::find_by_id(row.item_id)).await?;
        let gone = || Error::internal(format!("the item of the dispute {id} is gone"));
        let currency = item.ok_or_else(gone)?.currency;
        let end = rows::one(&self.conn, dispute_end::Entity::find_by_id(id)).await?;
        Ok(Some(row.into_dispute(currency, end)))
    }

    pub async fn end_dispute(
        &self,
        id: Uuid,
        outcome: DisputeOutcome,
        resolve_date: NaiveDate,
        recorded_us: i64,
    ) -> Result<()> {
        let end = dispute_end::Model { dispute_id: id, outcome, resolve_date, recorded_us };
        rows::insert_one(&self.conn, end).await
    }
}

impl Store {
    /// The text that people wrote about a dispute; it is kept in its row alone.
    pub async fn dispute_note(&self, id: Uuid) -> Result<Personal> {
        let row = rows::one(&self.reader(), Entity::find_by_id(id)).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the dispute {id} is gone")))?;
        Ok(row.note)
    }
}

async fn future(
    conn: &impl ConnectionTrait,
    account_id: &str,
    item_id: Uuid,
    from: NaiveDate,
) -> Result<Vec<(NaiveDate, i64)>> {
    #[derive(FromQueryResult)]
    struct Change {
        effective_date: NaiveDate,
        amount: i64,
    }
    let changes: Vec<Change> = sql::all(
        conn,
        "SELECT effective_date, CAST(SUM(amount) AS BIGINT) AS amount FROM entry \
         WHERE account_id = $1 AND item_id = $2 AND effective_date > $3 \
         GROUP BY effective_date ORDER BY effective_date",
        vec![account_id.into(), item_id.into(), from.into()],
    )
    .await?;
    Ok(changes.into_iter().map(|c| (c.effective_date, c.amount)).collect())
}

async fn contested(
    conn: &impl ConnectionTrait,
    account_id: &str,
    item_id: Uuid,
) -> Result<Vec<Contested>> {
    #[derive(FromQueryResult)]
    struct Other {
        amount: i64,
        open_date: NaiveDate,
        resolve_date: Option<NaiveDate>,
    }
    let others: Vec<Other> = sql::all(
        conn,
        "SELECT d.amount, d.open_date, e.resolve_date FROM dispute_item m \
         JOIN dispute d ON d.id = m.dispute_id LEFT JOIN dispute_end e ON e.dispute_id = d.id \
         WHERE d.account_id = $1 AND m.item_id = $2",
        vec![account_id.into(), item_id.into()],
    )
    .await?;
    let contested = |o: Other| Contested {
        amount: o.amount,
        open_date: o.open_date,
        resolve_date: o.resolve_date,
    };
    Ok(others.into_iter().map(contested).collect())
}
