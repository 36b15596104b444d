//! Documents, the keys that count, and how documents ended.

use sea_orm::ConnectionTrait;

use crate::domain::books::{Ending, KnownKey, NewDocument};
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};

pub(super) async fn insert_documents(
    conn: &impl ConnectionTrait,
    recorded: i64,
    documents: Vec<NewDocument>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("source_system", Kind::Text),
        ("company_code", Kind::Text),
        ("fiscal_year", Kind::Int),
        ("document_no", Kind::Text),
        ("line_no", Kind::Text),
        ("source_version", Kind::Int),
        ("kind", Kind::Text),
        ("side", Kind::Text),
        ("posting_date", Kind::Date),
        ("document_date", Kind::Date),
        ("currency", Kind::Text),
        ("gross", Kind::Int),
        ("order_ref", Kind::Text),
        ("recorded_us", Kind::Int),
        ("detail", Kind::Text),
    ]);
    for NewDocument { id, draft, content_hash: _ } in documents {
        let detail = serde_json::to_string(&draft)
            .map_err(|e| Error::internal(format!("a document cannot be encoded: {e}")))?;
        rows.push([
            Cell::from(id),
            draft.payer.into(),
            draft.key.source_system.into(),
            draft.key.company_code.into(),
            draft.key.fiscal_year.into(),
            draft.key.document_no.into(),
            draft.key.line_no.into(),
            draft.source_version.into(),
            draft.kind.as_str().into(),
            draft.side.as_str().into(),
            draft.posting_date.into(),
            draft.document_date.into(),
            draft.currency.code().into(),
            draft.gross.into(),
            draft.order_ref.into(),
            recorded.into(),
            detail.into(),
        ]);
    }
    sql::insert(conn, "document", rows, "").await?;
    Ok(())
}

pub(super) async fn upsert_keys(conn: &impl ConnectionTrait, keys: Vec<KnownKey>) -> Result<()> {
    let mut rows = Rows::new(&[
        ("source_system", Kind::Text),
        ("company_code", Kind::Text),
        ("fiscal_year", Kind::Int),
        ("document_no", Kind::Text),
        ("line_no", Kind::Text),
        ("document_id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("source_version", Kind::Int),
        ("content_hash", Kind::Bytes),
        ("reversed", Kind::Bool),
    ]);
    for known in keys {
        rows.push([
            Cell::from(known.key.source_system),
            known.key.company_code.into(),
            known.key.fiscal_year.into(),
            known.key.document_no.into(),
            known.key.line_no.into(),
            known.document.into(),
            known.account_id.into(),
            known.source_version.into(),
            known.content_hash.into(),
            known.reversed.into(),
        ]);
    }
    // A key that another transaction posted since it was looked up is not overwritten: the
    // account it belongs to may not be one that we hold the lock of. A reversed one is free to
    // come back for another account.
    let wanted = rows.len() as u64;
    let written = sql::insert(
        conn,
        "document_key",
        rows,
        "ON CONFLICT (source_system, company_code, fiscal_year, document_no, line_no) \
         DO UPDATE SET document_id = excluded.document_id, account_id = excluded.account_id, \
         source_version = excluded.source_version, content_hash = excluded.content_hash, \
         reversed = excluded.reversed \
         WHERE (document_key.account_id = excluded.account_id OR document_key.reversed) \
           AND document_key.source_version <= excluded.source_version",
    )
    .await?;
    if written == wanted { Ok(()) } else { Err(crate::store::error::concurrent_change("document")) }
}

pub(super) async fn insert_endings(
    conn: &impl ConnectionTrait,
    recorded: i64,
    endings: Vec<Ending>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("document_id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("state", Kind::Text),
        ("effective_date", Kind::Date),
        ("reason", Kind::Text),
        ("recorded_us", Kind::Int),
    ]);
    for ending in endings {
        rows.push([
            Cell::from(ending.document),
            ending.account_id.into(),
            ending.state.as_str().into(),
            ending.effective.into(),
            ending.reason.into(),
            recorded.into(),
        ]);
    }
    sql::insert(conn, "document_end", rows, "").await?;
    Ok(())
}
