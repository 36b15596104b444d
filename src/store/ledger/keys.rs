//! Document keys: which version of a document counts.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};
use uuid::Uuid;

use crate::domain::books::KnownKey;
use crate::domain::document::{DocumentKey, Draft};
use crate::domain::error::{Error, Result};
use crate::domain::item::DocumentKind;
use crate::domain::money::Currency;
use crate::store::WriteTx;
use crate::store::sql::{self, Cell, Kind, Rows};

#[derive(FromQueryResult)]
struct Row {
    source_system: String,
    company_code: String,
    fiscal_year: i32,
    document_no: String,
    line_no: String,
    document_id: Uuid,
    account_id: String,
    source_version: i64,
    content_hash: Vec<u8>,
    reversed: bool,
    kind: String,
    currency: String,
    posting_date: NaiveDate,
}

const COLUMNS: &str = "k.source_system, k.company_code, k.fiscal_year, k.document_no, k.line_no, \
    k.document_id, k.account_id, k.source_version, k.content_hash, k.reversed, d.kind, d.currency, \
    d.posting_date";

impl WriteTx {
    /// What is known of these keys; unknown ones are missing from the answer.
    pub async fn known_keys<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a DocumentKey>,
    ) -> Result<HashMap<DocumentKey, KnownKey>> {
        let rows = key_rows(keys);
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let found: Vec<Row> = sql::all(
            &self.conn,
            format!(
                "SELECT {COLUMNS} FROM {} JOIN document_key k ON k.source_system = w.source_system \
                 AND k.company_code = w.company_code AND k.fiscal_year = w.fiscal_year \
                 AND k.document_no = w.document_no AND k.line_no = w.line_no \
                 JOIN document d ON d.id = k.document_id",
                rows.table(&self.conn, "w", 1)
            ),
            rows.values(&self.conn),
        )
        .await?;
        found.into_iter().map(|row| row.known().map(|known| (known.key.clone(), known))).collect()
    }

    /// The key of a document, if it is (or was) the version that counts.
    pub async fn key_of(&self, document: Uuid) -> Result<Option<KnownKey>> {
        let row: Option<Row> = sql::one(
            &self.conn,
            format!(
                "SELECT {COLUMNS} FROM document d JOIN document_key k \
                 ON k.source_system = d.source_system AND k.company_code = d.company_code \
                 AND k.fiscal_year = d.fiscal_year AND k.document_no = d.document_no \
                 AND k.line_no = d.line_no AND k.document_id = d.id WHERE d.id = $1"
            ),
            vec![document.into()],
        )
        .await?;
        row.map(Row::known).transpose()
    }

    /// The content of documents as posted.
    pub async fn drafts(&self, documents: &[Uuid]) -> Result<HashMap<Uuid, Draft<String>>> {
        #[derive(FromQueryResult)]
        struct DraftRow {
            id: Uuid,
            detail: String,
        }
        let set = sql::set(Kind::Uuid, documents.iter().copied());
        let rows: Vec<DraftRow> = sql::all(
            &self.conn,
            format!("SELECT id, detail FROM document WHERE id IN {}", set.subquery(&self.conn, 1)),
            set.values(&self.conn),
        )
        .await?;
        rows.into_iter()
            .map(|row| {
                let draft = serde_json::from_str(&row.detail).map_err(|e| {
                    Error::internal(format!("document {} cannot be read: {e}", row.id))
                })?;
                Ok((row.id, draft))
            })
            .collect()
    }
}

/// Orders documents by key as the rules compare keys, byte for byte, whatever the collation of
/// the database.
pub(super) fn key_order(conn: &impl ConnectionTrait, document: &str) -> String {
    let bytes = match conn.get_database_backend() {
        DbBackend::Postgres => " COLLATE \"C\"",
        _ => "",
    };
    ["source_system", "company_code", "fiscal_year", "document_no", "line_no"]
        .map(|part| match part {
            "fiscal_year" => format!("{document}.{part}"),
            _ => format!("{document}.{part}{bytes}"),
        })
        .join(", ")
}

/// Keys as a table.
pub(super) fn key_rows<'a>(keys: impl IntoIterator<Item = &'a DocumentKey>) -> Rows {
    let mut rows = Rows::new(&[
        ("source_system", Kind::Text),
        ("company_code", Kind::Text),
        ("fiscal_year", Kind::Int),
        ("document_no", Kind::Text),
        ("line_no", Kind::Text),
    ]);
    for key in keys {
        rows.push([
            Cell::from(&key.source_system),
            (&key.company_code).into(),
            key.fiscal_year.into(),
            (&key.document_no).into(),
            (&key.line_no).into(),
        ]);
    }
    rows
}

impl Row {
    fn known(self) -> Result<KnownKey> {
        let Self {
            source_system,
            company_code,
            fiscal_year,
            document_no,
            line_no,
            document_id,
            account_id,
            source_version,
            content_hash,
            reversed,
            kind,
            currency,
            posting_date,
        } = self;
        let unreadable =
            |what: &str| Error::internal(format!("document {document_id} has an unknown {what}"));
        Ok(KnownKey {
            key: DocumentKey { source_system, company_code, fiscal_year, document_no, line_no },
            document: document_id,
            account_id,
            source_version,
            content_hash,
            reversed,
            kind: DocumentKind::parse(&kind).ok_or_else(|| unreadable("kind"))?,
            currency: Currency::parse(&currency).ok_or_else(|| unreadable("currency"))?,
            posting_date,
        })
    }
}
