//! Blocking, deleting, and back.

use super::{Accounts, Locked, lock};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::account::command::{
    BlockAccount, DeleteAccount, UnblockAccount, UndeleteAccount,
};
use crate::domain::account::lifecycle::AccountVerb;
use crate::domain::error::{Error, Result};
use crate::domain::event::EventType;
use crate::domain::names::AccountRef;
use crate::store::{Call, WriteTx};

impl Accounts {
    /// Lets an account take no new debits.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG.
    pub async fn block(
        &self,
        ctx: &Ctx,
        command: BlockAccount,
        request_id: &str,
    ) -> Result<Account> {
        let call = Call::new("AccountService.BlockAccount", request_id, &command.account);
        let call = call.kept_whole();
        self.with_text(ctx, self.store.mutate(ctx, call, command, block).await?).await
    }

    /// Ends a block.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG.
    pub async fn unblock(
        &self,
        ctx: &Ctx,
        command: UnblockAccount,
        request_id: &str,
    ) -> Result<Account> {
        let call = Call::new("AccountService.UnblockAccount", request_id, &command.account);
        let call = call.kept_whole();
        self.with_text(ctx, self.store.mutate(ctx, call, command, unblock).await?).await
    }

    /// Soft-deletes an account that owes nothing, that no live account belongs to, and that no
    /// order is reserved for.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ETAG_MISMATCH, ACCOUNT_HAS_OPEN_ITEMS, ACCOUNT_HAS_CHILDREN,
    /// ACCOUNT_HAS_RESERVATIONS.
    pub async fn delete(
        &self,
        ctx: &Ctx,
        command: DeleteAccount,
        request_id: &str,
    ) -> Result<Account> {
        let call = Call::new("AccountService.DeleteAccount", request_id, &command.account);
        let call = call.kept_whole();
        self.with_text(ctx, self.store.mutate(ctx, call, command, delete).await?).await
    }

    /// Brings a deleted account back, blocked if it was.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ACCOUNT_DELETED (its parent).
    pub async fn undelete(
        &self,
        ctx: &Ctx,
        command: UndeleteAccount,
        request_id: &str,
    ) -> Result<Account> {
        let call = Call::new("AccountService.UndeleteAccount", request_id, &command.account);
        let call = call.kept_whole();
        self.with_text(ctx, self.store.mutate(ctx, call, command, undelete).await?).await
    }
}

async fn block(tx: &mut WriteTx, _: &Ctx, c: &BlockAccount) -> Result<Account> {
    change(tx, &c.account, EventType::AccountBlocked, |account| {
        account.block(c.reason.clone().into())
    })
    .await
}

async fn unblock(tx: &mut WriteTx, _: &Ctx, c: &UnblockAccount) -> Result<Account> {
    change(tx, &c.account, EventType::AccountUnblocked, Account::unblock).await
}

async fn change(
    tx: &mut WriteTx,
    name: &AccountRef,
    event_type: EventType,
    change: impl FnOnce(&mut Account) -> Result<()>,
) -> Result<Account> {
    let mut target = lock(tx, name).await?;
    change(&mut target.account)?;
    save(tx, target, event_type).await
}

async fn delete(tx: &mut WriteTx, _: &Ctx, c: &DeleteAccount) -> Result<Account> {
    let mut target = lock(tx, &c.account).await?;
    target.account.check(AccountVerb::Delete)?;
    if let Some(version) = c.version {
        target.account.check_version(version)?;
    }
    let ties = tx.ties(&target.account.id).await?;
    let recorded = tx.record_after(target.head.head_us).await?;
    target.account.delete(ties, recorded)?;
    save(tx, target, EventType::AccountDeleted).await
}

async fn undelete(tx: &mut WriteTx, _: &Ctx, c: &UndeleteAccount) -> Result<Account> {
    let mut target = lock(tx, &c.account).await?;
    target.account.undelete()?;
    if let Some(parent_id) = &target.account.parent_id {
        // In the same group, hence locked.
        let gone = || Error::internal(format!("the parent {parent_id} is gone"));
        tx.account(parent_id).await?.ok_or_else(gone)?.check_live()?;
    }
    save(tx, target, EventType::AccountUndeleted).await
}

async fn save(
    tx: &mut WriteTx,
    Locked { mut account, head }: Locked,
    event_type: EventType,
) -> Result<Account> {
    account.update_us = tx.record_after(head.head_us).await?;
    account.version += 1;
    tx.update_account(&account).await?;
    tx.publish_account(event_type, &account, &[]).await?;
    Ok(account)
}
