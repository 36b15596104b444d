//! Closed periods of a company.
//!
//! A posting and a close of the same company must not pass each other. Whoever looks at the
//! closed periods therefore keeps them as they are until its commit: a shared lock for each
//! company, against the exclusive one of a close. SQLite has one writer and needs none.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};
use sha2::{Digest, Sha256};

use crate::domain::error::Result;
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

/// First key of the locks; the settled watermark uses locks of one key, which never meet
/// those of two.
const LOCK_SPACE: i32 = 0x0063_6c73;

impl WriteTx {
    /// The last closed day of each of these companies; one without closed days is missing.
    /// None of them is closed further before this transaction ends.
    pub async fn closed_periods(
        &self,
        companies: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, NaiveDate>> {
        #[derive(FromQueryResult)]
        struct Row {
            company_code: String,
            through_date: NaiveDate,
        }
        let mut companies: Vec<String> = companies.into_iter().collect();
        companies.sort_unstable();
        companies.dedup();
        self.lock_periods(&companies, "pg_advisory_xact_lock_shared").await?;
        let set = sql::set(Kind::Text, companies);
        let sql = format!(
            "SELECT company_code, MAX(through_date) AS through_date FROM period_close \
             WHERE company_code IN {} GROUP BY company_code",
            set.subquery(&self.conn, 1)
        );
        let rows: Vec<Row> = sql::all(&self.conn, sql, set.values(&self.conn)).await?;
        Ok(rows.into_iter().map(|row| (row.company_code, row.through_date)).collect())
    }

    /// The last closed day of a company about to be closed further. Waits for the postings
    /// under way and keeps new ones waiting.
    pub async fn closed_period_to_extend(&self, company_code: &str) -> Result<Option<NaiveDate>> {
        self.lock_periods(&[company_code.to_owned()], "pg_advisory_xact_lock").await?;
        let last = sql::scalar::<Option<NaiveDate>>(
            &self.conn,
            "SELECT MAX(through_date) AS v FROM period_close WHERE company_code = $1",
            vec![company_code.into()],
        )
        .await?;
        Ok(last.flatten())
    }

    /// Closes the books of a company through a day.
    pub async fn close_period(
        &mut self,
        company_code: &str,
        through_date: NaiveDate,
    ) -> Result<()> {
        let recorded = self.recorded_at().await?;
        sql::execute(
            &self.conn,
            "INSERT INTO period_close (company_code, through_date, recorded_us) \
             VALUES ($1, $2, $3)",
            vec![company_code.into(), through_date.into(), recorded.into()],
        )
        .await?;
        Ok(())
    }

    /// `companies` in ascending order, so that two transactions ask in the same one.
    async fn lock_periods(&self, companies: &[String], lock: &'static str) -> Result<()> {
        if self.conn.get_database_backend() == DbBackend::Sqlite || companies.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<i64> = companies.iter().map(|code| lock_key(code)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut rows = Rows::new(&[("v", Kind::Int)]);
        for key in keys {
            rows.push([Cell::from(key)]);
        }
        let sql = format!(
            "SELECT {lock}({LOCK_SPACE}, CAST(k.v AS INTEGER)) FROM \
             (SELECT v FROM {} ORDER BY v) AS k",
            rows.table(&self.conn, "r", 1)
        );
        sql::execute(&self.conn, sql, rows.values(&self.conn)).await?;
        Ok(())
    }
}

/// Two companies of the same key only wait for each other.
fn lock_key(company_code: &str) -> i64 {
    let hash = Sha256::digest(company_code.as_bytes());
    i32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).into()
}
