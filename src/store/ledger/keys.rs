//! Document keys: which version of a document counts.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use uuid::Uuid;

use super::requests::IS_KEY;
use crate::domain::books::KnownKey;
use crate::domain::document::{DocumentKey, Draft};
use crate::domain::error::Result;
use crate::domain::item::DocumentKind;
use crate::domain::money::Currency;
use crate::store::entity::document_key::key_set;
use crate::store::entity::{document, document_key};
use crate::store::rows;
use crate::store::{WriteTx, sql};

/// What is known of a key, of the tables as `k` and `d`.
fn columns() -> String {
    let key = rows::columns::<document_key::Entity>("k");
    format!("{key}, d.kind, d.currency, d.posting_date, d.recorded_us")
}

impl WriteTx {
    /// What is known of these keys; unknown ones are missing from the answer.
    pub async fn known_keys<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<HashMap<DocumentKey, KnownKey>> {
        let keys = key_set(keys);
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let backend = self.conn.get_database_backend();
        let text = format!(
            "SELECT {} FROM {} JOIN document_key k ON k.source_system = w.source_system \
             AND k.company_code = w.company_code AND k.fiscal_year = w.fiscal_year \
             AND k.document_no = w.document_no AND k.line_no = w.line_no \
             JOIN document d ON d.id = k.document_id",
            columns(),
            keys.table(backend, "w", 1)
        );
        let found: Vec<Row> = sql::all(&self.conn, text, keys.into_values(backend)).await?;
        Ok(found.into_iter().map(Row::known).map(|known| (known.key.clone(), known)).collect())
    }

    /// The key of a document, if it is (or was) the version that counts.
    pub async fn key_of(&self, document: Uuid) -> Result<Option<KnownKey>> {
        let row: Option<Row> = sql::one(
            &self.conn,
            format!(
                "SELECT {} FROM document d JOIN document_key k \
                 ON {IS_KEY} AND k.document_id = d.id WHERE d.id = $1",
                columns()
            ),
            vec![document.into()],
        )
        .await?;
        Ok(row.map(Row::known))
    }

    /// The content of documents as posted.
    pub async fn drafts(&self, documents: &[Uuid]) -> Result<HashMap<Uuid, Draft<String>>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, document::Column::Id, documents.iter().copied());
        let found = rows::all(&self.conn, document::Entity::find().filter(these)).await?;
        found.into_iter().map(|row| Ok((row.id, row.into_draft()?))).collect()
    }
}

/// The columns of a key, in the order in which the rules compare keys.
pub(super) fn key_order(document: &str) -> String {
    ["source_system", "company_code", "fiscal_year", "document_no", "line_no"]
        .map(|part| format!("{document}.{part}"))
        .join(", ")
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    key: document_key::Model,
    kind: DocumentKind,
    currency: Currency,
    posting_date: NaiveDate,
    recorded_us: i64,
}

impl Row {
    fn known(self) -> KnownKey {
        let Self { key, kind, currency, posting_date, recorded_us } = self;
        key.into_known(kind, currency, posting_date, recorded_us)
    }
}
