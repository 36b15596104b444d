//! Disputes over items.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::dispute::Contested;
use crate::domain::error::{Error, Result};
use crate::domain::item::Side;
use crate::domain::money::Currency;
use crate::domain::receivables::{Dispute, DisputeOutcome};
use crate::store::{Store, WriteTx, sql};

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
        let row: Option<ItemRow> = sql::one(
            &self.conn,
            "SELECT currency, amount, open FROM item WHERE id = $1 AND account_id = $2",
            vec![item_id.into(), account_id.into()],
        )
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(DisputedItem {
            side: if row.amount > 0 { Side::Debit } else { Side::Credit },
            currency: currency(&row.currency)?,
            open: row.open,
            future: future(&self.conn, account_id, item_id, from).await?,
            others: contested(&self.conn, account_id, item_id).await?,
        }))
    }

    pub async fn add_dispute(&self, dispute: &Dispute) -> Result<()> {
        sql::execute(
            &self.conn,
            "INSERT INTO dispute (id, account_id, item_id, amount, reason_code, note, open_date, \
             recorded_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            vec![
                dispute.id.into(),
                dispute.account_id.as_str().into(),
                dispute.item_id.into(),
                dispute.amount.into(),
                dispute.reason_code.as_str().into(),
                dispute.note.as_str().into(),
                dispute.open_date.into(),
                dispute.recorded_us.into(),
            ],
        )
        .await?;
        Ok(())
    }

    /// A dispute of the account, as it stands.
    pub async fn dispute(&self, account_id: &str, id: Uuid) -> Result<Option<Dispute>> {
        let row: Option<Row> = sql::one(
            &self.conn,
            "SELECT d.id, d.account_id, d.item_id, i.currency, d.amount, d.reason_code, d.note, \
               d.open_date, e.resolve_date, e.outcome, d.recorded_us \
             FROM dispute d JOIN item i ON i.id = d.item_id \
             LEFT JOIN dispute_end e ON e.dispute_id = d.id \
             WHERE d.id = $1 AND d.account_id = $2",
            vec![id.into(), account_id.into()],
        )
        .await?;
        row.map(Row::into_domain).transpose()
    }

    pub async fn end_dispute(
        &self,
        id: Uuid,
        outcome: DisputeOutcome,
        resolve_date: NaiveDate,
        recorded_us: i64,
    ) -> Result<()> {
        sql::execute(
            &self.conn,
            "INSERT INTO dispute_end (dispute_id, outcome, resolve_date, recorded_us) \
             VALUES ($1, $2, $3, $4)",
            vec![id.into(), outcome.as_str().into(), resolve_date.into(), recorded_us.into()],
        )
        .await?;
        Ok(())
    }
}

impl Store {
    /// The text that people wrote about a dispute; it is kept in this one place.
    pub async fn dispute_note(&self, id: Uuid) -> Result<String> {
        let note = sql::scalar(
            &self.reader,
            "SELECT note AS v FROM dispute WHERE id = $1",
            vec![id.into()],
        )
        .await?;
        note.ok_or_else(|| Error::internal(format!("the dispute {id} is gone")))
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
        "SELECT d.amount, d.open_date, e.resolve_date FROM dispute d \
         LEFT JOIN dispute_end e ON e.dispute_id = d.id \
         WHERE d.account_id = $1 AND d.item_id = $2",
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

#[derive(FromQueryResult)]
struct ItemRow {
    currency: String,
    amount: i64,
    open: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    item_id: Uuid,
    currency: String,
    amount: i64,
    reason_code: String,
    note: String,
    open_date: NaiveDate,
    resolve_date: Option<NaiveDate>,
    outcome: Option<String>,
    recorded_us: i64,
}

impl Row {
    fn into_domain(self) -> Result<Dispute> {
        let Self {
            id,
            account_id,
            item_id,
            currency: code,
            amount,
            reason_code,
            note,
            open_date,
            resolve_date,
            outcome,
            recorded_us,
        } = self;
        let resolved = match resolve_date.zip(outcome) {
            None => None,
            Some((date, name)) => {
                let outcome = DisputeOutcome::parse(&name)
                    .ok_or_else(|| Error::internal(format!("stored outcome {name}")))?;
                Some((date, outcome))
            }
        };
        Ok(Dispute {
            id,
            account_id,
            item_id,
            currency: currency(&code)?,
            amount,
            reason_code,
            note,
            open_date,
            resolved,
            recorded_us,
        })
    }
}

pub(in crate::store) fn currency(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| Error::internal(format!("stored currency {code}")))
}
