//! Creating an account.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Accounts, EXTERNAL_REFS, find, place};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::account::command::{CreateAccount, SizeChange};
use crate::domain::error::{Error, Result};
use crate::domain::event::EventType;
use crate::domain::names::{AccountRef, account_name};
use crate::service::external_refs;
use crate::store::Head;
use crate::store::{Call, WriteTx};

impl Accounts {
    /// Creates an account.
    ///
    /// # Errors
    /// RESOURCE_ALREADY_EXISTS, EXTERNAL_REF_TAKEN, SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT,
    /// DATE_INVALID (a parent from a later day on);
    /// about the parent NotFound, ACCOUNT_DELETED, ACCOUNT_CYCLE, ACCOUNT_GROUP_TOO_DEEP.
    pub async fn create(
        &self,
        ctx: &Ctx,
        command: CreateAccount,
        request_id: &str,
    ) -> Result<Account> {
        let name = command.id.as_deref().map(account_name).unwrap_or_default();
        let call = Call::new("AccountService.CreateAccount", request_id, name).kept_whole();
        Ok(self.store.mutate(ctx, call, command, create).await?.into_inner())
    }
}

pub(super) async fn create(tx: &mut WriteTx, _: &Ctx, command: &CreateAccount) -> Result<Account> {
    let CreateAccount { id, change, parent, parent_from, size, form } = command.clone();
    let today = tx.clock().business_date();
    let parent_from = place::from(parent_from, today)?;
    let id = id.unwrap_or_else(|| Uuid::now_v7().to_string());
    let parent = match parent {
        Some(name) => Some(parent_head(tx, &id, &name, parent_from, today).await?),
        None => None,
    };
    let recorded = tx.recorded_at().await?;
    let mut account = Account {
        parent_id: parent.as_ref().map(|head| head.account_id.clone()),
        create_us: recorded,
        update_us: recorded,
        ..Account::named_only(id, String::new())
    };
    change.apply(&mut account);
    if let Some(SizeChange { class, from }) = size {
        account.set_size(class, from.unwrap_or(today), recorded, today)?;
    }
    let refs = &account.external_refs;
    let canonical_ids = external_refs::canonical_ids(tx, EXTERNAL_REFS, refs, form, &[]).await?;
    let root_id = parent.map_or_else(|| account.id.clone(), |head| head.root_id);
    tx.insert_account(&account, &canonical_ids, &root_id, parent_from).await?;
    tx.publish_account(EventType::AccountCreated, &account, &[]).await?;
    Ok(account)
}

/// Locks the group of the parent and checks that a new account may join it. From a day of the past
/// on also those of whoever was above the parent: see [`super::update`].
async fn parent_head(
    tx: &mut WriteTx,
    id: &str,
    parent: &AccountRef,
    from: NaiveDate,
    today: NaiveDate,
) -> Result<Head> {
    let parent = find(tx, parent).await?;
    let mut ids = BTreeSet::from([parent.id.clone()]);
    if from < today {
        let links = tx.links_of(id, &parent.id, false).await?;
        ids.extend(links.accounts().into_iter().map(str::to_owned));
    }
    let mut heads = tx.lock_roots(&ids).await?;
    let head = heads.remove(&parent.id);
    let head = head.ok_or_else(|| Error::internal(format!("{} has no head", parent.id)))?;
    if from < today {
        let links = tx.links_of(id, &parent.id, false).await?;
        place::check_locked(id, &links, &ids)?;
        place::check_days(tx, id, &head, &links, from).await?;
    }
    place::check(tx, id, 1, &head).await?;
    Ok(head)
}
