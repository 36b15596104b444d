//! PurgeExpiredPersonalData.

use serde::Serialize;

use super::{Contacts, found, missing, save};
use crate::ctx::Ctx;
use crate::domain::contact::erasure::{PURGED_MAX, Purge, PurgeExpired};
use crate::domain::error::Result;
use crate::domain::event::EventType;
use crate::domain::names::ContactRef;
use crate::domain::page::PageOf;
use crate::store::{Call, Outcome, WriteTx};

/// Records that are read at once.
const PAGE: usize = 500;

/// A purge of the records that were found to have something that expired.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    command: PurgeExpired,
    /// In the order in which whoever changes several locks them. Not of the command: a repeated call finds others.
    #[serde(skip)]
    ids: Vec<String>,
    #[serde(skip)]
    more: bool,
}

impl Contacts {
    /// Erases what has expired.
    ///
    /// # Errors
    /// NotFound.
    pub async fn purge(&self, ctx: &Ctx, request_id: &str, c: PurgeExpired) -> Result<Purge> {
        // That nobody has the name is for the transaction to tell, which knows repeated calls.
        let (mut ids, _) = self.expired(ctx, c.clone(), PURGED_MAX + 1).await?.unwrap_or_default();
        let more = ids.len() > PURGED_MAX;
        ids.truncate(PURGED_MAX);
        let whose = c.contact.as_ref().map_or("contacts/-".into(), ContactRef::to_string);
        let call = Call::new("ContactService.PurgeExpiredPersonalData", request_id, whose);
        match self.store.mutate(ctx, call, Found { command: c, ids, more }, purge).await? {
            Outcome::Done(purge) | Outcome::Replayed(purge) => Ok(purge),
        }
    }

    /// What a purge would erase, however much it is. Nothing changes.
    ///
    /// # Errors
    /// NotFound.
    pub async fn purgeable(&self, ctx: &Ctx, c: PurgeExpired) -> Result<Purge> {
        let name = c.contact.clone().unwrap_or(ContactRef::Id(String::new()));
        let expired = self.expired(ctx, c, usize::MAX).await?;
        let (ids, preferences) = expired.ok_or_else(|| missing(&name))?;
        Ok(Purge { purge_us: None, contacts: ids.len() as u64, preferences, more: false })
    }

    /// The first records of which something has expired, and how much of them all; `None`: nobody has the
    /// name.
    async fn expired(
        &self,
        ctx: &Ctx,
        c: PurgeExpired,
        max: usize,
    ) -> Result<Option<(Vec<String>, u64)>> {
        let day = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let among = match &c.contact {
                        None => None,
                        Some(name) => {
                            let Some(id) = tx.find_contact(name).await? else { return Ok(None) };
                            Some(tx.contact_ids_of(&id).await?)
                        }
                    };
                    let (mut ids, mut preferences) = (Vec::new(), 0);
                    let mut page = PageOf { size: PAGE, after: None };
                    loop {
                        let read = tx.contacts_that_expire(among.as_ref(), &page).await?;
                        for mut contact in read.items {
                            let expired = contact.purge(day);
                            if expired > 0 && ids.len() < max {
                                ids.push(contact.id);
                                preferences += expired;
                            }
                        }
                        page.after = read.next;
                        if page.after.is_none() || ids.len() == max {
                            return Ok(Some((ids, preferences)));
                        }
                    }
                })
            })
            .await
    }
}

async fn purge(tx: &mut WriteTx, ctx: &Ctx, c: &Found) -> Result<Purge> {
    if let Some(name) = &c.command.contact {
        found(name, tx.find_contact(name).await?)?;
    }
    let mut purge = Purge {
        purge_us: Some(tx.recorded_at().await?),
        contacts: 0,
        preferences: 0,
        more: c.more,
    };
    for id in &c.ids {
        let Some(mut contact) = tx.lock_contact(id).await? else { continue };
        let preferences = contact.purge(ctx.business_date());
        // Somebody changed it since it was read.
        if preferences == 0 {
            continue;
        }
        save(tx, contact, EventType::ContactUpdated, &["preferences"]).await?;
        purge.contacts += 1;
        purge.preferences += preferences;
    }
    Ok(purge)
}
