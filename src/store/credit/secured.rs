//! Securities in force, and what of the open items they may cover.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{COUNTS_AT_ONCE, securities};
use crate::domain::credit::security::{Eligible, Security};
use crate::domain::credit::standing::Secured;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::store::entity::credit_security::Column;
use crate::store::rows::Set;
use crate::store::sql;

/// Open items of a security's account by company, currency and due date.
#[derive(FromQueryResult)]
struct OpenRow {
    id: Uuid,
    company_code: String,
    currency: Currency,
    document_date: NaiveDate,
    due_date: NaiveDate,
    /// The halves of a wide sum.
    high: i64,
    low: i64,
}

#[derive(FromQueryResult)]
struct DisputedRow {
    id: Uuid,
    company_code: String,
    currency: Currency,
    due_date: NaiveDate,
    document_date: NaiveDate,
    amount: i64,
}

/// The securities of these ids with what they may cover today.
pub(super) async fn load(
    conn: &impl ConnectionTrait,
    ids: &[Uuid],
    today: NaiveDate,
) -> Result<Vec<Secured>> {
    let found = securities::by_id(conn, ids).await?;
    let mut open = by_due_date(conn, &found).await?;
    open.extend(by_terms(conn, &found).await?);
    open.extend(later(conn, &found, today).await?);
    let disputed = disputed(conn, &found, today).await?;
    let secured = found
        .into_iter()
        .map(|security| {
            let open: Vec<&OpenRow> = open.iter().filter(|row| row.id == security.id).collect();
            let id = security.id;
            let disputed = disputed.iter().filter(|row| row.id == id);
            secured(security, &open, disputed, today)
        })
        .collect();
    Ok(secured)
}

impl OpenRow {
    fn amount(&self) -> i128 {
        sql::widened(self.high, self.low)
    }
}

fn secured<'a>(
    security: Security,
    open: &[&OpenRow],
    disputed: impl Iterator<Item = &'a DisputedRow>,
    today: NaiveDate,
) -> Secured {
    let oldest = security.terms.oldest_eligible(today);
    let is_eligible = |document: NaiveDate, due: NaiveDate| {
        let terms = (due - document).num_days();
        due >= oldest
            && (security.terms.terms_days_max == 0
                || terms <= i64::from(security.terms.terms_days_max))
    };
    let mut sums: BTreeMap<(String, Currency), i128> = BTreeMap::new();
    for row in open.iter().filter(|row| is_eligible(row.document_date, row.due_date)) {
        *sums.entry((row.company_code.clone(), row.currency)).or_default() += row.amount();
    }
    for row in disputed.filter(|row| is_eligible(row.document_date, row.due_date)) {
        *sums.entry((row.company_code.clone(), row.currency)).or_default() -=
            i128::from(row.amount);
    }
    // What is open today alone: a projection may hold what is open from a later day on.
    let mut overdue: BTreeMap<(NaiveDate, &str, Currency), i128> = BTreeMap::new();
    for row in open.iter().filter(|row| row.due_date < today) {
        *overdue.entry((row.due_date, &row.company_code, row.currency)).or_default() +=
            row.amount();
    }
    let oldest_due = overdue.into_iter().find(|(_, open)| *open > 0).map(|((due, ..), _)| due);
    let eligible = sums
        .into_iter()
        .map(|((company_code, currency), open)| Eligible {
            company_code,
            currency,
            open: open.max(0),
        })
        .collect();
    Secured { security, eligible, oldest_due }
}

/// Securities with their accounts, for a statement to join.
fn set<'a>(securities: impl Iterator<Item = &'a Security> + Clone) -> Set {
    Set::new()
        .column(Column::Id, securities.clone().map(|security| security.id))
        .column(Column::AccountId, securities.map(|security| &security.account_id))
}

