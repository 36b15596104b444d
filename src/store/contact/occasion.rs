//! When contacts are greeted.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait};

use crate::domain::contact::Contact;
use crate::domain::error::Result;
use crate::domain::festival::soon;
use crate::store::contact::same::merged_into;
use crate::store::entity::contact_occasion::{Column, Entity, Model, year_day};
use crate::store::{ReadTx, rows};

/// That a contact is greeted on a day, and what for.
#[derive(Debug, Clone)]
pub struct Greeted {
    pub contact_id: String,
    pub day: NaiveDate,
    pub kind: String,
}

/// What is looked up of a contact: the days to which he agreed.
pub(super) fn rows_of(contact: &Contact) -> Vec<Model> {
    let agreed = contact.occasions.iter().filter(|of| of.consent);
    let row = |of: &crate::domain::contact::occasion::Occasion| Model {
        year_day: year_day(of.on),
        contact_id: contact.id.clone(),
        kind: of.kind.clone(),
    };
    agreed.map(row).collect()
}

/// Writes them in place of those he has.
pub(super) async fn write(conn: &impl ConnectionTrait, contact: &Contact) -> Result<()> {
    rows::delete::<Entity>(conn, Column::ContactId.eq(&*contact.id)).await?;
    rows::insert(conn, rows_of(contact)).await?;
    Ok(())
}

impl ReadTx {
    /// Which contacts are greeted on a day or soon after it, of these or of all.
    pub async fn greeted_soon(&self, on: NaiveDate, of: Option<&[&str]>) -> Result<Vec<Greeted>> {
        let backend = self.conn.get_database_backend();
        let days: HashMap<String, NaiveDate> =
            soon(on).into_iter().map(|(of, day)| (year_day(of), day)).collect();
        let keys = days.keys().map(String::as_str);
        let found = Entity::find()
            .filter(rows::among(backend, Column::YearDay, keys))
            .apply_if(of, |found, ids| {
                found.filter(rows::among(backend, Column::ContactId, ids.iter().copied()))
            });
        let greeted = |row: Model| {
            let Model { year_day, contact_id, kind } = row;
            Some(Greeted { day: *days.get(&year_day)?, contact_id, kind })
        };
        let found: Vec<Greeted> =
            rows::all(&self.conn, found).await?.into_iter().filter_map(greeted).collect();
        // Of records that count as another his own days are told.
        let ids = found.iter().map(|one| one.contact_id.clone()).collect();
        let into = merged_into(&self.conn, &ids).await?;
        Ok(found.into_iter().filter(|one| !into.contains_key(&one.contact_id)).collect())
    }
}
