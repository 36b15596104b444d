//! Changing the fields of an account.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Accounts, EXTERNAL_REFS, Locked, find, locked, place, sites};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::account::command::{ParentChange, SizeChange, UpdateAccount};
use crate::domain::error::{Error, Result};
use crate::domain::event::EventType;
use crate::domain::group::Links;
use crate::service::external_refs;
use crate::store::Head;
use crate::store::{Call, WriteTx};

impl Accounts {
    /// Changes what the command names; answers the account as it is then. A command that
    /// changes nothing leaves the version as it was.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, ETAG_MISMATCH, EXTERNAL_REF_TAKEN, SOURCE_SYSTEM_FORM_FIXED,
    /// DUPLICATE_ELEMENT, ACCOUNT_CYCLE, ACCOUNT_GROUP_TOO_DEEP, DATE_INVALID, TOO_MANY_ELEMENTS,
    /// SITE_IN_USE, STATE_WRONG (it counts as another, and stands under that one).
    pub async fn update(
        &self,
        ctx: &Ctx,
        command: UpdateAccount,
        request_id: &str,
    ) -> Result<Account> {
        if command.parent.is_some() {
            // Where it stands now may be under one that the caller does not see.
            ctx.check_all_accounts("another parent")?;
        }
        let call = Call::new("AccountService.UpdateAccount", request_id, &command.account);
        let call = call.kept_whole();
        self.with_text(ctx, self.store.mutate(ctx, call, command, update).await?).await
    }
}

/// Where an account stands, and where it is to stand.
struct Places {
    target: Locked,
    /// `None`: it stays; `Some(None)`: under nobody.
    parent: Option<Option<Head>>,
    /// The accounts whose groups are locked.
    ids: BTreeSet<String>,
}

pub(super) async fn update(tx: &mut WriteTx, _: &Ctx, command: &UpdateAccount) -> Result<Account> {
    let Places { target, parent, ids: locked_ids } = lock(tx, command).await?;
    let Locked { account: before, head } = target;
    before.check_live()?;
    before.check_version(command.version)?;
    let today = tx.clock().business_date();
    let from = place::from(command.parent_from, today)?;
    let recorded = tx.record_after(head.head_us).await?;

    let (form, mut after) = (command.form, before.clone());
    let mut changed = command.change.clone().apply(&mut after);
    if after.keep_names_of(&before) && !changed.contains(&"former_names") {
        changed.push("former_names");
    }
    if let Some(SizeChange { class, from }) = command.size {
        let is_new = after.set_size(class, from.unwrap_or(today), recorded, today)?;
        changed.extend(is_new.then_some("size_class"));
    }
    let dated = command.parent_from.is_some();
    let links = match &parent {
        Some(parent) => Some(links(tx, &before, parent.as_ref(), dated).await?),
        None => None,
    };
    let moves =
        links.zip(parent).and_then(|(links, parent)| Move::of(&before, parent, links, from, dated));
    if moves.is_some() {
        before.check_own()?;
        changed.push("parent");
    }
    if changed.is_empty() {
        return Ok(before);
    }
    if changed.contains(&"sites") {
        sites::check_unused(tx, &before, &after, today).await?;
    }
    after.version += 1;
    after.update_us = recorded;
    if changed.contains(&"external_refs") {
        let (refs, known) = (&after.external_refs, &before.external_refs);
        let ids = external_refs::canonical_ids(tx, EXTERNAL_REFS, refs, form, known).await?;
        tx.replace_refs(&after, &ids).await?;
    }
    if ["labels", "display_name"].iter().any(|field| changed.contains(field)) {
        tx.replace_labels(&after).await?;
    }
    if let Some(to) = moves {
        if dated && to.parent.is_some() {
            place::check_locked(&after.id, &to.links, &locked_ids)?;
        }
        reparent(tx, &mut after, to, recorded).await?;
    }
    tx.update_account(&after).await?;
    tx.publish_account(EventType::AccountUpdated, &after, &changed).await?;
    Ok(after)
}

/// Locks the group of the account, and the one it is to belong to, at once. For a day of the past
/// also those of whoever was above the parent or below the account: a link of theirs could close a
/// ring, or make the group too deep, at the same time.
async fn lock(tx: &mut WriteTx, command: &UpdateAccount) -> Result<Places> {
    let known = find(tx, &command.account).await?;
    let mut ids = BTreeSet::from([known.id.clone()]);
    let parent_id = match &command.parent {
        Some(ParentChange::Under(name)) => Some(find(tx, name).await?.id),
        Some(ParentChange::None) | None => None,
    };
    ids.extend(parent_id.clone());
    if let (Some(parent_id), Some(_)) = (&parent_id, command.parent_from) {
        let links = tx.links_of(&known.id, parent_id, true).await?;
        ids.extend(links.accounts().into_iter().map(str::to_owned));
    }
    let heads = tx.lock_roots(&ids).await?;
    let target = locked(tx, &known.id, heads.get(&known.id)).await?;
    let parent = match (&command.parent, parent_id) {
        (None, _) => None,
        (Some(_), None) => Some(None),
        (Some(_), Some(id)) => {
            let gone = || Error::internal(format!("{id} has no head"));
            Some(Some(heads.get(&id).cloned().ok_or_else(gone)?))
        }
    };
    Ok(Places { target, parent, ids })
}

/// The links that decide where the account may stand: on days of the past those of all that was
/// below it, too.
pub(super) async fn links(
    tx: &WriteTx,
    account: &Account,
    parent: Option<&Head>,
    dated: bool,
) -> Result<Links> {
    let above = parent.map_or(&account.id, |head| &head.account_id);
    tx.links_of(&account.id, above, dated && parent.is_some()).await
}

/// A link that is to be recorded.
pub(super) struct Move {
    /// `None`: under nobody.
    parent: Option<Head>,
    from: NaiveDate,
    links: Links,
    /// It stands elsewhere today because of it. A link of an earlier day may end before.
    moves_today: bool,
}

impl Move {
    /// `None` if nothing changes on any day. A day that was asked for is noted also where the
    /// account stands there already, but not since then.
    pub fn of(
        before: &Account,
        parent: Option<Head>,
        links: Links,
        from: NaiveDate,
        dated: bool,
    ) -> Option<Self> {
        let parent_id = parent.as_ref().map(|head| head.account_id.as_str());
        let differs_today = parent_id != before.parent_id.as_deref();
        let governs_today = links.next_change(&before.id, from).is_none();
        let is_new = match dated {
            true => links.known_on(&before.id, from) != Some(parent_id),
            false => differs_today,
        };
        let moves_today = differs_today && governs_today;
        is_new.then_some(Self { parent, from, links, moves_today })
    }
}

/// Moves the account with all that is below it.
pub(super) async fn reparent(
    tx: &mut WriteTx,
    account: &mut Account,
    to: Move,
    recorded: i64,
) -> Result<()> {
    let Move { parent, from, links, moves_today } = to;
    if let Some(parent) = &parent {
        place::check_days(tx, &account.id, parent, &links, from).await?;
        if moves_today {
            let levels = tx.levels(&account.id).await?;
            place::check(tx, &account.id, levels, parent).await?;
        }
    }
    let parent_id = parent.as_ref().map(|head| head.account_id.clone());
    tx.link(&account.id, parent_id.as_deref().unwrap_or_default(), from, recorded).await?;
    if moves_today {
        account.parent_id = parent_id;
        let root_id = parent.map_or_else(|| account.id.clone(), |parent| parent.root_id);
        tx.reparent_account(account, &root_id).await?;
    }
    Ok(())
}
