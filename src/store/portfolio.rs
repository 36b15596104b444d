//! The book as a whole: what accounts owe and under whom they stand on a day, and when they bought.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::account::links_that_count;
use super::rows::Set;
use super::{ReadTx, sql};
use crate::domain::dates::NO_DATE;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::portfolio::repurchase::Bought;
use crate::domain::portfolio::rhythm::InvoiceDay;

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

/// That account `a` takes part in the figures of a day which is over at `ends_us`: it is no related
/// party, and was not deleted by then. What is deleted later leaves the day as it was.
pub(super) fn takes_part(a: &str, ends_us: &str) -> String {
    format!("NOT {a}.related_party AND ({a}.delete_us = 0 OR {a}.delete_us >= {ends_us})")
}

impl ReadTx {
    /// What the accounts that take part in a day owe on it, as recorded by now. The day is over at
    /// `ends_us`.
    pub async fn balances(&self, day: NaiveDate, ends_us: i64) -> Result<Vec<Balance>> {
        let text = format!(
            "SELECT s.account_id, s.currency, s.amount FROM ( \
               SELECT m.account_id, m.currency, CAST(SUM(m.amount) AS BIGINT) AS amount FROM ( \
                 SELECT d.account_id, d.currency, d.amount FROM account_due d UNION ALL \
                 SELECT e.account_id, i.currency, -e.amount FROM entry e \
                 JOIN item i ON i.id = e.item_id WHERE e.effective_date > $1) m \
               GROUP BY m.account_id, m.currency HAVING SUM(m.amount) <> 0) s \
             JOIN account a ON a.id = s.account_id AND {takes_part} \
             ORDER BY s.account_id, s.currency",
            takes_part = takes_part("a", "$2")
        );
        sql::all(&self.conn, text, vec![day.into(), ends_us.into()]).await
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

    /// When the accounts that take part in a day, which is over at `ends_us`, were invoiced first and
    /// last by then, and on how many days.
    pub async fn bought(&self, day: NaiveDate, ends_us: i64) -> Result<Vec<Bought>> {
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
             {INVOICES} AND d.account_id IN (SELECT a.id FROM account a WHERE {takes_part}) \
             GROUP BY d.account_id ORDER BY d.account_id",
            takes_part = takes_part("a", "$2")
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, vec![day.into(), ends_us.into()]).await?;
        let bought = |row: Row| {
            let Row { account_id, days, first_day, last_day } = row;
            Bought { account_id, days, first_day, last_day }
        };
        Ok(rows.into_iter().map(bought).collect())
    }

    /// The days on which these accounts were invoiced, the latest first, as known at an instant in
    /// microseconds since the epoch: all after a day and all that were ever taken back, and of the
    /// others the latest `max` of each, `None` for all. So what is told of that day and from it on rests
    /// on everything that counts for it. One statement, however many they are.
    pub async fn invoice_days(
        &self,
        account_ids: &[String],
        day: NaiveDate,
        known_us: i64,
        max: Option<usize>,
    ) -> Result<BTreeMap<String, Vec<InvoiceDay>>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            posting_date: NaiveDate,
            ended: NaiveDate,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().map(String::as_str));
        let text = format!(
            "SELECT account_id, posting_date, ended FROM ( \
               SELECT account_id, posting_date, ended, kept, ROW_NUMBER() OVER ( \
                 PARTITION BY account_id, kept ORDER BY posting_date DESC) AS place FROM ( \
                   SELECT account_id, posting_date, ended, \
                     CASE WHEN ended < $4 OR posting_date > $1 THEN 1 ELSE 0 END AS kept FROM ( \
                       SELECT d.account_id, d.posting_date, \
                         MAX(COALESCE(e.effective_date, $4)) AS ended FROM document d \
                       LEFT JOIN document_end e ON e.document_id = d.id AND e.recorded_us <= $3 \
                       WHERE d.kind = 'INVOICE' AND d.recorded_us <= $3 \
                       AND d.account_id IN {these} \
                       GROUP BY d.account_id, d.posting_date) days) told) ranked \
             WHERE kept = 1 OR place <= $2 ORDER BY account_id, posting_date DESC",
            these = these.subquery(backend, 5)
        );
        let max = max.map_or(i64::MAX, |max| max as i64);
        let mut values = vec![day.into(), max.into(), known_us.into(), NO_DATE.into()];
        values.extend(these.into_values(backend));
        let mut days: BTreeMap<String, Vec<InvoiceDay>> = BTreeMap::new();
        for Row { account_id, posting_date, ended } in sql::all(&self.conn, text, values).await? {
            let ended = Some(ended).filter(|ended| *ended < NO_DATE);
            days.entry(account_id).or_default().push(InvoiceDay { day: posting_date, ended });
        }
        Ok(days)
    }
}
