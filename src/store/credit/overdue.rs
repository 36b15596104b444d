//! The documents behind a reason about overdue items.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{Store, WriteTx};

/// What is looked for: items of an account that were due before a day, and are open today.
#[derive(Debug, Clone)]
pub struct OverdueQuery {
    pub account_id: String,
    pub due_before: NaiveDate,
    pub today: NaiveDate,
}

/// What was found for one query.
#[derive(Debug, Clone, Default)]
pub struct OverdueEvidence {
    /// Company, due date and document of the oldest items of each company.
    pub oldest: Vec<(String, NaiveDate, Uuid)>,
    /// All that may still be paid of them, by company and currency.
    pub sums: Vec<Payable>,
}

/// What of the overdue items of a company may still be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payable {
    pub company_code: String,
    pub currency: Currency,
    pub amount: i64,
    /// Whether some of them are paid by what takes effect on a later day.
    pub paid_ahead: bool,
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
    paid_ahead: i64,
}

/// The items of the queries in `r`: those that are open, and those of which a later day takes
/// the rest.
fn items(rows: &str) -> String {
    let dated = "i.class IN ('ORDINARY', 'RETENTION') AND i.due_date < q.due_before";
    let item = "q.n, i.id, i.company_code, i.currency, i.due_date, i.document_id, i.open";
    format!(
        "WITH q AS (SELECT * FROM {rows}), \
         found AS (SELECT {item} FROM q JOIN item i ON i.account_id = q.account_id \
           WHERE i.open > 0 AND {dated} \
           UNION ALL SELECT {item} FROM q \
           JOIN entry e ON e.account_id = q.account_id AND e.effective_date > q.today \
           JOIN item i ON i.id = e.item_id WHERE i.open = 0 AND {dated} \
           GROUP BY {item} HAVING SUM(e.amount) < 0) "
    )
}

/// The evidence of each query, the oldest `most` documents of each company.
async fn load(
    conn: &impl ConnectionTrait,
    queries: &[OverdueQuery],
    most: i64,
) -> Result<Vec<OverdueEvidence>> {
    let mut found: HashMap<i64, OverdueEvidence> = HashMap::new();
    if !queries.is_empty() {
        let mut rows = Rows::new(&[
            ("n", Kind::Int),
            ("account_id", Kind::Text),
            ("due_before", Kind::Date),
            ("today", Kind::Date),
        ]);
        for (n, query) in (0_i64..).zip(queries) {
            let OverdueQuery { account_id, due_before, today } = query;
            let (due_before, today) = ((*due_before).into(), (*today).into());
            rows.push([Cell::from(n), account_id.into(), due_before, today]);
        }
        let items = items(&rows.table(conn, "r", 1));
        let mut values = rows.values(conn);
        let text = format!(
            "{items} SELECT n, company_code, currency, CAST(SUM(open) AS BIGINT) AS amount, \
               CAST(MAX(CASE WHEN open = 0 THEN 1 ELSE 0 END) AS BIGINT) AS paid_ahead \
             FROM found GROUP BY n, company_code, currency ORDER BY n, company_code, currency"
        );
        for row in sql::all::<SumRow>(conn, text, values.clone()).await? {
            let unreadable = || Error::internal(format!("stored currency {}", row.currency));
            let currency = Currency::parse(&row.currency).ok_or_else(unreadable)?;
            let SumRow { n, company_code, currency: _, amount, paid_ahead } = row;
            let payable = Payable { company_code, currency, amount, paid_ahead: paid_ahead != 0 };
            found.entry(n).or_default().sums.push(payable);
        }
        values.push(most.into());
        let text = format!(
            "{items} SELECT n, company_code, due_date, document_id FROM \
               (SELECT n, company_code, due_date, document_id, ROW_NUMBER() OVER \
                 (PARTITION BY n, company_code ORDER BY due_date, id) AS place \
                FROM found) AS ranked \
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
