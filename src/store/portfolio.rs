//! The book as a whole: what accounts owe and under whom they stand on a day, and when they bought.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::account::links_that_count;
use super::rows::Set;
use super::{ReadTx, sql};
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::portfolio::repurchase::Bought;

/// What an account owes in a currency, credits deducted.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Balance {
    pub account_id: String,
    pub currency: Currency,
    /// Minor units.
    pub amount: i64,
}

/// The days with an invoice that was not taken back, by account, until the day `$1`.
const INVOICES: &str = "FROM document d WHERE d.kind = 'INVOICE' AND d.posting_date <= $1 \
    AND NOT EXISTS (SELECT 1 FROM document_end e \
      WHERE e.document_id = d.id AND e.effective_date <= $1)";

impl ReadTx {
    /// What accounts owe on a day, as recorded by now; related parties are left out.
    pub async fn balances(&self, day: NaiveDate) -> Result<Vec<Balance>> {
        let text = "SELECT s.account_id, s.currency, s.amount FROM ( \
               SELECT m.account_id, m.currency, CAST(SUM(m.amount) AS BIGINT) AS amount FROM ( \
                 SELECT d.account_id, d.currency, d.amount FROM account_due d UNION ALL \
                 SELECT e.account_id, i.currency, -e.amount FROM entry e \
                 JOIN item i ON i.id = e.item_id WHERE e.effective_date > $1) m \
               GROUP BY m.account_id, m.currency HAVING SUM(m.amount) <> 0) s \
             JOIN account a ON a.id = s.account_id AND NOT a.related_party \
             ORDER BY s.account_id, s.currency";
        sql::all(&self.conn, text, vec![day.into()]).await
    }

    /// Under whom accounts stand on a day, as recorded by now; those under nobody are missing.
    pub async fn parents_on(&self, day: NaiveDate) -> Result<HashMap<String, String>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            parent_id: String,
        }
        let counts = links_that_count("$1", "$2");
        let text = format!(
            "SELECT l.account_id, l.parent_id FROM account_link l \
             WHERE l.parent_id <> '' AND {counts}"
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, vec![day.into(), i64::MAX.into()]).await?;
        Ok(rows.into_iter().map(|row| (row.account_id, row.parent_id)).collect())
    }

    /// When accounts were invoiced first and last, and on how many days.
    pub async fn bought(&self, day: NaiveDate) -> Result<Vec<Bought>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            days: i64,
            first_day: NaiveDate,
            last_day: NaiveDate,
        }
        let text = format!(
            "SELECT d.account_id, COUNT(DISTINCT d.posting_date) AS days, \
               MIN(d.posting_date) AS first_day, MAX(d.posting_date) AS last_day \
             {INVOICES} AND d.account_id NOT IN (SELECT id FROM account WHERE related_party) \
             GROUP BY d.account_id ORDER BY d.account_id"
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, vec![day.into()]).await?;
        let bought = |row: Row| {
            let Row { account_id, days, first_day, last_day } = row;
            Bought { account_id, days, first_day, last_day }
        };
        Ok(rows.into_iter().map(bought).collect())
    }

    /// The latest days on which these accounts were invoiced, at most `max` of each, the latest
    /// first, as known at an instant in microseconds since the epoch. One statement, however many they are.
    pub async fn invoice_days(
        &self,
        account_ids: &[String],
        day: NaiveDate,
        known_us: i64,
        max: usize,
    ) -> Result<BTreeMap<String, Vec<NaiveDate>>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            posting_date: NaiveDate,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().map(String::as_str));
        let text = format!(
            "SELECT account_id, posting_date FROM ( \
               SELECT account_id, posting_date, ROW_NUMBER() OVER ( \
                 PARTITION BY account_id ORDER BY posting_date DESC) AS place FROM ( \
                   SELECT DISTINCT d.account_id, d.posting_date FROM document d \
                   WHERE d.kind = 'INVOICE' AND d.posting_date <= $1 AND d.recorded_us <= $3 \
                   AND NOT EXISTS (SELECT 1 FROM document_end e WHERE e.document_id = d.id \
                     AND e.effective_date <= $1 AND e.recorded_us <= $3) \
                   AND d.account_id IN {these}) days) ranked \
             WHERE place <= $2 ORDER BY account_id, posting_date DESC",
            these = these.subquery(backend, 4)
        );
        let mut values = vec![day.into(), (max as i64).into(), known_us.into()];
        values.extend(these.into_values(backend));
        let mut days: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
        for Row { account_id, posting_date } in sql::all(&self.conn, text, values).await? {
            days.entry(account_id).or_default().push(posting_date);
        }
        Ok(days)
    }
}
