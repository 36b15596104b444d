//! Control totals: balances of the general ledger beside ours.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;

use crate::domain::error::{Error, Result};
use crate::domain::money::Money;
use crate::store::entity::control_total;
use crate::store::{WriteTx, rows, sql};

/// A balance of this ledger, and up to when everything recorded is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookBalance {
    pub balance: i64,
    /// Microseconds since the epoch.
    pub known_at: i64,
    /// Something had been recorded by then.
    pub known: bool,
}

impl WriteTx {
    pub async fn add_control_total(
        &mut self,
        company_code: &str,
        date: NaiveDate,
        amount: Money,
    ) -> Result<()> {
        let row = control_total::Model {
            company_code: company_code.to_owned(),
            currency: amount.currency,
            total_date: date,
            recorded_us: self.recorded_at().await?,
            amount: amount.minor,
        };
        rows::insert_one(&self.conn, row).await
    }

    /// The balance of a company in one currency at the end of a day, as far as settled: what
    /// is recorded later is left out, so that a read of that point answers the same.
    pub async fn book_balance(
        &self,
        company_code: &str,
        currency: &str,
        date: NaiveDate,
    ) -> Result<BookBalance> {
        #[derive(FromQueryResult)]
        struct Row {
            balance: i64,
            known: bool,
        }
        // Before the statement that looks at the book: all that is recorded by then, it sees.
        let known_at = self.settled().await?;
        let row: Option<Row> = sql::one(
            &self.conn,
            "SELECT CAST( \
               (SELECT COALESCE(SUM(amount), 0) FROM book_due \
                 WHERE currency = $2 AND company_code = $1) - \
               (SELECT COALESCE(SUM(e.amount), 0) FROM entry e JOIN item i ON i.id = e.item_id \
                 WHERE e.effective_date > $3 AND i.currency = $2 AND i.company_code = $1) - \
               (SELECT COALESCE(SUM(e.amount), 0) FROM entry e JOIN item i ON i.id = e.item_id \
                 WHERE e.recorded_us > $4 AND e.effective_date <= $3 \
                   AND i.currency = $2 AND i.company_code = $1) AS BIGINT) AS balance, \
               EXISTS (SELECT 1 FROM entry WHERE recorded_us <= $4) AS known",
            vec![company_code.into(), currency.into(), date.into(), known_at.into()],
        )
        .await?;
        let Row { balance, known } =
            row.ok_or_else(|| Error::internal("the book balance has no row"))?;
        Ok(BookBalance { balance, known_at, known })
    }
}
