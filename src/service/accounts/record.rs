//! An account that another system knows: created, changed, or so already.

use super::create::create;
use super::update::update;
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::account::command::{CreateAccount, ParentChange, UpdateAccount};
use crate::domain::directory::{Kind, Subject, keys};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{AccountRef, account_name};
use crate::domain::record::profile::AccountRecord;
use crate::domain::record::{DUPLICATES_MAX, Placed, RecordsMode};
use crate::service::resolve;
use crate::store::WriteTx;

/// Brings an account to what a record says.
///
/// # Errors
/// As CreateAccount and UpdateAccount.
pub(in crate::service) async fn place_account(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &AccountRecord,
) -> Result<Placed> {
    let key = &record.source_key;
    let name = AccountRef::External { system: key.system.clone(), id: key.id.clone() };
    let known = tx.find_accounts(std::slice::from_ref(&name)).await?.remove(&name);
    mode.check("account", "source_key", &name.to_string(), known.is_some())?;
    let Some(known) = known else {
        let change = record.of_new();
        if change.display_name.is_none() {
            let what = "is required of an account that is not there yet";
            return Err(Error::invalid("account.display_name", Reason::FieldRequired, what));
        }
        let parent = match &record.parent {
            Some(ParentChange::Under(parent)) => Some(parent.clone()),
            Some(ParentChange::None) | None => None,
        };
        let (id, size) = (record.id.clone(), record.size);
        let command = CreateAccount { id, change, parent, parent_from: None, size, form: None };
        let account = create(tx, ctx, &command).await?;
        let duplicates = duplicates(tx, &account).await?;
        return Ok(Placed { duplicates, ..Placed::created(account_name(&account.id)) });
    };
    let id = AccountRef::Id(known.id.clone());
    let gone = || Error::internal(format!("{id} is gone"));
    let before = tx.account(&known.id).await?.ok_or_else(gone)?;
    let command = UpdateAccount {
        account: id.clone(),
        version: before.version,
        change: record.change_of(&before)?,
        parent: parent(tx, &before, record).await?,
        parent_from: None,
        size: record.size,
        form: None,
    };
    let after = update(tx, ctx, &command).await?;
    Ok(Placed::kept(account_name(&after.id), after.version != before.version))
}

/// The parent that a record asks for. Whoever writes it knows nothing of merges: of an account that counts
/// as another, what was its parent before is no other than it is.
async fn parent(
    tx: &WriteTx,
    before: &Account,
    record: &AccountRecord,
) -> Result<Option<ParentChange>> {
    let Some(asked) = record.parent.clone().filter(|_| before.merged_into.is_some()) else {
        return Ok(record.parent.clone());
    };
    let Some(link) = tx.account_merge_of(&before.id).await?.link else { return Ok(Some(asked)) };
    let id = match &asked {
        ParentChange::None => None,
        ParentChange::Under(name) => {
            let found = tx.find_accounts(std::slice::from_ref(name)).await?.remove(name);
            Some(found.ok_or_else(|| resolve::missing([name]))?.id)
        }
    };
    Ok((id != link.parent_before).then_some(asked))
}

/// What may be the same as an account that is new: a name or the tax number is the same.
async fn duplicates(tx: &WriteTx, account: &Account) -> Result<Vec<String>> {
    let keys = keys::shared(&keys::of_account(account));
    let found = tx.sharing_key(&keys, Kind::Account, DUPLICATES_MAX + 1).await?;
    let own = Subject::account(&account.id);
    let others = found.iter().filter(|other| **other != own);
    Ok(others.take(DUPLICATES_MAX).map(Subject::name).collect())
}
