//! MergeRecords and UndoMerge: records of one person count as one, and do not any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::contact::Contact;
use crate::domain::contact::merge::{Merge, Undone};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::event::{Event, EventType};
use crate::domain::merge::{self, Counted, MergeRecords, Merged, MovedKind, UndoMerge};
use crate::domain::names::{ContactRef, contact_name};
use crate::domain::position::incumbency::{Incumbency, told};
use crate::domain::tie::{Person, Side, Tie};
use crate::domain::timeline::fact;
use crate::service::contacts::{decides_from, open_reviews};
use crate::store::{Call, Lane, Store, WriteTx};

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Merges {
    store: Store,
}

impl Merges {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Has records count as another from now on.
    ///
    /// # Errors
    /// NotFound, FIELD_INVALID, DUPLICATE_ELEMENT, STATE_WRONG, MERGE_CHAINED, TOO_MANY_ELEMENTS,
    /// CONCURRENT_CHANGE.
    pub async fn merge(&self, ctx: &Ctx, request_id: &str, c: MergeRecords) -> Result<Merged> {
        let call = Call::new("AccountService.MergeRecords", request_id, &c.survivor);
        Ok(self.store.mutate(ctx, call, c, merge).await?.into_inner())
    }

    /// What a merge would bring together. Nothing changes.
    ///
    /// # Errors
    /// As [`Merges::merge`].
    pub async fn would_merge(&self, ctx: &Ctx, c: MergeRecords) -> Result<Merged> {
        let ctx_of = ctx.clone();
        let tried = self.store.rehearse(ctx, Lane::Interactive, move |tx| {
            let (ctx, c) = (ctx_of.clone(), c.clone());
            Box::pin(async move { merge(tx, &ctx, &c).await })
        });
        Ok(Merged { merge_us: None, ..tried.await? })
    }

    /// Has a record count as itself again; answers its id and that of whom it counted as.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, CONCURRENT_CHANGE.
    pub async fn undo(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: UndoMerge,
    ) -> Result<(String, String)> {
        let call = Call::new("AccountService.UndoMerge", request_id, &c.loser);
        Ok(self.store.mutate(ctx, call, c, undo).await?.into_inner())
    }
}

async fn record(tx: &WriteTx, name: &ContactRef) -> Result<String> {
    let found = tx.find_contact_record(name).await?;
    found.ok_or_else(|| Error::not_found("contact", name.to_string()))
}

/// Contacts that are held with whatever is kept of them, and the accounts at which it is.
struct Held {
    contacts: HashMap<String, Contact>,
    accounts: BTreeSet<String>,
}

impl Held {
    fn contact(&self, id: &str) -> Result<&Contact> {
        let gone = || Error::internal(format!("{} is gone", contact_name(id)));
        self.contacts.get(id).ok_or_else(gone)
    }

    fn account_ids(&self) -> BTreeSet<&str> {
        self.accounts.iter().map(String::as_str).collect()
    }

    fn latest_us(&self) -> i64 {
        self.contacts.values().map(|one| one.update_us).max().unwrap_or_default()
    }
}

/// Holds the people of every account at which something is kept of these contacts, and locks them in the
/// order of ids.
///
/// # Errors
/// CONCURRENT_CHANGE.
async fn hold(tx: &WriteTx, ids: &BTreeSet<String>) -> Result<Held> {
    let accounts = tx.accounts_of_records(ids).await?;
    tx.hold_people(accounts.iter().map(String::as_str)).await?;
    let mut contacts = HashMap::new();
    for id in ids {
        let gone = || Error::internal(format!("{} is gone", contact_name(id)));
        contacts.insert(id.clone(), tx.lock_contact(id).await?.ok_or_else(gone)?);
    }
    if accounts != tx.accounts_of_records(ids).await? {
        let name = ids.first().map(|id| contact_name(id)).unwrap_or_default();
        return Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            description: "one of them was met at another account meanwhile".into(),
            resource: Resource { kind: "contact", name },
        });
    }
    Ok(Held { contacts, accounts })
}

