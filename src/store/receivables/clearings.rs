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
    /// The clearings that items of a document took part in by then and that were not reset,
    /// each whole, in the order they were made.
    pub async fn clearings_of_document(&self, document: Uuid, at: At) -> Result<Vec<Clearing>> {
        let rows: Vec<Row> = sql::all(
            &self.reader,
            format!(
            "SELECT c.id, c.account_id, c.apply_date, c.recorded_us, r.effective_date, r.reason, \
             {}, ci.currency AS credit_currency, di.currency AS debit_currency \
             FROM clearing c JOIN allocation a ON a.clearing_id = c.id \
             JOIN item ci ON ci.id = a.credit_item JOIN item di ON di.id = a.debit_item \
             LEFT JOIN clearing_reset r ON r.clearing_id = c.id AND r.recorded_us <= $2 \
               AND r.effective_date > $1 \
             WHERE c.id IN (\
               SELECT p.clearing_id FROM item i JOIN allocation p ON p.credit_item = i.id \
               WHERE i.document_id = $3 \
               UNION SELECT p.clearing_id FROM item i JOIN allocation p ON p.debit_item = i.id \
               WHERE i.document_id = $3) \
             AND c.apply_date <= $1 AND c.recorded_us <= $2 \
             AND NOT EXISTS (SELECT 1 FROM clearing_reset x WHERE x.clearing_id = c.id \
               AND x.recorded_us <= $2 AND x.effective_date <= $1) \
             ORDER BY c.recorded_us, c.id, a.position",
            rows::columns::<allocation::Entity>("a")),
            vec![at.as_of.into(), at.known_at.into(), document.into()],
        )
        .await?;
        let mut clearings: Vec<Clearing> = Vec::new();
        for row in rows {
            let (clearing, allocation) = row.into_parts()?;
            match clearings.last_mut().filter(|last| last.id == clearing.id) {
                Some(last) => last.allocations.push(allocation),
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
        };
        Ok((clearing, allocation))
    }
}
