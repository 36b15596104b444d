//! Use cases of people at customers: CreateContact, GetContact, ListContacts, UpdateContact,
//! DeleteContact and UndeleteContact; positions, and who sits there.

mod at;
mod bonds;
mod coverage;
mod erasure;
mod event;
mod interim;
mod introductions;
#[cfg(test)]
mod map_tests;
mod moves;
mod people;
mod positions;
mod power_map;
mod purge;
mod read;
mod record;
mod seats;
mod ties;
mod uncontacted;

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::contact::command::{
    CreateContact, DeleteContact, UndeleteContact, UpdateContact,
};
use crate::domain::contact::merge::MergedRecord;
use crate::domain::contact::{Contact, ContactList, Placed};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{CanonicalForm, ContactRef, contact_name};
use crate::domain::page::Page;
use crate::domain::position::incumbency::{self, Incumbency};
use crate::service::external_refs;
use crate::service::teams::TeamSettings;
use crate::store::{Call, Outcome, Store, WriteTx};

pub(super) use at::PeopleAt;
pub(super) use bonds::{Span, evidence};
pub use erasure::Recorded;
pub(super) use interim::{Left, counterparts};
pub use introductions::{FindIntroductions, Introductions};
pub(super) use people::{People, known_to, people, ties_under_review};
pub use positions::{ClosedSeat, Seat};
pub use power_map::Mapped;
pub(super) use power_map::drawn;
pub(super) use record::{place_contact, place_incumbency, place_position, place_tie};
pub(super) use ties::{decides_from, open_reviews, read_person};

const EXTERNAL_REFS: &str = "contact.external_refs";

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Contacts {
    store: Store,
    teams: TeamSettings,
}

impl Contacts {
    pub fn new(store: Store, teams: TeamSettings) -> Self {
        Self { store, teams }
    }

    /// Records a contact.
    ///
    /// # Errors
    /// FIELD_REQUIRED, EXTERNAL_REF_TAKEN, SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT.
    pub async fn create(&self, ctx: &Ctx, request_id: &str, c: CreateContact) -> Result<Placed> {
        let call = Call::new("ContactService.CreateContact", request_id, "");
        self.placed(ctx, self.store.mutate(ctx, call, c, create).await?).await
    }

    /// Changes what the command names. What changes nothing leaves the version as it was.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ETAG_MISMATCH, FIELD_REQUIRED, EXTERNAL_REF_TAKEN,
    /// SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT.
    pub async fn update(&self, ctx: &Ctx, request_id: &str, c: UpdateContact) -> Result<Placed> {
        let call = Call::new("ContactService.UpdateContact", request_id, &c.contact);
        self.placed(ctx, self.store.mutate(ctx, call, c, update).await?).await
    }

    /// Deletes a contact who sits nowhere.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ETAG_MISMATCH, CONTACT_HAS_POSITION.
    pub async fn delete(&self, ctx: &Ctx, request_id: &str, c: DeleteContact) -> Result<Placed> {
        let call = Call::new("ContactService.DeleteContact", request_id, &c.contact);
        self.placed(ctx, self.store.mutate(ctx, call, c, delete).await?).await
    }

    /// Brings a deleted contact back.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG.
    pub async fn undelete(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: UndeleteContact,
    ) -> Result<Placed> {
        let call = Call::new("ContactService.UndeleteContact", request_id, &c.contact);
        self.placed(ctx, self.store.mutate(ctx, call, c, undelete).await?).await
    }

    /// What is personal of a contact is in his row alone, and where he sits is in none of his.
    async fn placed(&self, ctx: &Ctx, answer: Outcome<Contact>) -> Result<Placed> {
        let contact = match answer {
            Outcome::Done(contact) => contact,
            Outcome::Replayed(contact) => self.store.contact_with_text(contact).await?,
        };
        let day = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move { read::placed(tx, vec![contact], day).await })
            })
            .await?
            .pop()
            .ok_or_else(|| Error::internal("one contact, no answer"))
    }

    /// The records that count as a contact, as they are now.
    async fn merged(&self, ctx: &Ctx, id: &str) -> Result<Vec<MergedRecord>> {
        let id = id.to_owned();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    Ok(tx.merged_contacts(&[&*id]).await?.remove(&id).unwrap_or_default())
                })
            })
            .await
    }

    /// One contact.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, name: ContactRef) -> Result<Placed> {
        let day = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let id = found(&name, tx.find_contact(&name).await?)?;
                    let contact = tx.contact(&id).await?.ok_or_else(|| missing(&name))?;
                    let placed = read::placed(tx, vec![contact], day).await?.pop();
                    placed.ok_or_else(|| Error::internal("one contact, no answer"))
                })
            })
            .await
    }

    /// A page of contacts.
    ///
    /// # Errors
    /// NotFound for the account of the filter.
    pub async fn list(&self, ctx: &Ctx, list: ContactList) -> Result<Page<Placed, String>> {
        let day = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let among = match &list.account {
                        None => None,
                        Some(name) => {
                            let account_id = read::account(tx, name).await?;
                            let told = incumbency::told(tx.seatings_of_account(&account_id).await?);
                            let there = told.into_iter().filter(|one| one.holds(day));
                            Some(there.map(|one| one.contact_id).collect::<BTreeSet<_>>())
                        }
                    };
                    let found = tx.contacts(&list, among.as_ref()).await?;
                    let Page { items, next, keys } = found;
                    Ok(Page { items: read::placed(tx, items, day).await?, next, keys })
                })
            })
            .await
    }
}

