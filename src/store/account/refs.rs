//! Keys of accounts in other systems: the form of each system, and who has which key.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, FromQueryResult};

use super::lookup::forms_of;
use crate::domain::account::ExternalRef;
use crate::domain::error::Result;
use crate::domain::names::CanonicalForm;
use crate::store::sql::{self, Cell, Kind, Rows};

/// A key in its canonical form: of all that mean the same only one can exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RefKey {
    pub system: String,
    pub canonical_id: String,
}

/// Fixes the form of the systems that are new to us; answers the form of each, which is another
/// one than `form` where a system was used before.
pub(super) async fn fix_forms(
    conn: &impl ConnectionTrait,
    systems: &BTreeSet<&str>,
    form: CanonicalForm,
) -> Result<HashMap<String, CanonicalForm>> {
    let known = forms_of(conn, systems).await?;
    let mut new = Rows::new(&[("system", Kind::Text), ("canonical_form", Kind::Text)]);
    for system in systems.iter().filter(|system| !known.contains_key(**system)) {
        new.push([Cell::from(*system), form.as_str().into()]);
    }
    if new.is_empty() {
        return Ok(known);
    }
    // Whoever fixes a system at the same time may be first.
    sql::insert(conn, "source_system", new, "ON CONFLICT (system) DO NOTHING").await?;
    forms_of(conn, systems).await
}

/// Who has these keys, deleted accounts included.
pub(super) async fn owners(
    conn: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = &RefKey>,
) -> Result<HashMap<RefKey, String>> {
    #[derive(FromQueryResult)]
    struct Row {
        system: String,
        canonical_id: String,
        account_id: String,
    }
    let mut wanted = Rows::new(&[("system", Kind::Text), ("canonical_id", Kind::Text)]);
    for RefKey { system, canonical_id } in keys {
        wanted.push([Cell::from(system), canonical_id.into()]);
    }
    let rows: Vec<Row> = sql::all(
        conn,
        format!(
            "SELECT x.system, x.canonical_id, x.account_id FROM {} JOIN account_ref x \
             ON x.system = k.system AND x.canonical_id = k.canonical_id",
            wanted.table(conn, "k", 1)
        ),
        wanted.values(conn),
    )
    .await?;
    let owner =
        |Row { system, canonical_id, account_id }| (RefKey { system, canonical_id }, account_id);
    Ok(rows.into_iter().map(owner).collect())
}

/// A key to be given to an account.
pub(super) struct NewRef<'a> {
    pub key: &'a RefKey,
    pub external_id: &'a str,
    pub account_id: &'a str,
    pub position: usize,
}

/// Gives keys to accounts; those that an account has already stay with it. Answers how many
/// were free.
pub(super) async fn insert<'a>(
    conn: &impl ConnectionTrait,
    refs: impl IntoIterator<Item = NewRef<'a>>,
) -> Result<u64> {
    let mut rows = Rows::new(&[
        ("system", Kind::Text),
        ("canonical_id", Kind::Text),
        ("external_id", Kind::Text),
        ("account_id", Kind::Text),
        ("position", Kind::Int),
    ]);
    for NewRef { key, external_id, account_id, position } in refs {
        rows.push([
            Cell::from(&key.system),
            (&key.canonical_id).into(),
            external_id.into(),
            account_id.into(),
            (position as i64).into(),
        ]);
    }
    sql::insert(conn, "account_ref", rows, "ON CONFLICT (system, canonical_id) DO NOTHING").await
}

/// Takes all keys from an account.
pub(super) async fn remove(conn: &impl ConnectionTrait, account_id: &str) -> Result<()> {
    sql::execute(conn, "DELETE FROM account_ref WHERE account_id = $1", vec![account_id.into()])
        .await?;
    Ok(())
}

/// The keys of these references, given the canonical id of each.
pub(super) fn keys(refs: &[ExternalRef], canonical_ids: &[String]) -> Vec<RefKey> {
    refs.iter()
        .zip(canonical_ids)
        .map(|(reference, id)| RefKey {
            system: reference.system.clone(),
            canonical_id: id.clone(),
        })
        .collect()
}
