//! What both sides promised, and how often they talked, of accounts or of one person.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
};

use super::contact::same::{folded, ids_of, same_as};
use super::entity::commitment::{Column, Entity};
use super::rows::Set;
use super::{ReadTx, rows, sql};
use crate::domain::commitment::Commitment;
use crate::domain::error::Result;
use crate::domain::trust::Talks;

/// Whose words.
#[derive(Debug, Clone, Copy)]
pub enum WordsOf<'a> {
    /// At these accounts.
    Accounts(&'a BTreeSet<&'a str>),
    /// By one of theirs or to him.
    Contact(&'a str),
    /// By one of ours or to him.
    Member(&'a str),
}

impl ReadTx {
    /// Commitments that are due on a day or later and were made by another one, as recorded by an
    /// instant in microseconds since the epoch, without what shows them to be kept.
    pub async fn words_of(
        &self,
        of: WordsOf<'_>,
        due_from: NaiveDate,
        made_by: NaiveDate,
        known_us: i64,
    ) -> Result<Vec<Commitment>> {
        let backend = self.conn.get_database_backend();
        let theirs = match of {
            WordsOf::Accounts(ids) => rows::among(backend, Column::AccountId, ids.iter().copied()),
            WordsOf::Contact(id) => {
                rows::among(backend, Column::ContactId, &ids_of(&self.conn, [id]).await?)
            }
            WordsOf::Member(id) => Column::MemberId.eq(id),
        };
        let found = Entity::find()
            .filter(theirs)
            .filter(Column::DueDate.gte(due_from))
            .filter(Column::MadeDate.lte(made_by))
            .filter(Column::RecordedUs.lte(known_us))
            .order_by_asc(Column::DueDate)
            .order_by_asc(Column::Id);
        let found = rows::all(&self.conn, found).await?.into_iter();
        let known = found.map(|row| {
            let mut commitment = row.into_commitment(Vec::new());
            commitment.settled = commitment.settled.filter(|of| of.recorded_us <= known_us);
            commitment
        });
        folded(&self.conn, known.collect()).await
    }

    /// How often was talked from one day through another, and how often both ways.
    pub async fn talks(
        &self,
        of: WordsOf<'_>,
        from: NaiveDate,
        through: NaiveDate,
    ) -> Result<Talks> {
        #[derive(FromQueryResult)]
        struct Row {
            talks: i64,
            two_way: i64,
        }
        let backend = self.conn.get_database_backend();
        let mut values = vec![from.into(), through.into()];
        let took_part = |table: &str, who: &str| {
            format!("EXISTS (SELECT 1 FROM {table} p WHERE p.interaction_id = i.id AND {who})")
        };
        let theirs = match of {
            WordsOf::Accounts(ids) => {
                let these = Set::one(ids.iter().copied());
                let test = format!("i.account_id IN {}", these.subquery(backend, 3));
                values.extend(these.into_values(backend));
                test
            }
            WordsOf::Contact(id) => {
                values.push(id.into());
                took_part("interaction_contact", &format!("p.contact_id IN {}", same_as("$3")))
            }
            WordsOf::Member(id) => {
                values.push(id.into());
                took_part("interaction_member", "p.member_id = $3")
            }
        };
        let text = format!(
            "SELECT COUNT(*) AS talks, \
               CAST(COALESCE(SUM(CASE WHEN i.two_way THEN 1 ELSE 0 END), 0) AS BIGINT) AS two_way \
             FROM interaction i \
             WHERE i.stage = 'HELD' AND i.day >= $1 AND i.day <= $2 AND {theirs}"
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let talks = rows.into_iter().next();
        Ok(talks.map_or_else(Talks::default, |row| Talks { all: row.talks, two_way: row.two_way }))
    }
}
