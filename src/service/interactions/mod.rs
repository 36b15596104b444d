//! Use cases of interactions: RecordInteraction, GetInteraction and ListInteractions.

mod event;

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::ctx::Ctx;
use crate::domain::edge::Pair;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::interaction::{
    Attendee, AttendeeTerms, Interaction, InteractionKey, ListInteractions, RecordInteraction,
};
use crate::domain::names::{AccountRef, ChildName, INTERACTIONS, account_name, contact_name};
use crate::domain::page::Page;
use crate::domain::position::incumbency;
use crate::service::resolve;
use crate::store::{Call, InteractionsOf, Outcome, Store, WriteTx};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub struct Interactions {
    store: Store,
}

impl Interactions {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Records an interaction that was held.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, RESOURCE_ALREADY_EXISTS.
    pub async fn record(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: RecordInteraction,
    ) -> Result<Interaction> {
        let call = Call::new("InteractionService.RecordInteraction", request_id, &c.account);
        match self.store.mutate(ctx, call, c, record).await? {
            Outcome::Done(interaction) => Ok(interaction),
            Outcome::Replayed(answered) => self.store.interaction_with_text(answered).await,
        }
    }

    /// One interaction.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, name: ChildName) -> Result<Interaction> {
        let scope = ctx.row_scope();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let names = std::slice::from_ref(&name.account);
                    let found = resolve::all(names, tx.find_accounts(names).await?)?;
                    let account = found.into_values().next();
                    let id = account.ok_or_else(|| Error::internal("one name, no account"))?.id;
                    let found = tx.interaction(&id, name.id, scope).await?;
                    let missing =
                        || Error::not_found("interaction", name.resource_name(INTERACTIONS));
                    found.ok_or_else(missing)
                })
            })
            .await
    }

    /// A page of interactions, the latest first.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list(
        &self,
        ctx: &Ctx,
        list: ListInteractions,
    ) -> Result<Page<Interaction, InteractionKey>> {
        let scope = ctx.row_scope();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let ListInteractions { account, contact, member, page } = list;
                    let mut of = InteractionsOf::default();
                    if let Some(name) = &account {
                        let names = std::slice::from_ref(name);
                        let found = resolve::all(names, tx.find_accounts(names).await?)?;
                        of.account_id = found.into_values().next().map(|known| known.id);
                    }
                    if let Some(name) = &contact {
                        let missing = || Error::not_found("contact", name.to_string());
                        of.contact_id = Some(tx.find_contact(name).await?.ok_or_else(missing)?);
                    }
                    if let Some(name) = &member {
                        let missing = || Error::not_found("member", name.to_string());
                        of.member_id = Some(tx.find_member(name).await?.ok_or_else(missing)?);
                    }
                    tx.interactions(&of, &page, scope).await
                })
            })
            .await
    }
}

async fn record(tx: &mut WriteTx, ctx: &Ctx, c: &RecordInteraction) -> Result<Interaction> {
    let day = ctx.clock.date_of(c.start_us);
    if day > ctx.business_date() {
        let what = "lies ahead of the business date: it was not held yet";
        return Err(Error::invalid("interaction.start_time", Reason::DateInvalid, what));
    }
    let account_id = account(tx, &c.account).await?;
    tx.hold_people([&*account_id]).await?;
    if let Some(key) = &c.source_key
        && let Some(there) = tx.interaction_of_source(key).await?
    {
        return Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: format!("{} has the key {} of {}", there.name(), key.id, key.system),
            resource: Resource { kind: "interaction", name: there.name() },
        });
    }
    let ours = ours(tx, c).await?;
    let mut theirs = theirs(tx, c).await?;
    let seats: HashMap<String, Uuid> = incumbency::told(tx.seatings_of_account(&account_id).await?)
        .into_iter()
        .filter(|one| one.holds(day))
        .map(|one| (one.contact_id, one.position_id))
        .collect();
    for one in &mut theirs {
        one.position_id = seats.get(&one.contact_id).copied();
    }
    let interaction = Interaction {
        id: Uuid::now_v7(),
        account_id,
        channel: c.channel,
        direction: c.direction,
        two_way: c.two_way,
        start_us: c.start_us,
        end_us: c.end_us,
        day,
        ours,
        theirs,
        notes: c.notes.as_str().into(),
        source_key: c.source_key.clone(),
        recorded_by: ctx.principal.to_string(),
        recorded_us: tx.recorded_at().await?,
    };
    tx.insert_interaction(&interaction).await?;
    tx.touch(&pairs(&interaction), day, interaction.weight_milli()).await?;
    let theirs = interaction.theirs.iter().map(|one| one.contact_id.as_str()).collect();
    if interaction.two_way && tx.sat_in_finance(&interaction.account_id, &theirs).await? {
        tx.keep_signals([&*interaction.account_id]).await?;
    }
    tx.publish(vec![event::recorded(&interaction)]).await?;
    Ok(interaction)
}

