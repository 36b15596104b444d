//! Keys of contacts in other systems.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::domain::contact::Contact;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{ContactRef, contact_name};
use crate::store::entity::contact;
use crate::store::entity::contact_ref::{Column, Entity, Model};
use crate::store::error::concurrent_change;
use crate::store::{WriteTx, rows};

/// The contacts of these rows, in their order.
pub(super) async fn complete(
    conn: &impl ConnectionTrait,
    contacts: Vec<contact::Model>,
) -> Result<Vec<Contact>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let these = rows::among(
        conn.get_database_backend(),
        Column::ContactId,
        contacts.iter().map(|row| &row.id),
    );
    let mut refs: HashMap<String, Vec<ExternalRef>> = HashMap::new();
    let of_these = Entity::find().filter(these).order_by_asc(Column::Position);
    for Model { system, external_id, contact_id, .. } in rows::all(conn, of_these).await? {
        refs.entry(contact_id).or_default().push(ExternalRef { system, id: external_id });
    }
    let contact = |row: contact::Model| {
        let refs = refs.remove(&row.id).unwrap_or_default();
        row.into_contact(refs)
    };
    contacts.into_iter().map(contact).collect()
}

impl WriteTx {
    /// Gives a contact his keys in other systems, with the canonical id of each, in place of those
    /// he has.
    ///
    /// # Errors
    /// EXTERNAL_REF_TAKEN.
    pub async fn write_contact_refs(
        &self,
        contact: &Contact,
        canonical_ids: &[String],
    ) -> Result<()> {
        rows::delete::<Entity>(&self.conn, Column::ContactId.eq(&*contact.id)).await?;
        let refs = (0..).zip(contact.external_refs.iter().cloned().zip(canonical_ids));
        let mut new: Vec<Model> = refs
            .map(|(position, (ExternalRef { system, id }, canonical_id))| Model {
                system,
                canonical_id: canonical_id.clone(),
                external_id: id,
                contact_id: contact.id.clone(),
                position,
            })
            .collect();
        // In one order whoever writes: of two that want the same keys one waits.
        new.sort_by(|a, b| (&a.system, &a.canonical_id).cmp(&(&b.system, &b.canonical_id)));
        if rows::insert_new(&self.conn, new.clone()).await? == new.len() as u64 {
            return Ok(());
        }
        let key = |row: &Model| (row.system.clone(), row.canonical_id.clone());
        let wanted: HashSet<_> = new.iter().map(key).collect();
        let backend = self.conn.get_database_backend();
        let same_id = rows::among(backend, Column::CanonicalId, canonical_ids);
        let others = Entity::find().filter(same_id).filter(Column::ContactId.ne(&*contact.id));
        let others = rows::all(&self.conn, others).await?;
        match others.into_iter().find(|row| wanted.contains(&key(row))) {
            // Given up since the insert waited for him.
            None => Err(concurrent_change("contact")),
            Some(row) => {
                // Named by the key alone to a caller who may not see whose it is.
                let name = match &self.visible {
                    None => contact_name(&row.contact_id),
                    Some(_) => {
                        let (system, id) = (row.system.clone(), row.external_id.clone());
                        ContactRef::External { system, id }.to_string()
                    }
                };
                Err(Error::AlreadyExists {
                    reason: Reason::ExternalRefTaken,
                    description: format!(
                        "{name} has the key {} of {}",
                        row.external_id, row.system
                    ),
                    resource: Resource { kind: "contact", name },
                })
            }
        }
    }
}
