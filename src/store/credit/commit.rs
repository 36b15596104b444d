//! Documents that a commitment names.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::credit::decide::Document;
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;
use crate::store::WriteTx;
use crate::store::entity::document_key::key_set;
use crate::store::sql;

#[derive(FromQueryResult)]
struct Row {
    n: i64,
    id: Uuid,
    account_id: String,
    kind: DocumentKind,
    side: Side,
    currency: Currency,
    gross: i64,
    reversed: bool,
    reservation_id: Option<Uuid>,
}

impl WriteTx {
    /// The documents of these keys with the reservations they invoice; those that don't exist are
    /// missing.
    pub async fn documents_to_commit(
        &self,
        keys: &[DocumentKey],
    ) -> Result<HashMap<DocumentKey, Document>> {
        load(&self.conn, keys).await
    }
}

async fn load(
    conn: &impl ConnectionTrait,
    keys: &[DocumentKey],
) -> Result<HashMap<DocumentKey, Document>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = conn.get_database_backend();
    let wanted = key_set(keys).named("n", 0_i64..keys.len() as i64);
    let text = format!(
        "SELECT w.n, d.id, d.account_id, d.kind, d.side, d.currency, d.gross, k.reversed, \
           l.reservation_id FROM {} \
         JOIN document_key k ON k.source_system = w.source_system \
           AND k.company_code = w.company_code AND k.fiscal_year = w.fiscal_year \
           AND k.document_no = w.document_no AND k.line_no = w.line_no \
         JOIN document d ON d.id = k.document_id \
         LEFT JOIN credit_reservation_document l ON l.document_id = d.id",
        wanted.table(backend, "w", 1)
    );
    let found: Vec<Row> = sql::all(conn, text, wanted.into_values(backend)).await?;
    let mut documents = HashMap::new();
    for row in found {
        let key = usize::try_from(row.n).ok().and_then(|n| keys.get(n));
        if let Some(key) = key {
            documents.insert(key.clone(), row.into_domain());
        }
    }
    Ok(documents)
}

impl Row {
    fn into_domain(self) -> Document {
        let Self { n: _, id, account_id, kind, side, currency, gross, reversed, reservation_id } =
            self;
        Document {
            id,
            account_id,
            kind,
            side,
            currency,
            gross,
            reversed,
            reservation: reservation_id,
        }
    }
}