/// Everybody of ours with everybody of theirs.
fn pairs(interaction: &Interaction) -> Vec<Pair> {
    let with = |member_id: &String| {
        let pair = |one: &Attendee| Pair {
            account_id: interaction.account_id.clone(),
            member_id: member_id.clone(),
            contact_id: one.contact_id.clone(),
        };
        interaction.theirs.iter().map(pair).collect::<Vec<_>>()
    };
    interaction.ours.iter().flat_map(with).collect()
}

async fn account(tx: &WriteTx, name: &AccountRef) -> Result<String> {
    let names = std::slice::from_ref(name);
    let found = resolve::all(names, tx.find_accounts(names).await?)?;
    let known = found.into_values().next();
    let id = known.ok_or_else(|| Error::internal("one name, no account"))?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&id)));
    tx.account(&id).await?.ok_or_else(gone)?.check_live()?;
    Ok(id)
}

async fn ours(tx: &WriteTx, c: &RecordInteraction) -> Result<Vec<String>> {
    let mut ids = BTreeMap::new();
    for (at, name) in c.ours.iter().enumerate() {
        let missing = || Error::not_found("member", name.to_string());
        let id = tx.find_member(name).await?.ok_or_else(missing)?;
        if ids.insert(id, at).is_some() {
            return Err(twice(format!("interaction.ours[{at}]")));
        }
    }
    Ok(in_order(ids))
}

async fn theirs(tx: &WriteTx, c: &RecordInteraction) -> Result<Vec<Attendee>> {
    let mut ids = BTreeMap::new();
    for (at, AttendeeTerms { contact, .. }) in c.theirs.iter().enumerate() {
        let missing = || Error::not_found("contact", contact.to_string());
        let id = tx.find_contact(contact).await?.ok_or_else(missing)?;
        if ids.insert(id, at).is_some() {
            return Err(twice(format!("interaction.theirs[{at}].contact")));
        }
    }
    for id in ids.keys() {
        let gone = || Error::internal(format!("{} is gone", contact_name(id)));
        tx.contact(id).await?.ok_or_else(gone)?.check_active()?;
    }
    let attendee = |(contact_id, terms): (String, &AttendeeTerms)| Attendee {
        contact_id,
        position_id: None,
        satisfaction: terms.satisfaction,
    };
    Ok(in_order(ids).into_iter().zip(&c.theirs).map(attendee).collect())
}

/// The ids in the order in which they were named.
fn in_order(ids: BTreeMap<String, usize>) -> Vec<String> {
    let mut ids: Vec<(usize, String)> = ids.into_iter().map(|(id, at)| (at, id)).collect();
    ids.sort();
    ids.into_iter().map(|(_, id)| id).collect()
}

fn twice(field: String) -> Error {
    Error::invalid(field, Reason::DuplicateElement, "is the same as one before it")
}
