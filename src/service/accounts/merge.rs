//! MergeRecords and UndoMerge of accounts: one counts as another and stands under it, and does not any
//! more. Its books stay its own, so that nothing that was told of a day is told otherwise.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::update::{self, Move};
use super::{Accounts, Locked, find, locked, place};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::account_merge::{
    self as merge, AccountMerge, MadeLink, MergeAccounts, UndoAccountMerge,
};
use crate::domain::contact::merge::Undone;
use crate::domain::error::{Error, Precondition, Reason, Resource, Result};
use crate::domain::event::{Event, EventType};
use crate::domain::merge::Merged;
use crate::domain::names::account_name;
use crate::service::resolve;
use crate::store::{Call, Head, Lane, WriteTx};

impl Accounts {
    /// Has accounts count as another from now on.
    ///
    /// # Errors
    /// NotFound, FIELD_INVALID, DUPLICATE_ELEMENT, ACCOUNT_DELETED, STATE_WRONG, MERGE_CHAINED,
    /// TOO_MANY_ELEMENTS, ACCOUNT_CYCLE, ACCOUNT_GROUP_TOO_DEEP, CONCURRENT_CHANGE.
    pub async fn merge(&self, ctx: &Ctx, request_id: &str, c: MergeAccounts) -> Result<Merged> {
        let call = Call::new("AccountService.MergeRecords", request_id, &c.survivor);
        Ok(self.store.mutate(ctx, call, c, merge_all).await?.into_inner())
    }

    /// What a merge would bring together. Nothing changes.
    ///
    /// # Errors
    /// As [`Accounts::merge`].
    pub async fn would_merge(&self, ctx: &Ctx, c: MergeAccounts) -> Result<Merged> {
        let ctx_of = ctx.clone();
        let tried = self.store.rehearse(ctx, Lane::Interactive, move |tx| {
            let (ctx, c) = (ctx_of.clone(), c.clone());
            Box::pin(async move { merge_all(tx, &ctx, &c).await })
        });
        Ok(Merged { merge_us: None, ..tried.await? })
    }

    /// Has an account count as itself again; answers its id and that of the one that it counted as.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ACCOUNT_DELETED (the account that it stood under before), ACCOUNT_CYCLE,
    /// ACCOUNT_GROUP_TOO_DEEP, CONCURRENT_CHANGE.
    pub async fn undo_merge(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: UndoAccountMerge,
    ) -> Result<(String, String)> {
        let call = Call::new("AccountService.UndoMerge", request_id, &c.loser);
        Ok(self.store.mutate(ctx, call, c, undo).await?.into_inner())
    }
}

/// The accounts of a merge, their groups locked.
struct Held {
    survivor: Locked,
    /// In the order of their ids, each with its place in the request.
    losers: Vec<(usize, Account)>,
    /// All that were ever merged with one of them, and they.
    together: BTreeSet<String>,
    head_us: i64,
}

/// Finds the accounts and locks their groups, with those of all that they were ever merged with.
async fn hold(tx: &mut WriteTx, c: &MergeAccounts) -> Result<Held> {
    let survivor_id = find(tx, &c.survivor).await?.id;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (at, name) in c.losers.iter().enumerate() {
        let id = find(tx, name).await?.id;
        let field = format!("losers[{at}]");
        if id == survivor_id {
            return Err(Error::invalid(field, Reason::FieldInvalid, "is the survivor"));
        }
        if places.insert(id, at).is_some() {
            return Err(Error::invalid(field, Reason::DuplicateElement, "is named already"));
        }
    }
    let ids: BTreeSet<String> = places.keys().chain([&survivor_id]).cloned().collect();
    let together = resolve::merge_sets(tx, &ids).await?.with(&ids);
    let heads = tx.lock_roots(&together).await?;
    tx.hold_people(together.iter().map(String::as_str)).await?;
    resolve::check_locked(&resolve::merge_sets(tx, &ids).await?, &together)?;
    let mut losers = Vec::with_capacity(places.len());
    for (id, at) in places {
        losers.push((at, locked(tx, &id, heads.get(&id)).await?.account));
    }
    Ok(Held {
        survivor: locked(tx, &survivor_id, heads.get(&survivor_id)).await?,
        losers,
        together,
        head_us: heads.values().map(|head| head.head_us).max().unwrap_or_default(),
    })
}

async fn merge_all(tx: &mut WriteTx, ctx: &Ctx, c: &MergeAccounts) -> Result<Merged> {
    let Held { survivor, losers, together, head_us } = hold(tx, c).await?;
    let Locked { account: mut survivor, head } = survivor;
    let those: Vec<&Account> = losers.iter().map(|(_, loser)| loser).collect();
    let ids: Vec<String> =
        [&survivor].iter().chain(&those).map(|account| account.id.clone()).collect();
    let others = tx.accounts_counting_as(&ids.iter().map(String::as_str).collect()).await?;
    merge::check(&survivor, &those, &others)?;
    let conflicts = those.iter().flat_map(|loser| merge::conflicts(&survivor, loser)).collect();
    let loser_ids: BTreeSet<&str> = those.iter().map(|loser| loser.id.as_str()).collect();
    let moved = tx.open_at_accounts(&loser_ids).await?;
    let sides = tx.open_of_accounts(&ids).await?;
    let us = tx.record_after(head_us).await?;
    let today = tx.clock().business_date();
    let mut events = Vec::new();
    for (at, mut loser) in losers {
        let link = put_under(tx, &mut loser, &head, today, us).await;
        let merge = AccountMerge {
            id: Uuid::now_v7(),
            survivor_id: survivor.id.clone(),
            loser_id: loser.id.clone(),
            link: link.map_err(|refused| at_field(refused, &format!("losers[{at}]")))?,
            us,
            by: ctx.principal.to_string(),
            reason: c.reason.as_str().into(),
            undone: None,
        };
        loser.merged_into = Some(survivor.id.clone());
        save(tx, &mut loser, us).await?;
        events.push(event(EventType::AccountsMerged, &merge));
        tx.insert_account_merge(merge).await?;
    }
    tx.join_merge_set(&survivor.id, &together).await?;
    save(tx, &mut survivor, us).await?;
    tx.keep_signals(together.iter().map(String::as_str)).await?;
    tx.publish(events).await?;
    Ok(Merged {
        loser_ids: ids[1..].to_vec(),
        survivor_id: survivor.id,
        merge_us: Some(us),
        moved,
        folded: Vec::new(),
        conflicts,
        sides,
    })
}

