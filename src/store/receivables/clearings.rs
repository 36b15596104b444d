//! Clearings that count at a point.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::At;
use crate::domain::books::AllocationRow;
use crate::domain::error::Result;
use crate::domain::ledger::{Allocation, Clearing};
use crate::domain::money::Currency;
use crate::store::entity::allocation;
use crate::store::{Store, rows, sql};

impl Store {
    /// The clearings with allocations of a document that count at a point, each with all its
    /// allocations that do, in the order they were made.
    pub async fn clearings_of_document(&self, document: Uuid, at: At) -> Result<Vec<Clearing>> {
        let counts = |of: &str| {
            format!(
                "NOT EXISTS (SELECT 1 FROM allocation_reset x WHERE x.clearing_id = {of}.clearing_id \
                 AND x.position = {of}.position AND x.recorded_us <= $2 AND x.effective_date <= $1)"
            )
        };
        let of_document = |side: &str| {
            format!(
                "SELECT p.clearing_id FROM item i JOIN allocation p ON p.{side} = i.id \
                 WHERE i.document_id = $3 AND {}",
                counts("p")
            )
        };
        let text = format!(
            "SELECT c.id, c.account_id, c.apply_date, c.recorded_us, r.effective_date, r.reason, \
             {}, ci.currency AS credit_currency, di.currency AS debit_currency \
             FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
             JOIN item ci ON ci.id = a.credit_item JOIN item di ON di.id = a.debit_item \
             LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
               AND r.position = a.position AND r.recorded_us <= $2 AND r.effective_date > $1 \
             WHERE c.id IN ({} UNION {}) \
             AND c.apply_date <= $1 AND c.recorded_us <= $2 AND {} \
             ORDER BY c.recorded_us, c.id, a.position",
            rows::columns::<allocation::Entity>("a"),
            of_document("credit_item"),
            of_document("debit_item"),
            counts("a"),
        );
        let values = vec![at.as_of.into(), at.known_at.into(), document.into()];
        let rows: Vec<Row> = sql::all(&self.reader(), text, values).await?;
        let mut clearings: Vec<Clearing> = Vec::new();
        for row in rows {
            let (clearing, allocation) = row.into_parts()?;
            match clearings.last_mut().filter(|last| last.id == clearing.id) {
                Some(last) => {
                    // A clearing ends with the last of its allocations, and goes on with one
                    // that is not reset.
                    let later = last.reset.take().zip(clearing.reset);
                    last.reset = later.map(|(a, b)| if a.0 < b.0 { b } else { a });
                    last.allocations.push(allocation);
                }
                None => clearings.push(Clearing { allocations: vec![allocation], ..clearing }),
            }
        }
        Ok(clearings)
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    apply_date: NaiveDate,
    recorded_us: i64,
    effective_date: Option<NaiveDate>,
    reason: Option<String>,
    #[sea_orm(nested)]
    allocation: allocation::Model,
    credit_currency: Currency,
    debit_currency: Currency,
}

impl Row {
    fn into_parts(self) -> Result<(Clearing, Allocation)> {
        let Self {
            id,
            account_id,
            apply_date,
            recorded_us,
            effective_date,
            reason,
            allocation,
            credit_currency,
            debit_currency,
        } = self;
        let AllocationRow { credit_item, debit_item, amount, credit_amount, rate } =
            allocation.into_allocation()?;
        let clearing = Clearing {
            id,
            account_id,
            apply_date,
            allocations: Vec::new(),
            recorded_us,
            reset: effective_date.zip(reason.map(Into::into)),
        };
        let allocation = Allocation {
            credit_item,
            debit_item,
            debit_currency,
            amount,
            credit_currency,
            credit_amount,
            rate,
            reset_date: effective_date,
        };
        Ok((clearing, allocation))
    }
}