async fn create(tx: &mut WriteTx, _: &Ctx, c: &CreateContact) -> Result<Contact> {
    let CreateContact { change, form } = c.clone();
    let mut contact = Contact::new(Uuid::now_v7().to_string(), tx.recorded_at().await?);
    change.apply(&mut contact);
    check_somebody(&contact)?;
    tx.insert_contact(&contact).await?;
    write_refs(tx, &contact, form, &[]).await?;
    tx.publish(vec![event::contact(EventType::ContactCreated, &contact, &[])]).await?;
    Ok(contact)
}

async fn update(tx: &mut WriteTx, _: &Ctx, c: &UpdateContact) -> Result<Contact> {
    let before = lock(tx, &c.contact).await?;
    before.check_active()?;
    change(tx, before, c).await
}

/// Changes a record that is locked.
async fn change(tx: &mut WriteTx, before: Contact, c: &UpdateContact) -> Result<Contact> {
    before.check_version(c.version)?;
    let mut contact = before.clone();
    let changed = c.change.clone().apply(&mut contact);
    if changed.is_empty() {
        return Ok(before);
    }
    check_somebody(&contact)?;
    if changed.contains(&"external_refs") {
        write_refs(tx, &contact, c.form, &before.external_refs).await?;
    }
    save(tx, contact, EventType::ContactUpdated, &changed).await
}

async fn delete(tx: &mut WriteTx, ctx: &Ctx, c: &DeleteContact) -> Result<Contact> {
    let mut contact = lock(tx, &c.contact).await?;
    let us = tx.record_after(contact.update_us).await?;
    contact.delete(us)?;
    if let Some(read) = c.version {
        contact.check_version(read)?;
    }
    let told = incumbency::told(tx.seatings_of_contacts(&[&contact.id]).await?);
    let today = ctx.business_date();
    let still = |one: &&Incumbency| {
        one.contact_id == contact.id && one.last_day.is_none_or(|last| today <= last)
    };
    if let Some(seat) = told.iter().find(still) {
        let position = seat.position_name();
        let what = format!("sits in {position}: let him leave it first");
        let refused = Precondition::new(Reason::ContactHasPosition, contact.name(), what);
        return Err(refused.with("position", position).into());
    }
    save(tx, contact, EventType::ContactDeleted, &[]).await
}

async fn undelete(tx: &mut WriteTx, _: &Ctx, c: &UndeleteContact) -> Result<Contact> {
    let mut contact = lock(tx, &c.contact).await?;
    contact.undelete()?;
    save(tx, contact, EventType::ContactUndeleted, &[]).await
}

async fn save(
    tx: &mut WriteTx,
    mut contact: Contact,
    event_type: EventType,
    changed: &[&'static str],
) -> Result<Contact> {
    contact.update_us = tx.record_after(contact.update_us).await?;
    contact.version += 1;
    tx.update_contact(&contact).await?;
    tx.publish(vec![event::contact(event_type, &contact, changed)]).await?;
    Ok(contact)
}

async fn write_refs(
    tx: &mut WriteTx,
    contact: &Contact,
    form: Option<CanonicalForm>,
    before: &[ExternalRef],
) -> Result<()> {
    let refs = &contact.external_refs;
    let ids = external_refs::canonical_ids(tx, EXTERNAL_REFS, refs, form, before).await?;
    tx.write_contact_refs(contact, &ids).await
}

fn check_somebody(contact: &Contact) -> Result<()> {
    if contact.is_somebody() {
        return Ok(());
    }
    let what = "is required where there is no latin_name, phone, e-mail address or handle";
    Err(Error::invalid("contact.display_name", Reason::FieldRequired, what))
}

/// Finds a contact, locks his row and reads it.
async fn lock(tx: &WriteTx, name: &ContactRef) -> Result<Contact> {
    let id = found(name, tx.find_contact(name).await?)?;
    let contact = tx.lock_contact(&id).await?;
    contact.ok_or_else(|| Error::internal(format!("{} is gone", contact_name(&id))))
}

fn found(name: &ContactRef, id: Option<String>) -> Result<String> {
    id.ok_or_else(|| missing(name))
}

fn missing(name: &ContactRef) -> Error {
    Error::not_found("contact", name.to_string())
}