async fn merge(tx: &mut WriteTx, ctx: &Ctx, c: &MergeRecords) -> Result<Merged> {
    let survivor_id = record(tx, &c.survivor).await?;
    let mut losers: BTreeMap<String, usize> = BTreeMap::new();
    for (at, name) in c.losers.iter().enumerate() {
        let id = record(tx, name).await?;
        let field = format!("losers[{at}]");
        if id == survivor_id {
            return Err(Error::invalid(field, Reason::FieldInvalid, "is the survivor"));
        }
        if losers.insert(id, at).is_some() {
            return Err(Error::invalid(field, Reason::DuplicateElement, "is named already"));
        }
    }
    let loser_ids: BTreeSet<&str> = losers.keys().map(String::as_str).collect();
    let ids: BTreeSet<String> = losers.keys().chain([&survivor_id]).cloned().collect();
    let held = hold(tx, &ids).await?;
    let survivor = held.contact(&survivor_id)?;
    let those: Vec<&Contact> = losers.keys().map(|id| held.contact(id)).collect::<Result<_>>()?;
    let others = tx.counting_as(&ids.iter().map(String::as_str).collect()).await?;
    merge::check(survivor, &those, &others)?;
    let moved = tx.naming_contacts(&loser_ids).await?;
    let before = Told::of(tx, &ids, &survivor_id).await?;
    let us = tx.record_after(held.latest_us()).await?;
    let mut events = Vec::new();
    for loser in &those {
        let mut loser = (*loser).clone();
        loser.merge(&survivor_id)?;
        tx.point_contact(&loser).await?;
        let merge = Merge {
            id: Uuid::now_v7(),
            survivor_id: survivor_id.clone(),
            loser_id: loser.id.clone(),
            us,
            by: ctx.principal.to_string(),
            reason: c.reason.as_str().into(),
            undone: None,
        };
        tx.insert_merge(merge.clone()).await?;
        events.push(event(EventType::ContactsMerged, &merge).telling([fact::merged(&merge)]));
    }
    // An etag of a loser is none of the survivor's.
    let version = held.contacts.values().map(|one| one.version).max().unwrap_or_default() + 1;
    tx.raise_contact(&survivor_id, version).await?;
    remake(tx, &held, &survivor_id).await?;
    // With the seats of all records he may decide where one of them has a personal tie.
    if decides_from(tx, &survivor_id, ctx.business_date()).await? {
        open_reviews(tx, ctx.business_date(), &survivor_id).await?;
    }
    let folded = before.folded(tx, &survivor_id).await?;
    tx.publish(events).await?;
    Ok(Merged {
        conflicts: those
            .iter()
            .flat_map(|loser| merge::conflicts(survivor, loser, ctx.business_date()))
            .collect(),
        loser_ids: losers.into_keys().collect(),
        sides: Vec::new(),
        merge_us: Some(us),
        moved,
        folded,
        survivor_id,
    })
}

async fn undo(tx: &mut WriteTx, ctx: &Ctx, c: &UndoMerge) -> Result<(String, String)> {
    let loser_id = record(tx, &c.loser).await?;
    let gone = || Error::internal(format!("{} is gone", contact_name(&loser_id)));
    let mut loser = tx.contact(&loser_id).await?.ok_or_else(gone)?;
    let survivor_id = loser.undo_merge()?;
    let held = hold(tx, &tx.contact_ids_of(&survivor_id).await?).await?;
    // As it is behind the locks: another call may have undone it.
    loser = tx.contact(&loser_id).await?.ok_or_else(gone)?;
    if loser.undo_merge()? != survivor_id {
        return Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            description: "counts as another one meanwhile".into(),
            resource: Resource { kind: "contact", name: contact_name(&loser_id) },
        });
    }
    let us = tx.record_after(held.latest_us()).await?;
    tx.point_contact(&loser).await?;
    let undone = Undone { us, by: ctx.principal.to_string(), reason: c.reason.as_str().into() };
    let merge = Merge { undone: Some(undone), ..tx.merge_of(&loser_id).await? };
    tx.undo_merge(merge.clone()).await?;
    remake(tx, &held, &survivor_id).await?;
    let undone = event(EventType::ContactMergeUndone, &merge);
    tx.publish(vec![undone.telling(fact::merge_undone(&merge))]).await?;
    Ok((loser_id, survivor_id))
}

