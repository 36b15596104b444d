//! The documents behind a reason about overdue items.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{Store, WriteTx};

/// What is looked for: items of an account that were due before a day.
#[derive(Debug, Clone)]
pub struct OverdueQuery {
    pub account_id: String,
    pub due_before: NaiveDate,
}

/// What was found for one query.
#[derive(Debug, Clone, Default)]
pub struct OverdueEvidence {
    /// Company, due date and document of the oldest items of each company.
    pub oldest: Vec<(String, NaiveDate, Uuid)>,
    /// All that is open of them, by company and currency.
    pub sums: Vec<(String, Currency, i64)>,
}

#[derive(FromQueryResult)]
struct OldestRow {
    n: i64,
    company_code: String,
    due_date: NaiveDate,
    document_id: Uuid,
}

#[derive(FromQueryResult)]
struct SumRow {
    n: i64,
    company_code: String,
    currency: String,
    amount: i64,
}

/// The evidence of each query, the oldest `most` documents of each company.
async fn load(
    conn: &impl ConnectionTrait,
    queries: &[OverdueQuery],
    most: i64,
) -> Result<Vec<OverdueEvidence>> {
    let mut found: HashMap<i64, OverdueEvidence> = HashMap::new();
    if !queries.is_empty() {
        let mut rows =
            Rows::new(&[("n", Kind::Int), ("account_id", Kind::Text), ("due_before", Kind::Date)]);
        for (n, query) in (0_i64..).zip(queries) {
            rows.push([Cell::from(n), (&query.account_id).into(), query.due_before.into()]);
        }
        let items = format!(
            "{} JOIN item i ON i.account_id = q.account_id AND i.due_date < q.due_before \
             WHERE i.open > 0 AND i.class IN ('ORDINARY', 'RETENTION')",
            rows.table(conn, "q", 1)
        );
        let mut values = rows.values(conn);
        let text = format!(
            "SELECT q.n, i.company_code, i.currency, CAST(SUM(i.open) AS BIGINT) AS amount \
             FROM {items} GROUP BY q.n, i.company_code, i.currency \
             ORDER BY q.n, i.company_code, i.currency"
        );
        for row in sql::all::<SumRow>(conn, text, values.clone()).await? {
            let unreadable = || Error::internal(format!("stored currency {}", row.currency));
            let currency = Currency::parse(&row.currency).ok_or_else(unreadable)?;
            found.entry(row.n).or_default().sums.push((row.company_code, currency, row.amount));
        }
        values.push(most.into());
        let text = format!(
            "SELECT n, company_code, due_date, document_id FROM \
               (SELECT q.n, i.company_code, i.due_date, i.document_id, ROW_NUMBER() OVER \
                 (PARTITION BY q.n, i.company_code ORDER BY i.due_date, i.id) AS place \
                FROM {items}) AS ranked \
             WHERE place <= ${} ORDER BY n, due_date, document_id",
            values.len()
        );
        for row in sql::all::<OldestRow>(conn, text, values).await? {
            let of = &mut found.entry(row.n).or_default().oldest;
            of.push((row.company_code, row.due_date, row.document_id));
        }
    }
    Ok((0_i64..).zip(queries).map(|(n, _)| found.remove(&n).unwrap_or_default()).collect())
}

impl WriteTx {
    /// What is overdue behind each query, in their order.
    pub async fn overdue_evidence(
        &self,
        queries: &[OverdueQuery],
        most: i64,
    ) -> Result<Vec<OverdueEvidence>> {
        load(&self.conn, queries, most).await
    }
}

impl Store {
    /// As [`WriteTx::overdue_evidence`].
    pub async fn overdue_evidence(
        &self,
        queries: &[OverdueQuery],
        most: i64,
    ) -> Result<Vec<OverdueEvidence>> {
        load(&self.reader, queries, most).await
    }
}
