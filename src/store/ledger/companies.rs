//! Companies of documents, for their closed periods.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::domain::error::Result;
use crate::store::WriteTx;
use crate::store::sql::{self, Kind};

impl WriteTx {
    /// The last closed day of the companies these documents belong to.
    pub async fn closed_periods_of(
        &self,
        documents: &[Uuid],
    ) -> Result<HashMap<String, NaiveDate>> {
        #[derive(FromQueryResult)]
        struct Row {
            company_code: String,
        }
        let set = sql::set(Kind::Uuid, documents.iter().copied());
        let rows: Vec<Row> = sql::all(
            &self.conn,
            format!(
                "SELECT DISTINCT company_code FROM document WHERE id IN {}",
                set.subquery(&self.conn, 1)
            ),
            set.values(&self.conn),
        )
        .await?;
        self.closed_periods(rows.into_iter().map(|row| row.company_code)).await
    }
}
