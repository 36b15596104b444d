//! Closed periods of a company.
//!
//! A posting and a close of the same company must not pass each other. Whoever looks at the
//! closed periods therefore keeps them as they are until its commit: a shared lock for each
//! company, against the exclusive one of a close. SQLite has one writer and needs none.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use sha2::{Digest, Sha256};

use crate::domain::error::Result;
use crate::store::entity::period_close::{Column, Entity, Model};
use crate::store::error::store_error;
use crate::store::rows::{self, Set};
use crate::store::{WriteTx, sql};

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
        let mut companies: Vec<String> = companies.into_iter().collect();
        companies.sort_unstable();
        companies.dedup();
        self.lock_periods(&companies, "pg_advisory_xact_lock_shared").await?;
        let closed = Entity::find()
            .select_only()
            .column(Column::CompanyCode)
            .column_as(Column::ThroughDate.max(), "last")
            .filter(rows::among(self.conn.get_database_backend(), Column::CompanyCode, companies))
            .group_by(Column::CompanyCode)
            .into_tuple::<(String, NaiveDate)>();
        Ok(closed.all(&self.conn).await.map_err(store_error)?.into_iter().collect())
    }

    /// The last closed day of a company about to be closed further. Waits for the postings
    /// under way and keeps new ones waiting.
    pub async fn closed_period_to_extend(&self, company_code: &str) -> Result<Option<NaiveDate>> {
        self.lock_periods(&[company_code.to_owned()], "pg_advisory_xact_lock").await?;
        let last = Entity::find()
            .filter(Column::CompanyCode.eq(company_code))
            .order_by_desc(Column::ThroughDate)
            .limit(1);
        Ok(rows::one(&self.conn, last).await?.map(|row| row.through_date))
    }

    /// Closes the books of a company through a day.
    pub async fn close_period(
        &mut self,
        company_code: &str,
        through_date: NaiveDate,
    ) -> Result<()> {
        let row = Model {
            company_code: company_code.to_owned(),
            through_date,
            recorded_us: self.recorded_at().await?,
        };
        rows::insert_one(&self.conn, row).await
    }

    /// `companies` in ascending order, so that two transactions ask in the same one.
    async fn lock_periods(&self, companies: &[String], lock: &'static str) -> Result<()> {
        if self.conn.get_database_backend() == DbBackend::Sqlite || companies.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<i64> = companies.iter().map(|code| lock_key(code)).collect();
        keys.sort_unstable();
        keys.dedup();
        let (backend, keys) = (self.conn.get_database_backend(), Set::one(keys));
        let text = format!(
            "SELECT {lock}({LOCK_SPACE}, CAST(k.v AS INTEGER)) FROM \
             (SELECT v FROM {} ORDER BY v) AS k",
            keys.table(backend, "r", 1)
        );
        sql::execute(&self.conn, text, keys.into_values(backend)).await?;
        Ok(())
    }
}

/// Two companies of the same key only wait for each other.
fn lock_key(company_code: &str) -> i64 {
    let hash = Sha256::digest(company_code.as_bytes());
    i32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).into()
}