/// Makes anew what is kept of who met whom, by as whom everybody counts now.
async fn remake(tx: &WriteTx, held: &Held, survivor_id: &str) -> Result<()> {
    let mut ids = tx.contact_ids_of(survivor_id).await?;
    ids.extend(held.contacts.keys().cloned());
    let account_ids = held.account_ids();
    tx.touch_people_anew(&account_ids, &ids.iter().map(String::as_str).collect()).await?;
    tx.keep_signals(account_ids).await
}

/// What is told of contacts before they count as one, and what is told once by then.
struct Told {
    seats: Vec<Incumbency>,
    ties_once: BTreeSet<Uuid>,
    interactions_once: BTreeSet<String>,
}

impl Told {
    async fn of(tx: &WriteTx, ids: &BTreeSet<String>, survivor_id: &str) -> Result<Self> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut seats = told(tx.seatings_of_contacts(&ids).await?);
        seats.retain(|one| ids.contains(&one.contact_id.as_str()));
        let ties_once = ties_once(tx, survivor_id).await?.iter().map(|tie| tie.id).collect();
        let interactions_once = interactions_once(tx, survivor_id).await?.into_iter().collect();
        Ok(Self { seats, ties_once, interactions_once })
    }

    /// What of it is told no more now that they do, since it is the same.
    async fn folded(&self, tx: &WriteTx, survivor_id: &str) -> Result<Vec<Counted>> {
        let now = told(tx.seatings_of_contacts(&[survivor_id]).await?);
        let now: BTreeSet<Uuid> = now.into_iter().map(|one| one.id).collect();
        let seats = self.seats.iter().filter(|one| !now.contains(&one.id));
        let seats = seats.map(Incumbency::position_name).collect();
        let ties = ties_once(tx, survivor_id).await?.into_iter();
        let ties = ties.filter(|tie| !self.ties_once.contains(&tie.id)).map(|tie| tie.name());
        let interactions = interactions_once(tx, survivor_id).await?.into_iter();
        let interactions = interactions.filter(|name| !self.interactions_once.contains(name));
        let counted = [
            Counted::of(MovedKind::Position, seats),
            Counted::of(MovedKind::Tie, ties.collect()),
            Counted::of(MovedKind::Interaction, interactions.collect()),
        ];
        Ok(counted.into_iter().flatten().collect())
    }
}

/// Ties of somebody that are not told beside others that are the same, or are with himself.
async fn ties_once(tx: &WriteTx, id: &str) -> Result<Vec<Tie>> {
    let person = Person { side: Side::Contact, id: id.to_owned() };
    let all = tx.ties_of_person(&person).await?;
    let told: BTreeSet<Uuid> = Tie::once(all.clone()).into_iter().map(|tie| tie.id).collect();
    Ok(all.into_iter().filter(|tie| !told.contains(&tie.id)).collect())
}

/// Interactions in which several records of somebody took part.
async fn interactions_once(tx: &WriteTx, id: &str) -> Result<Vec<String>> {
    tx.interactions_shared(&tx.contact_ids_of(id).await?).await
}

fn event(event_type: EventType, merge: &Merge) -> Event {
    let (survivor, loser) = (contact_name(&merge.survivor_id), contact_name(&merge.loser_id));
    let data = serde_json::json!({ "survivor": survivor, "loser": loser });
    Event::new(event_type, "", loser, data)
}
