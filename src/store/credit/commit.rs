//! Documents that a commitment names.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::credit::decide::Document;
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Result};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::Currency;
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

#[derive(FromQueryResult)]
struct Row {
    n: i64,
    id: Uuid,
    account_id: String,
    kind: String,
    side: String,
    currency: String,
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
    let mut rows = Rows::new(&[
        ("n", Kind::Int),
        ("source_system", Kind::Text),
        ("company_code", Kind::Text),
        ("fiscal_year", Kind::Int),
        ("document_no", Kind::Text),
        ("line_no", Kind::Text),
    ]);
    for (n, key) in (0_i64..).zip(keys) {
        rows.push([
            Cell::from(n),
            (&key.source_system).into(),
            (&key.company_code).into(),
            key.fiscal_year.into(),
            (&key.document_no).into(),
            (&key.line_no).into(),
        ]);
    }
    let text = format!(
        "SELECT w.n, d.id, d.account_id, d.kind, d.side, d.currency, d.gross, k.reversed, \
           l.reservation_id FROM {} \
         JOIN document_key k ON k.source_system = w.source_system \
           AND k.company_code = w.company_code AND k.fiscal_year = w.fiscal_year \
           AND k.document_no = w.document_no AND k.line_no = w.line_no \
         JOIN document d ON d.id = k.document_id \
         LEFT JOIN credit_reservation_document l ON l.document_id = d.id",
        rows.table(conn, "w", 1)
    );
    let found: Vec<Row> = sql::all(conn, text, rows.values(conn)).await?;
    let mut documents = HashMap::new();
    for row in found {
        let key = usize::try_from(row.n).ok().and_then(|n| keys.get(n));
        if let Some(key) = key {
            documents.insert(key.clone(), row.into_domain()?);
        }
    }
    Ok(documents)
}

impl Row {
    fn into_domain(self) -> Result<Document> {
        let Self { n: _, id, account_id, kind, side, currency, gross, reversed, reservation_id } =
            self;
        let unreadable = || Error::internal(format!("document {id} cannot be read"));
        Ok(Document {
            id,
            account_id,
            kind: DocumentKind::parse(&kind).ok_or_else(unreadable)?,
            side: Side::parse(&side).ok_or_else(unreadable)?,
            currency: Currency::parse(&currency).ok_or_else(unreadable)?,
            gross,
            reversed,
            reservation: reservation_id,
        })
    }
}
