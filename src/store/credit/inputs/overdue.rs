//! What is overdue of accounts.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};

use super::of;
use crate::domain::credit::standing::OverdueCell;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::store::sql;

#[derive(FromQueryResult)]
struct Row {
    account_id: String,
    currency: Currency,
    company_code: String,
    /// The halves of a wide sum.
    high: i64,
    low: i64,
    oldest_due: NaiveDate,
}

/// What was due before `cutoff` and is open today. Where later days change anything, by due date first,
/// without what they add to the projection: an item that only a later day opens again is not the oldest
/// today. Both classes are debits, of which what is open is never negative: a due date with open items is
/// one with something overdue.
pub(super) async fn load(
    conn: &impl ConnectionTrait,
    accounts: &[String],
    today: NaiveDate,
    cutoff: NaiveDate,
) -> Result<Vec<(String, OverdueCell)>> {
    let backend = conn.get_database_backend();
    let text = |within: &dyn Fn(&str) -> String| text(backend, within);
    let rows = of(conn, accounts, vec![today.into(), cutoff.into()], text);
    let cell = |row: Row| {
        let Row { account_id, currency, company_code, high, low, oldest_due } = row;
        let amount = sql::widened(high, low);
        let of = account_id.clone();
        (of, OverdueCell { account_id, company_code, currency, amount, oldest_due })
    };
    Ok(rows.await?.into_iter().map(cell).collect())
}

/// `$2` is today, `$3` the cutoff.
fn text(backend: DbBackend, within: &dyn Fn(&str) -> String) -> String {
    let dated = "('ORDINARY', 'RETENTION')";
    let dues = format!(
        "account_due d WHERE {} AND d.class IN {dated} AND d.due_date < $3 AND d.items > 0",
        within("d.account_id")
    );
    // Read by the index of the accounts and kept: asked whether there is one, PostgreSQL would look through
    // the table for the first where it knows nothing of how many there are.
    let late = format!(
        "late AS MATERIALIZED (SELECT e.account_id, e.item_id, e.amount FROM entry e \
           WHERE {} AND e.effective_date > $2)",
        within("e.account_id")
    );
    let changed = "EXISTS (SELECT 1 FROM late)";
    let late_items = super::within(backend, "i.id", "SELECT item_id FROM late");
    let [whole_high, whole_low] = sql::wide_sum("d.amount");
    let [high, low] = sql::halves("m.amount");
    format!(
        "WITH {late} \
         SELECT d.account_id, d.currency, d.company_code, {whole_high} AS high, \
           {whole_low} AS low, MIN(d.due_date) AS oldest_due \
         FROM {dues} AND NOT {changed} GROUP BY d.account_id, d.currency, d.company_code \
         UNION ALL SELECT o.account_id, o.currency, o.company_code, \
           CAST(SUM(o.high) AS BIGINT), CAST(SUM(o.low) AS BIGINT), MIN(o.due_date) \
         FROM (SELECT m.account_id, m.currency, m.company_code, m.due_date, \
             SUM({high}) AS high, SUM({low}) AS low \
           FROM (SELECT d.account_id, d.currency, d.company_code, d.due_date, d.amount \
             FROM {dues} AND {changed} \
             UNION ALL SELECT e.account_id, i.currency, i.company_code, i.due_date, -e.amount \
             FROM item i JOIN late e ON e.item_id = i.id \
             WHERE {late_items} AND i.class IN {dated} AND i.due_date < $3) m \
           GROUP BY m.account_id, m.currency, m.company_code, m.due_date \
           HAVING {is_open}) o \
         GROUP BY o.account_id, o.currency, o.company_code",
        is_open = sql::is_something("m.amount"),
    )
}
