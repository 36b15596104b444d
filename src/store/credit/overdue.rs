//! The documents behind a reason about overdue items.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::store::rows::Set;
use crate::store::{Store, WriteTx, sql};

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
    pub amount: i128,
    /// Whether a later day takes something of them, even if it comes back after that.
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
    currency: Currency,
    high: i64,
    low: i64,
    paid_ahead: i64,
}

/// The items of the queries in `r` that are open today: also those of which a later day takes the
/// rest, and none that only a later day opens again. `ahead` is what later days add to them in
/// all, negative if they take; `taken` what they take. `open` is what is open today, or less.
fn items(rows: &str) -> String {
    let dated = "i.class IN ('ORDINARY', 'RETENTION') AND i.due_date < q.due_before";
    let item = "q.n, i.id, i.company_code, i.currency, i.due_date, i.document_id, \
        CASE WHEN l.ahead > 0 THEN i.open - l.ahead ELSE i.open END AS open";
    format!(
        "WITH q AS (SELECT * FROM {rows}), \
         later AS (SELECT q.n, e.item_id, SUM(e.amount) AS ahead, \
             SUM(CASE WHEN e.amount < 0 THEN e.amount ELSE 0 END) AS taken FROM q \
           JOIN entry e ON e.account_id = q.account_id AND e.effective_date > q.today \
           GROUP BY q.n, e.item_id), \
         found AS (SELECT {item}, COALESCE(l.taken, 0) AS taken FROM q \
           JOIN item i ON i.account_id = q.account_id \
           LEFT JOIN later l ON l.n = q.n AND l.item_id = i.id \
           WHERE i.open > 0 AND i.open > COALESCE(l.ahead, 0) AND {dated} \
           UNION ALL SELECT {item}, l.taken FROM q JOIN later l ON l.n = q.n \
           JOIN item i ON i.id = l.item_id WHERE i.open = 0 AND l.ahead < 0 AND {dated}) "
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
        let backend = conn.get_database_backend();
        let asked = Set::new()
            .named("n", 0_i64..queries.len() as i64)
            .named("account_id", queries.iter().map(|query| &query.account_id))
            .named("due_before", queries.iter().map(|query| query.due_before))
            .named("today", queries.iter().map(|query| query.today));
        let items = items(&asked.table(backend, "r", 1));
        let mut values = asked.into_values(backend);
        let [high, low] = sql::wide_sum("open");
        let text = format!(
            "{items} SELECT n, company_code, currency, {high} AS high, {low} AS low, \
               CAST(MAX(CASE WHEN taken < 0 THEN 1 ELSE 0 END) AS BIGINT) AS paid_ahead \
             FROM found GROUP BY n, company_code, currency ORDER BY n, company_code, currency"
        );
        for row in sql::all::<SumRow>(conn, text, values.clone()).await? {
            let SumRow { n, company_code, currency, high, low, paid_ahead } = row;
            let amount = sql::widened(high, low);
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
        load(&self.reader(), queries, most).await
    }
}