/// Puts an account under the survivor from today on; answers the link, if it did not stand there already.
async fn put_under(
    tx: &mut WriteTx,
    loser: &mut Account,
    survivor: &Head,
    today: NaiveDate,
    us: i64,
) -> Result<Option<MadeLink>> {
    let parent_before = loser.parent_id.clone();
    let links = update::links(tx, loser, Some(survivor), false).await?;
    let moves = Move::of(loser, Some(survivor.clone()), links, today, false);
    let Some(to) = moves else { return Ok(None) };
    update::reparent(tx, loser, to, us).await?;
    Ok(Some(MadeLink { from: today, parent_before }))
}

/// Writes an account as it is now, and as which it counts.
async fn save(tx: &mut WriteTx, account: &mut Account, us: i64) -> Result<()> {
    account.version += 1;
    account.update_us = us;
    tx.point_account(&account.id, account.merged_into.as_deref()).await?;
    tx.update_account(account).await
}

/// A refusal of one of the accounts that the request names.
fn at_field(refused: Error, field: &str) -> Error {
    match refused {
        Error::FailedPrecondition(list) => Error::FailedPrecondition(
            list.into_iter().map(|refused: Precondition| refused.at(field)).collect(),
        ),
        other => other,
    }
}

async fn undo(tx: &mut WriteTx, ctx: &Ctx, c: &UndoAccountMerge) -> Result<(String, String)> {
    let loser_id = find(tx, &c.loser).await?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&loser_id)));
    let survivor_id = tx.account(&loser_id).await?.ok_or_else(gone)?.check_merged()?;
    let link = tx.account_merge_of(&loser_id).await?.link;
    let parent = link.as_ref().and_then(|link| link.parent_before.clone());
    let mut ids = BTreeSet::from([loser_id.clone(), survivor_id.clone()]);
    ids = resolve::merge_sets(tx, &ids).await?.with(&ids);
    let together = ids.clone();
    ids.extend(parent.clone());
    if let Some(parent) = &parent {
        let links = tx.links_of(&loser_id, parent, true).await?;
        ids.extend(links.accounts().into_iter().map(str::to_owned));
    }
    let heads = tx.lock_roots(&ids).await?;
    tx.hold_people(together.iter().map(String::as_str)).await?;
    resolve::check_locked(&resolve::merge_sets(tx, &together).await?, &together)?;
    let Locked { account: mut loser, .. } = locked(tx, &loser_id, heads.get(&loser_id)).await?;
    let merge = tx.account_merge_of(&loser_id).await;
    // As it is behind the locks: another call may have undone it.
    if loser.check_merged()? != survivor_id || merge.as_ref().is_ok_and(|of| of.link != link) {
        return Err(Error::Aborted {
            reason: Reason::ConcurrentChange,
            description: "counts as another one meanwhile".into(),
            resource: Resource { kind: "account", name: account_name(&loser_id) },
        });
    }
    let head_us = heads.values().map(|head| head.head_us).max().unwrap_or_default();
    let us = tx.record_after(head_us).await?;
    if let Some(link) = link {
        let head = parent.as_ref().and_then(|id| heads.get(id)).cloned();
        take_back(tx, &mut loser, link, head, &ids, us).await?;
    }
    loser.merged_into = None;
    save(tx, &mut loser, us).await?;
    let undone = Undone { us, by: ctx.principal.to_string(), reason: c.reason.as_str().into() };
    let merge = AccountMerge { undone: Some(undone), ..merge? };
    tx.publish(vec![event(EventType::AccountMergeUndone, &merge)]).await?;
    tx.undo_account_merge(merge).await?;
    tx.keep_signals(together.iter().map(String::as_str)).await?;
    Ok((loser_id, survivor_id))
}

/// Takes the link of a merge back from its first day on: as known from now on the account stood where it
/// stood before on all days since.
async fn take_back(
    tx: &mut WriteTx,
    loser: &mut Account,
    link: MadeLink,
    parent: Option<Head>,
    ids: &BTreeSet<String>,
    us: i64,
) -> Result<()> {
    let links = update::links(tx, loser, parent.as_ref(), true).await?;
    if parent.is_some() {
        place::check_locked(&loser.id, &links, ids)?;
    }
    match Move::of(loser, parent, links, link.from, true) {
        None => Ok(()),
        Some(to) => {
            update::reparent(tx, loser, to, us).await.map_err(|refused| at_field(refused, "loser"))
        }
    }
}

fn event(event_type: EventType, merge: &AccountMerge) -> Event {
    let (survivor, loser) = (account_name(&merge.survivor_id), account_name(&merge.loser_id));
    let data = serde_json::json!({ "survivor": survivor, "loser": loser });
    Event::new(event_type, &merge.loser_id, loser, data)
}
