//! Who sits where, as it is recorded.

use chrono::NaiveDate;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select, Value};
use uuid::Uuid;

use crate::domain::dates::NO_DATE;
use crate::domain::error::Result;
use crate::domain::position::incumbency::{Met, Seating};
use crate::store::contact::same::{folded, ids_of, same_as};
use crate::store::entity::incumbency::{Column, Entity, Model};
use crate::store::{ReadTx, WriteTx, rows, sql};

/// The seatings that are asked for, with whom each seats as whom he counts.
pub(in crate::store) async fn seatings(
    conn: &impl ConnectionTrait,
    asked: Select<Entity>,
) -> Result<Vec<Seating>> {
    let found = rows::all(conn, asked).await?.into_iter().map(Seating::from).collect();
    folded(conn, found).await
}

async fn of_account(conn: &impl ConnectionTrait, account_id: &str) -> Result<Vec<Seating>> {
    let all = Entity::find().filter(Column::AccountId.eq(account_id)).order_by_asc(Column::Id);
    seatings(conn, all).await
}

async fn of_positions(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<Seating>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, Column::PositionId, ids.iter().copied());
    let all = Entity::find().filter(these).order_by_asc(Column::Id);
    seatings(conn, all).await
}

/// Everything recorded of the positions in which any of these contacts ever sat.
async fn of_contacts(conn: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<Seating>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let records = ids_of(conn, ids.iter().copied()).await?;
    let theirs = Query::select()
        .column(Column::PositionId)
        .from(Entity)
        .and_where(rows::among(backend, Column::ContactId, &records))
        .to_owned();
    let all = Entity::find().filter(Column::PositionId.in_subquery(theirs));
    seatings(conn, all.order_by_asc(Column::Id)).await
}

/// That it was brought by an import and held at an account from a day to another.
const IMPORTED: &str = "interaction_id IN (SELECT id FROM interaction \
    WHERE account_id = $3 AND imported AND day >= $4 AND day <= $5)";

fn imported(seating: &Seating, contact_id: &str, last_day: Option<NaiveDate>) -> Vec<Value> {
    vec![
        seating.position_id.into(),
        contact_id.into(),
        seating.account_id.as_str().into(),
        seating.from_date.into(),
        last_day.unwrap_or(NO_DATE).into(),
    ]
}

impl WriteTx {
    pub async fn add_seatings(&self, seatings: Vec<Seating>) -> Result<()> {
        rows::insert(&self.conn, seatings.into_iter().map(Model::from).collect()).await?;
        Ok(())
    }

    /// Says of what imports brought of an account, from the first day of a seating to another, that
    /// nobody else sat in its position then, and where its contact was met.
    pub async fn place_attendee(
        &self,
        seating: &Seating,
        contact_id: &str,
        last_day: Option<NaiveDate>,
        met: &[Met],
    ) -> Result<()> {
        let text = format!(
            "UPDATE interaction_contact SET position_id = NULL \
             WHERE position_id = $1 AND contact_id NOT IN {} AND {IMPORTED}",
            same_as("$2")
        );
        sql::execute(&self.conn, text, imported(seating, contact_id, last_day)).await?;
        self.meet(seating, contact_id, met).await?;
        self.retell_imported(seating, last_day).await
    }

    /// Says of what imports brought of the account of a seating where a contact was met.
    async fn meet(&self, seating: &Seating, contact_id: &str, met: &[Met]) -> Result<()> {
        for Met { position_id, first_day, last_day } in met.iter().copied() {
            let text = format!(
                "UPDATE interaction_contact SET position_id = $1 \
                 WHERE contact_id IN {} AND {IMPORTED}",
                same_as("$2")
            );
            let then = Seating { position_id, from_date: first_day, ..seating.clone() };
            sql::execute(&self.conn, text, imported(&then, contact_id, last_day)).await?;
        }
        Ok(())
    }

    /// Says of what imports brought of an account, from the first day of a seating to another, that a
    /// contact who left did not sit in its position any more, and where he was met.
    pub async fn unplace_attendee(
        &self,
        seating: &Seating,
        contact_id: &str,
        last_day: Option<NaiveDate>,
        met: &[Met],
    ) -> Result<()> {
        let text = format!(
            "UPDATE interaction_contact SET position_id = NULL \
             WHERE position_id = $1 AND contact_id IN {} AND {IMPORTED}",
            same_as("$2")
        );
        sql::execute(&self.conn, text, imported(seating, contact_id, last_day)).await?;
        self.meet(seating, contact_id, met).await?;
        self.retell_imported(seating, last_day).await
    }

    /// Brings the timelines of theirs to what is said now of where they sat.
    async fn retell_imported(&self, seating: &Seating, last_day: Option<NaiveDate>) -> Result<()> {
        let text = "UPDATE timeline SET position_id = (SELECT c.position_id FROM interaction_contact c \
               WHERE c.interaction_id = timeline.id AND 'contacts/' || c.contact_id = timeline.parent) \
             WHERE (parent, kind, occur_us, id) IN \
               (SELECT 'contacts/' || c.contact_id, 'INTERACTION_HELD', i.start_us, i.id \
                FROM interaction i JOIN interaction_contact c ON c.interaction_id = i.id \
                WHERE i.account_id = $1 AND i.imported AND i.day >= $2 AND i.day <= $3)";
        let values = vec![
            seating.account_id.as_str().into(),
            seating.from_date.into(),
            last_day.unwrap_or(NO_DATE).into(),
        ];
        sql::execute(&self.conn, text, values).await?;
        Ok(())
    }

    /// Everything recorded of who sat at an account.
    pub async fn seatings_of_account(&self, account_id: &str) -> Result<Vec<Seating>> {
        of_account(&self.conn, account_id).await
    }

    /// Everything recorded of the positions in which any of these contacts ever sat.
    pub async fn seatings_of_contacts(&self, ids: &[&str]) -> Result<Vec<Seating>> {
        of_contacts(&self.conn, ids).await
    }
}

impl ReadTx {
    /// Everything recorded of who sat at an account.
    pub async fn seatings_of_account(&self, account_id: &str) -> Result<Vec<Seating>> {
        of_account(&self.conn, account_id).await
    }

    /// Everything recorded of who sat in these positions.
    pub async fn seatings_of_positions(&self, ids: &[Uuid]) -> Result<Vec<Seating>> {
        of_positions(&self.conn, ids).await
    }

    /// Everything recorded of the positions in which any of these contacts ever sat.
    pub async fn seatings_of_contacts(&self, ids: &[&str]) -> Result<Vec<Seating>> {
        of_contacts(&self.conn, ids).await
    }
}
