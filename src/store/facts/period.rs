//! Closed periods of a company.
//!
//! A posting and a close of the same company must not pass each other. Whoever looks at the
//! closed periods therefore keeps them as they are until its commit: a shared lock for each
//! company, against the exclusive one of a close. SQLite has one writer and needs none.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::domain::error::Result;
use crate::store::entity::period_close::{Column, Entity, Model};
use crate::store::lock::{self, Mode, Space};
use crate::store::{WriteTx, rows};

/// The last closed day of a company.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "Entity")]
struct Closed {
    company_code: String,
    #[sea_orm(from_expr = "Column::ThroughDate.max()")]
    last: NaiveDate,
}

impl WriteTx {
    /// The last closed day of each of these companies; one without closed days is missing.
    /// None of them is closed further before this transaction ends.
    pub async fn closed_periods(
        &self,
        companies: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, NaiveDate>> {
        let companies: BTreeSet<String> = companies.into_iter().collect();
        let names = companies.iter().map(String::as_str);
        lock::hold_names(&self.conn, Space::Periods, Mode::Shared, names).await?;
        let closed = Entity::find()
            .filter(rows::among(self.conn.get_database_backend(), Column::CompanyCode, companies))
            .group_by(Column::CompanyCode);
        let closed: Vec<Closed> = rows::parts(&self.conn, closed).await?;
        Ok(closed.into_iter().map(|of| (of.company_code, of.last)).collect())
    }

    /// The last closed day of a company about to be closed further. Waits for the postings
    /// under way and keeps new ones waiting.
    pub async fn closed_period_to_extend(&self, company_code: &str) -> Result<Option<NaiveDate>> {
        lock::hold_names(&self.conn, Space::Periods, Mode::Exclusive, [company_code]).await?;
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
}
