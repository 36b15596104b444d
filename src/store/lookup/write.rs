//! Keys and pieces of names, kept up to date with the records.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::domain::directory::{Key, Subject, grams};
use crate::domain::error::Result;
use crate::store::entity::{lookup_gram, lookup_key};
use crate::store::rows::{self, Set};
use crate::store::sql;

/// The pieces of all names among these keys.
pub(in crate::store) fn pieces<'a>(keys: impl IntoIterator<Item = &'a Key>) -> BTreeSet<i64> {
    let names = keys.into_iter().filter(|key| key.kind.is_name());
    names.flat_map(|key| grams::of(&key.value)).collect()
}

/// Makes these the keys of a record that is locked; none if nobody is to find it any more.
pub(in crate::store) async fn write(
    conn: &impl ConnectionTrait,
    subject: &Subject,
    keys: BTreeSet<Key>,
) -> Result<()> {
    use lookup_key::Column::{Number, SubjectId};
    let known = lookup_key::Entity::find()
        .filter(Number.eq(subject.number()))
        .filter(SubjectId.eq(&*subject.id));
    let known = rows::all(conn, known).await?;
    let known: BTreeSet<Key> = known.into_iter().map(|row| row.into_parts().1).collect();
    if known == keys {
        return Ok(());
    }
    let (had, has) = (pieces(&known), pieces(&keys));
    remove_keys(conn, subject, known.difference(&keys)).await?;
    remove_pieces(conn, subject, had.difference(&has)).await?;
    let new = keys.difference(&known).cloned();
    rows::insert(conn, new.map(|key| lookup_key::Model::of(subject, key)).collect()).await?;
    insert_pieces(conn, subject, has.difference(&had)).await
}

/// Gives keys to records that have none.
pub(in crate::store) async fn add(
    conn: &impl ConnectionTrait,
    new: Vec<(Subject, BTreeSet<Key>)>,
) -> Result<()> {
    let (mut keys, mut grams) = (Vec::new(), Vec::new());
    for (subject, of) in new {
        let number = subject.number();
        grams.extend(pieces(&of).into_iter().map(|gram| lookup_gram::Model { gram, number }));
        keys.extend(of.into_iter().map(|key| lookup_key::Model::of(&subject, key)));
    }
    rows::insert(conn, keys).await?;
    // Where two subjects have one number, a piece of both is there once.
    rows::insert_new(conn, grams).await?;
    Ok(())
}

async fn insert_pieces<'a>(
    conn: &impl ConnectionTrait,
    subject: &Subject,
    grams: impl Iterator<Item = &'a i64>,
) -> Result<()> {
    let number = subject.number();
    let rows = grams.map(|gram| lookup_gram::Model { gram: *gram, number }).collect();
    rows::insert_new(conn, rows).await?;
    Ok(())
}

async fn remove_keys<'a>(
    conn: &impl ConnectionTrait,
    subject: &Subject,
    keys: impl Iterator<Item = &'a Key> + Clone,
) -> Result<()> {
    use lookup_key::Column::{KeyKind, KeyValue};
    let gone = Set::new()
        .column(KeyKind, keys.clone().map(|key| key.kind))
        .column(KeyValue, keys.map(|key| &key.value));
    if gone.is_empty() {
        return Ok(());
    }
    let backend = conn.get_database_backend();
    let text = format!(
        "DELETE FROM lookup_key WHERE number = $1 AND subject_id = $2 \
           AND (key_kind, key_value) IN (SELECT key_kind, key_value FROM {})",
        gone.table(backend, "d", 3)
    );
    let mut values = vec![subject.number().into(), subject.id.as_str().into()];
    values.extend(gone.into_values(backend));
    sql::execute(conn, text, values).await?;
    Ok(())
}

async fn remove_pieces<'a>(
    conn: &impl ConnectionTrait,
    subject: &Subject,
    grams: impl Iterator<Item = &'a i64>,
) -> Result<()> {
    let gone = Set::one(grams.copied());
    if gone.is_empty() {
        return Ok(());
    }
    let backend = conn.get_database_backend();
    let text = format!(
        "DELETE FROM lookup_gram WHERE number = $1 AND gram IN {}",
        gone.subquery(backend, 2)
    );
    let mut values = vec![subject.number().into()];
    values.extend(gone.into_values(backend));
    sql::execute(conn, text, values).await?;
    Ok(())
}
