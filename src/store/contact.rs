//! People at customers. A change locks the row of the contact and compares its version; accounts are
//! not locked for it.

mod erase;
mod keys;
mod list;
mod merge;
mod occasion;
pub(super) mod same;

use std::collections::BTreeSet;

use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QuerySelect, Select,
};

pub use self::occasion::Greeted;
use super::entity::contact::{ActiveModel, Column, Entity, Model};
use super::entity::{contact_label, contact_ref};
use super::source_system::forms_of;
use super::visible::Visible;
use super::{ReadTx, Store, WriteTx, lookup, rows};
use crate::domain::contact::Contact;
use crate::domain::directory::{Key, Subject, keys as keys_of};
use crate::domain::error::{Error, Result};
use crate::domain::names::{CanonicalForm, ContactRef, contact_name};
use crate::domain::record::source_key::own_id;

/// The id of the record named, if there is one, whoever it counts as.
async fn find_record(conn: &impl ConnectionTrait, name: &ContactRef) -> Result<Option<String>> {
    match name {
        ContactRef::Id(id) => {
            Ok(rows::one(conn, Entity::find_by_id(id.as_str())).await?.map(|row| row.id))
        }
        ContactRef::External { system, id } => {
            let forms = forms_of(conn, &[system.as_str()].into()).await?;
            let form = forms.get(system).copied().unwrap_or(CanonicalForm::Exact);
            let key = (system.clone(), form.canonical(id));
            let found = rows::one(conn, contact_ref::Entity::find_by_id(key)).await?;
            match (found, own_id(system, id)) {
                (Some(row), _) => Ok(Some(row.contact_id)),
                (None, Some(own)) => {
                    Ok(rows::one(conn, Entity::find_by_id(own)).await?.map(|row| row.id))
                }
                (None, None) => Ok(None),
            }
        }
    }
}

/// The id of the contact named, if there is one: the one as whom the record that is named counts.
async fn find(conn: &impl ConnectionTrait, name: &ContactRef) -> Result<Option<String>> {
    let row = match name {
        ContactRef::Id(id) => rows::one(conn, Entity::find_by_id(id.as_str())).await?,
        ContactRef::External { .. } => match find_record(conn, name).await? {
            Some(id) => rows::one(conn, Entity::find_by_id(id)).await?,
            None => None,
        },
    };
    Ok(row.map(|row| row.merged_into.unwrap_or(row.id)))
}

/// The first contact of a query, with his keys.
async fn one(conn: &impl ConnectionTrait, contacts: Select<Entity>) -> Result<Option<Contact>> {
    let row = rows::one(conn, contacts).await?;
    Ok(keys::complete(conn, row.into_iter().collect()).await?.pop())
}

/// What a contact is found by.
fn found_by(contact: &Contact) -> (Subject, BTreeSet<Key>) {
    (Subject::contact(&contact.id), keys_of::alone(&keys_of::of_contact(contact)))
}

fn labels(contact: &Contact) -> Vec<contact_label::Model> {
    let label = |(label, value): (&String, &String)| contact_label::Model {
        contact_id: contact.id.clone(),
        label: label.clone(),
        label_value: value.clone(),
    };
    contact.labels.iter().map(label).collect()
}

/// The id of the contact named, if the caller sees him.
async fn find_seen(
    conn: &impl ConnectionTrait,
    visible: Option<&Visible>,
    name: &ContactRef,
) -> Result<Option<String>> {
    let found = find(conn, name).await?;
    let Some(visible) = visible else { return Ok(found) };
    let sees = visible.sees_contact(conn, found.as_deref().unwrap_or_default()).await?;
    Ok(found.filter(|_| sees))
}

/// The id of the record named, whoever it counts as, if the caller sees that one.
async fn find_record_seen(
    conn: &impl ConnectionTrait,
    visible: Option<&Visible>,
    name: &ContactRef,
) -> Result<Option<String>> {
    match find_seen(conn, visible, name).await? {
        Some(_) => find_record(conn, name).await,
        None => Ok(None),
    }
}

impl WriteTx {
    /// The id of the contact named, if the caller sees him.
    pub async fn find_contact(&self, name: &ContactRef) -> Result<Option<String>> {
        find_seen(&self.conn, self.visible.as_ref(), name).await
    }

    /// The id of the record named, whoever it counts as, if the caller sees him.
    pub async fn find_contact_record(&self, name: &ContactRef) -> Result<Option<String>> {
        find_record_seen(&self.conn, self.visible.as_ref(), name).await
    }

    /// The contact of this id.
    pub async fn contact(&self, id: &str) -> Result<Option<Contact>> {
        one(&self.conn, Entity::find_by_id(id)).await
    }

    /// Locks the row of a contact to the end of the transaction, and reads it.
    pub async fn lock_contact(&self, id: &str) -> Result<Option<Contact>> {
        if self.conn.get_database_backend() != DbBackend::Sqlite {
            rows::one(&self.conn, Entity::find_by_id(id).lock_exclusive()).await?;
        }
        one(&self.conn, Entity::find_by_id(id)).await
    }

    /// Adds a contact, without keys, and what he is found by.
    pub async fn insert_contact(&self, contact: &Contact) -> Result<()> {
        rows::insert_one(&self.conn, Model::of(contact)?).await?;
        rows::insert(&self.conn, labels(contact)).await?;
        rows::insert(&self.conn, occasion::rows_of(contact)).await?;
        lookup::add(&self.conn, vec![found_by(contact)]).await
    }

    /// Writes a contact who had the version before and is locked, and what he is found by; keys in
    /// other systems are not touched.
    pub async fn update_contact(&self, contact: &Contact) -> Result<()> {
        let row = ActiveModel::from(Model::of(contact)?).reset_all();
        let row = ActiveModel { id: NotSet, create_us: NotSet, ..row };
        let before = Column::Id.eq(&*contact.id).and(Column::Version.eq(contact.version - 1));
        if rows::change(&self.conn, row, before).await? == 0 {
            return Err(Error::internal(format!("{} is not of its version", contact.name())));
        }
        let his = contact_label::Column::ContactId.eq(&*contact.id);
        rows::delete::<contact_label::Entity>(&self.conn, his).await?;
        rows::insert(&self.conn, labels(contact)).await?;
        occasion::write(&self.conn, contact).await?;
        let (subject, keys) = found_by(contact);
        lookup::write(&self.conn, &subject, keys).await
    }
}

impl ReadTx {
    /// The id of the contact named, if the caller sees him.
    pub async fn find_contact(&self, name: &ContactRef) -> Result<Option<String>> {
        find_seen(&self.conn, self.visible.as_ref(), name).await
    }

    /// The contacts of these ids, whoever calls: figures rest on them.
    pub async fn contacts_among(&self, ids: &[&str]) -> Result<Vec<Contact>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::Id, ids.iter().copied());
        let found = Entity::find().filter(these);
        keys::complete(&self.conn, rows::all(&self.conn, found).await?).await
    }

    /// The contact of this id.
    pub async fn contact(&self, id: &str) -> Result<Option<Contact>> {
        one(&self.conn, Entity::find_by_id(id)).await
    }
}

impl Store {
    /// A contact as answered before, with what is personal of him as it is now.
    pub async fn contact_with_text(&self, contact: Contact) -> Result<Contact> {
        let now = one(&self.reader(), Entity::find_by_id(&*contact.id)).await?;
        let gone = || Error::internal(format!("{} is gone", contact_name(&contact.id)));
        let now = now.ok_or_else(gone)?;
        Ok(contact.with_text_of(now))
    }
}
