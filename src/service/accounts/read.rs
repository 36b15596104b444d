//! Reading accounts.

use super::Accounts;
use crate::ctx::Ctx;
use crate::domain::account::{Account, AccountFilter, AccountList, AccountPage, OwnedBy};
use crate::domain::error::{Error, Result};
use crate::domain::names::AccountRef;
use crate::service::resolve;
use crate::service::teams::{self, TeamSettings, Teams};
use crate::store::ReadTx;

impl Accounts {
    /// One account, deleted or not.
    ///
    /// # Errors
    /// NotFound.
    pub async fn get(&self, ctx: &Ctx, name: AccountRef) -> Result<Account> {
        let accounts = self.batch_get(ctx, vec![name]).await?;
        accounts.into_iter().next().ok_or_else(|| Error::internal("one name, no account"))
    }

    /// Accounts in the order of their names, all or none; the same name twice, twice.
    ///
    /// # Errors
    /// NotFound with every missing name.
    pub async fn batch_get(&self, ctx: &Ctx, names: Vec<AccountRef>) -> Result<Vec<Account>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
                    let ids: Vec<&str> = found.values().map(|known| known.id.as_str()).collect();
                    let mut accounts = tx.accounts(&ids).await?;
                    hide_parents(tx, accounts.values_mut().collect()).await?;
                    let account = |name: &AccountRef| {
                        let id = &found.get(name)?.id;
                        accounts.get(id).cloned()
                    };
                    let gone = || Error::internal("an account found is gone in one picture");
                    names.iter().map(|name| account(name).ok_or_else(gone)).collect()
                })
            })
            .await
    }

    /// A page of accounts, with who is accountable for each today.
    ///
    /// # Errors
    /// NotFound for the parent and the owner of the filter.
    pub async fn list(&self, ctx: &Ctx, teams: &Teams, list: AccountList) -> Result<AccountPage> {
        let (ctx_of, settings) = (ctx.clone(), teams.settings().clone());
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let list = resolved(tx, &settings, list).await?;
                    let mut page = tx.list_accounts(&list).await?;
                    hide_parents(tx, page.items.iter_mut().collect()).await?;
                    let ids: Vec<String> = page.items.iter().map(|one| one.id.clone()).collect();
                    let accountable = teams::accountable(tx, &ctx_of, &settings, &ids).await?;
                    Ok(AccountPage { page, accountable })
                })
            })
            .await
    }
}

/// Leaves out parents, and survivors of merges, that the caller does not see.
pub(super) async fn hide_parents(tx: &ReadTx, accounts: Vec<&mut Account>) -> Result<()> {
    let parents = accounts.iter().filter_map(|account| account.parent_id.as_deref());
    let survivors = accounts.iter().filter_map(|account| account.merged_into.as_deref());
    let seen = tx.seen(parents.chain(survivors)).await?;
    for account in accounts {
        account.parent_id = account.parent_id.take().filter(|parent| seen.has(parent));
        account.merged_into = account.merged_into.take().filter(|survivor| seen.has(survivor));
    }
    Ok(())
}

/// What is asked for, with whom the filter names.
async fn resolved(
    tx: &ReadTx,
    settings: &TeamSettings,
    list: AccountList,
) -> Result<AccountList<String, OwnedBy>> {
    let AccountList { filter, order, descending, page } = list;
    let AccountFilter { parent, owner, .. } = filter;
    let parent = match parent {
        None => None,
        Some(name) => {
            let names = [name];
            let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
            found.into_values().next().map(|known| known.id)
        }
    };
    let owner = match owner {
        None => None,
        Some(name) => {
            let member_id = tx.find_member(&name).await?;
            let member_id =
                member_id.ok_or_else(|| Error::not_found("member", name.to_string()))?;
            let default_owner = tx.configured_member(&settings.default_owner).await?;
            let or_nobody = default_owner.as_ref() == Some(&member_id);
            Some(OwnedBy { member_id, or_nobody })
        }
    };
    let filter = AccountFilter {
        parent,
        owner,
        state: filter.state,
        display_name_prefix: filter.display_name_prefix,
        region_code: filter.region_code,
        sales_region: filter.sales_region,
        labels: filter.labels,
        show_deleted: filter.show_deleted,
    };
    Ok(AccountList { filter, order, descending, page })
}
