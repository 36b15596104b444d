//! Which records are one contact. What is recorded names whom it named; whoever reads it names the one
//! that he counts as, and looks for whatever names any of the records that count as one.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};

use crate::domain::error::Result;
use crate::domain::naming::NamesContacts;
use crate::store::rows::Set;
use crate::store::{ReadTx, Store, WriteTx, rows, sql};

/// As whom each of these counts, of those that count as another.
pub(in crate::store) async fn merged_into(
    conn: &impl ConnectionTrait,
    ids: &BTreeSet<String>,
) -> Result<HashMap<String, String>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
        merged_into: String,
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = conn.get_database_backend();
    let these = Set::one(ids);
    let text = format!(
        "SELECT c.id, c.merged_into FROM contact c \
         WHERE c.merged_into IS NOT NULL AND c.id IN {}",
        these.subquery(backend, 1)
    );
    let found: Vec<Row> = sql::all(conn, text, these.into_values(backend)).await?;
    Ok(found.into_iter().map(|row| (row.id, row.merged_into)).collect())
}

/// These with whom they count as in the place of whom they name.
pub(in crate::store) async fn folded<T: NamesContacts>(
    conn: &impl ConnectionTrait,
    mut told: Vec<T>,
) -> Result<Vec<T>> {
    let mut ids = BTreeSet::new();
    for one in &mut told {
        one.each_contact(&mut |id| _ = ids.insert(id.clone()));
    }
    let into = merged_into(conn, &ids).await?;
    if into.is_empty() {
        return Ok(told);
    }
    for one in &mut told {
        one.each_contact(&mut |id| {
            if let Some(survivor) = into.get(id) {
                id.clone_from(survivor);
            }
        });
        one.settle();
    }
    Ok(told)
}

/// The ids of all records that count as these contacts, theirs among them.
pub(in crate::store) async fn ids_of<'a>(
    conn: &impl ConnectionTrait,
    contact_ids: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeSet<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
    }
    let mut ids: BTreeSet<String> = contact_ids.into_iter().map(str::to_owned).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let backend = conn.get_database_backend();
    let these = Set::one(&ids);
    let text =
        format!("SELECT c.id FROM contact c WHERE c.merged_into IN {}", these.subquery(backend, 1));
    let found: Vec<Row> = sql::all(conn, text, these.into_values(backend)).await?;
    ids.extend(found.into_iter().map(|row| row.id));
    Ok(ids)
}

/// As [`ids_of`] of one contact, where one is asked for.
pub(in crate::store) async fn ids_of_one(
    conn: &impl ConnectionTrait,
    contact_id: Option<&str>,
) -> Result<Option<BTreeSet<String>>> {
    match contact_id {
        None => Ok(None),
        Some(id) => ids_of(conn, [id]).await.map(Some),
    }
}

/// As whom the contact of a column counts, in a statement.
pub(in crate::store) fn canonical(column: &str) -> String {
    format!("COALESCE((SELECT m.merged_into FROM contact m WHERE m.id = {column}), {column})")
}

/// The ids of all records that count as the contact of an expression, in a statement.
pub(in crate::store) fn same_as(contact: &str) -> String {
    format!("(SELECT s.id FROM contact s WHERE s.id = {contact} OR s.merged_into = {contact})")
}

impl ReadTx {
    /// The ids of all records that count as a contact, his among them.
    pub async fn contact_ids_of(&self, contact_id: &str) -> Result<BTreeSet<String>> {
        ids_of(&self.conn, [contact_id]).await
    }

    /// As whom each of these counts, of those that count as another.
    pub async fn merged_into(&self, ids: &BTreeSet<String>) -> Result<HashMap<String, String>> {
        merged_into(&self.conn, ids).await
    }
}

impl WriteTx {
    /// The ids of all records that count as a contact, his among them.
    pub async fn contact_ids_of(&self, contact_id: &str) -> Result<BTreeSet<String>> {
        ids_of(&self.conn, [contact_id]).await
    }

    /// As whom each of these counts, of those that count as another.
    pub async fn merged_into(&self, ids: &BTreeSet<String>) -> Result<HashMap<String, String>> {
        merged_into(&self.conn, ids).await
    }

    /// This with whom they count as in the place of whom it names.
    pub async fn as_told<T: NamesContacts>(&self, one: T) -> Result<T> {
        only(folded(&self.conn, vec![one]).await?)
    }

    /// Whom a seating named when it was recorded; `None`: nobody.
    pub async fn seated_as(&self, seating_id: uuid::Uuid) -> Result<Option<String>> {
        use crate::store::entity::incumbency::Entity;
        let row = rows::one(&self.conn, Entity::find_by_id(seating_id)).await?;
        Ok(row.and_then(|row| row.contact_id))
    }
}

impl Store {
    /// What was answered, with whom they count as in the place of whom it names.
    pub async fn as_told<T: NamesContacts>(&self, one: T) -> Result<T> {
        only(folded(&self.reader(), vec![one]).await?)
    }
}

fn only<T>(mut told: Vec<T>) -> Result<T> {
    let gone = || crate::domain::error::Error::internal("one was folded, none is told");
    told.pop().ok_or_else(gone)
}
