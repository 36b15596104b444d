//! Declared ties between people. Whoever adds one holds both people by their names
//! ([`WriteTx::hold_pair`]), so that of two that are the same one sees the other.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::contact::same::{folded, ids_of};
use super::entity::tie::{ActiveModel, Column, Entity, Model};
use super::lock::{self, Mode, Space};
use super::{ReadTx, Store, WriteTx, keyset, rows};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageOf};
use crate::domain::tie::{ListTies, Person, Side, Tie};

async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Tie>> {
    Ok(rows::one(conn, Entity::find_by_id(id)).await?.map(Tie::from))
}

/// All ties of these people on one side, whatever became of them, in the order of ids.
async fn of(conn: &impl ConnectionTrait, side: Side, ids: &[&str]) -> Result<Vec<Tie>> {
    folded(conn, recorded(conn, side, ids).await?).await
}

/// As [`of`], between whom they were recorded.
async fn recorded(conn: &impl ConnectionTrait, side: Side, ids: &[&str]) -> Result<Vec<Tie>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let ids = records_of(conn, side, ids).await?;
    let from = rows::among(backend, Column::FromId, &ids);
    let to = rows::among(backend, Column::ToId, &ids);
    // Each along its own index.
    let mut found = BTreeSet::new();
    let mut ties = Vec::new();
    for these in [Column::FromSide.eq(side).and(from), Column::ToSide.eq(side).and(to)] {
        for row in rows::all(conn, Entity::find().filter(these)).await? {
            if found.insert(row.id) {
                ties.push(Tie::from(row));
            }
        }
    }
    ties.sort_by_key(|tie| tie.id);
    Ok(ties)
}

/// What ties name these people of one side by.
async fn records_of(
    conn: &impl ConnectionTrait,
    side: Side,
    ids: &[&str],
) -> Result<BTreeSet<String>> {
    match side {
        Side::Contact => ids_of(conn, ids.iter().copied()).await,
        Side::Member => Ok(ids.iter().map(|id| (*id).to_owned()).collect()),
    }
}

/// Ties as they are told. Of those that are the same since two people are one the first is told: it may
/// stand on another page than these.
async fn once(conn: &impl ConnectionTrait, found: Vec<Tie>) -> Result<Vec<Tie>> {
    let told = folded(conn, found.clone()).await?;
    if told == found {
        return Ok(told);
    }
    let theirs = told.iter().flat_map(|tie| [&tie.from, &tie.to]);
    let theirs = theirs.filter(|one| one.side == Side::Contact).map(|one| one.id.as_str());
    let ids: Vec<&str> = theirs.collect::<BTreeSet<&str>>().into_iter().collect();
    let all = Tie::once(of(conn, Side::Contact, &ids).await?);
    let first: BTreeSet<Uuid> = all.iter().map(|tie| tie.id).collect();
    Ok(told.into_iter().filter(|tie| first.contains(&tie.id)).collect())
}

impl WriteTx {
    /// Holds two people to the end of the transaction.
    pub async fn hold_pair(&self, one: &Person, other: &Person) -> Result<()> {
        let names = [one.name(), other.name()];
        let names = names.iter().map(String::as_str);
        lock::hold_names(&self.conn, Space::People, Mode::Exclusive, names).await
    }

    /// Locks a tie to the end of the transaction, and reads it as it was recorded.
    pub async fn lock_tie(&self, id: Uuid) -> Result<Option<Tie>> {
        if self.conn.get_database_backend() != DbBackend::Sqlite {
            rows::one(&self.conn, Entity::find_by_id(id).lock_exclusive()).await?;
        }
        one(&self.conn, id).await
    }

    /// All ties of somebody, whatever became of them.
    pub async fn ties_of_person(&self, person: &Person) -> Result<Vec<Tie>> {
        of(&self.conn, person.side, &[&person.id]).await
    }

    pub async fn insert_tie(&self, tie: &Tie) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(tie)).await
    }

    /// Writes what became of ties that are there; between whom they are stays.
    pub async fn update_ties(&self, ties: &[Tie]) -> Result<()> {
        let change = |tie: &Tie| {
            let row = ActiveModel::from(Model::from(tie)).reset_all();
            ActiveModel {
                from_side: NotSet,
                from_id: NotSet,
                to_side: NotSet,
                to_id: NotSet,
                ..row
            }
        };
        rows::update(&self.conn, ties.iter().map(change).collect()).await?;
        Ok(())
    }
}

impl ReadTx {
    /// A page of ties, in the order they were recorded. `person` is the one that the list names.
    pub async fn ties(&self, list: &ListTies, person: Option<&Person>) -> Result<Page<Tie>> {
        let ListTies { person: _, kind, review, as_of, page } = list;
        let PageOf { after, .. } = page;
        let backend = self.conn.get_database_backend();
        let records = match person {
            None => None,
            Some(Person { side, id }) => Some((*side, records_of(&self.conn, *side, &[id]).await?)),
        };
        let found = Entity::find()
            .apply_if(records, |of, (side, ids)| {
                let from = rows::among(backend, Column::FromId, &ids);
                let to = rows::among(backend, Column::ToId, &ids);
                of.filter(from.and(Column::FromSide.eq(side)).or(to.and(Column::ToSide.eq(side))))
            })
            .apply_if(*kind, |of, kind| of.filter(Column::Kind.eq(kind)))
            .apply_if(*review, |of, review| of.filter(Column::Review.eq(review)))
            .apply_if(*as_of, |of, day| {
                let lasts = |column: Column| column.is_null().or(column.gte(day));
                of.filter(Column::FirstDay.lte(day))
                    .filter(lasts(Column::LastDay))
                    .filter(lasts(Column::EndDay))
            })
            .apply_if(*after, |of, after| {
                of.filter(keyset::behind([Column::Id], [after.into()], false))
            })
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?.into_iter().map(Tie::from).collect();
        let Page { items, next, .. } = page.cut(found, |last: &Tie| last.id);
        Ok(Page::told_once(once(&self.conn, items).await?, next, |tie| tie.id))
    }

    /// All ties of the records of a contact, between whom they were recorded.
    pub async fn ties_recorded(&self, contact_id: &str) -> Result<Vec<Tie>> {
        recorded(&self.conn, Side::Contact, &[contact_id]).await
    }

    /// All ties of these people on one side, whatever became of them.
    pub async fn ties_of(&self, side: Side, ids: &[&str]) -> Result<Vec<Tie>> {
        Ok(Tie::once(of(&self.conn, side, ids).await?))
    }
}

impl Store {
    /// A tie as answered before, with what is personal of it as it is now.
    pub async fn tie_with_text(&self, answered: Tie) -> Result<Tie> {
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let now = one(&self.reader(), answered.id).await?.ok_or_else(gone)?;
        let Tie { source, review_reason, end_reason, .. } = now;
        // A text that is kept as null reads back as none: whether there was one, the rest tells.
        let review_reason = review_reason.filter(|_| answered.reviewed_by.is_some());
        let end_reason = end_reason.filter(|_| answered.days.end.is_some());
        Ok(Tie { source, review_reason, end_reason, ..answered })
    }
}
