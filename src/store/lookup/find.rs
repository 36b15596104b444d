//! The subjects that have a key, or pieces of a name. Each statement reads a bounded number of rows.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use crate::domain::directory::grams::{Chosen, GRAM_ROWS_MAX, Weighed};
use crate::domain::directory::{Key, Kind, Subject};
use crate::domain::error::Result;
use crate::store::entity::lookup_key;
use crate::store::rows::{self, Set};
use crate::store::{ReadTx, WriteTx, sql};

#[derive(FromQueryResult)]
struct Numbered {
    number: i64,
}

/// The numbers of the subjects of a kind that have one of these keys, at most `most` rows.
async fn having_key(
    conn: &impl ConnectionTrait,
    keys: &[Key],
    kind: Kind,
    most: usize,
) -> Result<Vec<i64>> {
    use lookup_key::Column::{KeyKind, KeyValue};
    let asked = Set::new()
        .column(KeyKind, keys.iter().map(|key| key.kind))
        .column(KeyValue, keys.iter().map(|key| &key.value));
    let backend = conn.get_database_backend();
    let next = 1 + asked.parameters(backend);
    let text = format!(
        "SELECT k.number FROM {} JOIN lookup_key k \
           ON k.key_kind = q.key_kind AND k.key_value = q.key_value \
         WHERE k.number BETWEEN ${next} AND ${} LIMIT {most}",
        asked.table(backend, "q", 1),
        next + 1
    );
    let (first, last) = kind.numbers();
    let mut values = asked.into_values(backend);
    values.extend([first.into(), last.into()]);
    let found: Vec<Numbered> = sql::all(conn, text, values).await?;
    Ok(found.into_iter().map(|row| row.number).collect())
}

/// The subjects of these numbers, with their keys.
async fn keys_of(
    conn: &impl ConnectionTrait,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<Subject, Vec<Key>>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, lookup_key::Column::Number, numbers);
    let found = rows::all(conn, lookup_key::Entity::find().filter(these)).await?;
    let mut keys: BTreeMap<Subject, Vec<Key>> = BTreeMap::new();
    for row in found {
        let (subject, key) = row.into_parts();
        keys.entry(subject).or_default().push(key);
    }
    Ok(keys)
}

impl ReadTx {
    /// The numbers of the subjects of a kind that have one of these keys, at most `most` rows.
    pub async fn having_key(&self, keys: &[Key], kind: Kind, most: usize) -> Result<Vec<i64>> {
        having_key(&self.conn, keys, kind, most).await
    }

    /// How many subjects of a kind have each piece, counted as far as it matters.
    pub async fn gram_counts(
        &self,
        grams: impl IntoIterator<Item = i64>,
        kind: Kind,
    ) -> Result<Vec<(i64, i64)>> {
        #[derive(FromQueryResult)]
        struct Row {
            gram: i64,
            subjects: i64,
        }
        let asked = Set::new().named("gram", grams);
        let backend = self.conn.get_database_backend();
        let next = 1 + asked.parameters(backend);
        let text = format!(
            "SELECT q.gram, CAST((SELECT COUNT(*) FROM (SELECT 1 FROM lookup_gram g \
               WHERE g.gram = q.gram AND g.number BETWEEN ${next} AND ${} \
               LIMIT {GRAM_ROWS_MAX}) AS counted) AS BIGINT) AS subjects FROM {}",
            next + 1,
            asked.table(backend, "q", 1),
        );
        let (first, last) = kind.numbers();
        let mut values = asked.into_values(backend);
        values.extend([first.into(), last.into()]);
        let found: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(|row| (row.gram, row.subjects)).collect())
    }

    /// The numbers of the subjects of a kind that have most of these pieces, the rarer ones counting
    /// more.
    pub async fn having_grams(&self, chosen: &Chosen, kind: Kind, most: usize) -> Result<Vec<i64>> {
        let (first, last) = kind.numbers();
        let backend = self.conn.get_database_backend();
        let found: Vec<Numbered> = match chosen {
            Chosen::None => Vec::new(),
            Chosen::Common(gram) => {
                let text = format!(
                    "SELECT g.number FROM lookup_gram g \
                     WHERE g.gram = $1 AND g.number BETWEEN $2 AND $3 LIMIT {most}"
                );
                let values = vec![(*gram).into(), first.into(), last.into()];
                sql::all(&self.conn, text, values).await?
            }
            Chosen::Rare(weighed) => {
                let asked = Set::new()
                    .named("gram", weighed.iter().map(|Weighed { gram, .. }| *gram))
                    .named("weight", weighed.iter().map(|Weighed { weight, .. }| *weight));
                let next = 1 + asked.parameters(backend);
                let text = format!(
                    "SELECT g.number FROM {} JOIN lookup_gram g \
                       ON g.gram = q.gram AND g.number BETWEEN ${next} AND ${} \
                     GROUP BY g.number ORDER BY SUM(q.weight) DESC, g.number LIMIT {most}",
                    asked.table(backend, "q", 1),
                    next + 1
                );
                let mut values = asked.into_values(backend);
                values.extend([first.into(), last.into()]);
                sql::all(&self.conn, text, values).await?
            }
        };
        Ok(found.into_iter().map(|row| row.number).collect())
    }

    /// The subjects of these numbers, with their keys.
    pub async fn keys_of(
        &self,
        numbers: impl IntoIterator<Item = i64>,
    ) -> Result<BTreeMap<Subject, Vec<Key>>> {
        keys_of(&self.conn, numbers).await
    }
}

impl WriteTx {
    /// The subjects of a kind that have one of these keys, at most so many rows of them.
    pub async fn sharing_key(&self, keys: &[Key], kind: Kind, most: usize) -> Result<Vec<Subject>> {
        let numbers = having_key(&self.conn, keys, kind, most).await?;
        let known = keys_of(&self.conn, numbers).await?;
        Ok(known.into_keys().filter(|subject| subject.kind == kind).collect())
    }
}
