//! ErasePersonalData.

use super::{Contacts, event, found, missing};
use crate::ctx::Ctx;
use crate::domain::contact::Contact;
use crate::domain::contact::erasure::{ErasePersonalData, Erasure, Shared};
use crate::domain::contact::merge::Merge;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::event::EventType;
use crate::domain::names::{ContactRef, contact_name};
use crate::domain::tie::Tie;
use crate::store::{Call, Outcome, WriteTx};

impl Contacts {
    /// Erases what is personal of a contact.
    ///
    /// # Errors
    /// NotFound, ETAG_MISMATCH, CONCURRENT_CHANGE.
    pub async fn erase(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ErasePersonalData,
    ) -> Result<Erasure> {
        let call = Call::new("ContactService.ErasePersonalData", request_id, &c.contact);
        match self.store.mutate(ctx, call, c, erase).await? {
            Outcome::Done(erasure) | Outcome::Replayed(erasure) => Ok(erasure),
        }
    }

    /// What an erasure would take away. Nothing changes.
    ///
    /// # Errors
    /// NotFound, ETAG_MISMATCH.
    pub async fn erasable(&self, ctx: &Ctx, c: ErasePersonalData) -> Result<Erasure> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let id = found(&c.contact, tx.find_contact(&c.contact).await?)?;
                    let of = tx.contact(&id).await?;
                    let contact = of.ok_or_else(|| missing(&c.contact))?;
                    if let Some(read) = c.version {
                        contact.check_version(read)?;
                    }
                    let shared = match c.include_shared_texts {
                        true => Vec::new(),
                        false => tx.shared_texts(&id).await?,
                    };
                    let merged = tx.merged_contacts(&[&*id]).await?.remove(&id);
                    let merged = merged.into_iter().flatten().map(|one| one.contact);
                    let records: Vec<Contact> = merged.chain([contact]).collect();
                    let erased = tx.erasable(&id, &records, c.include_shared_texts).await?;
                    Ok(Erasure::of(id, None, erased, shared))
                })
            })
            .await
    }
}

/// What is kept of all records of a contact as it was recorded, though some of it is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub ties: Vec<Tie>,
    /// In the order in which they were done.
    pub merges: Vec<Merge>,
}

impl Contacts {
    /// Ties and merges of all records of a contact, as they were recorded.
    ///
    /// # Errors
    /// NotFound.
    pub async fn recorded(&self, ctx: &Ctx, name: ContactRef) -> Result<Recorded> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let id = found(&name, tx.find_contact(&name).await?)?;
                    Ok(Recorded {
                        ties: tx.ties_recorded(&id).await?,
                        merges: tx.merges(&id).await?,
                    })
                })
            })
            .await
    }

    /// The interactions that a contact is in, or was by an earlier version, the latest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn interactions_about(&self, ctx: &Ctx, contact_id: String) -> Result<Vec<Shared>> {
        self.store
            .read(ctx, move |tx| Box::pin(async move { tx.interactions_about(&contact_id).await }))
            .await
    }
}

async fn erase(tx: &mut WriteTx, _: &Ctx, c: &ErasePersonalData) -> Result<Erasure> {
    let id = found(&c.contact, tx.find_contact(&c.contact).await?)?;
    // Whoever writes about him holds the people of an account, or him.
    let accounts = tx.accounts_of_contact(&id).await?;
    tx.hold_people(accounts.iter().map(String::as_str)).await?;
    let gone = || Error::internal(format!("{} is gone", contact_name(&id)));
    // In the order of ids, as whoever merges them does.
    let ids = tx.contact_ids_of(&id).await?;
    let mut records = Vec::with_capacity(ids.len());
    for record in &ids {
        records.push(tx.lock_contact(record).await?.ok_or_else(gone)?);
    }
    let of_him = tx.contact_ids_of(&id).await? == ids
        && records.iter().all(|one| one.id == id || one.merged_into.as_ref() == Some(&id))
        && records.iter().any(|one| one.id == id && one.merged_into.is_none());
    if !of_him {
        return Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            description: "other records count as him meanwhile".into(),
            resource: Resource { kind: "contact", name: contact_name(&id) },
        });
    }
    let contact = records.iter().find(|one| one.id == id).ok_or_else(gone)?;
    if tx.accounts_of_contact(&id).await? != accounts {
        return Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            description: "he was met at another account meanwhile".into(),
            resource: Resource { kind: "contact", name: contact_name(&id) },
        });
    }
    if let Some(read) = c.version {
        contact.check_version(read)?;
    }
    let latest = records.iter().map(|one| one.update_us).max().unwrap_or_default();
    let us = tx.record_after(latest).await?;
    let shared = match c.include_shared_texts {
        true => Vec::new(),
        false => tx.shared_texts(&id).await?,
    };
    let erased = tx.erase_texts(&id, &records, c.include_shared_texts).await?;
    let mut events = Vec::with_capacity(records.len());
    for mut record in records {
        record.erase(us)?;
        record.update_us = us;
        record.version += 1;
        tx.update_contact(&record).await?;
        events.push(event::contact(EventType::ContactErased, &record, &[]));
    }
    tx.publish(events).await?;
    Ok(Erasure::of(id, Some(us), erased, shared))
}
