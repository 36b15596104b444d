//! Documents, the keys that count, and how documents ended.

use sea_orm::ConnectionTrait;

use crate::domain::books::{Ending, KnownKey, NewDocument};
use crate::domain::error::Result;
use crate::store::entity::{document, document_end, document_key};
use crate::store::error::concurrent_change;
use crate::store::rows;

pub(super) async fn insert_documents(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    documents: Vec<NewDocument>,
) -> Result<()> {
    let row = |new: NewDocument| document::Model::of(new.id, new.draft, recorded_us);
    let rows = documents.into_iter().map(row).collect::<Result<Vec<_>>>()?;
    rows::insert(conn, rows).await?;
    Ok(())
}

pub(super) async fn upsert_keys(conn: &impl ConnectionTrait, keys: Vec<KnownKey>) -> Result<()> {
    let wanted = keys.len() as u64;
    let rows: Vec<_> = keys.into_iter().map(document_key::Model::from).collect();
    // A key that another transaction posted since it was looked up is not overwritten: the
    // account it belongs to may not be one that we hold the lock of. A reversed one is free to
    // come back for another account.
    let unchanged = "(document_key.account_id = excluded.account_id OR document_key.reversed) \
         AND document_key.source_version <= excluded.source_version";
    let written = rows::upsert(conn, rows, unchanged).await?;
    if written == wanted { Ok(()) } else { Err(concurrent_change("document")) }
}

pub(super) async fn insert_endings(
    conn: &impl ConnectionTrait,
    recorded_us: i64,
    endings: Vec<Ending>,
) -> Result<()> {
    let row = |ending| document_end::Model::of(ending, recorded_us);
    rows::insert(conn, endings.into_iter().map(row).collect()).await?;
    Ok(())
}
