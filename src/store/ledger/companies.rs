//! Companies of documents, for their closed periods.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::domain::error::Result;
use crate::store::entity::document::{Column, Entity};
use crate::store::{WriteTx, rows};

#[derive(DerivePartialModel)]
#[sea_orm(entity = "Entity")]
struct Company {
    company_code: String,
}

impl WriteTx {
    /// The last closed day of the companies these documents belong to.
    pub async fn closed_periods_of(
        &self,
        documents: &[Uuid],
    ) -> Result<HashMap<String, NaiveDate>> {
        let these =
            rows::among(self.conn.get_database_backend(), Column::Id, documents.iter().copied());
        let companies = Entity::find().distinct().filter(these);
        let companies: Vec<Company> = rows::parts(&self.conn, companies).await?;
        self.closed_periods(companies.into_iter().map(|of| of.company_code)).await
    }
}