/// Along the projection by due date: where terms do not matter, neither do documents.
async fn by_due_date(conn: &impl ConnectionTrait, all: &[Security]) -> Result<Vec<OpenRow>> {
    let set = set(all.iter().filter(|security| security.terms.terms_days_max == 0));
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let text = format!(
        "SELECT s.id, d.company_code, d.currency, d.due_date AS document_date, d.due_date, \
           CAST(0 AS BIGINT) AS high, d.amount AS low FROM {} JOIN account_due d ON d.account_id = s.account_id \
         WHERE d.class IN ('ORDINARY', 'RETENTION', 'DUE_PENDING') AND d.items > 0",
        set.table(backend, "s", 1)
    );
    sql::all(conn, text, set.into_values(backend)).await
}

/// Item by item, where longer terms are not eligible.
async fn by_terms(conn: &impl ConnectionTrait, all: &[Security]) -> Result<Vec<OpenRow>> {
    let set = set(all.iter().filter(|security| security.terms.terms_days_max > 0));
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let [high, low] = sql::wide_sum("i.open");
    let text = format!(
        "SELECT s.id, i.company_code, i.currency, i.document_date, i.due_date, \
           {high} AS high, {low} AS low \
         FROM {} JOIN item i ON i.account_id = s.account_id \
         WHERE i.open <> 0 AND i.class IN ('ORDINARY', 'RETENTION', 'DUE_PENDING') \
         GROUP BY s.id, i.company_code, i.currency, i.document_date, i.due_date",
        set.table(backend, "s", 1)
    );
    sql::all(conn, text, set.into_values(backend)).await
}

/// What the projections hold already, and counts from a later day on, taken out again. A debit
/// that is dated ahead counts at once.
async fn later(
    conn: &impl ConnectionTrait,
    all: &[Security],
    today: NaiveDate,
) -> Result<Vec<OpenRow>> {
    let set = set(all.iter());
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let [high, low] = sql::wide_sum("-e.amount");
    let day = set.parameters(backend) + 1;
    let text = format!(
        "SELECT s.id, i.company_code, i.currency, i.document_date, i.due_date, \
           {high} AS high, {low} AS low \
         FROM {} JOIN entry e ON e.account_id = s.account_id AND e.effective_date > ${day} \
         JOIN item i ON i.id = e.item_id AND i.class IN ('ORDINARY', 'RETENTION', 'DUE_PENDING') \
           AND NOT {COUNTS_AT_ONCE} \
         GROUP BY s.id, i.company_code, i.currency, i.document_date, i.due_date",
        set.table(backend, "s", 1)
    );
    let mut values = set.into_values(backend);
    values.push(today.into());
    sql::all(conn, text, values).await
}

/// What is disputed of items open today, of each no more than is open.
async fn disputed(
    conn: &impl ConnectionTrait,
    all: &[Security],
    today: NaiveDate,
) -> Result<Vec<DisputedRow>> {
    let set = set(all.iter().filter(|security| !security.terms.covers_disputed));
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let day = set.parameters(backend) + 1;
    let text = format!(
        "SELECT id, company_code, currency, due_date, document_date, \
           CASE WHEN disputed < open THEN disputed ELSE open END AS amount \
         FROM (SELECT c.id, i.company_code, i.currency, i.due_date, i.document_date, c.disputed, \
             CAST(i.open - COALESCE((SELECT SUM(e.amount) FROM entry e WHERE e.item_id = i.id \
               AND e.effective_date > ${day} AND NOT {COUNTS_AT_ONCE}), 0) AS BIGINT) AS open \
           FROM (SELECT s.id, m.item_id, CAST(SUM(d.amount) AS BIGINT) AS disputed \
             FROM {} JOIN dispute d ON d.account_id = s.account_id AND d.open_date <= ${day} \
             JOIN dispute_item m ON m.dispute_id = d.id \
             LEFT JOIN dispute_end r ON r.dispute_id = d.id AND r.resolve_date <= ${day} \
             WHERE r.dispute_id IS NULL GROUP BY s.id, m.item_id) c \
           JOIN item i ON i.id = c.item_id) contested \
         WHERE open > 0",
        set.table(backend, "s", 1)
    );
    let mut values = set.into_values(backend);
    values.push(today.into());
    sql::all(conn, text, values).await
}
