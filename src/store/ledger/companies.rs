//! Companies of documents, for their closed periods.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::domain::error::Result;
use crate::store::entity::document::{Column, Entity};
use crate::store::error::store_error;
use crate::store::{WriteTx, rows};

impl WriteTx {
    /// The last closed day of the companies these documents belong to.
    pub async fn closed_periods_of(
        &self,
        documents: &[Uuid],
    ) -> Result<HashMap<String, NaiveDate>> {
        let these =
            rows::among(self.conn.get_database_backend(), Column::Id, documents.iter().copied());
        let companies = Entity::find()
            .select_only()
            .column(Column::CompanyCode)
            .distinct()
            .filter(these)
            .into_tuple::<String>();
        let companies = companies.all(&self.conn).await.map_err(store_error)?;
        self.closed_periods(companies).await
    }
}
