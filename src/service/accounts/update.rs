//! Changing the fields of an account.

use std::collections::BTreeSet;

use super::{Accounts, EXTERNAL_REFS, Locked, find, locked, place};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::account::command::{ParentChange, UpdateAccount};
use crate::domain::error::{Error, Result};
use crate::domain::event::EventType;
use crate::service::external_refs;
use crate::store::Head;
use crate::store::{Call, WriteTx};

impl Accounts {
    /// Changes what the command names; answers the account as it is then. A command that
    /// changes nothing leaves the version as it was.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, ETAG_MISMATCH, EXTERNAL_REF_TAKEN, SOURCE_SYSTEM_FORM_FIXED,
    /// DUPLICATE_ELEMENT, ACCOUNT_CYCLE, ACCOUNT_GROUP_TOO_DEEP.
    pub async fn update(
        &self,
        ctx: &Ctx,
        command: UpdateAccount,
        request_id: &str,
    ) -> Result<Account> {
        let call = Call::new("AccountService.UpdateAccount", request_id, &command.account);
        self.with_text(self.store.mutate(ctx, call, command, update).await?).await
    }
}

/// Where an account stands, and where it is to stand.
struct Places {
    target: Locked,
    /// `None`: it stays; `Some(None)`: under nobody.
    parent: Option<Option<Head>>,
}

async fn update(tx: &mut WriteTx, _: &Ctx, command: &UpdateAccount) -> Result<Account> {
    let Places { target, parent } = lock(tx, command).await?;
    let Locked { account: before, head } = target;
    before.check_live()?;
    before.check_version(command.version)?;
    let recorded = tx.record_after(head.head_us).await?;

    let (form, mut after) = (command.form, before.clone());
    let mut changed = command.change.clone().apply(&mut after);
    if let Some(parent) = &parent {
        after.parent_id = parent.as_ref().map(|head| head.account_id.clone());
        changed.extend((after.parent_id != before.parent_id).then_some("parent"));
    }
    if changed.is_empty() {
        return Ok(before);
    }
    after.version += 1;
    after.update_us = recorded;
    if changed.contains(&"external_refs") {
        let (refs, known) = (&after.external_refs, &before.external_refs);
        let ids = external_refs::canonical_ids(tx, EXTERNAL_REFS, refs, form, known).await?;
        tx.replace_refs(&after, &ids).await?;
    }
    if changed.contains(&"parent") {
        reparent(tx, &after, parent.flatten(), recorded).await?;
    }
    tx.update_account(&after).await?;
    tx.publish_account(EventType::AccountUpdated, &after, &changed).await?;
    Ok(after)
}

/// Locks the group of the account, and the one it is to belong to, at once.
async fn lock(tx: &mut WriteTx, command: &UpdateAccount) -> Result<Places> {
    let known = find(tx, &command.account).await?;
    let mut ids = BTreeSet::from([known.id.clone()]);
    let parent_id = match &command.parent {
        Some(ParentChange::Under(name)) => Some(find(tx, name).await?.id),
        Some(ParentChange::None) | None => None,
    };
    ids.extend(parent_id.clone());
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
    Ok(Places { target, parent })
}

/// Moves the account with all that is below it.
async fn reparent(
    tx: &mut WriteTx,
    account: &Account,
    parent: Option<Head>,
    recorded: i64,
) -> Result<()> {
    let root_id = match parent {
        None => account.id.clone(),
        Some(parent) => {
            let levels = tx.levels(&account.id).await?;
            place::check(tx, &account.id, levels, &parent).await?;
            parent.root_id
        }
    };
    tx.reparent_account(account, &root_id, recorded).await
}
